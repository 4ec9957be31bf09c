package main

import (
	"bufio"
	"cmp"
	"fmt"
	"io"
	"slices"
	"time"
)

// Generator makes a stream of orders: the same bytes from the same numbers, on
// every machine, because it calculates in integers only.
//
// Users come back in visits of one to six orders, a few minutes apart, now and
// then about as far as the gap between two sessions. One in ten orders arrives
// up to ten minutes late, one in a hundred up to an hour.
type Generator struct {
	Orders int
	Users  int64
	Hours  int64
	Seed   uint64

	random uint64
}

type generated struct {
	at, arrival    int64
	user, category int64
	cents          int64
}

var categories = [...]string{"books", "electronics", "fashion", "garden", "grocery", "toys"}

// generatedFrom is 2025-06-01T00:00:00Z.
const generatedFrom = 1748736000000

const minute = int64(60_000)

// in is a number from lo to hi, both included, of splitmix64.
func (g *Generator) in(lo, hi int64) int64 {
	g.random += 0x9E3779B97F4A7C15
	return lo + int64(mix(g.random)%uint64(hi-lo+1))
}

func mix(z uint64) uint64 {
	z = (z ^ z>>30) * 0xBF58476D1CE4E5B9
	z = (z ^ z>>27) * 0x94D049BB133111EB
	return z ^ z>>31
}

// Write writes the orders as lines of JSON, in the order of their arrival.
func (g *Generator) Write(to io.Writer) error {
	g.random = mix(g.Seed)
	var orders []generated
	for len(orders) < g.Orders {
		orders = g.visit(orders)
	}
	orders = orders[:g.Orders]
	for i := range orders {
		orders[i].arrival = orders[i].at + g.delay()
	}
	slices.SortStableFunc(orders, func(a, b generated) int { return cmp.Compare(a.arrival, b.arrival) })
	w := bufio.NewWriter(to)
	for i, o := range orders {
		fmt.Fprintf(w, `{"order_id":"ord-%06d","user_id":"user-%04d","category":"%s","amount":"%d.%02d","timestamp":"%s"}`+"\n",
			i, o.user, categories[o.category], o.cents/100, o.cents%100, time.UnixMilli(o.at).UTC().Format("2006-01-02T15:04:05.000Z"))
	}
	return w.Flush()
}

func (g *Generator) visit(orders []generated) []generated {
	user := g.in(0, g.Users-1)
	at := generatedFrom + g.in(0, g.Hours*60*minute-1)
	for range g.in(1, 6) {
		category := g.in(0, int64(len(categories))-1)
		orders = append(orders, generated{at: at, user: user, category: category, cents: g.in(100, 20_000) * (category + 1) / 2})
		if g.in(0, 9) == 0 {
			at += g.in(28*minute, 32*minute)
		} else {
			at += g.in(minute, 25*minute)
		}
	}
	return orders
}

func (g *Generator) delay() int64 {
	switch k := g.in(0, 99); {
	case k < 10:
		return g.in(1000, 10*minute)
	case k < 11:
		return g.in(10*minute+1, 60*minute)
	}
	return 0
}
