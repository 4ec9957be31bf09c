package file_test

import (
	"bytes"
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/klauspost/compress/zstd"
	"github.com/parquet-go/parquet-go"
	"go.uber.org/goleak"
	"pgregory.net/rapid"

	"github.com/tidegate/tidegate/stream"
	"github.com/tidegate/tidegate/stream/file"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func text(line []byte, s *string) error {
	if bytes.HasPrefix(line, []byte("bad")) {
		return errors.New("a bad line")
	}
	*s = string(line)
	return nil
}

// write writes a file, compressed as its name asks for.
func write(t testing.TB, name, contents string) string {
	t.Helper()
	var b bytes.Buffer
	var w io.WriteCloser
	switch filepath.Ext(name) {
	case ".gz":
		w = gzip.NewWriter(&b)
	case ".zst":
		w, _ = zstd.NewWriter(&b)
	default:
		if err := os.WriteFile(name, []byte(contents), 0o600); err != nil {
			t.Fatal(err)
		}
		return name
	}
	if _, err := w.Write([]byte(contents)); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(name, b.Bytes(), 0o600); err != nil {
		t.Fatal(err)
	}
	return name
}

type read[T any] struct {
	value T
	next  int64
	raw   string
	err   error
}

// readAll reads a source of one file from a position.
func readAll[T any](t testing.TB, src stream.Source[T], position int64, batch int) (all []read[T]) {
	t.Helper()
	parts, err := src.Partitions(t.Context())
	if err != nil || len(parts) != 1 {
		t.Fatal(parts, err)
	}
	r := parts[0].Reader
	defer r.Close()
	if position > 0 {
		if err := r.Seek(t.Context(), position); err != nil {
			t.Fatal(err)
		}
	}
	messages := make([]stream.Message[T], batch)
	for {
		n, err := r.Read(t.Context(), messages)
		for _, m := range messages[:n] {
			all = append(all, read[T]{m.Value, m.Next, string(m.Raw), m.Err})
		}
		if err == io.EOF {
			return all
		}
		if err != nil {
			t.Fatal(err)
		}
	}
}

func TestLines(t *testing.T) {
	for _, extension := range []string{"", ".gz", ".zst"} {
		name := write(t, filepath.Join(t.TempDir(), "lines"+extension), "one\r\n\nbad two\nthree")
		src := file.NewLines(text, name)
		got := readAll(t, src, 0, 2)
		if len(got) != 3 || got[0].value != "one" || got[0].next != 5 || got[1].err == nil || got[1].raw != "bad two" || got[2].value != "three" || got[2].next != 19 {
			t.Errorf("%s: %+v", extension, got)
		}
		if got := readAll(t, src, got[0].next, 2); len(got) != 2 || got[1].value != "three" {
			t.Errorf("%s: after the first: %+v", extension, got)
		}
		if got := readAll(t, src, 19, 2); len(got) != 0 {
			t.Errorf("%s: after the last: %+v", extension, got)
		}
	}
}

// TestLinesOfAnyLength reads lines longer and shorter than the buffer, from any
// position, in batches of any size.
func TestLinesOfAnyLength(t *testing.T) {
	dir := t.TempDir()
	rapid.Check(t, func(rt *rapid.T) {
		var lines []string
		for range rapid.IntRange(1, 12).Draw(rt, "lines") {
			n := rapid.SampledFrom([]int{1, 2, 100, 100_000, 262_143, 262_144, 300_000}).Draw(rt, "length")
			lines = append(lines, strings.Repeat("x", n))
		}
		name := write(t, filepath.Join(dir, "lines"), strings.Join(lines, "\n")+rapid.SampledFrom([]string{"", "\n"}).Draw(rt, "end"))
		skip := rapid.IntRange(0, len(lines)-1).Draw(rt, "skip")
		position := int64(0)
		for _, line := range lines[:skip] {
			position += int64(len(line)) + 1
		}
		got := readAll(t, file.NewLines(text, name), position, rapid.IntRange(1, 5).Draw(rt, "batch"))
		if len(got) != len(lines)-skip {
			rt.Fatalf("%d lines, want %d", len(got), len(lines)-skip)
		}
		for i, g := range got {
			if g.value != lines[skip+i] || g.raw != g.value {
				rt.Fatalf("line %d has %d bytes, want %d", i, len(g.value), len(lines[skip+i]))
			}
		}
	})
}

func TestTooLongLine(t *testing.T) {
	name := write(t, filepath.Join(t.TempDir(), "lines"), "a\n"+strings.Repeat("x", 40<<20)+"\nb\n")
	got := readAll(t, file.NewLines(text, name), 0, 8)
	if len(got) != 3 || got[0].value != "a" || got[1].err == nil || got[2].value != "b" || got[2].next != 40<<20+5 {
		t.Errorf("%d lines, %v", len(got), got[1].err)
	}
}

func TestCSV(t *testing.T) {
	name := write(t, filepath.Join(t.TempDir(), "rows.csv"), "name,amount\nann,\"1,5\"\n\"bob\nby\",2\nx\"y,3\ncy,4\n")
	src := file.NewCSV(func(r file.Row) (string, error) { return r.Get("name") + "=" + r.Get("amount") + r.Get("none"), nil }, name)
	got := readAll(t, src, 0, 2)
	if len(got) != 4 || got[0].value != "ann=1,5" || got[1].value != "bob\nby=2" || got[2].err == nil || got[3].value != "cy=4" {
		t.Errorf("%+v", got)
	}
	if got := readAll(t, src, got[1].next, 2); len(got) != 2 || got[1].value != "cy=4" {
		t.Errorf("after the second: %+v", got)
	}
}

func TestNoFile(t *testing.T) {
	if _, err := file.JSON[int](filepath.Join(t.TempDir(), "*")).Partitions(t.Context()); err == nil {
		t.Error("a pattern without a file is taken")
	}
}

func records(values ...string) (all []stream.Record[string]) {
	for _, v := range values {
		all = append(all, stream.Record[string]{Value: v})
	}
	return all
}

func lineFormat(extension string) file.Format[string] {
	return file.NewFormat(extension, func(dst []byte, v *string) ([]byte, error) {
		if *v == "refuse" {
			return dst, errors.New("refused")
		}
		return append(append(dst, *v...), '\n'), nil
	})
}

// visible are the lines of the files that can be seen.
func visible(t *testing.T, dir string) (all []string) {
	t.Helper()
	names, err := file.Files(dir)
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range names {
		for _, r := range readAll(t, file.NewLines(text, name), 0, 8) {
			all = append(all, r.value)
		}
	}
	return all
}

// TestSink writes through checkpoints that complete and such that don't, and
// restarts.
func TestSink(t *testing.T) {
	for _, extension := range []string{".txt", ".txt.gz", ".txt.zst"} {
		t.Run(extension, func(t *testing.T) {
			ctx, dir := t.Context(), filepath.Join(t.TempDir(), "out")
			must := func(err error) {
				t.Helper()
				if err != nil {
					t.Fatal(err)
				}
			}
			see := func(want ...string) {
				t.Helper()
				if got := visible(t, dir); !slices.Equal(got, want) {
					t.Errorf("%v can be seen, want %v", got, want)
				}
			}
			s := file.NewSink(dir, lineFormat(extension))
			must(s.Recover(ctx, 0))
			must(s.Write(ctx, records("a", "b")))
			see()
			must(s.Prepare(ctx, 1))
			must(s.Write(ctx, records("c")))
			see()
			must(s.Commit(ctx, 1))
			see("a", "b")
			must(s.Prepare(ctx, 2)) // which fails elsewhere
			must(s.Write(ctx, records("d")))
			must(s.Prepare(ctx, 3))
			must(s.Commit(ctx, 3))
			see("a", "b", "c", "d")
			must(s.Write(ctx, records("e")))
			must(s.Prepare(ctx, 4))
			must(s.Write(ctx, records("f")))
			must(s.Close()) // and the process ends

			s = file.NewSink(dir, lineFormat(extension))
			must(s.Recover(ctx, 4)) // which was durable
			see("a", "b", "c", "d", "e")
			must(s.Write(ctx, records("f again")))
			must(s.Prepare(ctx, 5))
			must(s.Close())

			s = file.NewSink(dir, lineFormat(extension))
			must(s.Recover(ctx, 4)) // 5 was not
			must(s.Write(ctx, records("f at last")))
			must(s.Prepare(ctx, 5))
			must(s.Commit(ctx, 5))
			see("a", "b", "c", "d", "e", "f at last")
			must(s.Close())
			left, err := filepath.Glob(filepath.Join(dir, ".part-*"))
			if err != nil || len(left) != 1 || filepath.Base(left[0]) != ".part-000000.begin" {
				t.Errorf("%v are left behind", left)
			}
		})
	}
}

type sale struct {
	ID     string `parquet:"id"`
	Amount int64  `parquet:"amount"`
}

// TestParquet writes a pipeline's results as Parquet and reads them back.
func TestParquet(t *testing.T) {
	dir := t.TempDir()
	in := write(t, filepath.Join(dir, "sales.jsonl"), `{"ID":"x","Amount":3}`+"\n"+`{"ID":"y","Amount":4}`+"\n")
	p := stream.New("sales", stream.Options{})
	stream.To(stream.From(p, file.JSON[sale](in), stream.SourceTimestamps[sale]()), file.NewSink(filepath.Join(dir, "out"), file.Parquet[sale]()))
	if err := p.Run(t.Context()); err != nil {
		t.Fatal(err)
	}
	names, err := file.Files(filepath.Join(dir, "out"))
	if err != nil || len(names) != 1 {
		t.Fatal(names, err)
	}
	rows, err := parquet.ReadFile[sale](names[0])
	if err != nil || fmt.Sprint(rows) != "[{x 3} {y 4}]" {
		t.Errorf("%v, %v", rows, err)
	}
}

func Example() {
	dir, err := os.MkdirTemp("", "example")
	if err != nil {
		panic(err)
	}
	defer os.RemoveAll(dir)
	orders := filepath.Join(dir, "orders.jsonl")
	if err := os.WriteFile(orders, []byte(`{"ID":"x","Amount":3}`+"\n"), 0o600); err != nil {
		panic(err)
	}

	p := stream.New("copy", stream.Options{})
	in := stream.From(p, file.JSON[sale](orders), stream.SourceTimestamps[sale]())
	stream.To(in, file.NewSink(filepath.Join(dir, "out"), file.JSONLines[sale]()))
	if err := p.Run(context.Background()); err != nil {
		panic(err)
	}

	b, err := os.ReadFile(filepath.Join(dir, "out", "part-000000-1.jsonl"))
	if err != nil {
		panic(err)
	}
	fmt.Print(string(b))
	// Output: {"ID":"x","Amount":3}
}

func BenchmarkLines(b *testing.B) {
	name := write(b, filepath.Join(b.TempDir(), "lines"), strings.Repeat(strings.Repeat("x", 99)+"\n", 100_000))
	src := file.NewLines(func([]byte, *struct{}) error { return nil }, name)
	b.SetBytes(10_000_000)
	b.ReportAllocs()
	for b.Loop() {
		parts, err := src.Partitions(b.Context())
		if err != nil {
			b.Fatal(err)
		}
		messages := make([]stream.Message[struct{}], 64)
		for {
			if _, err := parts[0].Reader.Read(b.Context(), messages); err != nil {
				break
			}
		}
		parts[0].Reader.Close()
	}
}
