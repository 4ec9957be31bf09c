package stream_test

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/tidegate/tidegate/stream"
	"github.com/tidegate/tidegate/stream/state/statetest"
	"github.com/tidegate/tidegate/stream/streamtest"
)

// bags keeps how often its key has come, in values that are large.
type bags struct{ bag stream.Value[bag] }

type bag struct {
	N   int64
	Pad string
}

func (b *bags) Open(s *stream.States) error {
	b.bag = stream.NewValue[bag](s, "bag")
	return nil
}

func (b *bags) Process(c *stream.Context[string, string], _ string) error {
	v := b.bag.Update(c)
	v.N++
	v.Pad = strings.Repeat("x", 500)
	c.Emit(fmt.Sprint(c.Key, " ", v.N))
	return nil
}

// TestSpilledState changes more rows than memory has room for, so that they
// leave it changed. It goes back to a checkpoint that was made of such rows,
// when others had been changed after it, goes on with several goroutines, and
// so with other locks, and from there to a savepoint and a program whose state
// is in memory: no key has been counted too often or too little.
func TestSpilledState(t *testing.T) {
	const keys, cache, partitions = 1000, 250_000, 3 // half of it is for the keys alone
	type program struct {
		*stream.Pipeline
		out *streamtest.Sink[string]
	}
	build := func(src *streamtest.Source[string], o stream.Options) program {
		o.CacheBytes = cache
		p := program{stream.New("p", o), &streamtest.Sink[string]{}}
		stream.To(stream.Process(stream.KeyBy(stream.From(p.Pipeline, src, stream.SourceTimestamps[string]()), identity), &bags{}), p.out)
		return p
	}
	// records are those of a number of rounds: the first two come in one partition.
	records := func(rounds int) *streamtest.Source[string] {
		src := streamtest.NewSource[string](partitions)
		for n := range rounds {
			for i := range keys {
				to := 0
				if n >= 2 {
					to = i % partitions
				}
				src.Send(to, fmt.Sprint("k", i), 1)
			}
		}
		return src
	}
	// counted checks that each key has come out for the nth time, and how many
	// times all of them have since the last look.
	counted := func(out *streamtest.Sink[string], n, all int) {
		t.Helper()
		got := map[string]int{}
		values := out.Values()
		for _, v := range values {
			got[v]++
		}
		if len(values) != all {
			t.Errorf("%d records came out, want %d", len(values), all)
		}
		for i := range keys {
			if want := fmt.Sprint("k", i, " ", n); got[want] != 1 {
				t.Fatalf("%q came out %d times", want, got[want])
			}
		}
	}

	backend := statetest.NewMap()
	src := records(2)
	first := build(src, stream.Options{State: backend})
	d := streamtest.Drive(t, first.Pipeline)
	d.Step()
	if r := d.Checkpoint(t.Context()); r.Err != nil || r.Keys != keys {
		t.Fatalf("%+v", r)
	}
	crashed := backend.Clone()
	for i := range keys {
		src.Send(0, fmt.Sprint("k", i), 1)
	}
	d.Step()
	counted(first.out, 3, 3*keys)

	src = records(3)
	for i := range partitions {
		src.End(i)
	}
	second := build(src, stream.Options{State: crashed})
	if err := second.Run(t.Context()); err != nil {
		t.Fatal(err)
	}
	counted(second.out, 3, keys)
	path := filepath.Join(t.TempDir(), "savepoint")
	file, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	if err := second.Savepoint(t.Context(), file); err != nil {
		t.Fatal(err)
	}

	third := build(records(4), stream.Options{Savepoint: path})
	streamtest.Drive(t, third.Pipeline).Step()
	counted(third.out, 4, keys)
}
