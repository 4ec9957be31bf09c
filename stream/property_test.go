package stream

import (
	"cmp"
	"encoding/json"
	"maps"
	"math"
	"reflect"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"
)

// TestTimerQueue holds the queue to a sorted list.
func TestTimerQueue(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		q := newTimerQueues(1)
		var model []timer
		order := func(a, b timer) int {
			return cmp.Or(cmp.Compare(a.at, b.at), cmp.Compare(a.hash, b.hash), cmp.Compare(a.key, b.key), cmp.Compare(a.cell, b.cell))
		}
		t.Repeat(map[string]func(*rapid.T){
			"push": func(t *rapid.T) {
				tm := timer{at: Millis(rapid.IntRange(-5, 20).Draw(t, "at")), key: rapid.StringMatching(`[ab]?`).Draw(t, "key"), cell: rapid.Uint32Range(0, 2).Draw(t, "cell")}
				tm.hash = hashOf(tm.key)
				q[0].push(tm)
				model = append(model, tm)
				slices.SortFunc(model, order)
			},
			"pop": func(t *rapid.T) {
				now := Millis(rapid.IntRange(-6, 21).Draw(t, "now"))
				due := len(model) > 0 && model[0].at <= now
				got, ok := q[0].pop(now)
				if ok != due || ok && got != model[0] {
					t.Fatalf("pop(%d) is %+v, %v; the model has %+v", now, got, ok, model)
				}
				if ok {
					model = model[1:]
				}
			},
		})
	})
}

// TestPanes holds the windows of shared panes, with up to 40 panes each, to the
// definition: of each window that the watermark passes, the sum of the records
// in it.
func TestPanes(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		slide := Millis(rapid.IntRange(1, 5).Draw(t, "slide"))
		size := slide * Millis(rapid.IntRange(2, 40).Draw(t, "panes"))
		op := paneOp[string, int64, int64]{windows: Windows{size: size, slide: slide}, width: gcd(size, slide), agg: Sum(func(v int64) int64 { return v })}
		p := &panes[int64]{}
		type record struct {
			at Millis
			v  int64
		}
		var records []record
		watermark := MinTime
		for range rapid.IntRange(1, 60).Draw(t, "steps") {
			at := Millis(rapid.IntRange(0, 300).Draw(t, "at"))
			if at%7 != 0 || at <= watermark {
				if op.windows.lastStart(at)+size-1 <= watermark {
					continue // late for all its windows
				}
				end := op.firstEnd(at, watermark)
				*p.at(op.paneStart(at)) += int64(at) + 1000
				records = append(records, record{at, int64(at) + 1000})
				if !p.armed.set || end < p.next {
					p.next, p.armed = end, armed{end - 1, true}
				}
				continue
			}
			want, fired := map[Span]int64{}, map[Span]int64{}
			for _, r := range records {
				for _, w := range op.windows.assign(r.at, 0, nil) {
					if last := w.MaxTimestamp(); last > watermark && last <= at {
						want[w] += r.v
					}
				}
			}
			watermark = at
			for p.armed.set && p.armed.at <= watermark {
				w := Span{p.next - size, p.next}
				var sum int64
				p.merge(&sum, w, op.agg)
				fired[w] = sum
				next := w.End + slide
				p.armed = armed{}
				if p.drop(next - size); len(p.list) > 0 {
					p.next = max(next, op.firstEnd(p.list[0].start, MinTime))
					p.armed = armed{p.next - 1, true}
				}
			}
			if !maps.Equal(fired, want) {
				t.Fatalf("at watermark %d: %v, want %v", at, fired, want)
			}
		}
	})
}

// stored is a type with everything that reflection encodes.
type stored struct {
	B      bool
	I      int16
	U      uint32
	F      float64
	S      string
	Bytes  []byte
	List   []string
	Pairs  [2]int8
	Map    map[string]int64
	Next   *stored
	When   time.Time
	Window Span
}

