package file

import (
	"bytes"
	"context"
	"errors"
	"io"

	"github.com/tidegate/tidegate"
	"github.com/tidegate/tidegate/stream"
)

const (
	readSize = 256 << 10
	maxLine  = 16 << 20
)

// lineReader reads a file's lines.
type lineReader[T any] struct {
	name     string
	decode   func(line []byte, v *T) error
	in       io.ReadCloser
	buf      []byte
	from, to int   // what of buf is not read yet
	position int64 // of from, in the file
	ended    bool  // there is nothing behind to
	skipping bool  // in a line that is too long
}

// Seek opens the file at a position.
func (r *lineReader[T]) Seek(_ context.Context, position int64) (err error) {
	r.in, err = openAt(r.name, position)
	r.position = position
	return err
}

func (r *lineReader[T]) Read(ctx context.Context, batch []stream.Message[T]) (n int, err error) {
	if r.in == nil {
		if err := r.Seek(ctx, 0); err != nil {
			return 0, err
		}
	}
	for n < len(batch) {
		line, ok, tooLong := r.line()
		if !ok {
			if n > 0 { // what the messages refer to must stay where it is
				return n, nil
			}
			if r.ended {
				return 0, io.EOF
			}
			if err := r.fill(); err != nil {
				return 0, err
			}
			continue
		}
		m := &batch[n]
		var zero T
		m.Value, m.Meta = zero, stream.Meta{Next: r.position, Raw: line}
		switch {
		case tooLong:
			m.Err = tidegate.Errorf(tidegate.CodeTooLarge, "a line of more than %d bytes", maxLine)
		case len(line) == 0:
			continue
		default:
			m.Err = r.decode(line, &m.Value)
		}
		n++
	}
	return n, nil
}

// line takes the next line of the buffer; ok is false where its end is not in
// it yet.
func (r *lineReader[T]) line() (line []byte, ok, tooLong bool) {
	rest := r.buf[r.from:r.to]
	i := bytes.IndexByte(rest, '\n')
	size := i + 1
	if i < 0 {
		if !r.ended || len(rest) == 0 {
			return nil, false, false
		}
		i, size = len(rest), len(rest) // the last line has no end
	}
	r.from += size
	r.position += int64(size)
	tooLong, r.skipping = r.skipping, false
	return bytes.TrimSuffix(rest[:i], []byte{'\r'}), true, tooLong
}

// fill reads more of the file behind what is left of the buffer.
func (r *lineReader[T]) fill() error {
	left := r.to - r.from
	switch {
	case left >= maxLine: // its end is looked for, its contents are not kept
		r.skipping = true
		r.position += int64(left)
		left = 0
	case r.buf == nil:
		r.buf = make([]byte, readSize)
	case left > len(r.buf)/2:
		r.buf = append(make([]byte, 0, 2*len(r.buf)), r.buf[r.from:r.to]...)[:2*len(r.buf)]
	default:
		copy(r.buf, r.buf[r.from:r.to])
	}
	r.from, r.to = 0, left
	n, err := r.in.Read(r.buf[left:])
	r.to += n
	if errors.Is(err, io.EOF) {
		r.ended = true
		return nil
	}
	if err != nil {
		return &tidegate.Error{Code: tidegate.CodeUnavailable, Message: "can't read " + r.name, Cause: err}
	}
	return nil
}

func (r *lineReader[T]) Close() error {
	if r.in == nil {
		return nil
	}
	return r.in.Close()
}
