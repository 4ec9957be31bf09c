package node

import (
	"io"
	"math/rand/v2"
	"strings"
	"sync/atomic"

	"github.com/cockroachdb/pebble/v2/vfs"
	"github.com/cockroachdb/pebble/v2/vfs/errorfs"
)

func rng(seed uint64) *rand.Rand { return rand.New(rand.NewPCG(seed, seed)) }

// faults decide which operations on the disk fail, or wait.
type faults struct {
	rule atomic.Pointer[func(errorfs.Op) error]
}

func (f *faults) String() string { return "faults of the test" }

func (f *faults) MaybeError(op errorfs.Op) error {
	if rule := f.rule.Load(); rule != nil {
		return (*rule)(op)
	}
	return nil
}

func (f *faults) set(rule func(errorfs.Op) error) { f.rule.Store(&rule) }

func (f *faults) clear() { f.rule.Store(nil) }

// stopJournal makes the journal's syncs wait until goOn is called.
func (f *faults) stopJournal() (goOn func()) {
	gate := make(chan struct{})
	f.set(func(op errorfs.Op) error {
		if isJournal(op.Path) && op.Kind == errorfs.OpFileSyncData {
			<-gate
		}
		return nil
	})
	return func() {
		f.clear()
		close(gate)
	}
}

func isJournal(path string) bool { return strings.Contains(path, "/journal/") }

func readFile(t fatal, fs vfs.FS, path string) []byte {
	t.Helper()
	file, err := fs.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	content, err := io.ReadAll(file)
	if err != nil {
		t.Fatal(err)
	}
	return content
}

func writeFile(t fatal, fs vfs.FS, path string, content []byte) {
	t.Helper()
	file, err := fs.Create(path, vfs.WriteCategoryUnspecified)
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	if _, err := file.Write(content); err != nil {
		t.Fatal(err)
	}
}

// noLoss is a crash in which nothing of what was written is lost.
var noLoss = vfs.CrashCloneCfg{UnsyncedDataPercent: 100, RNG: rng(0)}

// copyTree copies a data directory to another disk.
func copyTree(t fatal, from vfs.FS, fromDir string, to vfs.FS, toDir string) {
	t.Helper()
	if err := to.MkdirAll(toDir, 0o755); err != nil {
		t.Fatal(err)
	}
	names, err := from.List(fromDir)
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range names {
		path, toPath := from.PathJoin(fromDir, name), to.PathJoin(toDir, name)
		info, err := from.Stat(path)
		switch {
		case err != nil:
			t.Fatal(err)
		case info.IsDir():
			copyTree(t, from, path, to, toPath)
		case name != "LOCK":
			writeFile(t, to, toPath, readFile(t, from, path))
		}
	}
}