func drawStored(t *rapid.T, depth int) stored {
	s := stored{
		B: rapid.Bool().Draw(t, "b"), I: rapid.Int16().Draw(t, "i"), U: rapid.Uint32().Draw(t, "u"), F: rapid.Float64().Draw(t, "f"),
		S: rapid.String().Draw(t, "s"), Bytes: rapid.SliceOfN(rapid.Byte(), 1, 5).Draw(t, "bytes"), List: rapid.SliceOfN(rapid.String(), 1, 3).Draw(t, "list"),
		Pairs: [2]int8{rapid.Int8().Draw(t, "p"), 1}, Map: rapid.MapOfN(rapid.String(), rapid.Int64(), 1, 4).Draw(t, "map"),
		When: time.UnixMilli(rapid.Int64Range(0, 1e13).Draw(t, "when")).UTC(), Window: Span{1, 2},
	}
	if depth > 0 && rapid.Bool().Draw(t, "deeper") {
		next := drawStored(t, depth-1)
		s.Next = &next
	}
	return s
}

// TestReflectedCodec encodes and decodes values, and decodes them into a type
// that has lost a field and got another.
func TestReflectedCodec(t *testing.T) {
	p := New("p", Options{})
	codec, err := codecFor[stored](p)
	if err != nil {
		t.Fatal(err)
	}
	type changed struct {
		Added int
		S     string
		Map   map[string]int64
	}
	later, err := codecFor[changed](p)
	if err != nil {
		t.Fatal(err)
	}
	rapid.Check(t, func(t *rapid.T) {
		want := drawStored(t, 2)
		b := codec.Append(nil, &want)
		var got stored
		if err := codec.Decode(b, &got); err != nil || !reflect.DeepEqual(got, want) {
			t.Fatalf("%+v, %v; want %+v", got, err, want)
		}
		var c changed
		if err := later.Decode(b, &c); err != nil || c.S != want.S || !reflect.DeepEqual(c.Map, want.Map) || c.Added != 0 {
			t.Fatalf("%+v, %v; want of %+v", c, err, want)
		}
	})
	nan := stored{F: math.NaN()}
	var got stored
	if err := codec.Decode(codec.Append(nil, &nan), &got); err != nil || !math.IsNaN(got.F) {
		t.Errorf("%v, %v", got.F, err)
	}
}

func FuzzReflectedCodec(f *testing.F) {
	codec, err := codecFor[stored](New("p", Options{}))
	if err != nil {
		f.Fatal(err)
	}
	f.Add(codec.Append(nil, &stored{S: "s", Map: map[string]int64{"a": 1}, Next: &stored{}}))
	f.Fuzz(func(t *testing.T, b []byte) {
		var v, again stored
		if codec.Decode(b, &v) != nil {
			return
		}
		if err := codec.Decode(codec.Append(nil, &v), &again); err != nil {
			t.Errorf("%+v does not decode again: %v", v, err)
		}
	})
}

// FuzzState decodes damaged rows of windows, timers and buffers.
func FuzzState(f *testing.F) {
	var c cells[int64]
	c.insert(0, Span{1, 2}).filled = true
	c.list[0].schedule.set(EventTime, 7)
	c.list[0].schedule.store(0, 3)
	f.Add(cellsCodec[int64]{int64Codec{}}.Append(nil, &c))
	f.Add(panesCodec[int64]{int64Codec{}}.Append(nil, &panes[int64]{list: []pane[int64]{{1, 2}}, next: 3}))
	f.Fuzz(func(t *testing.T, b []byte) {
		var c, c2 cells[int64]
		windows := cellsCodec[int64]{int64Codec{}}
		if windows.Decode(b, &c) == nil {
			if err := windows.Decode(windows.Append(nil, &c), &c2); err != nil {
				t.Error(err)
			}
		}
		var p, p2 panes[int64]
		shared := panesCodec[int64]{int64Codec{}}
		if shared.Decode(b, &p) == nil {
			if err := shared.Decode(shared.Append(nil, &p), &p2); err != nil {
				t.Error(err)
			}
		}
		var r row
		_ = rowCodec{&[]part{}}.Decode(b, &r)
		var a agenda
		_ = agendaCodec{}.Decode(b, &a)
		if len(b) > 0 {
			_, _ = parseSnapshot(b)
		}
	})
}

func TestSpanJSON(t *testing.T) {
	for _, w := range []Span{{1, 2}, {-5, 0}, GlobalSpan} {
		b, err := json.Marshal(w)
		var got Span
		if err != nil || json.Unmarshal(b, &got) != nil || got != w {
			t.Errorf("%v is %s is %v", w, b, got)
		}
	}
}
