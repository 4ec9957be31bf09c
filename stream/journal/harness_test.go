package journal

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"testing"

	"github.com/cockroachdb/pebble/v2/vfs"
	"go.uber.org/goleak"

	"github.com/tidegate/tidegate"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const dir = "journal"

// testUUID makes files of two runs equal.
var testUUID = UUID{1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16}

func open(t testing.TB, fs vfs.FS, opts Options) (*Journal, Recovery) {
	t.Helper()
	opts.FS, opts.UUID = fs, testUUID
	j, recovery, err := Open(dir, opts)
	if err != nil {
		t.Fatal(err)
	}
	return j, recovery
}

// payloadOf is the payload that record seq has in all tests: of a size between
// 0 and 200, full of structure and free of long runs of zeros.
func payloadOf(seq uint64) []byte {
	text := fmt.Sprintf("<record %d>", seq)
	b := make([]byte, 0, 200)
	for n := int(seq * 37 % 200); len(b) < n; {
		b = append(b, text...)
	}
	return b
}

func appendRecord(t testing.TB, j *Journal) uint64 {
	t.Helper()
	seq, err := j.Append(payloadOf(j.Last() + 1))
	if err != nil {
		t.Fatal(err)
	}
	return seq
}

// commit appends n records and waits for them once, so that they are one
// commit or a few.
func commit(t testing.TB, j *Journal, n int) {
	t.Helper()
	for range n {
		appendRecord(t, j)
	}
	if err := j.Wait(context.Background(), j.Last()); err != nil {
		t.Fatal(err)
	}
}

func closeJournal(t testing.TB, j *Journal) {
	t.Helper()
	if err := j.Close(); err != nil {
		t.Fatal(err)
	}
}

// check reads the journal from first to last in both ways.
func check(t testing.TB, j *Journal, first, last uint64) {
	t.Helper()
	if j.Durable() != last {
		t.Fatalf("durable is %d, want %d", j.Durable(), last)
	}
	r := j.ReadFrom(first)
	defer r.Close()
	for want := first; want <= last; want++ {
		seq, payload, err := r.Next(context.Background())
		if err != nil || seq != want || string(payload) != string(payloadOf(want)) {
			t.Fatalf("record %d is %d %q, error %v", want, seq, payload, err)
		}
		payload, err = j.Get(want)
		if err != nil || string(payload) != string(payloadOf(want)) {
			t.Fatalf("Get(%d) is %q, error %v", want, payload, err)
		}
	}
	if j.readOnly {
		if _, _, err := r.Next(context.Background()); !errors.Is(err, io.EOF) {
			t.Fatalf("behind the end: %v", err)
		}
	}
}

func corruption(t testing.TB, err error) *CorruptError {
	t.Helper()
	var c *CorruptError
	if tidegate.CodeOf(err) != tidegate.CodeCorrupt || !errors.As(err, &c) {
		t.Fatalf("want an error of code corrupt, got %v", err)
	}
	return c
}

func readFile(t testing.TB, fs vfs.FS, path string) []byte {
	t.Helper()
	file, err := fs.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	b, err := io.ReadAll(file)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func writeFile(t testing.TB, fs vfs.FS, path string, b []byte) {
	t.Helper()
	file, err := fs.Create(path, vfs.WriteCategoryUnspecified)
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	if _, err := file.Write(bytes.Clone(b)); err != nil {
		t.Fatal(err)
	}
}

// clone copies a journal's segments to a file system of their own.
func clone(t testing.TB, from vfs.FS) *vfs.MemFS {
	t.Helper()
	to := vfs.NewMem()
	if err := to.MkdirAll(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	names, err := from.List(dir)
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range names {
		if _, ok := parseSegmentName(name); ok {
			path := from.PathJoin(dir, name)
			writeFile(t, to, path, readFile(t, from, path))
		}
	}
	return to
}

func segmentPath(fs vfs.FS, first uint64) string { return fs.PathJoin(dir, segmentName(first)) }
