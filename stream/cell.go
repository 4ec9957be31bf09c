package stream

import (
	"slices"

	"github.com/tidegate/tidegate/stream/state"
)

// cells are the windows of one key, in the order of their start.
type cells[C any] struct {
	list []cell[C]
	last uint32 // number of the newest cell
}

// cell is one window of one key. Its number stays the same when the window
// grows, and is how timers name it.
type cell[C any] struct {
	number   uint32
	filled   bool // since it was last purged
	window   Span
	contents C
	schedule schedule
}

// find returns where a window is, or would be.
func (c *cells[C]) find(w Span) (int, bool) {
	n := len(c.list)
	if n == 0 || before(c.list[n-1].window, w) { // mostly the window is the last, or new
		return n, false
	}
	return slices.BinarySearchFunc(c.list, w, func(x cell[C], w Span) int {
		switch {
		case x.window == w:
			return 0
		case before(x.window, w):
			return -1
		default:
			return +1
		}
	})
}

func before(a, b Span) bool {
	return a.Start < b.Start || a.Start == b.Start && a.End < b.End
}

// insert makes a cell for a window at its place.
func (c *cells[C]) insert(i int, w Span) *cell[C] {
	c.last++
	c.list = slices.Insert(c.list, i, cell[C]{number: c.last, window: w})
	return &c.list[i]
}

func (c *cells[C]) remove(i int) { c.list = slices.Delete(c.list, i, i+1) }

// numbered finds a cell by its number.
func (c *cells[C]) numbered(number uint32) int {
	return slices.IndexFunc(c.list, func(x cell[C]) bool { return x.number == number })
}

// touching is the range of cells that a window overlaps or meets.
func (c *cells[C]) touching(w Span) (from, to int) {
	for from < len(c.list) && !c.list[from].window.touches(w) {
		from++
	}
	for to = from; to < len(c.list) && c.list[to].window.touches(w); to++ {
	}
	return from, to
}

// shownWindow is a window as it is shown to people.
type shownWindow struct {
	Window   Span `json:"window"`
	Contents any  `json:"contents"`
}

func (c *cells[C]) show() any {
	shown := []shownWindow{}
	for i := range c.list {
		if x := &c.list[i]; x.filled {
			shown = append(shown, shownWindow{x.window, x.contents})
		}
	}
	return shown
}

// cellsCodec is the encoding of a key's windows.
type cellsCodec[C any] struct{ contents state.Codec[C] }

func (k cellsCodec[C]) Append(dst []byte, c *cells[C]) []byte {
	dst = appendUint(dst, uint64(c.last))
	dst = appendUint(dst, uint64(len(c.list)))
	for i := range c.list {
		x := &c.list[i]
		dst = appendUint(dst, uint64(x.number))
		dst = appendInt(dst, int64(x.window.Start))
		dst = appendInt(dst, int64(x.window.End))
		dst = appendBool(dst, x.filled)
		if x.filled {
			dst = appendSized(dst, k.contents, &x.contents)
		}
		dst = x.schedule.append(dst)
	}
	return dst
}

func (k cellsCodec[C]) Decode(b []byte, c *cells[C]) error {
	d := decoder{b: b}
	c.last = uint32(d.uint())
	c.list = make([]cell[C], d.count())
	for i := range c.list {
		x := &c.list[i]
		x.number = uint32(d.uint())
		x.window = Span{Millis(d.int()), Millis(d.int())}
		if x.filled = d.bool(); x.filled {
			if err := k.contents.Decode(d.bytes(), &x.contents); err != nil {
				return err
			}
		}
		x.schedule.decode(&d)
	}
	return d.end()
}
