package generate

import (
	"encoding/json"
	"testing"

	"github.com/tidegate/tidegate"
)

// A demo shows its first fraud soon: four small payments within a few seconds.
func TestOpening(t *testing.T) {
	for seed := range uint64(50) {
		s := New(Options{Seed: seed, Transactions: 1 << 20, Customers: 2000, Haste: 20, Opening: true, Start: 1, Span: 1 << 30})
		small := 0
		for small < 4 {
			item, ok := s.Next()
			if !ok || item.Event.Time > 10_000 {
				t.Fatalf("seed %d: %d small payments by %d ms", seed, small, item.Event.Time)
			}
			if item.Campaign == "testing" && item.Event.Amount.Minor < 200 {
				small++
			}
		}
	}
}

func TestStreamIsOrderedSeededAndLabelled(t *testing.T) {
	read := func(seed uint64) (all []byte, frauds, n int) {
		s := New(Options{Seed: seed, Transactions: 20_000, Customers: 500})
		last := tidegate.Millis(0)
		ids := map[string]bool{}
		for {
			i, ok := s.Next()
			if !ok {
				return all, frauds, n
			}
			if i.Event.Time < last {
				t.Fatalf("item %d goes back in time", n)
			}
			last = i.Event.Time
			if ids[i.Event.ID] {
				t.Fatalf("event id %s twice", i.Event.ID)
			}
			ids[i.Event.ID] = true
			at := len(all)
			all = AppendJSON(all, &i.Event)
			if !json.Valid(all[at:]) {
				t.Fatalf("not JSON: %s", all[at:])
			}
			n++
			if i.Fraud {
				frauds++
			}
		}
	}
	a, frauds, n := read(7)
	b, _, _ := read(7)
	c, _, _ := read(8)
	if string(a) != string(b) || string(a) == string(c) {
		t.Fatal("a seed must make one stream, another seed another")
	}
	if share := float64(frauds) / float64(n); share < 0.005 || share > 0.02 {
		t.Fatalf("fraud share %.4f is far from 1%%", share)
	}
}
