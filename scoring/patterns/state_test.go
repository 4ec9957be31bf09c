package patterns

import (
	"fmt"
	"testing"

	"pgregory.net/rapid"

	"github.com/tidegate/tidegate"
	"github.com/tidegate/tidegate/cep"
	"github.com/tidegate/tidegate/stream/state"
)

var kinds = map[string]tidegate.Kind{"city": tidegate.KindText, "age": tidegate.KindNumber}

// letters are patterns over events whose type is a letter.
const letters = `
patterns:
  - id: abc
    key: customer_id
    within: 60s
    after_match: skip_past_last_event
    stages: [{begin: a, where: 'type == "a"', times: 1+}, {followed_by: b, where: 'type == "b" and amount > sum(a.amount)'}, {next: c, where: 'type == "c"'}]
  - id: twice
    key: customer_id
    within: 30s
    stages: [{begin: a, where: 'type == "a"'}, {followed_by_any: b, where: 'type in ["b", "c"] and amount != a.amount', times: 2}]
  - id: device
    key: device_fingerprint
    within: 100s
    limit: 3
    stages: [{begin: a}, {followed_by: b, where: 'customer_id != a.customer_id'}]
  - id: quiet
    key: customer_id
    within: 40s
    stages: [{begin: a, where: 'type == "c"'}, {not_followed_by: b, where: 'type == "a"'}]
  - id: forever
    key: customer_id
    limit: 4
    stages: [{begin: a, where: 'type == "c"'}, {next: b, where: 'type == "b" and last(a).attributes.city != attributes.city'}]
`

func compileText(t interface{ Fatal(...any) }, text string) *Set {
	set, err := Compile([]File{{"f.yaml", []byte(text)}}, Options{Attributes: kinds, Base: euro})
	if err != nil {
		t.Fatal(err)
	}
	return set
}

func drawEvent(t *rapid.T, i int, at *int64) *tidegate.Event {
	*at += int64(rapid.IntRange(-2, 12).Draw(t, "seconds")) * 1000
	e := &tidegate.Event{
		ID: fmt.Sprint("e", i), Type: rapid.SampledFrom([]string{"a", "b", "c"}).Draw(t, "type"), Tenant: "x", Time: tidegate.Millis(*at),
		Amount: tidegate.Money{Minor: int64(rapid.IntRange(0, 4).Draw(t, "amount")) * 100, Currency: euro}, HasAmount: true,
	}
	e.Text[tidegate.CustomerID] = rapid.SampledFrom([]string{"", "anna", "bert"}).Draw(t, "customer")
	e.Text[tidegate.DeviceFingerprint] = rapid.SampledFrom([]string{"", "d"}).Draw(t, "device")
	if city := rapid.SampledFrom([]string{"", "Bonn", "Köln"}).Draw(t, "city"); city != "" {
		e.Attributes = []tidegate.Attribute{{Name: "city", Kind: tidegate.KindText, Text: city}}
	}
	return e
}

// TestStateEqualsMatchers compares the state with what it is made of: a
// matcher and a state for each pattern and entity, kept for ever. Written and
// read after every event, it must find the same.
func TestStateEqualsMatchers(t *testing.T) {
	set, plain := compileText(t, letters), compileText(t, letters)
	rapid.Check(t, func(t *rapid.T) {
		s, err := NewState(set, state.NewMemory())
		if err != nil {
			t.Fatal(err)
		}
		known := map[string]*cep.State[*Event]{}
		at, newest := int64(1_700_000_000_000), map[string]int64{}
		for i := range rapid.IntRange(1, 40).Draw(t, "events") {
			e := drawEvent(t, i, &at)
			s.store.Advance(at)
			customer := e.Text[tidegate.CustomerID]
			found, err := s.Advance(e, tidegate.CustomerID, tidegate.Millis(newest[customer]))
			if err != nil {
				t.Fatal(err)
			}
			got := map[string]string{}
			for _, f := range found {
				got[f.Pattern.ID] = fmt.Sprint(f.Completed, f.Emitted, f.Stage, f.Stale, f.Dropped)
			}
			plain.view.turn(e)
			for _, p := range plain.patterns {
				if e.Text[p.Field] == "" {
					continue
				}
				key := p.ID + " " + e.Text[p.Field]
				if known[key] == nil || known[key].Idle() {
					known[key] = &cep.State[*Event]{} // of devices nobody knows the newest
					if p.Field == tidegate.CustomerID && newest[customer] > 0 {
						known[key].Seen(newest[customer])
					}
				}
				idle := known[key].Idle()
				event := p.newEvent(e)
				live, err := p.matcher.Live(known[key], event, int64(e.Time))
				event.tx = nil
				if err != nil {
					t.Fatal(err)
				}
				f := Found{Pattern: p, Stale: live.Stale, Dropped: live.Dropped}
				for _, m := range live.Completed[:min(len(live.Completed), maxMatches)] {
					f.Completed = append(f.Completed, IDs(m))
				}
				f.emitted(live.Outputs)
				_, f.Stage = p.Automaton.Progress(known[key])
				want := fmt.Sprint(f.Completed, f.Emitted, f.Stage, f.Stale, f.Dropped)
				if nothing := fmt.Sprint(f.Completed, f.Emitted, 0, f.Stale, 0); got[p.ID] != want && !(got[p.ID] == "" && idle && (want == nothing)) {
					t.Fatalf("%s with %s: found %q, want %q", e.ID, p.ID, got[p.ID], want)
				}
			}
			newest[customer] = max(newest[customer], int64(e.Time))
			s.rewrite(t, e)
		}
	})
}

