package stream

import (
	"slices"

	"github.com/tidegate/tidegate/stream/state"
)

// buffer are records in the order of their times, those of one time in the
// order in which they came.
type buffer[T any] []Record[T]

func (b *buffer[T]) add(r Record[T]) {
	i := len(*b)
	for i > 0 && (*b)[i-1].Time > r.Time { // mostly it is the last
		i--
	}
	*b = slices.Insert(*b, i, r)
}

// between are the records from one time to another, both included.
func (b buffer[T]) between(from, to Millis) buffer[T] {
	i, _ := slices.BinarySearchFunc(b, from, func(r Record[T], at Millis) int { return compareTimes(r.Time, at) })
	j := i
	for j < len(b) && b[j].Time <= to {
		j++
	}
	return b[i:j]
}

// drop removes records from the start, as long as gone is true of their times.
func (b *buffer[T]) drop(gone func(Millis) bool) {
	n := 0
	for n < len(*b) && gone((*b)[n].Time) {
		n++
	}
	if n > 0 {
		*b = slices.Delete(*b, 0, n)
	}
}

func compareTimes(a, b Millis) int {
	switch {
	case a < b:
		return -1
	case a > b:
		return +1
	}
	return 0
}

// shift is t + d for d of either sign, kept within the ends of time.
func shift(t, d Millis) Millis {
	if d < 0 {
		return earlier(t, -d)
	}
	return later(t, d)
}

// buffered are the records of two streams that wait for each other.
type buffered[L, R any] struct {
	left  buffer[L]
	right buffer[R]
	armed armed
}

func armedBuffers[L, R any](b *buffered[L, R], push func(d Domain, at Millis, cell uint32)) {
	b.armed.push(push)
}

func (b *buffered[L, R]) show() any {
	return struct {
		Left  buffer[L] `json:"left"`
		Right buffer[R] `json:"right"`
	}{b.left, b.right}
}

type bufferedCodec[L, R any] struct {
	left  timedCodec[L]
	right timedCodec[R]
}

func bufferedCodecOf[L, R any](p *Pipeline) (state.Codec[buffered[L, R]], error) {
	left, err := codecFor[L](p)
	if err != nil {
		return nil, err
	}
	right, err := codecFor[R](p)
	return bufferedCodec[L, R]{timedCodec[L]{left}, timedCodec[R]{right}}, err
}

func (c bufferedCodec[L, R]) Append(dst []byte, b *buffered[L, R]) []byte {
	dst = b.armed.append(dst)
	dst = c.left.append(dst, b.left)
	return c.right.append(dst, b.right)
}

func (c bufferedCodec[L, R]) Decode(bytes []byte, b *buffered[L, R]) (err error) {
	d := decoder{b: bytes}
	b.armed.decode(&d)
	if b.left, err = c.left.decode(&d); err != nil {
		return err
	}
	if b.right, err = c.right.decode(&d); err != nil {
		return err
	}
	return d.end()
}

// timedCodec is the encoding of a buffer.
type timedCodec[T any] struct{ of state.Codec[T] }

func (c timedCodec[T]) append(dst []byte, b buffer[T]) []byte {
	dst = appendUint(dst, uint64(len(b)))
	for i := range b {
		dst = appendInt(dst, int64(b[i].Time))
		dst = appendSized(dst, c.of, &b[i].Value)
	}
	return dst
}

func (c timedCodec[T]) decode(d *decoder) (buffer[T], error) {
	b := make(buffer[T], d.count())
	for i := range b {
		b[i].Time = Millis(d.int())
		if err := c.of.Decode(d.bytes(), &b[i].Value); err != nil {
			return nil, err
		}
	}
	return b, nil
}
