package pebble

import (
	"fmt"
	"strings"
	"sync"
	"sync/atomic"

	crdb "github.com/cockroachdb/pebble/v2"
	"github.com/cockroachdb/pebble/v2/bloom"
	"github.com/cockroachdb/pebble/v2/vfs"

	"github.com/tidegate/tidegate"
)

// live is a database in use. Its directory is disposable: the next one is
// made from a checkpoint.
type live struct {
	db          *crdb.DB
	options     *crdb.Options
	compactions *scheduler
	number      int
	broken      atomic.Pointer[tidegate.Error] // it can't be written any more
	readers     readers
	scans       sync.WaitGroup // under way; Add under the backend's mu
}

const livePrefix = "live-"

// makeLive makes a database from a checkpoint, or an empty one from nil.
func (b *Backend) makeLive(number int, from *manifest) (*live, error) {
	dir := b.path(fmt.Sprint(livePrefix, number))
	if err := b.fs.RemoveAll(dir); err != nil {
		return nil, ioError("clear the live database", err)
	}
	if err := b.fs.MkdirAll(dir, 0o755); err != nil {
		return nil, ioError("make the live database", err)
	}
	if from != nil {
		for name := range from.files {
			var err error
			source, target := b.path(checkpointsDir, numbered(from.epoch), name), b.fs.PathJoin(dir, name)
			if isTable(name) {
				err = vfs.LinkOrCopy(b.fs, source, target)
			} else {
				err = vfs.Copy(b.fs, source, target)
			}
			if err != nil {
				return nil, ioError("make the live database", err)
			}
		}
	}
	l := &live{number: number, compactions: &scheduler{paused: true}}
	l.options = b.databaseOptions(l)
	var err error
	if l.db, err = crdb.Open(dir, l.options); err != nil {
		l.compactions.Unregister()
		return nil, ioError("open the live database", err)
	}
	l.compactions.resume()
	return l, nil
}

func (l *live) close() error {
	l.scans.Wait()
	err := l.readers.renew()
	if e := l.db.Close(); err == nil {
		err = e
	}
	return err
}

// renew replaces a database that can't be written any more. The old one
// answers reads until the new one is there.
func (b *Backend) renew() error {
	next, err := b.makeLive(b.live.number+1, b.newest())
	if err != nil {
		return err
	}
	b.mu.Lock()
	old := b.live
	b.live = next
	b.mu.Unlock()
	if err := old.close(); err != nil {
		b.alarm(ioError("close a broken database", err))
	}
	return b.removeLive(next.number)
}

// removeLive removes the live databases but one.
func (b *Backend) removeLive(but int) error {
	return b.removeDisposable(livePrefix, fmt.Sprint(livePrefix, but))
}

// removeDisposable removes what has a name that begins so, but one.
func (b *Backend) removeDisposable(prefix, but string) error {
	names, err := b.fs.List(b.dir)
	if err != nil {
		return ioError("list the state directory", err)
	}
	for _, name := range names {
		if strings.HasPrefix(name, prefix) && name != but {
			if err := b.fs.RemoveAll(b.path(name)); err != nil {
				return ioError("remove "+name, err)
			}
		}
	}
	return nil
}

func isTable(name string) bool { return strings.HasSuffix(name, ".sst") }
func isLog(name string) bool   { return strings.HasSuffix(name, ".log") }

func (b *Backend) databaseOptions(l *live) *crdb.Options {
	o := &crdb.Options{
		FS:                 liveFS{b.fs},
		Cache:              b.cache,
		DisableWAL:         true,
		FormatMajorVersion: crdb.FormatNewest,
		MemTableSize:       256 << 10, // never written to
		Logger:             logger{l},
		EventListener: &crdb.EventListener{
			BackgroundError: func(err error) {
				l.compactions.pause()
				b.alarm(ioError("tidy the state in the background", err))
			},
			CompactionEnd: func(crdb.CompactionInfo) { l.readers.outdate() },
			DataCorruption: func(info crdb.DataCorruptionInfo) {
				b.alarm(&tidegate.Error{Code: tidegate.CodeCorrupt, Message: "a state file is damaged: " + info.Path, Cause: info.Details})
			},
		},
	}
	for i := range o.Levels {
		o.Levels[i].FilterPolicy = bloom.FilterPolicy(10)
	}
	o.Experimental.CompactionScheduler = l.compactions
	o.EnsureDefaults()
	return o
}

// logger takes what Pebble has to say. Where Pebble would end the process, as
// when its manifest can't be written, the database goes on answering reads,
// and the next checkpoint begins with another database.
type logger struct{ live *live }

func (logger) Infof(string, ...any)  {}
func (logger) Errorf(string, ...any) {}
func (l logger) Fatalf(format string, args ...any) {
	l.live.compactions.pause()
	l.live.broken.Store(tidegate.Errorf(tidegate.CodeUnavailable, "the live database can't be written: "+format, args...))
}
