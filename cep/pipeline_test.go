package cep_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/tidegate/tidegate/cep"
	"github.com/tidegate/tidegate/cep/detect"
	"github.com/tidegate/tidegate/stream"
	"github.com/tidegate/tidegate/stream/state/statetest"
	"github.com/tidegate/tidegate/stream/streamtest"
)

// TestVectorsInPipelines runs a third of Flink's cases through pipelines, every tenth of
// them with a checkpoint and a restart after every input. Where a skip strategy
// fails a pipeline has a dead letter.
func TestVectorsInPipelines(t *testing.T) {
	for i, v := range cep.Vectors(t) {
		if i%3 != 0 {
			continue // the matcher itself runs all
		}
		got, want := runInPipeline(t, &v, i%30 == 0), v.Expected(t)
		if n := len(want) - 1; n >= 0 && strings.HasPrefix(want[n], "error") && len(got) > n && slices.Contains(got[n:], want[n]) {
			got, want = got[:n], want[:n] // Flink's run ends here, while a pipeline goes on
		}
		if !slices.Equal(got, want) {
			t.Errorf("%s\ngot:\n  %s\nwant:\n  %s", v.Name, strings.Join(got, "\n  "), strings.Join(want, "\n  "))
		}
		if t.Failed() {
			return
		}
	}
}

// vectorPipeline is a pipeline that looks for a case's pattern.
type vectorPipeline struct {
	*streamtest.Driver
	out   streamtest.Sink[string]
	lates streamtest.Sink[string]
	dead  streamtest.Sink[string]
}

func newVectorPipeline(t *testing.T, a *cep.Automaton[*cep.VectorEvent], src *streamtest.Source[*cep.VectorEvent], backend *statetest.Map) *vectorPipeline {
	r := &vectorPipeline{}
	p := stream.New("vector", stream.Options{State: backend})
	stream.Register(p, pointerCodec{})
	none := func(*cep.VectorEvent) (stream.Millis, bool) { return 0, false }
	in := stream.From(p, src, stream.SourceTimestamps[*cep.VectorEvent]().Punctuated(none)).Named("events")
	late := stream.SideOutput[*cep.VectorEvent](p, "late")
	key := stream.SortByEventTime(stream.KeyBy(in, func(*cep.VectorEvent) string { return "one" })).LateTo(late)
	timedOut := stream.SideOutput[detect.Found[string, *cep.VectorEvent]](p, "timed out")
	found := detect.In(key, a, cep.VectorCodec{}).TimedOutTo(timedOut)
	// Both go one way, so that their order shows.
	say := func(kind cep.OutputKind) func(detect.Found[string, *cep.VectorEvent]) string {
		return func(f detect.Found[string, *cep.VectorEvent]) string {
			return cep.Said(cep.Output[*cep.VectorEvent]{Kind: kind, Time: int64(f.Time), Match: f.Match}, 0)
		}
	}
	both := stream.Union(stream.Map(found.Stream, say(cep.Matched)), stream.Map(timedOut.Stream, say(cep.TimedOut)))
	stream.ToNamed(both, "out", &r.out)
	stream.ToNamed(stream.Map(late.Stream, func(e *cep.VectorEvent) string { return fmt.Sprintf("late %d at=0", e.ID) }), "lates", &r.lates)
	stream.ToNamed(stream.Map(p.DeadLetters(), func(l stream.DeadLetter) string {
		if strings.Contains(l.Error, "holds the first event") {
			return "error skip_to_first_element at=0"
		}
		return "error skip_target_missing at=0"
	}), "dead", &r.dead)
	r.Driver = streamtest.Drive(t, p)
	return r
}

func runInPipeline(t *testing.T, v *cep.Vector, restarts bool) (lines []string) {
	a, err := v.Compile()
	if err != nil {
		t.Fatal(err)
	}
	src, backend := streamtest.NewSource[*cep.VectorEvent](1), statetest.NewMap()
	p := newVectorPipeline(t, a, src, backend)
	for at, in := range v.Input {
		if in.Event != nil {
			src.Send(0, in.Event, stream.Millis(in.Event.Ts))
			p.Step()
		} else {
			p.Watermark("events", 0, stream.Millis(in.Watermark))
		}
		for _, line := range slices.Concat(p.lates.Values(), p.out.Values(), p.dead.Values()) {
			lines = append(lines, strings.TrimSuffix(line, "at=0")+fmt.Sprint("at=", at))
			if strings.HasPrefix(line, "error") {
				return lines
			}
		}
		if restarts && at+1 < len(v.Input) {
			if r := p.Checkpoint(t.Context()); r.Err != nil {
				t.Fatal(r.Err)
			}
			if err := p.Close(); err != nil {
				t.Fatal(err)
			}
			p = newVectorPipeline(t, a, src, backend)
		}
	}
	return lines
}

// pointerCodec writes events that wait in the sort.
type pointerCodec struct{}

func (pointerCodec) Append(b []byte, e **cep.VectorEvent) []byte {
	return cep.VectorCodec{}.Append(b, *e)
}

func (pointerCodec) Decode(b []byte, e **cep.VectorEvent) (err error) {
	*e, err = cep.VectorCodec{}.Decode(b)
	return err
}
