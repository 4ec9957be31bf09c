package doctor

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"
	"time"

	"github.com/cockroachdb/pebble/v2/vfs"

	"github.com/tidegate/tidegate"
	"github.com/tidegate/tidegate/node"
	"github.com/tidegate/tidegate/stream/journal"
)

// data looks at the data directory without touching what a running service
// has open there.
func (e *examination) data() {
	dir := e.Config.Data
	info, err := os.Stat(dir)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		e.note("data directory", OK, "", "%s is not there yet: the first start makes it", dir)
		e.disk(nearest(dir), usage{})
		return
	case err != nil:
		e.note("data directory", Fail, "let the service's user read and write it", "%v", err)
		return
	case !info.IsDir():
		e.note("data directory", Fail, "name another one as data in tidegate.yaml", "%s is not a directory", dir)
		return
	}
	e.writable(dir)
	e.state(filepath.Join(dir, "state", "checkpoints"))
	e.disk(dir, e.records(filepath.Join(dir, "journal")))
}

// nearest is the folder above that exists.
func nearest(dir string) string {
	for {
		if _, err := os.Stat(dir); err == nil || filepath.Dir(dir) == dir {
			return dir
		}
		dir = filepath.Dir(dir)
	}
}

// writable tries to write, and whether a service has the directory.
func (e *examination) writable(dir string) {
	probe, err := os.CreateTemp(dir, ".doctor-*")
	if err != nil {
		e.note("data directory", Fail, "let the service's user read and write it", "%v", err)
		return
	}
	if err := errors.Join(probe.Close(), os.Remove(probe.Name())); err != nil {
		e.note("data directory", Fail, "look at the disk", "%v", err)
		return
	}
	e.note("data directory", OK, "", "%s, %s", dir, holder(filepath.Join(dir, "LOCK")))
}

func holder(lock string) string {
	file, err := os.Open(lock)
	if err != nil {
		return "in use by nobody"
	}
	defer file.Close()
	if syscall.Flock(int(file.Fd()), syscall.LOCK_SH|syscall.LOCK_NB) == nil {
		return "in use by nobody"
	}
	text, _ := os.ReadFile(lock)
	return "in use by " + string(trimmed(text))
}

func (e *examination) state(dir string) {
	entries, err := os.ReadDir(dir)
	var newest time.Time
	for _, entry := range entries {
		if info, infoErr := entry.Info(); infoErr == nil && info.ModTime().After(newest) {
			newest = info.ModTime()
		}
	}
	switch {
	case err != nil && !errors.Is(err, fs.ErrNotExist):
		e.note("state directory", Fail, "let the service's user read and write it", "%v", err)
	case newest.IsZero():
		e.note("state directory", OK, "", "no checkpoint yet: a start reads the journal from its beginning")
	default:
		e.note("state directory", OK, "", "%d checkpoints, the newest %v old", len(entries), e.Clock().Sub(newest).Round(time.Second))
	}
}

// usage is what the journal holds.
type usage struct {
	records, bytes uint64
	from, to       tidegate.Millis
}

// records reads the ends of the journal.
func (e *examination) records(dir string) (u usage) {
	if _, err := os.Stat(dir); errors.Is(err, fs.ErrNotExist) {
		e.note("journal", OK, "", "empty")
		return u
	}
	j, found, err := journal.OpenReadOnly(dir, journal.Options{VerifyFrom: 1 << 62})
	if err != nil && tidegate.CodeOf(err) == tidegate.CodeCorrupt {
		e.note("journal", Fail, "restore a backup of the data directory", "%v", err)
		return u
	}
	if err != nil {
		e.note("journal", Fail, "let the service's user read it", "%v", err)
		return u
	}
	defer j.Close()
	e.journal = j.UUID().String()
	if found.Last < found.First {
		e.note("journal", OK, "", "empty")
		return u
	}
	u.records = found.Last - found.First + 1
	segments, err := filepath.Glob(filepath.Join(dir, "*"))
	for _, name := range segments {
		if info, statErr := os.Stat(name); statErr == nil {
			u.bytes += uint64(info.Size())
		}
		err = errors.Join(err)
	}
	u.from, err = arrival(j, found.First)
	if err == nil {
		u.to, err = arrival(j, found.Last)
	}
	if err != nil {
		e.note("journal", Fail, "restore a backup of the data directory", "%v", err)
		return usage{}
	}
	e.note("journal", OK, "", "records %d to %d, %s, since %s", found.First, found.Last, size(float64(u.bytes)), u.from.Time().UTC().Format(time.RFC3339))
	return u
}

// arrival is the time at which a record came.
func arrival(j *journal.Journal, sequence uint64) (tidegate.Millis, error) {
	reader := j.ReadFrom(sequence)
	defer reader.Close()
	_, body, err := reader.Next(context.Background())
	if err != nil {
		return 0, err
	}
	return node.ArrivalOf(sequence, body)
}

// disk compares what is free with what must stay free and with what retention
// will come to.
func (e *examination) disk(dir string, u usage) {
	space, err := vfs.Default.GetDiskUsage(dir)
	if err != nil {
		e.note("disk", Skip, "", "%v", err)
		return
	}
	e.costs(u)
	var to float64
	for _, c := range e.report.Costs {
		to += c.AtMost
	}
	least := float64(e.Config.Journal.MinFree)
	free, more := float64(space.AvailBytes), to-float64(u.bytes)
	switch {
	case free < least:
		e.note("disk", Fail, "make room: the service refuses to decide below journal.min_free", "%s free, and min_free is %s", size(free), size(least))
	case more > 0 && free-more < least:
		e.note("disk", Warn, "get a larger disk, or shorten journal.retention", "%s free; at today's rate retention comes to %s", size(free), size(to))
	default:
		e.note("disk", OK, "", "%s free", size(free))
	}
}
