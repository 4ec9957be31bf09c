package cep

import (
	"bytes"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"math"
	"slices"
	"strings"
	"testing"
)

// TestVectors compares every output, in order, with what Flink emitted.
func TestVectors(t *testing.T) {
	passed, total := runVectors(t, func(*Automaton[*vectorEvent]) {}, nil)
	fmt.Printf("cep: %d of %d of Flink's cases pass\n", passed, total)
}

// TestVectorsWithoutTable runs them the way of states that have too many
// conditions for a table.
func TestVectorsWithoutTable(t *testing.T) {
	runVectors(t, func(a *Automaton[*vectorEvent]) { a.table = a.graph.tabulate(len(a.atoms), 0) }, nil)
}

// TestVectorsWithRestarts writes and reads the state between any two inputs.
func TestVectorsWithRestarts(t *testing.T) {
	runVectors(t, func(*Automaton[*vectorEvent]) {}, func(a *Automaton[*vectorEvent], s *State[*vectorEvent]) *State[*vectorEvent] {
		b := a.AppendState(nil, s, vectorCodec{})
		restored, err := a.DecodeState(b, vectorCodec{})
		if err != nil {
			t.Fatal(err)
		}
		if again := a.AppendState(nil, restored, vectorCodec{}); !bytes.Equal(b, again) {
			t.Fatalf("written %x, read and written again %x", b, again)
		}
		return restored
	})
}

type vectorCodec struct{}

func (vectorCodec) Append(b []byte, e *vectorEvent) []byte {
	b = binary.AppendVarint(binary.AppendVarint(b, e.ID), e.Ts)
	b = binary.AppendUvarint(b, math.Float64bits(e.Value))
	return append(b, e.Type...)
}

func (vectorCodec) Decode(b []byte) (*vectorEvent, error) {
	var e vectorEvent
	var n int
	for _, v := range []*int64{&e.ID, &e.Ts} {
		*v, n = binary.Varint(b)
		b = b[n:]
	}
	bits, n := binary.Uvarint(b)
	e.Value, e.Type = math.Float64frombits(bits), string(b[n:])
	return &e, nil
}

func runVectors(t *testing.T, alter func(*Automaton[*vectorEvent]), persist persistence) (passed, total int) {
	all := readVectors(t, isCase)
	for _, file := range slices.Sorted(maps.Keys(all)) {
		failed := 0
		for _, v := range all[file] {
			total++
			a, err := v.compile()
			if err != nil {
				t.Errorf("%s: refused: %v", v.Name, err)
				continue
			}
			alter(a)
			got, want := v.run(a, persist), v.expected(t)
			if slices.Equal(got, want) {
				passed++
				continue
			}
			if failed++; failed <= 3 {
				pattern, _ := json.Marshal(v.Pattern)
				t.Errorf("%s\n%s %+v\ngot:\n  %s\nwant:\n  %s", v.Name, pattern, v.Skip, strings.Join(got, "\n  "), strings.Join(want, "\n  "))
			}
		}
		if failed > 0 {
			t.Errorf("%s: %d of %d failed", file, failed, len(all[file]))
		}
	}
	return passed, total
}

// TestRejected compares what is refused, and why.
func TestRejected(t *testing.T) {
	passed, total := 0, 0
	for _, vectors := range readVectors(t, func(name string) bool { return !isCase(name) }) {
		for _, v := range vectors {
			total++
			_, err := v.compile()
			var refusal *Refusal
			want := v.Category
			if want == "flink_compiler_null_pointer" {
				want = GreedyOptionalUntil
			}
			if !errors.As(err, &refusal) || refusal.Reason != want {
				t.Errorf("%s: %v, want %s", v.Name, err, want)
				continue
			}
			passed++
		}
	}
	fmt.Printf("cep: %d of %d of Flink's refusals are refused for the same reason\n", passed, total)
}

// TestLiveAgreesWithStream shows the events of every case in order of time to
// a live key: what comes out is what stream mode says at the end.
func TestLiveAgreesWithStream(t *testing.T) {
	for _, vectors := range readVectors(t, isCase) {
		for _, v := range vectors {
			a, err := v.compile()
			if err != nil {
				t.Fatal(err)
			}
			m, live, stream := NewMatcher(a), &State[*vectorEvent]{}, &State[*vectorEvent]{}
			var events []*vectorEvent
			for _, in := range v.Input {
				if in.Event != nil {
					events = append(events, in.Event)
					m.Offer(stream, in.Event, in.Event.Ts, math.MinInt64)
				}
			}
			want, wantErr := m.Watermark(stream, math.MaxInt64)
			want = slices.Clone(want)
			slices.SortStableFunc(events, func(a, b *vectorEvent) int { return int(a.Ts - b.Ts) })
			var got []Output[*vectorEvent]
			for _, e := range events {
				var result Live[*vectorEvent]
				result, err = m.Live(live, e, e.Ts)
				got = append(got, result.Outputs...)
				if matched := count(result.Outputs, e.Ts); a.skip.kind == noSkip && len(result.Completed) > matched {
					t.Errorf("%s: %d completed, %d came out", v.Name, len(result.Completed), matched)
				}
				if err != nil {
					break
				}
			}
			if err == nil {
				var rest []Output[*vectorEvent]
				rest, err = m.Advance(live, math.MaxInt64)
				got = append(got, rest...)
			}
			if !slices.EqualFunc(got, want, func(a, b Output[*vectorEvent]) bool { return said(a, 0) == said(b, 0) }) || (err == nil) != (wantErr == nil) {
				t.Errorf("%s: live %v (%v), stream %v (%v)", v.Name, got, err, want, wantErr)
			}
		}
	}
}

// count is the number of matches that came out at t.
func count(outputs []Output[*vectorEvent], t int64) (n int) {
	for _, o := range outputs {
		if o.Kind == Matched && o.Time == t {
			n++
		}
	}
	return n
}
