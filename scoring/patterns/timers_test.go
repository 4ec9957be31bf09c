package patterns

import (
	"fmt"
	"maps"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"github.com/tidegate/tidegate"
	"github.com/tidegate/tidegate/stream/state"
)

func memory(t interface{ Fatal(...any) }, set *Set) *State {
	s, err := NewState(set, state.NewMemory())
	if err != nil {
		t.Fatal(err)
	}
	return s
}

const leftOpen = `
patterns:
  - {id: open, key: customer_id, within: 10m, stages: [{begin: in, where: 'type == "in"'}, {not_followed_by: out, where: 'type == "out"'}]}
`

// TestWindowsEnd compares the sweep with a list of who is logged in since
// when: everybody who stays so for ten minutes is found once, not before that
// and not later than the lateness after it.
func TestWindowsEnd(t *testing.T) {
	set := compileText(t, leftOpen)
	rapid.Check(t, func(t *rapid.T) {
		s := memory(t, set)
		const window = 10 * minute
		since := map[string]int64{} // the ends of windows, by who and when
		now := int64(1_700_000_000_000)
		sweep := func() {
			for more := true; more; {
				due, found, again, err := s.Due(tidegate.Millis(now))
				if err != nil {
					t.Fatal(err)
				}
				if more = again; !found {
					continue
				}
				list, err := s.Fire(due)
				if err != nil {
					t.Fatal(err)
				}
				for _, f := range list {
					for range f.Emitted {
						key := fmt.Sprint(due.Value, int64(due.At))
						if end, ok := since[key]; !ok || end+lateness > now {
							t.Fatalf("%s ends at %d, found %v at %d", key, end, f.Emitted, now)
						}
						delete(since, key)
					}
				}
			}
			for key, end := range since {
				if end+lateness <= now {
					t.Fatalf("%s ended at %d and is not found at %d", key, end, now)
				}
			}
		}
		for i := range rapid.IntRange(1, 60).Draw(t, "events") {
			now += int64(rapid.IntRange(1, 4*60).Draw(t, "seconds")) * 1000
			s.store.Advance(now)
			if rapid.Bool().Draw(t, "sweep") {
				sweep()
			}
			e := &tidegate.Event{ID: fmt.Sprint(i), Type: rapid.SampledFrom([]string{"in", "in", "out"}).Draw(t, "type"), Tenant: "x", Time: tidegate.Millis(now)}
			who := rapid.SampledFrom([]string{"anna", "bert", "carl"}).Draw(t, "who")
			e.Text[tidegate.CustomerID] = who
			found, err := s.Advance(e, tidegate.CustomerID, 0)
			if err != nil {
				t.Fatal(err)
			}
			emitted := 0
			for _, f := range found {
				emitted += len(f.Emitted)
			}
			// What ended before this event is found with it, if not before.
			for _, key := range slices.Collect(maps.Keys(since)) {
				if key[:4] == who && since[key] <= now {
					delete(since, key)
					emitted--
				} else if key[:4] == who && e.Type == "out" {
					delete(since, key)
				}
			}
			if emitted != 0 {
				t.Fatalf("%d too many found with an event", emitted)
			}
			if e.Type == "in" {
				since[fmt.Sprint(who, now+window)] = now + window
			}
		}
		now += window + lateness + 2*minute
		sweep()
		if len(since) > 0 {
			t.Fatalf("never found: %v", since)
		}
		if list, err := s.timers.index.Get(indexKey); err != nil || list != nil && len(list.Value().pages) > 0 {
			t.Fatalf("pages are left: %v, %v", list.Value(), err)
		}
	})
}

// TestLateEntity checks that an entity whose events come hours late, as from a
// backlog, is not told that its windows are over before its next event.
func TestLateEntity(t *testing.T) {
	s := memory(t, compileText(t, leftOpen))
	const hours = 20 * 60 * minute
	now := int64(1_700_000_000_000)
	s.store.Advance(now)
	e := &tidegate.Event{ID: "1", Type: "in", Tenant: "x", Time: tidegate.Millis(now - hours)}
	e.Text[tidegate.CustomerID] = "anna"
	if _, err := s.Advance(e, tidegate.CustomerID, 0); err != nil {
		t.Fatal(err)
	}
	if due, found, _, err := s.Due(tidegate.Millis(now + 5*minute)); found || err != nil {
		t.Errorf("due: %+v, %v", due, err)
	}
	if _, found, _, err := s.Due(tidegate.Millis(now + 12*minute)); !found || err != nil {
		t.Errorf("not due: %v", err)
	}
}

// TestTenures checks that a definition that comes back has missed events and
// starts fresh, and that one that stays keeps what it has.
func TestTenures(t *testing.T) {
	a := compileText(t, letters)
	without := compileText(t, leftOpen)
	store := state.NewMemory()
	e := &tidegate.Event{ID: "1", Type: "a", Tenant: "x", Time: 1000}
	e.Text[tidegate.CustomerID] = "anna"
	partials := func(set *Set) int {
		t.Helper()
		s, err := NewState(set, store)
		if err != nil {
			t.Fatal(err)
		}
		p, ok := set.Pattern("abc")
		if !ok {
			return 0
		}
		list, err := s.Partials(p, e)
		if err != nil {
			t.Fatal(err)
		}
		return len(list)
	}
	s, err := NewState(a, store)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := s.Advance(e, tidegate.CustomerID, 0); err != nil {
		t.Fatal(err)
	}
	if n := partials(compileText(t, letters)); n == 0 {
		t.Error("an unchanged definition lost its partial matches")
	}
	partials(without)
	if n := partials(a); n != 0 {
		t.Error("a definition that was away kept partial matches")
	}
}
