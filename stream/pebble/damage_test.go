package pebble_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"

	"github.com/cockroachdb/pebble/v2/vfs"
	"github.com/cockroachdb/pebble/v2/vfs/errorfs"

	"github.com/tidegate/tidegate"
	"github.com/tidegate/tidegate/stream/pebble"
	"github.com/tidegate/tidegate/stream/state"
	"github.com/tidegate/tidegate/stream/state/statetest"
)

// history makes a state whose checkpoint n has, under "key", the number n,
// beside rows that do not change any more, and returns the directories of the
// checkpoints that are there.
func history(t *testing.T, dir string, checkpoints int) []string {
	t.Helper()
	backend, err := pebble.Open(dir, pebble.Options{})
	if err != nil {
		t.Fatal(err)
	}
	store, err := state.Open(backend, state.Options{})
	if err != nil {
		t.Fatal(err)
	}
	table := state.NewTable(store, "values", statetest.Codec{})
	put := func(key string, n int64) {
		e, err := table.GetOrCreate([]byte(key))
		if err != nil {
			t.Fatal(err)
		}
		table.Update(e).N = n
	}
	for n := 1; n <= checkpoints; n++ {
		put("key", int64(n))
		put(fmt.Sprint("constant ", n), int64(n))
		write(t, store, fmt.Sprint(n))
	}
	if err := backend.Close(); err != nil {
		t.Fatal(err)
	}
	found, err := filepath.Glob(filepath.Join(dir, "checkpoints", "*"))
	if err != nil {
		t.Fatal(err)
	}
	slices.Sort(found)
	return found
}

func write(t *testing.T, store *state.Store, meta string) {
	t.Helper()
	c, err := store.Cut([]byte(meta))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := c.Write(context.Background()); err != nil {
		t.Fatal(err)
	}
}

// recovered opens a state and says what it holds, by meta and by "key".
func recovered(t *testing.T, dir string) (meta string, key int64, r pebble.Recovery, err error) {
	t.Helper()
	backend, err := pebble.Open(dir, pebble.Options{})
	if err != nil {
		return "", 0, r, err
	}
	defer backend.Close()
	store, err := state.Open(backend, state.Options{})
	if err != nil {
		t.Fatal(err)
	}
	table := state.NewTable(store, "values", statetest.Codec{})
	for n := 1; ; n++ {
		e, err := table.Get(fmt.Append(nil, "constant ", n))
		if err != nil {
			t.Fatal(err)
		}
		if e == nil {
			break
		}
	}
	e, err := table.Get([]byte("key"))
	if err != nil || e == nil {
		t.Fatalf("no key: %v", err)
	}
	write(t, store, "one more") // what is left must be fit to go on with
	return string(store.Meta()), e.Value().N, backend.Recovery(), nil
}

// TestDamagedCheckpoint damages each file of the newest checkpoint in turn:
// the one before is used, and it is said which file is at fault.
func TestDamagedCheckpoint(t *testing.T) {
	for _, checkpoints := range []int{2, 7} {
		whole := t.TempDir()
		newest := history(t, whole, checkpoints)[1]
		files, err := os.ReadDir(newest)
		if err != nil {
			t.Fatal(err)
		}
		for _, file := range files {
			for _, damage := range []struct {
				name string
				do   func(path string) error
			}{
				{"a flipped bit", flipBit},
				{"cut short", func(path string) error { return os.Truncate(path, 1) }},
				{"missing", os.Remove},
			} {
				if info, _ := file.Info(); info.Size() == 0 && damage.name != "missing" {
					continue // a marker, whose name is all there is
				}
				t.Run(fmt.Sprint(checkpoints, " ", file.Name(), " ", damage.name), func(t *testing.T) {
					dir := t.TempDir() // a copy, because another such history may have other files
					if err := os.CopyFS(dir, os.DirFS(whole)); err != nil {
						t.Fatal(err)
					}
					if err := damage.do(filepath.Join(dir, "checkpoints", filepath.Base(newest), file.Name())); err != nil {
						t.Fatal(err)
					}
					meta, key, r, err := recovered(t, dir)
					if err != nil {
						t.Fatal(err)
					}
					if want := int64(checkpoints - 1); meta != fmt.Sprint(want) || key != want {
						t.Errorf("recovered %q with %d, want %d", meta, key, want)
					}
					if len(r.Skipped) != 1 || int(r.Epoch) != checkpoints-1 {
						t.Fatalf("%+v", r)
					}
					said := r.Skipped[0].Error()
					if !strings.Contains(said, file.Name()) || !strings.Contains(said, fmt.Sprint("checkpoint ", checkpoints)) {
						t.Errorf("it says %q", said)
					}
				})
			}
		}
	}
}

func flipBit(path string) error {
	contents, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	contents[len(contents)/2] ^= 4
	return os.WriteFile(path, contents, 0)
}

