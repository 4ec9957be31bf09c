package file

import (
	"bufio"
	"context"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"time"

	"github.com/tidegate/tidegate"
	"github.com/tidegate/tidegate/stream"
)

// Sink writes a directory of files, which belongs to one pipeline. It is a
// [stream.Committer]: the records up to a checkpoint are in files of their own,
// which get their names when the checkpoint is durable. Until then their names
// begin with a dot. A pipeline that has to go back to an earlier checkpoint,
// because the newest is damaged, takes the files back that came after it: what
// is in them will be written again.
//
// When the disk is full the sink waits for room, and so in the end does the
// pipeline; the alarm says so.
type Sink[T any] struct {
	dir     string
	format  Format[T]
	alarm   func(error)
	disk    disk
	next    int // number of the next file
	file    *patient
	buf     *bufio.Writer
	encoder Encoder[T]
}

// NewSink is a sink of a directory, which is made if it isn't there.
func NewSink[T any](dir string, format Format[T]) *Sink[T] {
	return &Sink[T]{dir: dir, format: format, disk: disk{create: create, pause: time.Second}, alarm: func(err error) {
		slog.Default().Error("a file sink waits for room", "directory", dir, "error", err)
	}}
}

// Alarm calls a function, in place of the log, with what it is that the sink
// waits for: once, and again each minute.
func (s *Sink[T]) Alarm(f func(error)) *Sink[T] {
	s.alarm = f
	return s
}

// Recover is [stream.Committer.Recover].
func (s *Sink[T]) Recover(_ context.Context, checkpoint uint64) error {
	if err := os.MkdirAll(s.dir, 0o755); err != nil {
		return s.fault("can't make it", err)
	}
	all, err := s.parts()
	if err != nil {
		return err
	}
	begin, marked := 0, false
	for _, p := range all {
		s.next = max(s.next, p.n+1)
		if p.state == isBegin {
			begin, marked = p.n, true
		}
	}
	if checkpoint == 0 || !marked {
		if err := s.mark(all); err != nil {
			return err
		}
		begin = s.next
	}
	for name, p := range all {
		forgotten := p.state == isOpen || p.state == isPrepared && p.checkpoint > checkpoint
		takenBack := p.state == isFinal && p.n >= begin && p.checkpoint > checkpoint
		if forgotten || takenBack {
			if err := os.Remove(s.path(name)); err != nil {
				return s.fault("can't remove "+name, err)
			}
		}
	}
	return s.settle(checkpoint)
}

// mark notes with which file the pipeline begins, in place of earlier notes.
func (s *Sink[T]) mark(all map[string]part) error {
	for name, p := range all {
		if p.state == isBegin && p.n != s.next {
			if err := os.Remove(s.path(name)); err != nil {
				return s.fault("can't remove "+name, err)
			}
		}
	}
	if err := os.WriteFile(s.path(beginName(s.next)), nil, 0o644); err != nil {
		return s.fault("can't mark where it begins", err)
	}
	return nil
}

// Prepare is [stream.Committer.Prepare].
func (s *Sink[T]) Prepare(ctx context.Context, checkpoint uint64) error {
	if s.file == nil {
		return nil
	}
	s.file.ctx = ctx
	err := s.encoder.Close()
	if err == nil {
		err = s.buf.Flush()
	}
	if err == nil {
		err = s.file.out.Sync()
	}
	if e := s.file.out.Close(); err == nil {
		err = e
	}
	s.file = nil
	if err == nil {
		err = os.Rename(s.path(openName(s.next)), s.path(preparedName(s.next, checkpoint)))
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
	return s.settle(checkpoint)
}

// settle gives the files prepared up to a checkpoint their names.
func (s *Sink[T]) settle(checkpoint uint64) error {
	all, err := s.parts()
	if err != nil {
		return err
	}
	for name, p := range all {
		if p.state == isPrepared && p.checkpoint <= checkpoint {
			if err := os.Rename(s.path(name), s.path(finalName(p.n, p.checkpoint, s.format.Extension()))); err != nil {
				return s.fault("can't rename "+name, err)
			}
		}
	}
	return s.syncDir()
}

// parts are the sink's files, by their names.
func (s *Sink[T]) parts() (map[string]part, error) {
	entries, err := os.ReadDir(s.dir)
	if err != nil {
		return nil, s.fault("can't list it", err)
	}
	all := map[string]part{}
	for _, e := range entries {
		if p := parse(e.Name()); p.state != notOurs {
			all[e.Name()] = p
		}
	}
	return all, nil
}

// Write writes records to the file that is open.
func (s *Sink[T]) Write(ctx context.Context, records []stream.Record[T]) error {
	if s.file == nil {
		if err := s.begin(ctx); err != nil {
			return s.fault("can't begin a file", err)
		}
	}
	s.file.ctx = ctx
	return s.encoder.Encode(records)
}

func (s *Sink[T]) begin(ctx context.Context) (err error) {
	if s.file, err = s.disk.begin(ctx, s.path(openName(s.next)), s.alarm); err != nil {
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
	return s.file.out.Close()
}

// Files are the files of a sink's directory that can be read, in order.
func Files(dir string) ([]string, error) {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return nil, err
	}
	var names []string
	for _, e := range entries {
		if parse(e.Name()).state == isFinal {
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
