package file

import (
	"encoding/json"
	"fmt"
	"io"

	"github.com/tidegate/tidegate/stream"
)

// Format writes records into a file.
type Format[T any] interface {
	// Extension ends the names of the files, as ".jsonl" or ".jsonl.gz".
	Extension() string
	// Begin begins a file.
	Begin(w io.Writer) (Encoder[T], error)
}

// Encoder writes the records of one file.
type Encoder[T any] interface {
	Encode(records []stream.Record[T]) error
	// Close writes what a file needs at its end. It leaves the file open.
	Close() error
}

// JSONLines is the format of one JSON value a line.
func JSONLines[T any]() Format[T] {
	return NewFormat(".jsonl", func(dst []byte, v *T) ([]byte, error) {
		b, err := json.Marshal(v)
		return append(append(dst, b...), '\n'), err
	})
}

// NewFormat is the format of records appended by a function, one after the
// other. An extension that ends in .gz or .zst compresses.
func NewFormat[T any](extension string, appendTo func(dst []byte, v *T) ([]byte, error)) Format[T] {
	return appended[T]{extension, appendTo}
}

type appended[T any] struct {
	extension string
	appendTo  func(dst []byte, v *T) ([]byte, error)
}

func (f appended[T]) Extension() string { return f.extension }

func (f appended[T]) Begin(w io.Writer) (Encoder[T], error) {
	out, err := compressed(w, f.extension)
	return &appender[T]{format: f, out: out}, err
}

type appender[T any] struct {
	format appended[T]
	out    io.WriteCloser
	buf    []byte
}

// Encode refuses the records that can't be encoded, and writes the others.
func (e *appender[T]) Encode(records []stream.Record[T]) error {
	var refused *stream.Refused
	e.buf = e.buf[:0]
	for i := range records {
		b, err := e.appendOne(&records[i].Value)
		if err != nil {
			if refused == nil {
				refused = &stream.Refused{Err: err}
			}
			refused.Indexes = append(refused.Indexes, i)
			continue
		}
		e.buf = b
	}
	if _, err := e.out.Write(e.buf); err != nil {
		return err
	}
	if refused != nil {
		return refused
	}
	return nil
}

// appendOne makes an error of a panic, which is the record's fault.
func (e *appender[T]) appendOne(v *T) (b []byte, err error) {
	defer func() {
		if cause := recover(); cause != nil {
			err = fmt.Errorf("panic: %v", cause)
		}
	}()
	return e.format.appendTo(e.buf, v)
}

func (e *appender[T]) Close() error { return e.out.Close() }

// Gzip compresses the files of a format, and adds .gz to their names.
func Gzip[T any](f Format[T]) Format[T] { return compressing[T]{f, ".gz"} }

// Zstandard compresses the files of a format, and adds .zst to their names.
func Zstandard[T any](f Format[T]) Format[T] { return compressing[T]{f, ".zst"} }

type compressing[T any] struct {
	of     Format[T]
	suffix string
}

func (c compressing[T]) Extension() string { return c.of.Extension() + c.suffix }

func (c compressing[T]) Begin(w io.Writer) (Encoder[T], error) {
	out, err := compressed(w, c.suffix)
	if err != nil {
		return nil, err
	}
	inner, err := c.of.Begin(out)
	return &compressingEncoder[T]{inner, out}, err
}

type compressingEncoder[T any] struct {
	Encoder[T]
	out io.Closer
}

func (e *compressingEncoder[T]) Close() error {
	if err := e.Encoder.Close(); err != nil {
		return err
	}
	return e.out.Close()
}
