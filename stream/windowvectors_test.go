package stream_test

import (
	"encoding/json"
	"fmt"
	"math"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/tidegate/tidegate/stream"
	"github.com/tidegate/tidegate/stream/internal/vectors"
	"github.com/tidegate/tidegate/stream/state/statetest"
	"github.com/tidegate/tidegate/stream/streamtest"
)

// event is the vectors' record, tally what they make of a window.
type event = vectors.Event

type tally struct {
	Count, Sum, Min, Max int64
	IDs                  []int64
}

type tallying struct{}

func (tallying) Add(acc *tally, e event) {
	if acc.Count == 0 || e.Value < acc.Min {
		acc.Min = e.Value
	}
	if acc.Count == 0 || e.Value > acc.Max {
		acc.Max = e.Value
	}
	acc.Count++
	acc.Sum += e.Value
	acc.IDs = append(acc.IDs, e.ID)
}

func (tallying) Merge(acc, other *tally) {
	if acc.Count == 0 || other.Count > 0 && other.Min < acc.Min {
		acc.Min = other.Min
	}
	if acc.Count == 0 || other.Count > 0 && other.Max > acc.Max {
		acc.Max = other.Max
	}
	acc.Count += other.Count
	acc.Sum += other.Sum
	acc.IDs = append(acc.IDs, other.IDs...)
}

func ms(n int64) time.Duration {
	if n > math.MaxInt64/int64(time.Millisecond) {
		return math.MaxInt64
	}
	return time.Duration(n) * time.Millisecond
}

func assigner(a *vectors.Assigner) stream.Windows {
	var gap int64
	json.Unmarshal(a.Gap, &gap) // "value" for a dynamic one
	var w stream.Windows
	switch kind, byClock := strings.CutSuffix(a.Type, "_processing_time"); kind {
	case "tumbling":
		w = stream.Tumbling(ms(a.Size)).Offset(ms(a.Offset))
		if byClock {
			w = w.ByClock()
		}
	case "sliding":
		w = stream.Sliding(ms(a.Size), ms(a.Slide)).Offset(ms(a.Offset))
		if byClock {
			w = w.ByClock()
		}
	case "session":
		w = stream.Session(ms(gap))
		if byClock {
			w = w.ByClock()
		}
	case "session_dynamic":
		w = stream.DynamicSession()
	case "global":
		w = stream.Global()
	case "global_end_of_stream":
		w = stream.UntilEnd()
	}
	return w
}

func trigger(c *vectors.Trigger) stream.Trigger {
	switch c.Type {
	case "event_time":
		return stream.AtWatermark()
	case "processing_time":
		return stream.AtProcessingTime()
	case "count":
		return stream.OnCount(c.N)
	case "purging":
		return stream.Purging(trigger(c.Of))
	case "continuous_event_time":
		return stream.Every(ms(c.Interval))
	case "continuous_processing_time":
		return stream.EveryByClock(ms(c.Interval))
	case "delta":
		return stream.OnDelta(c.Threshold)
	case "processing_timeout":
		switch {
		case c.ResetOnRecord:
			return stream.TimeoutSinceLast(trigger(c.Of), ms(c.Timeout), !c.ClearOnTimeout)
		case c.ClearOnTimeout:
			return stream.Timeout(trigger(c.Of), ms(c.Timeout))
		default:
			return stream.TimeoutKeeping(trigger(c.Of), ms(c.Timeout))
		}
	}
	panic("trigger " + c.Type)
}

func evictor(c *vectors.Evictor) stream.Evictor {
	switch c.Type {
	case "count":
		return stream.KeepCount(c.N)
	case "time":
		return stream.KeepRecent(ms(c.MS))
	default:
		return stream.KeepClose(c.Threshold)
	}
}

