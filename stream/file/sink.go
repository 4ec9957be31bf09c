package file

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"github.com/tidegate/tidegate"
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
		b, err := e.format.appendTo(e.buf, &records[i].Value)
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

func (e *appender[T]) Close() error { return e.out.Close() }

// Sink writes a directory of files. It is a [stream.Committer]: the records up
// to a checkpoint are in files of their own, which get their names when the
// checkpoint is durable. Until then their names begin with a dot.
type Sink[T any] struct {
	dir     string
	format  Format[T]
	next    int // number of the next file
	file    *os.File
	buf     *bufio.Writer
	encoder Encoder[T]
}

// NewSink is a sink of a directory, which is made if it isn't there.
func NewSink[T any](dir string, format Format[T]) *Sink[T] {
	return &Sink[T]{dir: dir, format: format}
}

// The names of a file while it is written, when it is prepared, and for good.
// A number in front keeps them in order; the second is that of a checkpoint.
func (s *Sink[T]) openName(n int) string { return fmt.Sprintf(".part-%06d.open", n) }

func (s *Sink[T]) preparedName(n int, checkpoint uint64) string {
	return fmt.Sprintf(".part-%06d.%d.prepared", n, checkpoint)
}

func (s *Sink[T]) finalName(n int) string { return fmt.Sprintf("part-%06d%s", n, s.format.Extension()) }

// Recover is [stream.Committer.Recover].
func (s *Sink[T]) Recover(_ context.Context, checkpoint uint64) error {
	if err := os.MkdirAll(s.dir, 0o755); err != nil {
		return s.fault("can't make it", err)
	}
	return s.settle(checkpoint, true)
}

// Prepare is [stream.Committer.Prepare].
func (s *Sink[T]) Prepare(_ context.Context, checkpoint uint64) error {
	if s.file == nil {
		return nil
	}
	err := s.encoder.Close()
	if err == nil {
		err = s.buf.Flush()
	}
	if err == nil {
		err = s.file.Sync()
	}
	if e := s.file.Close(); err == nil {
		err = e
	}
	s.file = nil
	if err == nil {
		err = os.Rename(s.path(s.openName(s.next)), s.path(s.preparedName(s.next, checkpoint)))
	}
	if err != nil {
		// The file can't be written on: what it holds would be lost.
		return s.fault("can't prepare a file", err)
	}
	s.next++
	return s.syncDir()
}

// Commit is [stream.Committer.Commit].
func (s *Sink[T]) Commit(_ context.Context, checkpoint uint64) error {
	return s.settle(checkpoint, false)
}

// settle gives the files prepared up to a checkpoint their names, and, where
// no others are to be, removes the rest.
func (s *Sink[T]) settle(checkpoint uint64, only bool) error {
	entries, err := os.ReadDir(s.dir)
	if err != nil {
		return s.fault("can't list it", err)
	}
	for _, e := range entries {
		n, at, state := parse(e.Name())
		switch {
		case state == "prepared" && at <= checkpoint:
			err = os.Rename(s.path(e.Name()), s.path(s.finalName(n)))
		case only && (state == "prepared" || state == "open"):
			err = os.Remove(s.path(e.Name()))
		}
		if err != nil {
			return s.fault("can't settle "+e.Name(), err)
		}
		if state != "" && only {
			s.next = max(s.next, n+1)
		}
	}
	return s.syncDir()
}

// parse reads a file's name: its number, its checkpoint, and open, prepared or
// final; nothing for a file that is not the sink's.
func parse(name string) (n int, checkpoint uint64, state string) {
	rest, hidden := strings.CutPrefix(name, ".")
	rest, ok := strings.CutPrefix(rest, "part-")
	parts := strings.Split(rest, ".")
	if !ok || len(parts) < 2 {
		return 0, 0, ""
	}
	n, err := strconv.Atoi(parts[0])
	switch {
	case err != nil:
		return 0, 0, ""
	case !hidden:
		return n, 0, "final"
	case len(parts) == 2 && parts[1] == "open":
		return n, 0, "open"
	case len(parts) == 3 && parts[2] == "prepared":
		if checkpoint, err = strconv.ParseUint(parts[1], 10, 64); err == nil {
			return n, checkpoint, "prepared"
		}
	}
	return 0, 0, ""
}

// Write writes records to the file that is open.
func (s *Sink[T]) Write(_ context.Context, records []stream.Record[T]) error {
	if s.file == nil {
		if err := s.begin(); err != nil {
			return s.fault("can't begin a file", err)
		}
	}
	return s.encoder.Encode(records)
}

func (s *Sink[T]) begin() (err error) {
	if s.file, err = os.Create(s.path(s.openName(s.next))); err != nil {
		return err
	}
	s.buf = bufio.NewWriterSize(s.file, readSize)
	s.encoder, err = s.format.Begin(s.buf)
	return err
}

// Close leaves what is not prepared behind, to be forgotten by the next
// Recover.
func (s *Sink[T]) Close() error {
	if s.file == nil {
		return nil
	}
	return s.file.Close()
}

// Files are the files of a sink's directory that can be read, in order.
func Files(dir string) ([]string, error) {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return nil, err
	}
	var names []string
	for _, e := range entries {
		if _, _, state := parse(e.Name()); state == "final" {
			names = append(names, filepath.Join(dir, e.Name()))
		}
	}
	slices.Sort(names)
	return names, nil
}

func (s *Sink[T]) path(name string) string { return filepath.Join(s.dir, name) }

func (s *Sink[T]) syncDir() error {
	d, err := os.Open(s.dir)
	if err != nil {
		return s.fault("can't open it", err)
	}
	defer d.Close()
	if err := d.Sync(); err != nil {
		return s.fault("can't sync it", err)
	}
	return nil
}

func (s *Sink[T]) fault(what string, cause error) error {
	return &tidegate.Error{Code: tidegate.CodeUnavailable, Message: "file sink " + s.dir + ": " + what, Cause: cause}
}
