package patterns

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/tidegate/tidegate"
	"github.com/tidegate/tidegate/cep"
	"github.com/tidegate/tidegate/stream"
	"github.com/tidegate/tidegate/stream/state/statetest"
	"github.com/tidegate/tidegate/stream/streamtest"
)

// streamed is a pipeline that looks for the patterns of the tests.
type streamed struct {
	*streamtest.Driver
	matches, timedOut, late streamtest.Sink[string]
}

func (f Finding) line() string {
	var ids []string
	for _, e := range f.Events {
		ids = append(ids, e.Stage+":"+e.ID)
	}
	return fmt.Sprint(f.Pattern, " ", f.Value, " ", strings.Join(ids, " "))
}

func newStreamed(t testing.TB, src *streamtest.Source[*tidegate.Event], backend *statetest.Map, text string) *streamed {
	s := &streamed{}
	p := stream.New("patterns", stream.Options{State: backend})
	in := stream.From(p, src, stream.SourceTimestamps[*tidegate.Event]().BoundedOutOfOrderness(3*time.Second))
	found, err := compileText(t, text).Detect(p, in)
	if err != nil {
		t.Fatal(err)
	}
	stream.ToNamed(stream.Map(found.Matches, Finding.line), "matches", &s.matches)
	stream.ToNamed(stream.Map(found.TimedOut, Finding.line), "timed out", &s.timedOut)
	stream.ToNamed(stream.Map(found.Late, func(l Late) string { return l.Key + " " + l.Event.ID }), "late", &s.late)
	s.Driver = streamtest.Drive(t, p)
	return s
}

// TestDetect compares what a pipeline finds, with restarts, with what a
// matcher finds in the sorted events of each entity, as the watermark lets go
// of them. When time moves on matters: a partial match that ends lets go of a
// match that was held back, which takes others away before they time out.
func TestDetect(t *testing.T) {
	plain := compileText(t, letters)
	rapid.Check(t, func(rt *rapid.T) {
		src, backend := streamtest.NewSource[*tidegate.Event](1), statetest.NewMap()
		s := newStreamed(t, src, backend, letters)
		at := int64(1_700_000_000_000)
		var sent []arrival
		var lateWant, got, gotOut, lateGot []string
		collect := func() {
			got, gotOut, lateGot = append(got, s.matches.Values()...), append(gotOut, s.timedOut.Values()...), append(lateGot, s.late.Values()...)
		}
		newest := int64(-1 << 62)
		for i := range rapid.IntRange(1, 30).Draw(rt, "events") {
			e := drawEvent(rt, i, &at)
			if shift := rapid.IntRange(0, 5).Draw(rt, "older"); shift > 3 {
				e.Time -= tidegate.Millis(shift) * 1000
			}
			if int64(e.Time) <= newest-3001 {
				for _, k := range plain.keys {
					if e.Text[k.field] != "" {
						lateWant = append(lateWant, k.field.String()+" "+e.ID)
					}
				}
				sent = append(sent, arrival{nil, newest - 3001})
			} else {
				newest = max(newest, int64(e.Time))
				sent = append(sent, arrival{e, newest - 3001})
			}
			src.Send(0, e, stream.Millis(e.Time))
			s.Step()
			collect()
			if rapid.IntRange(0, 5).Draw(rt, "restart") == 0 {
				if r := s.Checkpoint(t.Context()); r.Err != nil {
					rt.Fatal(r.Err)
				}
				if err := s.Close(); err != nil {
					rt.Fatal(err)
				}
				s = newStreamed(t, src, backend, letters)
			}
		}
		src.End(0)
		s.Step()
		collect()
		if err := s.Close(); err != nil {
			rt.Fatal(err)
		}
		want, wantOut := sorted(rt, plain, sent)
		for _, c := range []struct {
			what      string
			got, want []string
		}{{"matches", got, want}, {"time-outs", gotOut, wantOut}, {"late", lateGot, lateWant}} {
			slices.Sort(c.got)
			slices.Sort(c.want)
			if !slices.Equal(c.got, c.want) {
				rt.Fatalf("%s: got\n%s\nwant\n%s", c.what, strings.Join(c.got, "\n"), strings.Join(c.want, "\n"))
			}
		}
	})
}

// arrival is an event that was in time, or nil, and the watermark behind it.
type arrival struct {
	event     *tidegate.Event
	watermark int64
}

// released are the events that a watermark lets go of, in the order of their
// times, and those that wait on.
func released(waiting []*tidegate.Event, watermark int64) (now, later []*tidegate.Event) {
	slices.SortStableFunc(waiting, func(a, b *tidegate.Event) int { return int(a.Time - b.Time) })
	for i, e := range waiting {
		if int64(e.Time) > watermark {
			return waiting[:i], slices.Clone(waiting[i:])
		}
	}
	return waiting, nil
}

// sorted is what matchers find in the events of each entity in their order.
func sorted(t *rapid.T, set *Set, arrivals []arrival) (matches, timedOut []string) {
	arrivals = append(slices.Clone(arrivals), arrival{nil, int64(stream.MaxTime)})
	for _, p := range set.patterns {
		states := map[string]*cep.State[*Event]{}
		tell := func(value string, outputs []cep.Output[*Event], err error) {
			if err != nil {
				t.Fatal(err)
			}
			for _, o := range outputs {
				f := Finding{Pattern: p.ID, Value: value, Time: stream.Millis(o.Time)}
				for _, taken := range o.Match.Events {
					f.Events = append(f.Events, FindingOfStage{Stage: taken.Stage, ID: taken.Event.ID})
				}
				if o.Kind == cep.TimedOut {
					timedOut = append(timedOut, f.line())
				} else {
					matches = append(matches, f.line())
				}
			}
		}
		var waiting, now []*tidegate.Event
		for _, a := range arrivals {
			if a.event != nil {
				waiting = append(waiting, a.event)
			}
			now, waiting = released(waiting, a.watermark)
			for _, e := range now {
				value := e.Text[p.Field]
				if value == "" {
					continue
				}
				if states[value] == nil {
					states[value] = &cep.State[*Event]{}
				}
				set.view.turn(e)
				outputs, err := p.matcher.Process(states[value], p.newEvent(e), int64(e.Time))
				tell(value, outputs, err)
			}
			for value, s := range states {
				outputs, err := p.matcher.Advance(s, a.watermark)
				tell(value, outputs, err)
			}
		}
	}
	return matches, timedOut
}
