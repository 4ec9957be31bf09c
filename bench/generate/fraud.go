package generate

import (
	"container/heap"
	"fmt"
	"math"

	"github.com/tidegate/tidegate"
)

const minute = 60_000

// plan puts a campaign into the future of the stream.
func (s *Stream) plan(at tidegate.Millis) {
	victim := s.rng.IntN(len(s.customers))
	at += s.after(0, 10*minute)
	switch n := s.rng.IntN(100); {
	case n < 45:
		s.takeover(at, victim)
	case n < 70:
		s.testing(at, victim)
	case n < 90:
		s.skimming(at)
	default:
		s.bustOut(at, victim)
	}
}

// after is a while in a campaign: least, and up to more.
func (s *Stream) after(least, more int) tidegate.Millis {
	return tidegate.Millis(float64(least+s.rng.IntN(more)) / s.o.Haste)
}

func (s *Stream) takeover(at tidegate.Millis, victim int) {
	device, ip := len(s.customers)+s.rng.IntN(1<<20), s.rng.Uint32()
	for range 3 + s.rng.IntN(4) {
		s.planned.push(Item{Event: s.login(at, victim, device)})
		at += s.after(5_000, 20_000)
	}
	for range 3 + s.rng.IntN(4) {
		at += s.after(minute, 8*minute)
		s.fraud("takeover", s.payment(at, victim, s.rng.IntN(len(s.merchants)), s.large(victim, 4), device, ip, true))
	}
}

func (s *Stream) testing(at tidegate.Millis, victim int) {
	device, ip, shop := len(s.customers)+s.rng.IntN(1<<20), s.rng.Uint32(), s.rng.IntN(len(s.merchants))
	for range 4 + s.rng.IntN(4) {
		s.fraud("testing", s.payment(at, victim, shop, 0.5+s.rng.Float64(), device, ip, true))
		at += s.after(5_000, 15_000)
	}
	for range 1 + s.rng.IntN(2) {
		at += s.after(minute, 20*minute)
		s.fraud("testing", s.payment(at, victim, s.rng.IntN(len(s.merchants)), s.large(victim, 6), device, ip, true))
	}
}

// skimming uses several cards far from home, from one place.
func (s *Stream) skimming(at tidegate.Millis) {
	country := 7 + s.rng.IntN(len(countries)-7)
	shop := s.merchantIn(country)
	lat, lon := s.near(country)
	for range 3 + s.rng.IntN(4) {
		at += s.after(2*minute, 30*minute)
		victim := s.rng.IntN(len(s.customers))
		e := s.payment(at, victim, shop, s.large(victim, 3), 0, 0, false)
		e.Lat, e.Lon = degrees(lat), degrees(lon)
		e.Text[tidegate.EntryMode] = "fallback"
		s.fraud("skimming", e)
	}
}

func (s *Stream) bustOut(at tidegate.Millis, customer int) {
	p := &s.customers[customer]
	for range 5 + s.rng.IntN(6) {
		at += s.after(20*minute, 8*60*minute)
		s.fraud("bust-out", s.payment(at, customer, s.rng.IntN(len(s.merchants)), s.large(customer, 8), p.device, p.ip, true))
	}
}

func (s *Stream) large(customer int, times float64) float64 {
	return s.customers[customer].level * times * math.Exp(s.rng.NormFloat64()*0.4)
}

func (s *Stream) login(at tidegate.Millis, customer, device int) tidegate.Event {
	s.serial++
	e := tidegate.Event{ID: fmt.Sprintf("e%08d", s.serial), Type: "login_failed", Tenant: tidegate.DefaultTenant, Time: at, Source: "generator"}
	e.PartitionKey = fmt.Sprintf("C%06d", customer)
	e.Text[tidegate.CustomerID] = e.PartitionKey
	e.Text[tidegate.DeviceFingerprint] = fmt.Sprintf("D%07d", device)
	return e
}

func (s *Stream) fraud(campaign string, e tidegate.Event) {
	s.planned.push(Item{Event: e, Fraud: true, Campaign: campaign})
}

// planned holds what campaigns will do, first things first.
type planned struct {
	items items
	n     int
}

type plannedItem struct {
	Item
	n int
}

type items []plannedItem

func (p *planned) push(i Item) {
	p.n++
	heap.Push(&p.items, plannedItem{i, p.n})
}

func (p *planned) first() (tidegate.Millis, bool) {
	if len(p.items) == 0 {
		return 0, false
	}
	return p.items[0].Event.Time, true
}

func (p *planned) pop() (Item, bool) {
	if len(p.items) == 0 {
		return Item{}, false
	}
	return heap.Pop(&p.items).(plannedItem).Item, true
}

func (s items) Len() int { return len(s) }
func (s items) Less(i, j int) bool {
	if s[i].Event.Time != s[j].Event.Time {
		return s[i].Event.Time < s[j].Event.Time
	}
	return s[i].n < s[j].n
}
func (s items) Swap(i, j int) { s[i], s[j] = s[j], s[i] }
func (s *items) Push(x any)   { *s = append(*s, x.(plannedItem)) }
func (s *items) Pop() any {
	old := *s
	last := old[len(old)-1]
	*s = old[:len(old)-1]
	return last
}
