package watch

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"time"
)

// stamp is what is looked at of one file or directory, links followed.
type stamp struct {
	path     string
	dir      bool
	size     int64
	modified time.Time
	inode    uint64 // 0 where the system has none
}

// Bounds against links that form a circle.
const (
	maxDepth = 16
	maxFiles = 10_000
)

// look takes the stamps of everything that matters, in a fixed order.
func (w *watcher) look() ([]stamp, error) {
	if _, err := os.ReadDir(w.dir); err != nil {
		return nil, err
	}
	l := &looking{}
	if len(w.only) == 0 {
		l.add(w.dir, 0)
		return l.stamps, l.err
	}
	l.stamps = append(l.stamps, stamp{path: w.dir, dir: true})
	for _, o := range w.only {
		// What is between may appear later.
		for d := filepath.Dir(filepath.Clean(o)); d != "."; d = filepath.Dir(d) {
			if info, err := os.Stat(filepath.Join(w.dir, d)); err == nil && info.IsDir() {
				l.stamps = append(l.stamps, stamp{path: filepath.Join(w.dir, d), dir: true})
			}
		}
		l.add(filepath.Join(w.dir, o), 0)
	}
	return l.stamps, l.err
}

type looking struct {
	stamps []stamp
	err    error
}

// add takes the stamp of a path and of what is below it.
func (l *looking) add(path string, depth int) {
	if depth > maxDepth || len(l.stamps) >= maxFiles || l.err != nil {
		return
	}
	info, err := os.Stat(path)
	if err != nil {
		if !errors.Is(err, fs.ErrNotExist) {
			l.stamps = append(l.stamps, stamp{path: path}) // it is there, and that it cannot be read may change
		}
		return
	}
	if !info.IsDir() {
		l.stamps = append(l.stamps, stamp{path: path, size: info.Size(), modified: info.ModTime(), inode: inode(info)})
		return
	}
	// A directory's time changes with files that do not matter.
	l.stamps = append(l.stamps, stamp{path: path, dir: true, inode: inode(info)})
	entries, err := os.ReadDir(path)
	if err != nil {
		l.err = err
		return
	}
	for _, e := range entries {
		if !ignored(e.Name()) {
			l.add(filepath.Join(path, e.Name()), depth+1)
		}
	}
}
