package cep

import (
	"fmt"
	"math"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"
)

// keyed is an event of the operator's tests.
type keyed struct {
	letter
	key  int
	time int64
}

// TestOperatorSortsAndSeparates compares the operator, fed with events out of
// order and watermarks between them, with a matcher per key that gets its
// events in order.
func TestOperatorSortsAndSeparates(t *testing.T) {
	fits := func(kind byte) Condition[keyed] { return If(func(k keyed) bool { return k.kind == kind }) }
	patterns := []*Pattern[keyed]{
		Begin[keyed]("a").Where(fits('a')).FollowedBy("b").Where(fits('b')).Within(ms(5)),
		Begin[keyed]("a").Where(fits('a')).OneOrMore().FollowedBy("b").Where(fits('b')).AfterMatch(SkipPastLastEvent()).Within(ms(8)),
		Begin[keyed]("a").Where(fits('a')).NotFollowedBy("b").Where(fits('b')).Within(ms(3)),
		Begin[keyed]("a").Where(fits('a')).FollowedBy("b").Where(fits('b')),
	}
	rapid.Check(t, func(t *rapid.T) {
		a, err := Compile(rapid.SampledFrom(patterns).Draw(t, "pattern"))
		if err != nil {
			t.Fatal(err)
		}
		events := rapid.SliceOfN(rapid.Custom(func(t *rapid.T) keyed {
			kind := rapid.SampledFrom([]byte("abc")).Draw(t, "kind")
			return keyed{letter{0, kind}, rapid.IntRange(0, 2).Draw(t, "key"), rapid.Int64Range(1, 20).Draw(t, "time")}
		}), 0, 25).Draw(t, "events")
		got, want := map[int][]string{}, map[int][]string{}
		write := func(to map[int][]string, key int, out Output[keyed]) {
			to[key] = append(to[key], fmt.Sprint(out))
		}
		late := 0
		o := NewOperator(a, func(key int, out Output[keyed]) { write(got, key, out) }, func(int, keyed, int64) { late++ })
		var inTime []keyed
		watermark := int64(math.MinInt64)
		for i, e := range events {
			e.at = i
			if e.time > watermark {
				inTime = append(inTime, e)
			}
			o.Event(e.key, e, e.time)
			if w := rapid.Int64Range(-20, 20).Draw(t, "watermark"); w > max(watermark, 0) {
				watermark = w
				_ = o.Watermark(w)
			}
			if rapid.IntRange(0, 9).Draw(t, "restart") == 0 {
				o = restarted(o)
			}
		}
		_ = o.Watermark(math.MaxInt64)
		if late != len(events)-len(inTime) || o.Keys() > 0 && a.Window() > 0 {
			t.Fatalf("%d late, want %d; %d keys left", late, len(events)-len(inTime), o.Keys())
		}
		slices.SortStableFunc(inTime, func(a, b keyed) int { return int(a.time - b.time) })
		m := NewMatcher(a)
		for key := range 3 {
			s := &State[keyed]{}
			for _, e := range inTime {
				if e.key == key {
					m.Offer(s, e, e.time, math.MinInt64)
				}
			}
			outputs, _ := m.Watermark(s, math.MaxInt64)
			for _, out := range outputs {
				// When it comes out depends on the watermarks; what comes out does not.
				write(want, key, out)
			}
		}
		for key := range 3 {
			if !slices.Equal(timeless(got[key]), timeless(want[key])) {
				t.Fatalf("key %d\ngot  %v\nwant %v", key, got[key], want[key])
			}
		}
	})
}

// timeless leaves the order and time of outputs out.
func timeless(outputs []string) []string {
	var list []string
	for _, o := range outputs {
		var kind, time int
		fmt.Sscanf(o, "{%d %d", &kind, &time)
		list = append(list, fmt.Sprint(kind, o[len(fmt.Sprintf("{%d %d", kind, time)):]))
	}
	slices.Sort(list)
	return list
}

// restarted moves the states of an operator to a new one.
func restarted(o *Operator[int, keyed]) *Operator[int, keyed] {
	next := NewOperator(o.matcher.automaton, o.emit, o.late)
	next.watermark = o.watermark
	for key, state := range o.States() {
		next.Restore(key, state)
	}
	return next
}

// TestIdleKeysTakeNoMemory checks that a key is forgotten with its last
// partial match.
func TestIdleKeysTakeNoMemory(t *testing.T) {
	a, err := Compile(Begin[letter]("a").Where(is("a")).FollowedBy("b").Where(is("b")).Within(time.Second))
	if err != nil {
		t.Fatal(err)
	}
	o := NewOperator(a, func(int, Output[letter]) {}, nil)
	for key := range 1000 {
		o.Event(key, letter{key, "abx"[key%3]}, int64(key+1))
	}
	_ = o.Watermark(1000)
	if n := o.Keys(); n != 334 {
		t.Errorf("%d keys, want the 334 with a partial match", n)
	}
	_ = o.Watermark(3000)
	if n := o.Keys(); n != 0 {
		t.Errorf("%d keys after their windows", n)
	}
}
