package main

import (
	"encoding/binary"
	"encoding/json"
	"slices"
	"time"

	"github.com/tidegate/tidegate"
	"github.com/tidegate/tidegate/stream"
)

// AmountAnomaly raises an alert for an amount of more than so many times the
// mean of the customer's earlier ones in the baseline.
type AmountAnomaly struct {
	Baseline time.Duration
	Times    int64
	AtLeast  int // earlier transactions, to have a mean worth the name

	history stream.Value[history]
}

func (o *AmountAnomaly) Open(s *stream.States) error {
	o.history = stream.NewValue[history](s, "history")
	return nil
}

func (o *AmountAnomaly) Process(c *stream.Context[string, Alert], t Transaction) error {
	h := o.history.Update(c)
	h.forget(t.At - stream.Millis(o.Baseline.Milliseconds()))
	if n := len(h.payments); n >= o.AtLeast && t.Cents*int64(n) > o.Times*h.sum {
		c.Emit(Alert{Type: Anomaly, Customer: c.Key, Time: t.At, EventID: t.EventID, Cents: t.Cents, HistoryCount: n, HistorySum: h.sum})
	}
	h.add(payment{t.At, t.Cents})
	return nil
}

// history are a customer's payments, in the order of their times. The first and
// the last of these are looked at every time, while the payments stay out of
// the cache.
type history struct {
	payments       []payment
	sum            int64 // of their cents
	oldest, newest stream.Millis
}

type payment struct {
	at    stream.Millis
	cents int64
}

// forget drops the payments up to a time.
func (h *history) forget(upTo stream.Millis) {
	if len(h.payments) == 0 || h.oldest > upTo {
		return
	}
	n := 0
	for n < len(h.payments) && h.payments[n].at <= upTo {
		h.sum -= h.payments[n].cents
		n++
	}
	if h.payments = h.payments[n:]; len(h.payments) > 0 {
		h.oldest = h.payments[0].at
	}
}

func (h *history) add(p payment) {
	h.sum += p.cents
	if len(h.payments) == 0 || h.newest <= p.at { // mostly it is the last
		if len(h.payments) == 0 {
			h.oldest = p.at
		}
		h.payments, h.newest = append(h.payments, p), p.at
		return
	}
	i := len(h.payments) - 1
	for i > 0 && h.payments[i-1].at > p.at {
		i--
	}
	h.payments = slices.Insert(h.payments, i, p)
	h.oldest = h.payments[0].at
}

// MarshalJSON shows it to people.
func (h history) MarshalJSON() ([]byte, error) {
	type shown struct {
		At    stream.Millis `json:"at"`
		Cents int64         `json:"cents"`
	}
	all := make([]shown, 0, len(h.payments))
	for _, p := range h.payments {
		all = append(all, shown{p.at, p.cents})
	}
	return json.Marshal(struct {
		Sum      int64   `json:"sum_cents"`
		Payments []shown `json:"payments"`
	}{h.sum, all})
}

type historyCodec struct{}

func (historyCodec) Append(dst []byte, h *history) []byte {
	for _, p := range h.payments {
		dst = binary.LittleEndian.AppendUint64(dst, uint64(p.at))
		dst = binary.LittleEndian.AppendUint64(dst, uint64(p.cents))
	}
	return dst
}

func (historyCodec) Decode(b []byte, h *history) error {
	if len(b)%16 != 0 {
		return tidegate.Errorf(tidegate.CodeCorrupt, "a stored history is cut short")
	}
	h.payments = make([]payment, 0, len(b)/16+1) // room for the one it was read for
	for ; len(b) > 0; b = b[16:] {
		h.add(payment{stream.Millis(binary.LittleEndian.Uint64(b)), int64(binary.LittleEndian.Uint64(b[8:]))})
	}
	return nil
}