// rewrite writes and reads the rows of an event's entities.
func (s *State) rewrite(t *rapid.T, e *tidegate.Event) {
	for i := range s.tables {
		table := &s.tables[i]
		entry, err := table.open.Get(appendKey(nil, e.Tenant, e.Text[table.field]))
		if err != nil {
			t.Fatal(err)
		}
		if entry == nil {
			continue
		}
		row := openCodec{}.Append(nil, entry.Value())
		var read open
		if err := (openCodec{}).Decode(row, &read); err != nil {
			t.Fatal(err)
		}
		if again := (openCodec{}).Append(nil, &read); string(again) != string(row) {
			t.Fatalf("written %x, then %x", row, again)
		}
		*table.open.Update(entry) = read
	}
}

// TestIdleEntitiesCostNothing checks that no row is left of an entity without
// partial matches, and that rows of others end with their windows.
func TestIdleEntitiesCostNothing(t *testing.T) {
	set := compileText(t, letters)
	store := state.NewMemory()
	s, err := NewState(set, store)
	if err != nil {
		t.Fatal(err)
	}
	e := &tidegate.Event{ID: "1", Type: "a", Tenant: "x", Time: 1_700_000_000_000}
	e.Text[tidegate.CustomerID] = "anna"
	entry := func() *state.Entry[open] {
		found, err := s.tables[0].open.Get(appendKey(nil, "x", "anna"))
		if err != nil {
			t.Fatal(err)
		}
		return found
	}
	show := func(kind string) {
		t.Helper()
		e.Type = kind
		store.Advance(int64(e.Time))
		if _, err := s.Advance(e, tidegate.CustomerID, 0); err != nil {
			t.Fatal(err)
		}
	}
	show("b")
	if entry() != nil {
		t.Error("an event that begins nothing left a row")
	}
	show("a")
	if entry() == nil {
		t.Fatal("an event that begins a match left no row")
	}
	if want := int64(e.Time) + 60_000 + slack; entry().Expiry() != want {
		t.Errorf("the row ends at %d, want %d", entry().Expiry(), want)
	}
	e.Time += 60_000 + slack
	store.Advance(int64(e.Time))
	if entry() != nil {
		t.Error("the row outlived its windows")
	}
}

// TestKeyUnderAttack checks that the limit holds for a key that gets nothing
// but first events, and that it is told.
func TestKeyUnderAttack(t *testing.T) {
	set := compileText(t, "patterns:\n  - {id: p, key: customer_id, within: 24h, stages: [{begin: a, where: 'type == \"a\"'}, {followed_by: b, where: 'amount > a.amount'}]}\n")
	s, err := NewState(set, state.NewMemory())
	if err != nil {
		t.Fatal(err)
	}
	dropped := 0
	e := &tidegate.Event{Type: "a", Tenant: "x"}
	e.Text[tidegate.CustomerID] = "anna"
	for i := range 10_000 {
		e.ID, e.Time = fmt.Sprint(i), tidegate.Millis(i)
		found, err := s.Advance(e, tidegate.CustomerID, 0)
		if err != nil {
			t.Fatal(err)
		}
		dropped += found[0].Dropped
	}
	partials, err := s.Partials(set.patterns[0], e)
	if err != nil || len(partials) != cep.DefaultLimit.Partials || dropped != 10_000-len(partials) {
		t.Errorf("%d partial matches, %d dropped, %v", len(partials), dropped, err)
	}
}