// windowed is the windows that a case is about.
func windowed(k stream.Keyed[string, event], c vectors.Config) stream.Windowed[string, event] {
	w := stream.Window(k, assigner(c.Assigner)).
		AllowedLateness(ms(c.AllowedLateness)).
		Measure(func(e event) float64 { return float64(e.Value) })
	if c.Assigner.Type == "session_dynamic" {
		w = w.Gap(func(e event) time.Duration { return ms(e.Value) })
	}
	if c.Trigger != nil {
		w = w.Trigger(trigger(c.Trigger))
	}
	switch {
	case c.Evictor != nil && c.Evictor.After:
		w = w.EvictAfter(evictor(c.Evictor))
	case c.Evictor != nil:
		w = w.EvictBefore(evictor(c.Evictor))
	}
	return w
}

// bench is a pipeline under test: sources that the case feeds, and outputs in
// the form of the vectors.
type bench struct {
	*streamtest.Driver
	clock   *streamtest.Clock
	src     *streamtest.Source[event]
	take    func() []map[string]any
	restore func()
	shared  bool // windows share panes, and so don't keep the order of records
	many    bool // a source for each channel, named by its number
}

func (b *bench) partition(channel int) (source string, partition int) {
	if b.many {
		return fmt.Sprint(channel), 0
	}
	return "in", channel
}

// mark says that a record of a vector brings no watermark: the case does.
func mark(event) (stream.Millis, bool) { return 0, false }

func eventSource(p *stream.Pipeline, partitions int) (*streamtest.Source[event], stream.Stream[event]) {
	src := streamtest.NewSource[event](partitions)
	return src, stream.From(p, src, stream.SourceTimestamps[event]().Punctuated(mark)).Named("in")
}

func windowBench(t *testing.T, c vectors.Config) *bench {
	return windowBenchOf(t, c, tallying{})
}

// windowBenchOf can be restored: from a checkpoint into a pipeline built anew.
func windowBenchOf(t *testing.T, c vectors.Config, agg stream.Aggregator[event, tally]) *bench {
	b := &bench{clock: &streamtest.Clock{}, src: streamtest.NewSource[event](1)}
	backend := statetest.NewMap()
	open := func() {
		p := stream.New("windows", stream.Options{Clock: b.clock, State: backend})
		in := stream.From(p, b.src, stream.SourceTimestamps[event]().Punctuated(mark)).Named("in")
		results, lates := &streamtest.Sink[stream.Result[string, tally]]{}, &streamtest.Sink[event]{}
		late := stream.SideOutput[event](p, "late")
		stream.To(stream.Aggregate(windowed(stream.KeyBy(in, eventKey), c).LateTo(late), agg), results)
		stream.To(late.Stream, lates)
		b.Driver = streamtest.Drive(t, p)
		b.take = func() []map[string]any { return append(resultsOf(results), latesOf(lates)...) }
	}
	open()
	b.restore = func() {
		if r := b.Checkpoint(t.Context()); r.Err != nil {
			t.Fatal(r.Err)
		}
		open()
		b.ForgetTime() // as Flink does
	}
	return b
}

func eventKey(e event) string { return e.Key }

func resultsOf(s *streamtest.Sink[stream.Result[string, tally]]) (all []map[string]any) {
	for _, r := range s.Take() {
		result := map[string]any{"count": r.Value.Value.Count, "sum": r.Value.Value.Sum, "ids": append([]int64{}, r.Value.Value.IDs...)}
		if r.Value.Value.Count > 0 {
			result["min"], result["max"] = r.Value.Value.Min, r.Value.Value.Max
		}
		all = append(all, map[string]any{"key": r.Value.Key, "window": r.Value.Window, "result": result, "ts": int64(r.Time)})
	}
	return all
}

func latesOf(s *streamtest.Sink[event]) (all []map[string]any) {
	for _, e := range s.Values() {
		all = append(all, map[string]any{"late": e.ID})
	}
	return all
}

// feed gives a bench a case's input and compares what comes out.
func (b *bench) feed(t *testing.T, v vectors.Case) {
	b.feedWith(t, v, func(vectors.Input) []map[string]any { return nil })
}