// TestNoSoundCheckpoint damages both, and finds nothing removed.
func TestNoSoundCheckpoint(t *testing.T) {
	dir := t.TempDir()
	found := history(t, dir, 3)
	if len(found) != 2 {
		t.Fatalf("checkpoints %v, want two", found)
	}
	for _, c := range found {
		if err := flipBit(filepath.Join(c, "CHECKPOINT")); err != nil {
			t.Fatal(err)
		}
	}
	if _, _, _, err := recovered(t, dir); tidegate.CodeOf(err) != tidegate.CodeCorrupt {
		t.Fatalf("opened with %v", err)
	}
	if err := flipBit(filepath.Join(found[0], "CHECKPOINT")); err != nil { // mended by hand
		t.Fatal(err)
	}
	if meta, _, _, err := recovered(t, dir); err != nil || meta != "2" {
		t.Errorf("%q, %v", meta, err)
	}
}

// TestNewerFormat finds a checkpoint of a program to come, and does not take
// an older one for the truth.
func TestNewerFormat(t *testing.T) {
	dir := t.TempDir()
	newest := history(t, dir, 2)[1]
	path := filepath.Join(newest, "CHECKPOINT")
	contents, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	contents[4]++ // the version; then the checksum of all
	if err := os.WriteFile(path, pebble.Reseal(contents), 0); err != nil {
		t.Fatal(err)
	}
	if _, _, _, err := recovered(t, dir); tidegate.CodeOf(err) != tidegate.CodeInvalid {
		t.Errorf("opened with %v", err)
	}
}

// TestCheckpointsShareNothing looks for a file that two checkpoints have in
// common: a damaged one would take both.
func TestCheckpointsShareNothing(t *testing.T) {
	for checkpoints := 2; checkpoints < 12; checkpoints++ {
		found := history(t, t.TempDir(), checkpoints)
		if len(found) != 2 {
			t.Fatalf("checkpoints %v, want two", found)
		}
		files, err := os.ReadDir(found[1])
		if err != nil {
			t.Fatal(err)
		}
		for _, file := range files {
			a, errA := os.Stat(filepath.Join(found[0], file.Name()))
			b, errB := os.Stat(filepath.Join(found[1], file.Name()))
			if errA == nil && errB == nil && os.SameFile(a, b) {
				t.Errorf("after %d checkpoints, %s is one file", checkpoints, file.Name())
			}
		}
	}
}

// TestUnreadableCheckpoint can't read the newest checkpoint for a reason that
// may pass: it is not passed over.
func TestUnreadableCheckpoint(t *testing.T) {
	memory := vfs.NewMem()
	backend, err := pebble.Open("state", pebble.Options{FS: memory})
	if err != nil {
		t.Fatal(err)
	}
	store, err := state.Open(backend, state.Options{})
	if err != nil {
		t.Fatal(err)
	}
	write(t, store, "1")
	write(t, store, "2")
	if err := backend.Close(); err != nil {
		t.Fatal(err)
	}
	for _, fault := range []struct {
		err   error
		epoch uint32 // 0: not opened
	}{{syscall.EMFILE, 0}, {syscall.EACCES, 0}, {nil, 2}, {syscall.EIO, 1}} {
		fs := errorfs.Wrap(memory, errorfs.InjectorFunc(func(op errorfs.Op) error {
			if op.Kind == errorfs.OpOpen && strings.Contains(op.Path, "checkpoints/0000000002/") {
				return fault.err
			}
			return nil
		}))
		backend, err := pebble.Open("state", pebble.Options{FS: fs})
		switch {
		case fault.epoch == 0:
			if !errors.Is(err, fault.err) || tidegate.CodeOf(err) != tidegate.CodeUnavailable {
				t.Errorf("%v: opened with %v", fault.err, err)
			}
			continue
		case err != nil:
			t.Fatalf("%v: %v", fault.err, err)
		case backend.Recovery().Epoch != fault.epoch:
			t.Errorf("%v: checkpoint %d, want %d", fault.err, backend.Recovery().Epoch, fault.epoch)
		}
		if err := backend.Close(); err != nil {
			t.Fatal(err)
		}
	}
}

// TestAtMost passes over a checkpoint that does not count, for good.
func TestAtMost(t *testing.T) {
	dir := t.TempDir()
	history(t, dir, 5)
	if _, err := pebble.Open(dir, pebble.Options{AtMost: 3}); tidegate.CodeOf(err) != tidegate.CodeNotFound {
		t.Errorf("of 4 and 5, at most 3: %v", err)
	}
	backend, err := pebble.Open(dir, pebble.Options{AtMost: 4})
	if err != nil {
		t.Fatal(err)
	}
	if r := backend.Recovery(); r.Epoch != 4 || len(r.Skipped) > 0 {
		t.Errorf("%+v", r)
	}
	if err := backend.Close(); err != nil {
		t.Fatal(err)
	}
	if meta, key, _, err := recovered(t, dir); err != nil || meta != "4" || key != 4 {
		t.Errorf("%q with %d, %v", meta, key, err)
	}
}

func TestSecondOpen(t *testing.T) {
	dir := t.TempDir()
	backend, err := pebble.Open(dir, pebble.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer backend.Close()
	if _, err := pebble.Open(dir, pebble.Options{}); tidegate.CodeOf(err) != tidegate.CodeConflict {
		t.Errorf("opened twice: %v", err)
	}
}
