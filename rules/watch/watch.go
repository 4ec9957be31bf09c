package watch

import (
	"context"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/fsnotify/fsnotify"

	"github.com/tidegate/tidegate"
)

// These add up to less than a second.
const (
	pollEvery = 400 * time.Millisecond
	quietFor  = 80 * time.Millisecond  // a change is told when no other follows for so long
	atMost    = 400 * time.Millisecond // or when it has waited so long
)

// Dir calls changed after files below dir have changed, until ctx is over. It
// blocks; changed is called on the caller's goroutine, never twice at once,
// and may be called although the contents are the same. only names the files
// and directories, relative to dir, that matter; without it, everything does.
// Hidden files and the leavings of editors never do. The error is that dir
// cannot be read at the start.
func Dir(ctx context.Context, dir string, changed func(), only ...string) error {
	return run(ctx, &watcher{dir: dir, only: only, notify: fsnotify.NewWatcher}, changed)
}

func run(ctx context.Context, w *watcher, changed func()) error {
	seen, err := w.look()
	if err != nil {
		return &tidegate.Error{Code: tidegate.CodeConfig, File: w.dir, Message: "cannot be watched", Cause: err}
	}
	w.listen(seen)
	defer w.deafen()
	poll := time.NewTicker(pollEvery)
	defer poll.Stop()
	var quiet, due <-chan time.Time // nil while nothing has changed
	for {
		pending := false
		select {
		case <-ctx.Done():
			return nil
		case e := <-w.events:
			pending = w.matters(e)
		case <-w.faults:
			pending = true // events were lost
		case <-poll.C:
			// A directory that is away for a moment, as while it is
			// replaced, is no change: what comes back is compared.
			now, err := w.look()
			pending = err == nil && !slices.Equal(now, seen)
		case <-quiet:
			quiet = nil
		case <-due:
			quiet = nil
		}
		if pending {
			quiet = time.After(quietFor)
			if due == nil {
				due = time.After(atMost)
			}
		}
		if due == nil || quiet != nil {
			continue
		}
		due = nil
		if now, err := w.look(); err == nil {
			// Looked at before the caller reads: what changes while it
			// does is told again.
			seen = now
			w.listen(seen)
			changed()
		}
	}
}

// watcher knows what there is to watch.
type watcher struct {
	dir    string
	only   []string
	notify func() (*fsnotify.Watcher, error)

	fs     *fsnotify.Watcher // nil where the system cannot notify
	events chan fsnotify.Event
	faults chan error
}

// listen asks for notifications about the directories that were seen, anew:
// a name may stand for another directory now. Where that is not possible,
// polling has to do.
func (w *watcher) listen(seen []stamp) {
	w.deafen()
	fs, err := w.notify()
	if err != nil {
		return
	}
	w.fs, w.events, w.faults = fs, fs.Events, fs.Errors
	for _, s := range seen {
		if s.dir {
			_ = fs.Add(s.path) // the poll sees what this misses
		}
	}
}

func (w *watcher) deafen() {
	if w.fs != nil {
		w.fs.Close()
	}
	w.fs, w.events, w.faults = nil, nil, nil
}

// matters tells whether an event is about a file that matters. The links of a
// ConfigMap start with two dots.
func (w *watcher) matters(e fsnotify.Event) bool {
	name := filepath.Base(e.Name)
	if e.Op == fsnotify.Chmod || ignored(name) && !strings.HasPrefix(name, "..") {
		return false
	}
	if len(w.only) == 0 || strings.HasPrefix(name, "..") {
		return true
	}
	relative, err := filepath.Rel(w.dir, e.Name)
	return err != nil || slices.ContainsFunc(w.only, func(o string) bool {
		o = filepath.Clean(o)
		return relative == o || strings.HasPrefix(relative, o+string(filepath.Separator)) ||
			strings.HasPrefix(o, relative+string(filepath.Separator))
	})
}

// ignored tells hidden files and what editors leave for a moment.
func ignored(name string) bool {
	return strings.HasPrefix(name, ".") || strings.HasPrefix(name, "#") || strings.HasSuffix(name, "~") ||
		strings.HasSuffix(name, ".swp") || strings.HasSuffix(name, ".tmp") || name == "4913" // Vim tries whether it may write
}