// feedWith is feed, with what the bench sees of time after each input.
func (b *bench) feedWith(t *testing.T, v vectors.Case, times func(vectors.Input) []map[string]any) {
	want := map[int][]map[string]any{}
	for _, o := range v.Output {
		want[o.At()] = append(want[o.At()], o)
	}
	for at, in := range v.Input {
		switch {
		case in.Event != nil:
			b.src.Send(in.Event.Channel, *in.Event, stream.Millis(in.Event.TS))
			b.Step()
		case in.Restore:
			b.restore()
		case in.Watermark != nil:
			source, partition := b.partition(in.Channel)
			b.Watermark(source, partition, stream.Millis(*in.Watermark))
		case in.Status != "":
			source, partition := b.partition(in.Channel)
			b.Idle(source, partition, in.Status == "idle")
		case in.ProcessingTime != nil:
			b.clock.Set(stream.Millis(*in.ProcessingTime))
			b.Tick()
		}
		got := append(b.take(), times(in)...)
		for _, o := range got {
			o["at"] = at
		}
		compareInstant(t, at, v, b.shared, got, want[at])
		if t.Failed() {
			return
		}
	}
}

// compareInstant compares what one input caused, as the vectors' README says:
// firings in the order of their times, those of one time as a set; contents as
// a set where windows merge.
func compareInstant(t *testing.T, at int, v vectors.Case, shared bool, got, want []map[string]any) {
	t.Helper()
	merging := v.Config.Assigner != nil && (strings.HasPrefix(v.Config.Assigner.Type, "session") || v.Config.Assigner.Type == "sliding" && shared)
	g, w := normal(t, got, merging), normal(t, want, merging)
	if v.Input[at].Event == nil {
		if v.Config.Trigger != nil { // the times at which it fired are not in the output
			slices.Sort(g)
			slices.Sort(w)
		}
		sortInstants(g, got)
		sortInstants(w, want)
	}
	if !slices.Equal(g, w) {
		t.Errorf("at %d (%s):\n got  %s\n want %s", at, vectors.Canonical(t, v.Input[at]), strings.Join(g, "\n      "), strings.Join(w, "\n      "))
	}
}

// sortInstants sorts neighbours that belong to timers of one time.
func sortInstants(texts []string, outputs []map[string]any) {
	instant := func(o map[string]any) string {
		if at, ok := o["timer"]; ok {
			return fmt.Sprint(at)
		}
		return fmt.Sprint(o["ts"], o["status"])
	}
	for from := 0; from < len(texts); {
		to := from + 1
		for to < len(texts) && instant(outputs[to]) == instant(outputs[from]) {
			to++
		}
		slices.Sort(texts[from:to])
		from = to
	}
}

func normal(t *testing.T, outputs []map[string]any, asSets bool) []string {
	all := []string{}
	for _, o := range outputs {
		var c map[string]any
		d := json.NewDecoder(strings.NewReader(vectors.Canonical(t, o)))
		d.UseNumber()
		if err := d.Decode(&c); err != nil {
			t.Fatal(err)
		}
		result, _ := c["result"].(map[string]any)
		for _, list := range []any{result["ids"], c["left"], c["right"]} {
			if list, ok := list.([]any); ok && asSets {
				slices.SortFunc(list, func(a, b any) int { return strings.Compare(fmt.Sprint(a), fmt.Sprint(b)) })
			}
		}
		all = append(all, vectors.Canonical(t, c))
	}
	return all
}

func TestWindowsAgainstFlink(t *testing.T) {
	for _, family := range []string{
		"tumbling", "sliding", "session", "session_dynamic", "global", "count_windows",
		"triggers", "timeouts", "lateness", "evictors", "processing_time", "restore",
	} {
		t.Run(family, func(t *testing.T) {
			vectors.Run(t, family, func(t *testing.T, v vectors.Case) { windowBench(t, v.Config).feed(t, v) })
		})
	}
}

// commuting lets sliding windows share panes.
type commuting struct{ tallying }

func (commuting) Commutes() bool { return true }

func TestSharedPanesAgainstFlink(t *testing.T) {
	for _, family := range []string{"tumbling", "sliding"} {
		t.Run(family, func(t *testing.T) {
			vectors.Run(t, family, func(t *testing.T, v vectors.Case) {
				b := windowBenchOf(t, v.Config, commuting{})
				b.shared = true
				b.feed(t, v)
			})
		})
	}
}
