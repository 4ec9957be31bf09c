package cep

import (
	"errors"
	"math"
	"testing"
	"time"
)

func live(t *testing.T, p *Pattern[letter]) (*Automaton[letter], *Matcher[letter], *State[letter]) {
	t.Helper()
	a, err := Compile(p)
	if err != nil {
		t.Fatal(err)
	}
	return a, NewMatcher(a), &State[letter]{}
}

// TestLiveSeesWhatIsHeldBack: Flink would hold the second match back as long
// as the partial match that started earlier is open; a decision sees it.
func TestLiveSeesWhatIsHeldBack(t *testing.T) {
	_, m, s := live(t, Begin[letter]("a").Where(is("a")).FollowedBy("b").Where(is("b")).Times(2).
		AfterMatch(SkipToNext()).Within(100*time.Millisecond))
	for i, kind := range "axab" {
		result, err := m.Live(s, letter{i, byte(kind)}, int64(i))
		if err != nil || len(result.Completed)+len(result.Outputs) > 0 {
			t.Fatalf("%c: %+v, %v", kind, result, err)
		}
	}
	result, err := m.Live(s, letter{4, 'b'}, 4)
	if err != nil || len(result.Completed) != 2 || len(result.Outputs) != 2 {
		t.Fatalf("%+v, %v", result, err)
	}

	_, m, s = live(t, Begin[letter]("a").Where(is("a")).OneOrMore().Consecutive().FollowedBy("b").Where(is("b")).
		AfterMatch(SkipToLast("a")).Within(100*time.Millisecond))
	completed, out := 0, 0
	for i, kind := range "aaxb" {
		result, _ := m.Live(s, letter{i, byte(kind)}, int64(i))
		completed, out = completed+len(result.Completed), out+len(result.Outputs)
	}
	if completed <= out {
		t.Errorf("%d completed, %d came out; the decision must see what the strategy skips", completed, out)
	}
}

func TestStaleEventIsOfferedToNothing(t *testing.T) {
	a, m, s := live(t, Begin[letter]("a").Where(is("a")).FollowedBy("b").Where(is("b")).Within(time.Hour))
	_, _ = m.Live(s, letter{0, 'a'}, 10)
	if result, _ := m.Live(s, letter{1, 'b'}, 9); !result.Stale || len(result.Completed) > 0 || m.Counts().Stale != 1 {
		t.Errorf("%+v, %+v", result, m.Counts())
	}
	if stage, number := a.Progress(s); stage != "a" || number != 1 {
		t.Errorf("at stage %q, %d", stage, number)
	}
	if result, _ := m.Live(s, letter{2, 'b'}, 10); result.Stale || len(result.Completed) != 1 {
		t.Errorf("the same instant is not older: %+v", result)
	}
	if !s.Idle() {
		t.Error("not idle")
	}
	fresh := &State[letter]{}
	fresh.Seen(10)
	if result, _ := m.Live(fresh, letter{3, 'a'}, 9); !result.Stale || !fresh.Idle() {
		t.Errorf("%+v", result)
	}
}

// TestLoginWithoutLogout is a match that time brings, by a timer.
func TestLoginWithoutLogout(t *testing.T) {
	_, m, s := live(t, Begin[letter]("login").Where(is("l")).NotFollowedBy("logout").Where(is("o")).Within(time.Minute))
	_, _ = m.Live(s, letter{0, 'l'}, 1000)
	due, ok := m.Timer(s)
	if !ok || due != 61000 {
		t.Fatalf("timer %d, %t", due, ok)
	}
	if outputs, _ := m.Advance(s, due-1); len(outputs) > 0 {
		t.Fatalf("too early: %v", outputs)
	}
	outputs, _ := m.Advance(s, due)
	if len(outputs) != 1 || outputs[0].Kind != Matched || outputs[0].Time != 61000 {
		t.Fatalf("got %v", outputs)
	}
	if _, ok := m.Timer(s); ok || !s.Idle() {
		t.Error("not idle")
	}
}

func TestSkipErrorEmptiesTheKey(t *testing.T) {
	_, m, s := live(t, Begin[letter]("a").Where(is("a")).FollowedBy("b").Where(is("b")).AfterMatch(SkipToFirst("a").OrFail()))
	_, _ = m.Live(s, letter{0, 'a'}, 1)
	result, err := m.Live(s, letter{1, 'b'}, 2)
	var skip *SkipError
	if !errors.As(err, &skip) || !skip.First || len(result.Completed) != 1 || !s.Idle() {
		t.Errorf("%+v, %v", result, err)
	}
}

func TestPartials(t *testing.T) {
	a, m, s := live(t, Begin[letter]("a").Where(is("a")).Times(2).NotFollowedBy("n").Where(is("n")).
		FollowedBy("b").Where(is("b")).Optional().FollowedBy("c").Where(is("c")).Within(time.Second))
	for i, kind := range "aaab" {
		_, _ = m.Live(s, letter{i, byte(kind)}, int64(100*i))
	}
	partials := m.Partials(s)
	want := []struct {
		events  int
		stage   string
		number  int
		waiting string
		ends    int64
	}{
		{3, "b", 3, "c", 1000},
		{2, "a", 1, "c", 1000},
		{3, "b", 3, "c", 1100},
		{2, "a", 1, "c", 1100},
		{1, "a", 1, "a", 1200},
	}
	if len(partials) != len(want) {
		t.Fatalf("got %+v", partials)
	}
	for i, w := range want {
		p := partials[i]
		if len(p.Match.Events) != w.events || p.Stage != w.stage || p.Number != w.number || len(p.Waiting) != 1 || p.Waiting[0] != w.waiting || p.Ends != w.ends {
			t.Errorf("%d: got %+v, want %+v", i, p, w)
		}
	}
	if stage, number := a.Progress(s); stage != "b" || number != 3 {
		t.Errorf("at stage %q, %d", stage, number)
	}
	if outputs, _ := m.Advance(s, math.MaxInt64); len(outputs) != 5 {
		t.Errorf("%d time out", len(outputs))
	}
}

// TestConditionsAreAskedOnce checks that a condition on the event alone does
// not cost more with more partial matches.
func TestConditionsAreAskedOnce(t *testing.T) {
	asked := 0
	counting := If(func(l letter) bool { asked++; return l.kind == 'b' })
	_, m, s := live(t, Begin[letter]("a").Where(is("a")).FollowedBy("b").Where(counting).Within(time.Hour))
	for i := range 20 {
		_, _ = m.Live(s, letter{i, 'a'}, int64(i))
	}
	asked = 0
	_, _ = m.Live(s, letter{20, 'x'}, 20)
	if asked != 1 {
		t.Errorf("asked %d times", asked)
	}
}
