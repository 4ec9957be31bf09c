package watch

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/fsnotify/fsnotify"
	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// limit is how long a test waits for what must happen at some time.
const limit = 30 * time.Second

type watched struct {
	t     *testing.T
	dir   string
	calls chan struct{}
}

// start watches a new directory, with and without notifications.
func start(t *testing.T, prepare func(w *watched), only []string, test func(t *testing.T, w *watched)) {
	systems := map[string]func() (*fsnotify.Watcher, error){
		"notified": fsnotify.NewWatcher,
		"polled":   func() (*fsnotify.Watcher, error) { return nil, errors.New("no notifications here") },
	}
	for name, notify := range systems {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := &watched{t: t, dir: t.TempDir(), calls: make(chan struct{}, 1000)}
			prepare(w)
			ctx, cancel := context.WithCancel(context.Background())
			done := make(chan error)
			inner := &watcher{dir: w.dir, only: only, notify: notify}
			listening := make(chan struct{})
			inner.notify = func() (*fsnotify.Watcher, error) {
				defer func() {
					select {
					case <-listening:
					default:
						close(listening)
					}
				}()
				return notify()
			}
			go func() { done <- run(ctx, inner, func() { w.calls <- struct{}{} }) }()
			<-listening
			test(t, w)
			cancel()
			if err := <-done; err != nil {
				t.Fatal(err)
			}
		})
	}
}

func (w *watched) path(name string) string { return filepath.Join(w.dir, name) }

func (w *watched) write(name, content string) {
	w.t.Helper()
	w.do(os.MkdirAll(filepath.Dir(w.path(name)), 0o755))
	w.do(os.WriteFile(w.path(name), []byte(content), 0o644))
}

func (w *watched) do(err error) {
	w.t.Helper()
	if err != nil {
		w.t.Fatal(err)
	}
}

// noticed waits for a call.
func (w *watched) noticed(what string) {
	w.t.Helper()
	select {
	case <-w.calls:
	case <-time.After(limit):
		w.t.Fatalf("%s was not noticed", what)
	}
}

// reads waits for a call at which the file has the content.
func (w *watched) reads(name, content string) {
	w.t.Helper()
	for deadline := time.After(limit); ; {
		select {
		case <-w.calls:
			if b, err := os.ReadFile(w.path(name)); err == nil && string(b) == content {
				return
			}
		case <-deadline:
			w.t.Fatalf("%q in %s was not told", content, name)
		}
	}
}

func TestEveryWayOfSaving(t *testing.T) {
	start(t, func(w *watched) { w.write("rules/a.yaml", "1") }, nil, func(t *testing.T, w *watched) {
		w.write("rules/a.yaml", "two")
		w.noticed("writing in place")

		w.write("rules/.a.yaml.swp", "three!")
		w.do(os.Rename(w.path("rules/.a.yaml.swp"), w.path("rules/a.yaml")))
		w.noticed("renaming over the old file")

		w.do(os.Rename(w.path("rules/a.yaml"), w.path("rules/a.yaml~")))
		w.write("rules/a.yaml", "four?!")
		w.noticed("moving the old file away first")

		w.write("rules/b.yaml", "1")
		w.noticed("a new file")

		w.write("lists/new/l.yaml", "1")
		w.noticed("a file in a new directory")

		w.write("lists/new/l.yaml", "22")
		w.noticed("writing in the new directory")

		w.do(os.Remove(w.path("rules/b.yaml")))
		w.noticed("removing a file")
	})
}

// A ConfigMap's files are links through ..data, which is swapped as a whole.
func TestSwappedLinks(t *testing.T) {
	start(t, func(w *watched) {
		w.write("..v1/rules.yaml", "1")
		w.write("..v1/rules/a.yaml", "1")
		w.do(os.Symlink("..v1", w.path("..data")))
		w.do(os.Symlink("..data/rules.yaml", w.path("rules.yaml")))
		w.do(os.Symlink("..data/rules", w.path("rules")))
	}, nil, func(t *testing.T, w *watched) {
		for _, version := range []string{"..v2", "..v3"} {
			w.write(version+"/rules.yaml", version)
			w.write(version+"/rules/a.yaml", version)
			w.do(os.Symlink(version, w.path("..data_tmp")))
			w.do(os.Rename(w.path("..data_tmp"), w.path("..data")))
			w.reads("rules/a.yaml", version)
		}
	})
}

func TestOnlyWhatMatters(t *testing.T) {
	only := []string{"rules", "policy.yaml", "sub/x.yaml"}
	start(t, func(w *watched) { w.write("rules/a.yaml", "1") }, only, func(t *testing.T, w *watched) {
		w.write("data/journal", "busy")
		w.write("rules/a.yaml~", "left by an editor")
		w.write("rules/.hidden", "x")
		w.do(os.Chmod(w.path("rules/a.yaml"), 0o600))
		w.write("policy.yaml", "1")
		w.noticed("a file that is named")
		w.write("sub/x.yaml", "1")
		w.noticed("a named file in a new directory")
	})
}

func TestMatters(t *testing.T) {
	w := &watcher{dir: "/conf", only: []string{"rules", "policy.yaml", "a/b.yaml"}}
	for _, c := range []struct {
		name string
		op   fsnotify.Op
		want bool
	}{
		{"/conf/rules", fsnotify.Create, true},
		{"/conf/rules/a.yaml", fsnotify.Write, true},
		{"/conf/rules/sub/a.yaml", fsnotify.Write, true},
		{"/conf/rules/a.yaml", fsnotify.Chmod, false},
		{"/conf/rules/a.yaml~", fsnotify.Create, false},
		{"/conf/rules/.#a.yaml", fsnotify.Create, false},
		{"/conf/rules/4913", fsnotify.Create, false},
		{"/conf/..data", fsnotify.Create, true},
		{"/conf/policy.yaml", fsnotify.Rename, true},
		{"/conf/a", fsnotify.Create, true},
		{"/conf/tidegate-data", fsnotify.Create, false},
		{"/conf/rulesets", fsnotify.Create, false},
	} {
		if got := w.matters(fsnotify.Event{Name: c.name, Op: c.op}); got != c.want {
			t.Errorf("%s %s: %v", c.op, c.name, got)
		}
	}
}

// A burst of saves is told at least once after the last of them.
func TestNothingIsLostInABurst(t *testing.T) {
	start(t, func(w *watched) { w.write("a.yaml", "") }, nil, func(t *testing.T, w *watched) {
		last := ""
		for i := range 200 {
			last += "x"
			w.write("a.yaml", last)
			if i%50 == 0 {
				time.Sleep(20 * time.Millisecond)
			}
		}
		w.reads("a.yaml", last)
	})
}

func TestCirclesOfLinks(t *testing.T) {
	start(t, func(w *watched) {
		w.write("rules/a.yaml", "1")
		w.do(os.Symlink("..", w.path("rules/up")))
		w.do(os.Symlink("nowhere", w.path("rules/dangling")))
	}, nil, func(t *testing.T, w *watched) {
		w.write("rules/a.yaml", "22")
		w.noticed("writing in place")
	})
}

func TestMissingDirectory(t *testing.T) {
	err := Dir(context.Background(), filepath.Join(t.TempDir(), "none"), func() {})
	if err == nil {
		t.Fatal("no error")
	}
}
