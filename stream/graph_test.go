package stream_test

import (
	"os/exec"
	"strings"
	"testing"
	"time"

	"github.com/tidegate/tidegate/stream"
)

func identity(s string) string { return s }

// TestGraphErrors builds graphs that are wrong and reads what Check says.
func TestGraphErrors(t *testing.T) {
	type graph = func(p *stream.Pipeline, in stream.Stream[string])
	discard := stream.Blackhole[string]()
	for name, c := range map[string]struct {
		build graph
		want  string
	}{
		"no sink": {func(p *stream.Pipeline, in stream.Stream[string]) {
			stream.Map(in, identity)
		}, "operator map: nothing reads its output"},
		"a cycle": {func(p *stream.Pipeline, in stream.Stream[string]) {
			again := stream.SideOutput[string](p, "again")
			both := stream.Union(in, again.Stream)
			windows := stream.Window(stream.KeyBy(both, identity), stream.Tumbling(time.Second)).LateTo(again)
			stream.To(stream.Map(stream.Aggregate(windows, stream.Count[string]()), func(stream.Result[string, int64]) string { return "" }), discard)
		}, "a cycle: again → union → key by → window → again"},
		"two of one name": {func(p *stream.Pipeline, in stream.Stream[string]) {
			stream.To(stream.Map(in, identity).Named("same"), discard)
			stream.To(stream.Map(in, identity).Named("same"), discard)
		}, "operator same: another operator has the name too"},
		"a side output that nothing writes": {func(p *stream.Pipeline, in stream.Stream[string]) {
			stream.To(in, discard)
			stream.To(stream.SideOutput[string](p, "late").Stream, discard)
		}, "operator late: no operator writes this side output"},
		"a trigger that can't merge": {func(p *stream.Pipeline, in stream.Stream[string]) {
			w := stream.Window(stream.KeyBy(in, identity), stream.Session(time.Second)).Trigger(stream.OnDelta(1))
			stream.To(stream.Aggregate(w, stream.Count[string]()), stream.Blackhole[stream.Result[string, int64]]())
		}, "sessions merge, and the trigger stream.onDelta can't"},
		"windows of no size": {func(p *stream.Pipeline, in stream.Stream[string]) {
			w := stream.Window(stream.KeyBy(in, identity), stream.Tumbling(0))
			stream.To(stream.Aggregate(w, stream.Count[string]()), stream.Blackhole[stream.Result[string, int64]]())
		}, "windows of 0 ms every 0 ms: both must be positive"},
		"an empty interval": {func(p *stream.Pipeline, in stream.Stream[string]) {
			k := stream.KeyBy(in, identity)
			joined := stream.IntervalJoin(stream.Between(k, k, time.Second, -time.Second), func(a, b string) string { return a + b })
			stream.To(joined, discard)
		}, "its lower bound of 1000 ms is above its upper one of -1000 ms"},
	} {
		t.Run(name, func(t *testing.T) {
			p := stream.New("p", stream.Options{})
			c.build(p, stream.From(p, stream.FromSlice("a"), stream.SourceTimestamps[string]()))
			if err := p.Check(); err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("error %v, want one with %q", err, c.want)
			}
			if err := p.Run(t.Context()); err == nil {
				t.Error("it runs")
			}
		})
	}
}

// TestUnkeyedState finds that a program whose state has no key is refused by
// the compiler, with the place.
func TestUnkeyedState(t *testing.T) {
	out, err := exec.CommandContext(t.Context(), "go", "build", "./testdata/unkeyed").CombinedOutput()
	if err == nil {
		t.Fatal("it compiles")
	}
	for _, line := range []string{"unkeyed.go:13:", "unkeyed.go:14:"} {
		if !strings.Contains(string(out), line) || !strings.Contains(string(out), "stream.Keyed[") {
			t.Errorf("the compiler says\n%s", out)
		}
	}
}

// Errors that only come to light when state is opened.
func TestStateErrors(t *testing.T) {
	type hidden struct{ secret int }
	p := stream.New("p", stream.Options{})
	in := stream.From(p, stream.FromSlice(hidden{1}), stream.SourceTimestamps[hidden]())
	k := stream.SortByEventTime(stream.KeyBy(in, func(h hidden) int64 { return int64(h.secret) }))
	stream.To(stream.Aggregate(stream.Window(k.Keyed, stream.CountWindow(1)), stream.Count[hidden]()), stream.Blackhole[stream.Result[int64, int64]]())
	if err := p.Run(t.Context()); err == nil || !strings.Contains(err.Error(), "its field secret is not exported") {
		t.Errorf("error %v", err)
	}

	p = stream.New("p", stream.Options{})
	floats := stream.From(p, stream.FromSlice(1.5), stream.SourceTimestamps[float64]())
	stream.To(stream.Dedupe(floats, func(f float64) float64 { return f }, time.Second), stream.Blackhole[float64]())
	if err := p.Run(t.Context()); err == nil || !strings.Contains(err.Error(), "float64 can't be a key") {
		t.Errorf("error %v", err)
	}
}

func TestTopology(t *testing.T) {
	p := stream.New("clicks", stream.Options{})
	in := stream.From(p, stream.FromSlice("a"), stream.SourceTimestamps[string]()).Named("clicks in")
	late := stream.SideOutput[string](p, "late")
	w := stream.Window(stream.KeyBy(in, identity), stream.Sliding(time.Minute, time.Second)).LateTo(late)
	stream.To(stream.Aggregate(w, stream.Count[string]()).Named("counts"), stream.Blackhole[stream.Result[string, int64]]())
	stream.To(late.Stream, stream.Blackhole[string]())
	const text = `clicks
  clicks in (source)
  key by ← clicks in
  counts (window): sliding 1m0s by 1s ← key by
  late (side output) ← counts
  sink ← counts
  sink 2 (sink) ← late
`
	if got := p.Topology().String(); got != text {
		t.Errorf("got\n%s\nwant\n%s", got, text)
	}
	const mermaid = `flowchart LR
  n0(["clicks in"])
  n1["key by"]
  n2["counts<br/>sliding 1m0s by 1s"]
  n3["late"]
  n4[("sink")]
  n5[("sink 2")]
  n0 --> n1
  n1 --> n2
  n2 --> n3
  n2 --> n4
  n3 --> n5
`
	if got := p.Topology().Mermaid(); got != mermaid {
		t.Errorf("got\n%s\nwant\n%s", got, mermaid)
	}
	if got := string(p.Topology().JSON()); !strings.Contains(got, `"name": "counts",
      "kind": "window",
      "detail": "sliding 1m0s by 1s",
      "inputs": [
        "key by"
      ]`) {
		t.Errorf("got %s", got)
	}
}
