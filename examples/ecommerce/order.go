package main

import (
	"encoding/json"
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"

	"github.com/tidegate/tidegate/stream"
)

// Order is an order of one thing.
type Order struct {
	OrderID  string    `json:"order_id"`
	UserID   string    `json:"user_id"`
	Category string    `json:"category"`
	Amount   Cents     `json:"amount"`
	At       time.Time `json:"timestamp"`
}

func (o Order) Time() stream.Millis { return stream.Millis(o.At.UnixMilli()) }
func (o Order) ID() string          { return o.OrderID }
func (o Order) By() string          { return o.UserID }
func (o Order) InCategory() string  { return o.Category }

// Cents is an amount of money, written as a text with two decimals.
type Cents int64

func (c *Cents) UnmarshalJSON(b []byte) error {
	var text string
	if err := json.Unmarshal(b, &text); err != nil {
		return err
	}
	units, cents, ok := strings.Cut(text, ".")
	n, err := strconv.ParseUint(units+cents, 10, 63)
	if !ok || len(cents) != 2 || err != nil || n > math.MaxInt64/2 {
		return fmt.Errorf("an amount that is not like 12.34")
	}
	*c = Cents(n)
	return nil
}

// tally is what the orders of a window come to.
type tally struct {
	Orders  int64
	Revenue Cents
	Users   map[string]struct{}
}

// sales adds orders up. Their order does not matter.
type sales struct{}

func (sales) Add(t *tally, o Order) {
	t.Orders++
	t.Revenue += o.Amount
	if t.Users == nil {
		t.Users = map[string]struct{}{}
	}
	t.Users[o.UserID] = struct{}{}
}

func (sales) Merge(t, other *tally) {
	t.Orders += other.Orders
	t.Revenue += other.Revenue
	for user := range other.Users {
		if t.Users == nil {
			t.Users = map[string]struct{}{}
		}
		t.Users[user] = struct{}{}
	}
}

// Revenue is what a category brought in one minute.
type Revenue struct {
	Window   stream.Span `json:"window"`
	Category string      `json:"category"`
	Count    int64       `json:"count"`
	Cents    Cents       `json:"revenue_cents"`
	Users    int         `json:"users"`
}

func newRevenue(r stream.Result[string, tally]) Revenue {
	return Revenue{r.Window, r.Key, r.Value.Orders, r.Value.Revenue, len(r.Value.Users)}
}

// Session is what a user bought in one visit.
type Session struct {
	Window stream.Span `json:"window"`
	User   string      `json:"user"`
	Orders int64       `json:"orders"`
	Cents  Cents       `json:"spent_cents"`
}

func newSession(r stream.Result[string, tally]) Session {
	return Session{r.Window, r.Key, r.Value.Orders, r.Value.Revenue}
}
