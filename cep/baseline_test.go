package cep

import (
	"math"
	"testing"
	"time"
)

// The events and patterns that Flink was measured with, and what it found.

type login struct {
	number  uint64
	key     int
	time    int64
	failed  bool
	country int
	amount  int
}

const baselineKeys = 10_000

func mix(z uint64) uint64 {
	z = (z ^ z>>30) * 0xBF58476D1CE4E5B9
	z = (z ^ z>>27) * 0x94D049BB133111EB
	return z ^ z>>31
}

func baselineEvents(n int) []*login {
	all := make([]login, n)
	events := make([]*login, n)
	for i := range all {
		var r [5]uint64
		for k := uint64(1); k <= 4; k++ {
			r[k] = mix(42 + (4*uint64(i)+k)*0x9E3779B97F4A7C15)
		}
		bucket := r[3] % 100
		amount := 100000 + r[4]%400000
		switch {
		case bucket < 20:
			amount = 100 + r[4]%400
		case bucket < 95:
			amount = 500 + r[4]%50000
		}
		all[i] = login{
			number: uint64(i), key: int(r[1] % baselineKeys), time: 1700000000000 + 10*int64(i),
			failed: r[2]%100 < 30, country: int(r[2] >> 32 % 5), amount: int(amount),
		}
		events[i] = &all[i]
	}
	return events
}

var (
	failed  = If(func(l *login) bool { return l.failed }).As("failed")
	success = If(func(l *login) bool { return !l.failed }).As("not failed")
)

type baseline struct {
	name     string
	pattern  func() *Pattern[*login]
	matches  int
	timeouts int
	checksum uint64
}

var baselines = []baseline{
	{"a_strict", func() *Pattern[*login] {
		return Begin[*login]("fail").Where(failed).Times(3).Consecutive().Next("ok").Where(success).
			Within(10 * time.Minute).AfterMatch(SkipPastLastEvent())
	}, 17176, 7120, 900661242332125635},
	{"a_relaxed", func() *Pattern[*login] {
		return Begin[*login]("fail").Where(failed).Times(3).FollowedBy("ok").Where(success).
			Within(10 * time.Minute).AfterMatch(SkipPastLastEvent())
	}, 54925, 118682, 17505741511651691703},
	{"a_relaxed_no_skip", func() *Pattern[*login] {
		return Begin[*login]("fail").Where(failed).Times(3).FollowedBy("ok").Where(success).
			Within(10 * time.Minute)
	}, 114794, 185132, 1234736399954487733},
	{"b", func() *Pattern[*login] {
		return Begin[*login]("small").Where(If(func(l *login) bool { return l.amount < 500 })).
			FollowedBy("large").Where(If(func(l *login) bool { return l.amount >= 100000 })).
			Where(IfEarlier(func(l *login, earlier Earlier[*login]) bool {
				small, _ := earlier.First("small")
				return small.country != l.country
			})).Within(time.Hour)
	}, 131136, 68984, 1630934533672623253},
	{"c", func() *Pattern[*login] {
		return Begin[*login]("burst").Where(success).Where(If(func(l *login) bool { return l.amount >= 20000 })).
			OneOrMore().Greedy().Until(failed).FollowedBy("end").Where(failed).
			Within(10 * time.Minute).AfterMatch(SkipPastLastEvent())
	}, 157338, 94320, 13781794552442178515},
}

func (b baseline) automaton(t testing.TB) *Automaton[*login] {
	a, err := Compile(b.pattern().Limit(Unlimited))
	if err != nil {
		t.Fatal(err)
	}
	return a
}

// tally is what is compared with Flink.
type tally struct {
	matches, timeouts int
	checksum          uint64
}

func (y *tally) add(out Output[*login]) {
	if out.Kind == TimedOut {
		y.timeouts++
		return
	}
	y.matches++
	h := uint64(0xCBF29CE484222325)
	for _, e := range out.Match.Events {
		h = (h ^ (e.Event.number + 1)) * 0x100000001B3
	}
	y.checksum += h
}

func (y *tally) check(t testing.TB, b baseline) {
	if y.matches != b.matches || y.timeouts != b.timeouts || y.checksum != b.checksum {
		t.Errorf("%s: %d matches, %d timeouts, checksum %d; Flink has %d, %d, %d",
			b.name, y.matches, y.timeouts, y.checksum, b.matches, b.timeouts, b.checksum)
	}
}

// bare runs the events through the matcher alone, in their order.
func bare(a *Automaton[*login], events []*login) (y tally) {
	m := NewMatcher(a)
	states := make([]State[*login], baselineKeys)
	for _, e := range events {
		outputs, _ := m.Process(&states[e.key], e, e.time)
		for _, out := range outputs {
			y.add(out)
		}
	}
	for i := range states {
		outputs, _ := m.Advance(&states[i], math.MaxInt64)
		for _, out := range outputs {
			y.add(out)
		}
	}
	return y
}

// operated runs the events through the operator, with a watermark every 1000 events.
func operated(a *Automaton[*login], events []*login) (y tally, left int) {
	o := NewOperator(a, func(_ int, out Output[*login]) { y.add(out) }, nil)
	for i, e := range events {
		o.Event(e.key, e, e.time)
		if (i+1)%1000 == 0 {
			_ = o.Watermark(e.time)
		}
	}
	_ = o.Watermark(math.MaxInt64)
	return y, o.Keys()
}

// TestBaselines compares the matches of a million events with Flink's.
func TestBaselines(t *testing.T) {
	events := baselineEvents(1_000_000)
	for _, b := range baselines {
		t.Run(b.name, func(t *testing.T) {
			a := b.automaton(t)
			y := bare(a, events)
			y.check(t, b)
			y, left := operated(a, events)
			y.check(t, b)
			if left != 0 {
				t.Errorf("%d idle keys take memory", left)
			}
		})
	}
}
