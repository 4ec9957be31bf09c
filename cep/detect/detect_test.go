package detect_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/tidegate/tidegate/cep"
	"github.com/tidegate/tidegate/cep/detect"
	"github.com/tidegate/tidegate/stream"
	"github.com/tidegate/tidegate/stream/state/statetest"
	"github.com/tidegate/tidegate/stream/streamtest"
)

func TestMain(m *testing.M) {
	code := m.Run()
	if err := goleak.Find(); err != nil {
		fmt.Fprintln(os.Stderr, err)
		code = 1
	}
	os.Exit(code)
}

type payment struct {
	Customer string
	ID       int
	At       int64
	Cents    int
}

func smaller(than int) cep.Condition[payment] {
	return cep.If(func(p payment) bool { return p.Cents < than }).As(fmt.Sprint("less than ", than))
}

// probe is a small payment and then a large one, within a minute.
func probe(t testing.TB, window time.Duration) *cep.Automaton[payment] {
	a, err := cep.Compile(cep.Begin[payment]("small").Where(smaller(100)).
		FollowedBy("large").Where(cep.If(func(p payment) bool { return p.Cents > 10_000 }).As("large")).Within(window))
	if err != nil {
		t.Fatal(err)
	}
	return a
}

func (p payment) customer() string { return p.Customer }

func line(f detect.Found[string, payment]) string {
	var ids []string
	for _, t := range f.Match.Events {
		ids = append(ids, fmt.Sprint(t.Event.ID))
	}
	return fmt.Sprintf("%s %s %d", f.Key, strings.Join(ids, "+"), f.Time)
}

// TestParallel compares what a pipeline of four goroutines finds with what the
// matcher alone does, a key at a time.
func TestParallel(t *testing.T) {
	const keys, each = 40, 200
	a := probe(t, time.Minute)
	src := streamtest.NewSource[payment](4)
	var want []string
	for k := range keys {
		customer := fmt.Sprint("c", k)
		m, s := cep.NewMatcher(a), &cep.State[payment]{}
		tell := func(outputs []cep.Output[payment], err error) {
			if err != nil {
				t.Fatal(err)
			}
			for _, o := range outputs {
				f := line(detect.Found[string, payment]{Key: customer, Time: stream.Millis(o.Time), Match: o.Match})
				want = append(want, fmt.Sprint(o.Kind, f))
			}
		}
		for i := range each {
			p := payment{customer, i, int64(i) * 7_000, (i*i*31 + k*977) % 15_000 * (i % 3)}
			src.Send(k%4, p, stream.Millis(p.At))
			tell(m.Process(s, p, p.At))
		}
		tell(m.Advance(s, 1<<60))
	}
	for i := range 4 {
		src.End(i)
	}
	p := stream.New("parallel", stream.Options{})
	in := stream.From(p, src, stream.SourceTimestamps[payment]().BoundedOutOfOrderness(2*each*7*time.Second))
	timedOut := stream.SideOutput[detect.Found[string, payment]](p, "timed out")
	found := detect.In(stream.SortByEventTime(stream.KeyBy(in, payment.customer)), a, nil).TimedOutTo(timedOut)
	matches, rest := &streamtest.Sink[string]{}, &streamtest.Sink[string]{}
	stream.ToNamed(stream.Map(found.Stream, func(f detect.Found[string, payment]) string { return fmt.Sprint(cep.Matched, line(f)) }), "matches", matches)
	stream.ToNamed(stream.Map(timedOut.Stream, func(f detect.Found[string, payment]) string { return fmt.Sprint(cep.TimedOut, line(f)) }), "rest", rest)
	if err := p.Run(t.Context()); err != nil {
		t.Fatal(err)
	}
	got := append(matches.Values(), rest.Values()...)
	slices.Sort(got)
	slices.Sort(want)
	if len(want) < keys || !slices.Equal(got, want) {
		t.Errorf("%d found, want %d\n%v\n%v", len(got), len(want), got, want)
	}
}

// TestStateOfKeys checks that a key has state for as long as something is
// open, that a changed pattern starts fresh, and an unchanged one goes on.
func TestStateOfKeys(t *testing.T) {
	src, backend := streamtest.NewSource[payment](1), statetest.NewMap()
	var d *streamtest.Driver
	var out *streamtest.Sink[string]
	start := func(a *cep.Automaton[payment]) {
		p := stream.New("keys", stream.Options{State: backend})
		out = &streamtest.Sink[string]{}
		in := stream.From(p, src, stream.SourceTimestamps[payment]())
		found := detect.In(stream.SortByEventTime(stream.KeyBy(in, payment.customer)), a, nil).Named("probe")
		stream.To(stream.Map(found.Stream, line), out)
		d = streamtest.Drive(t, p)
	}
	send := func(p payment) {
		t.Helper()
		src.Send(0, p, stream.Millis(p.At))
		d.Step()
	}
	held := func(key string, want bool) {
		t.Helper()
		state, err := d.State("probe", key)
		if err != nil {
			t.Fatal(err)
		}
		if has := state != nil && string(state) != "{}" && string(state) != "null"; has != want {
			t.Errorf("state of %s: %s", key, state)
		}
	}
	restart := func(a *cep.Automaton[payment]) {
		t.Helper()
		if r := d.Checkpoint(t.Context()); r.Err != nil {
			t.Fatal(r.Err)
		}
		if err := d.Close(); err != nil {
			t.Fatal(err)
		}
		start(a)
	}
	minute, hour := probe(t, time.Minute), probe(t, time.Hour)
	start(minute)
	send(payment{"anna", 1, 1_000, 500}) // begins nothing
	send(payment{"bert", 2, 2_000, 50})
	send(payment{"carl", 3, 3_000, 50})
	send(payment{"dora", 4, 4_000, 500})
	held("anna", false)
	held("bert", true)
	held("carl", true)
	restart(minute)
	held("bert", true)
	send(payment{"bert", 5, 5_000, 50_000})
	send(payment{"dora", 6, 6_000, 500})
	held("bert", false)
	if got := out.Values(); !slices.Equal(got, []string{"bert 2+5 5000"}) {
		t.Errorf("found %q", got)
	}
	send(payment{"dora", 7, 70_000, 500}) // the minutes of bert and carl are over
	held("bert", false)
	held("carl", false)
	send(payment{"carl", 8, 71_000, 50})
	send(payment{"dora", 9, 72_000, 500})
	restart(hour)
	held("carl", true) // as long as nobody looks
	send(payment{"carl", 10, 73_000, 50_000})
	send(payment{"dora", 11, 74_000, 500})
	if got := out.Values(); len(got) != 0 {
		t.Errorf("the changed pattern found %q of the old one's", got)
	}
}

// TestUnwritableEvents checks that an event without an encoding is an error
// when it is read, not another event.
func TestUnwritableEvents(t *testing.T) {
	type odd struct{ C chan int }
	a, err := cep.Compile(cep.Begin[odd]("a").Next("b"))
	if err != nil {
		t.Fatal(err)
	}
	codec := detect.StateCodec(a, detect.JSON[odd]())
	m, s := cep.NewMatcher(a), &cep.State[odd]{}
	if _, err := m.Process(s, odd{make(chan int)}, 1); err != nil {
		t.Fatal(err)
	}
	var read cep.State[odd]
	if err := codec.Decode(codec.Append(nil, s), &read); err == nil {
		t.Error("read what was never written")
	}
	var syntax *json.SyntaxError
	if _, err := detect.JSON[odd]().Decode([]byte("x")); !errors.As(err, &syntax) {
		t.Errorf("got %v", err)
	}
}
