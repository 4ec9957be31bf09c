package stream_test

import (
	"encoding/binary"
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/tidegate/tidegate/stream"
	"github.com/tidegate/tidegate/stream/state/statetest"
	"github.com/tidegate/tidegate/stream/streamtest"
)

// ledger is a processor with every kind of state; each record is a command.
type ledger struct {
	ttl   time.Duration
	last  stream.Value[string]
	list  stream.List[string]
	words stream.MapState[string, int64]
	count stream.Aggregating[string, int64]
}

func (l *ledger) Open(s *stream.States) error {
	ttl := stream.TTL(l.ttl)
	l.last = stream.NewValue[string](s, "last", ttl)
	l.list = stream.NewList[string](s, "list", ttl)
	l.words = stream.NewMap[string, int64](s, "words", ttl)
	l.count = stream.NewAggregating(s, "count", stream.Count[string](), ttl)
	return nil
}

func (l *ledger) Process(c *stream.Context[string, string], v string) error {
	switch v {
	case "show":
		last := "none"
		if p := l.last.Get(c); p != nil {
			last = *p
		}
		words := maps.Collect(l.words.All(c))
		c.Emit(fmt.Sprintf("last %s, list %v, words %v, count %d", last, l.list.Get(c), words, l.count.Get(c)))
	case "clear":
		l.last.Clear(c)
		l.list.Clear(c)
		l.words.Clear(c)
		l.count.Clear(c)
	case "forget b":
		l.words.Delete(c, "b")
	default:
		l.last.Set(c, v)
		l.list.Append(c, v)
		n, _ := l.words.Get(c, v)
		l.words.Put(c, v, n+1)
		l.count.Add(c, v)
	}
	return nil
}

type command struct{ Key, Text string }

func TestKindsOfState(t *testing.T) {
	for _, reopen := range []bool{false, true} {
		t.Run(fmt.Sprintf("restored each time %v", reopen), func(t *testing.T) {
			backend := statetest.NewMap()
			src := streamtest.NewSource[command](1)
			var d *streamtest.Driver
			var out *streamtest.Sink[string]
			open := func() {
				p := stream.New("p", stream.Options{State: backend})
				k := stream.KeyBy(stream.From(p, src, stream.SourceTimestamps[command]()), func(c command) string { return c.Key })
				texts := stream.SortByEventTime(k) // does nothing but show that operators share a row
				out = &streamtest.Sink[string]{}
				stream.To(stream.Process(keyedText(texts.Keyed), &ledger{ttl: 100 * time.Millisecond}).Named("ledger"), out)
				d = streamtest.Drive(t, p)
			}
			open()
			for _, step := range []struct {
				at   stream.Millis
				text string
				want string
			}{
				{10, "show", "last none, list [], words map[], count 0"},
				{20, "a", ""},
				{30, "b", ""},
				{40, "a", ""},
				{50, "show", "last a, list [a b a], words map[a:2 b:1], count 3"},
				{60, "forget b", ""},
				{119, "show", "last a, list [a b a], words map[a:2], count 3"},
				{120, "show", "last a, list [b a], words map[a:2], count 3"}, // what was written at 20 has ended
				{140, "show", "last none, list [], words map[], count 0"},
				{150, "c", ""},
				{160, "clear", ""},
				{170, "show", "last none, list [], words map[], count 0"},
			} {
				src.Send(0, command{"k", step.text}, step.at)
				d.Step()
				d.Watermark("source", 0, step.at) // lets the sort release it
				if got := strings.Join(out.Values(), "; "); got != step.want {
					t.Errorf("at %d, %s: %s, want %s", step.at, step.text, got, step.want)
				}
				if reopen {
					if r := d.Checkpoint(t.Context()); r.Err != nil {
						t.Fatal(r.Err)
					}
					open()
				}
			}
			d.Watermark("source", 0, 1000)
			if b, err := d.State("ledger", "k"); err != nil || b != nil {
				t.Errorf("what is left is %s, %v", b, err)
			}
		})
	}
}

// keyedText goes from commands to their texts under the same key.
func keyedText(k stream.Keyed[string, command]) stream.Keyed[string, string] {
	texts := stream.Process(k, commandText{})
	return stream.KeyBy(texts, func(string) string { return "k" })
}

type commandText struct{}

func (commandText) Process(c *stream.Context[string, string], v command) error {
	c.Emit(v.Text)
	return nil
}

func TestInspect(t *testing.T) {
	p := stream.New("p", stream.Options{})
	src := streamtest.NewSource[string](1)
	k := stream.KeyBy(stream.From(p, src, stream.SourceTimestamps[string]()), func(string) string { return "k" })
	stream.To(stream.Process(k, &ledger{ttl: time.Hour}).Named("ledger"), stream.Blackhole[string]())
	d := streamtest.Drive(t, p)
	src.Send(0, "a", 1)
	d.Step()
	got, err := d.State("ledger", "k")
	const want = `{"count":1,"last":"a","list":["a"],"words":{"a":1}}`
	if err != nil || string(got) != want {
		t.Errorf("%s, %v; want %s", got, err, want)
	}
	if _, err := d.State("nobody", "k"); err == nil {
		t.Error("an operator that isn't there has state")
	}
	if got, err := d.State("ledger", "other"); got != nil || err != nil {
		t.Errorf("a key that isn't there has %s, %v", got, err)
	}
}

