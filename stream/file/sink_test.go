package file_test

import (
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/tidegate/tidegate/stream"
	"github.com/tidegate/tidegate/stream/file"
)

// TestSinkTakesBack goes back to a checkpoint before the newest, whose file
// can be seen already: it goes, and is written again. Files of an earlier
// pipeline in the directory stay, whatever their checkpoints' numbers.
func TestSinkTakesBack(t *testing.T) {
	ctx, dir := t.Context(), t.TempDir()
	write := func(recover uint64, values ...string) {
		t.Helper()
		s := file.NewSink(dir, lineFormat(".txt"))
		err := s.Recover(ctx, recover)
		for i, v := range values {
			n := recover + uint64(i) + 1
			err = errors.Join(err, s.Write(ctx, records(v)), s.Prepare(ctx, n), s.Commit(ctx, n))
		}
		if err := errors.Join(err, s.Close()); err != nil {
			t.Fatal(err)
		}
	}
	see := func(want ...string) {
		t.Helper()
		if got := visible(t, dir); !slices.Equal(got, want) {
			t.Errorf("%v can be seen, want %v", got, want)
		}
	}
	write(0, "old 1", "old 2", "old 3", "old 4")
	write(0, "1", "2", "3")
	see("old 1", "old 2", "old 3", "old 4", "1", "2", "3")
	write(2, "3 again") // 3 was damaged
	see("old 1", "old 2", "old 3", "old 4", "1", "2", "3 again")
	write(1)
	see("old 1", "old 2", "old 3", "old 4", "1")
	write(0, "new")
	see("old 1", "old 2", "old 3", "old 4", "1", "new")

	dir = t.TempDir() // that a savepoint's pipeline is the first to write
	write(7, "8", "9")
	write(8)
	see("8")
}

// TestSinkRefuses writes all but the records that can't be encoded, also where
// the function that encodes them panics.
func TestSinkRefuses(t *testing.T) {
	poison := file.NewFormat(".txt", func(dst []byte, v *string) ([]byte, error) {
		switch *v {
		case "refuse":
			return nil, errors.New("refused")
		case "panic":
			panic("poison")
		}
		return append(append(dst, *v...), '\n'), nil
	})
	rows := file.CSVRows([]string{"value"}, func(dst []string, v *string) []string {
		switch *v {
		case "refuse":
			return dst
		case "panic":
			panic("poison")
		}
		return append(dst, *v)
	})
	for _, format := range []file.Format[string]{poison, rows} {
		dir := t.TempDir()
		s := file.NewSink(dir, format)
		if err := s.Recover(t.Context(), 0); err != nil {
			t.Fatal(err)
		}
		err := s.Write(t.Context(), records("a", "refuse", "b", "panic", "c"))
		var refused *stream.Refused
		if !errors.As(err, &refused) || !slices.Equal(refused.Indexes, []int{1, 3}) {
			t.Errorf("%s: %v", format.Extension(), err)
		}
		if err := errors.Join(s.Prepare(t.Context(), 1), s.Commit(t.Context(), 1), s.Close()); err != nil {
			t.Fatal(err)
		}
		got := visible(t, dir)
		if format.Extension() == ".csv" {
			got = got[1:]
		}
		if !slices.Equal(got, []string{"a", "b", "c"}) {
			t.Errorf("%s: %v", format.Extension(), got)
		}
	}
}

// TestCSVRows writes what the CSV source reads, plain and compressed.
func TestCSVRows(t *testing.T) {
	columns := []string{"id", "note"}
	plain := file.CSVRows(columns, func(dst []string, v *[2]string) []string { return append(dst, v[0], v[1]) })
	want := [][2]string{{"1", `a "quoted", one`}, {"2", "of two\nlines"}, {"3", ""}}
	for _, format := range []file.Format[[2]string]{plain, file.Gzip(plain), file.Zstandard(plain)} {
		dir := t.TempDir()
		p := stream.New("rows", stream.Options{})
		stream.To(stream.From(p, stream.FromSlice(want...), stream.SourceTimestamps[[2]string]()), file.NewSink(dir, format))
		if err := p.Run(t.Context()); err != nil {
			t.Fatal(err)
		}
		names, err := file.Files(dir)
		if err != nil || len(names) != 1 || !strings.HasSuffix(names[0], format.Extension()) {
			t.Fatal(names, err)
		}
		src := file.NewCSV(func(r file.Row) ([2]string, error) { return [2]string{r.Get("id"), r.Get("note")}, nil }, names[0])
		var got [][2]string
		for _, r := range readAll(t, src, 0, 2) {
			got = append(got, r.value)
		}
		if !slices.Equal(got, want) {
			t.Errorf("%s: %q", format.Extension(), got)
		}
	}
}

// Names of other files are left alone.
func TestForeignFiles(t *testing.T) {
	dir := t.TempDir()
	foreign := []string{"part-x.txt", "part-1", ".part-000001-x.prepared", ".part-2.else", "notes.txt", "part--3.txt"}
	for _, name := range foreign {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(name), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	s := file.NewSink(dir, lineFormat(".txt"))
	if err := errors.Join(s.Recover(t.Context(), 0), s.Commit(t.Context(), 9), s.Close()); err != nil {
		t.Fatal(err)
	}
	if got := visible(t, dir); len(got) != 0 {
		t.Errorf("%v can be seen", got)
	}
	for _, name := range foreign {
		if b, err := os.ReadFile(filepath.Join(dir, name)); err != nil || string(b) != name {
			t.Errorf("%s: %q, %v", name, b, err)
		}
	}
}
