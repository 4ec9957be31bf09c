package file

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/tidegate/tidegate/stream"
)

// quota is a disk with room for so many bytes.
type quota struct{ left int }

func (q *quota) create(name string) (output, error) {
	if q.left == 0 {
		return nil, &os.PathError{Op: "create", Path: name, Err: syscall.ENOSPC}
	}
	f, err := os.Create(name)
	return &limited{f, q}, err
}

type limited struct {
	*os.File
	quota *quota
}

func (l *limited) Write(b []byte) (int, error) {
	n := min(len(b), l.quota.left)
	l.quota.left -= n
	if n, err := l.File.Write(b[:n]); err != nil || n == len(b) {
		return n, err
	}
	return n, &os.PathError{Op: "write", Path: l.Name(), Err: syscall.ENOSPC}
}

// TestFullDisk fills the disk under a pipeline that writes files: it waits,
// says so, and goes on when there is room, with nothing lost or doubled.
func TestFullDisk(t *testing.T) {
	dir := t.TempDir()
	const n, line = 50_000, "0123456789\n"
	disk := &quota{left: 300_000}
	alarms := 0
	sink := NewSink(dir, NewFormat(".txt", func(dst []byte, _ *int64) ([]byte, error) { return append(dst, line...), nil }))
	sink.disk.create, sink.disk.pause = disk.create, 10*time.Microsecond
	sink.Alarm(func(err error) {
		if alarms++; alarms == 3 || !errors.Is(err, syscall.ENOSPC) {
			disk.left = 1 << 30
		}
	})
	p := stream.New("p", stream.Options{Checkpoint: time.Millisecond})
	stream.To(stream.From(p, stream.Generate(func(i int64) (int64, bool) { return i, i < n }), stream.SourceTimestamps[int64]()), sink)
	if err := p.Run(t.Context()); err != nil {
		t.Fatal(err)
	}
	if c := p.Checkpoints(); alarms != 3 || c.Failed > 0 || c.Completed == 0 {
		t.Errorf("%d alarms, %+v", alarms, c)
	}
	names, err := Files(dir)
	if err != nil {
		t.Fatal(err)
	}
	var all strings.Builder
	for _, name := range names {
		b, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		all.Write(b)
	}
	if all.String() != strings.Repeat(line, n) {
		t.Errorf("%d bytes", all.Len())
	}
}

// TestFullFromTheStart waits for the room to make a file, until it is told to
// stop.
func TestFullFromTheStart(t *testing.T) {
	dir := t.TempDir()
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		sink := NewSink(filepath.Join(dir, "out"), JSONLines[int64]()).Alarm(func(error) {})
		sink.disk.create = (&quota{}).create
		if err := sink.Recover(ctx, 0); err != nil {
			t.Fatal(err)
		}
		if err := sink.Write(ctx, []stream.Record[int64]{{Value: 1}}); !errors.Is(err, syscall.ENOSPC) {
			t.Errorf("error %v", err)
		}
		if ctx.Err() == nil {
			t.Error("it did not wait")
		}
	})
}