// points is a processor whose state changed from a number of points to a
// number of hundredths.
type points struct {
	codec interface {
		Append([]byte, *int64) []byte
		Decode([]byte, *int64) error
	}
	total stream.Value[int64]
}

func (p *points) Open(s *stream.States) error {
	p.total = stream.NewValue[int64](s, "total", stream.Codec[int64](p.codec))
	return nil
}

func (p *points) Process(c *stream.Context[string, int64], v int64) error {
	*p.total.Update(c) += v
	c.Emit(*p.total.Get(c))
	return nil
}

type wholePoints struct{}

func (wholePoints) Append(dst []byte, v *int64) []byte { return binary.AppendVarint(dst, *v) }

func (wholePoints) Decode(b []byte, v *int64) error {
	*v, _ = binary.Varint(b)
	return nil
}

type hundredths struct{ wholePoints }

func (hundredths) Version() uint8 { return 1 }

func (h hundredths) DecodeVersion(version uint8, b []byte, v *int64) error {
	if version != 0 {
		return errors.New("from the future")
	}
	err := h.Decode(b, v)
	*v *= 100
	return err
}

// TestMigration upgrades a stored state: by a checkpoint of the old program,
// read by the new one.
func TestMigration(t *testing.T) {
	backend := statetest.NewMap()
	src := streamtest.NewSource[int64](1)
	run := func(p *points, sent int64) string {
		pl := stream.New("p", stream.Options{State: backend})
		out := &streamtest.Sink[int64]{}
		k := stream.KeyBy(stream.From(pl, src, stream.SourceTimestamps[int64]()), func(int64) string { return "k" })
		stream.To(stream.Process(k, p).Named("points"), out)
		d := streamtest.Drive(t, pl)
		src.Send(0, sent, 1)
		d.Step()
		if r := d.Checkpoint(t.Context()); r.Err != nil {
			t.Fatal(r.Err)
		}
		return fmt.Sprint(out.Values())
	}
	if got := run(&points{codec: wholePoints{}}, 7); got != "[7]" {
		t.Errorf("the old program: %s", got)
	}
	if got := run(&points{codec: hundredths{}}, 5); got != "[705]" {
		t.Errorf("the new program: %s", got)
	}
	if got := run(&points{codec: hundredths{}}, 5); got != "[710]" {
		t.Errorf("the new program again: %s", got)
	}
}

// TestSavepoint starts changed programs from a portable file: one with an
// operator more, and one without the first operator, whose state it keeps for
// the one after it.
func TestSavepoint(t *testing.T) {
	src := streamtest.NewSource[string](1)
	type program struct {
		counts, distinct *streamtest.Sink[string]
		*streamtest.Driver
	}
	open := func(o stream.Options, withCounts, withDistinct bool) program {
		p := stream.New("p", o)
		run := program{counts: &streamtest.Sink[string]{}, distinct: &streamtest.Sink[string]{}}
		k := stream.KeyBy(stream.From(p, src, stream.SourceTimestamps[string]()), identity).Named("word")
		if withDistinct {
			stream.ToNamed(stream.Process(k, &ledger{ttl: time.Hour}).Named("ledger"), "ledger out", run.distinct)
		}
		if withCounts {
			w := stream.Window(k, stream.CountWindow(3))
			counts := stream.Map(stream.Aggregate(w, stream.Count[string]()).Named("counts"), func(r stream.Result[string, int64]) string {
				return fmt.Sprint(r.Key, r.Value)
			})
			stream.ToNamed(counts, "counts out", run.counts)
		}
		run.Driver = streamtest.Drive(t, p)
		return run
	}
	save := func(p program, name string) string {
		path := filepath.Join(t.TempDir(), name)
		f, err := os.Create(path)
		if err != nil {
			t.Fatal(err)
		}
		defer f.Close()
		if err := p.Savepoint(t.Context(), f); err != nil {
			t.Fatal(err)
		}
		return path
	}

	one := open(stream.Options{}, true, false)
	src.Send(0, "show", 1)
	one.Step()
	first := save(one, "first")

	two := open(stream.Options{Savepoint: first}, false, true) // without counts, with a ledger
	src.Send(0, "show", 2)
	two.Step()
	if got := two.distinct.Values(); len(got) != 1 {
		t.Errorf("the second program emits %v", got)
	}
	second := save(two, "second")

	three := open(stream.Options{Savepoint: second, State: statetest.NewMap()}, true, true) // on another backend
	src.Send(0, "show", 3)
	three.Step()
	src.Send(0, "show", 4)
	three.Step()
	if got := three.counts.Values(); !slices.Equal(got, []string{"show3"}) {
		t.Errorf("the third program counts %v: one from the first and two of its own make three", got)
	}
}
