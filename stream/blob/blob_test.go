package blob

import (
	"bytes"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/cockroachdb/pebble/v2/vfs"
	"github.com/cockroachdb/pebble/v2/vfs/errorfs"

	"github.com/tidegate/tidegate"
)

func open(t *testing.T, fs vfs.FS) *Store {
	t.Helper()
	s, err := Open("blobs", fs)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func TestPutGetListDelete(t *testing.T) {
	s, err := Open(t.TempDir(), vfs.Default)
	if err != nil {
		t.Fatal(err)
	}
	// From `printf abc | sha256sum` and `sha256sum </dev/null`.
	known := map[string]string{
		"abc": "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad",
		"":    "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
	}
	for range 2 { // putting it again changes nothing
		for content, want := range known {
			hash, err := s.Put([]byte(content))
			if err != nil || hash != want {
				t.Fatalf("put %q: %s, %v", content, hash, err)
			}
			got, err := s.Get(hash)
			if err != nil || string(got) != content {
				t.Fatalf("get %q: %q, %v", content, got, err)
			}
		}
	}
	list, err := s.List()
	if err != nil || !slices.Equal(list, []string{known["abc"], known[""]}) {
		t.Errorf("list: %v, %v", list, err)
	}
	for range 2 {
		if err := s.Delete(known[""]); err != nil {
			t.Error(err)
		}
	}
	if _, err := s.Get(known[""]); tidegate.CodeOf(err) != tidegate.CodeNotFound {
		t.Errorf("get a deleted content: %v", err)
	}
	if list, err := s.List(); err != nil || len(list) != 1 {
		t.Errorf("list: %v, %v", list, err)
	}
}

func TestNamesThatAreNone(t *testing.T) {
	s := open(t, vfs.NewMem())
	for _, name := range []string{"", "abc", "../" + strings.Repeat("a", 61), strings.Repeat("A", 64), strings.Repeat("a", 65)} {
		if _, err := s.Get(name); tidegate.CodeOf(err) != tidegate.CodeInvalid {
			t.Errorf("get %q: %v", name, err)
		}
		if err := s.Delete(name); tidegate.CodeOf(err) != tidegate.CodeInvalid {
			t.Errorf("delete %q: %v", name, err)
		}
	}
}

// A content with a flipped bit is reported, never returned, and put right by
// the next Put.
func TestFlippedBits(t *testing.T) {
	fs := vfs.NewMem()
	s := open(t, fs)
	content := []byte("rule: velocity > 5")
	hash, err := s.Put(content)
	if err != nil {
		t.Fatal(err)
	}
	for bit := range len(content) * 8 {
		b, err := fs.UnsafeGetFileDataBuffer(s.path(hash))
		if err != nil {
			t.Fatal(err)
		}
		b[bit/8] ^= 1 << (bit % 8)
		if got, err := s.Get(hash); tidegate.CodeOf(err) != tidegate.CodeCorrupt {
			t.Fatalf("bit %d: %q, %v", bit, got, err)
		}
		if _, err := s.Put(content); err != nil {
			t.Fatal(err)
		}
		if got, err := s.Get(hash); err != nil || !bytes.Equal(got, content) {
			t.Fatalf("put right: %q, %v", got, err)
		}
	}
}

// Each operation on the disk fails once: Put says so, or the content is there
// after any crash; never half of one.
func TestFaultsAndCrashes(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	contents := [][]byte{[]byte("one"), bytes.Repeat([]byte("two"), 5000), {}}
	for n := int64(1); ; n++ {
		fs := vfs.NewCrashableMem()
		var count atomic.Int64
		injected := false
		s, err := Open("blobs", errorfs.Wrap(fs, errorfs.InjectorFunc(func(op errorfs.Op) error {
			if count.Add(1) == n {
				injected = true
				return errorfs.ErrInjected
			}
			return nil
		})))
		var kept [][]byte
		for _, content := range contents {
			if err != nil {
				break
			}
			if _, err := s.Put(content); err == nil {
				kept = append(kept, content)
			} else if !errors.Is(err, errorfs.ErrInjected) {
				t.Fatal(err)
			}
		}
		for _, unsynced := range []int{0, 50, 100} {
			after := open(t, fs.CrashClone(vfs.CrashCloneCfg{UnsyncedDataPercent: unsynced, RNG: rng}))
			for _, content := range kept {
				if got, err := after.Get(Hash(content)); err != nil || !bytes.Equal(got, content) {
					t.Fatalf("operation %d: %q after a crash: %v", n, got, err)
				}
			}
			list, err := after.List()
			if err != nil {
				t.Fatal(err)
			}
			for _, hash := range list {
				if _, err := after.Get(hash); err != nil {
					t.Fatalf("operation %d: %v", n, err)
				}
			}
			if names, err := after.fs.List(after.dir); err != nil || len(names) != len(list) {
				t.Fatalf("operation %d: %v was left over", n, names)
			}
		}
		if !injected {
			if n < 15 || len(kept) != len(contents) {
				t.Errorf("%d operations were tried", n)
			}
			return
		}
	}
}

func TestConcurrent(t *testing.T) {
	s := open(t, vfs.NewMem())
	var all sync.WaitGroup
	for g := range 8 {
		all.Go(func() {
			for i := range 100 {
				content := fmt.Appendf(nil, "content %d", (g+i)%10)
				hash, err := s.Put(content)
				if err != nil {
					t.Error(err)
					return
				}
				if got, err := s.Get(hash); err != nil || !bytes.Equal(got, content) {
					t.Errorf("%q: %v", got, err)
				}
				if _, err := s.List(); err != nil {
					t.Error(err)
				}
			}
		})
	}
	all.Wait()
	if list, err := s.List(); err != nil || len(list) != 10 {
		t.Errorf("%v, %v", list, err)
	}
}

func Example() {
	store, err := Open("data", vfs.NewMem())
	if err != nil {
		fmt.Println(err)
		return
	}
	hash, err := store.Put([]byte("abc"))
	fmt.Println(hash[:8], err)
	content, err := store.Get(hash)
	fmt.Println(string(content), err)
	// Output:
	// ba7816bf <nil>
	// abc <nil>
}
