package main

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"io"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/tidegate/tidegate/stream/file"
)

// TestGenerate holds the generator to the input that Flink's results are of.
func TestGenerate(t *testing.T) {
	var got bytes.Buffer
	g := Generator{Orders: 5000, Users: 300, Hours: 12, Seed: 1}
	if err := g.Write(&got); err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(got.Bytes(), unzip(t, "orders-seed1.jsonl.gz")) {
		t.Error("the orders differ from testdata/orders-seed1.jsonl.gz")
	}
}

// TestAgainstFlink compares every line of every output with Apache Flink's.
func TestAgainstFlink(t *testing.T) {
	dir := t.TempDir()
	if err := Build(Config{Files: []string{"testdata/orders-seed1.jsonl.gz"}, Out: dir}).Run(t.Context()); err != nil {
		t.Fatal(err)
	}
	for _, name := range outputs {
		want := lines(unzip(t, "orders-seed1."+name+".jsonl.gz"))
		got := results(t, filepath.Join(dir, name))
		slices.Sort(want)
		if !slices.Equal(got, want) {
			t.Errorf("%s: %d lines, which are not Flink's %d", name, len(got), len(want))
		}
	}
}

// results are the sorted lines of an output.
func results(t *testing.T, dir string) (all []string) {
	t.Helper()
	names, err := file.Files(dir)
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range names {
		b, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, lines(b)...)
	}
	slices.Sort(all)
	return all
}

func unzip(t *testing.T, name string) []byte {
	t.Helper()
	f, err := os.Open(filepath.Join("testdata", name))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	z, err := gzip.NewReader(f)
	if err != nil {
		t.Fatal(err)
	}
	b, err := io.ReadAll(z)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func lines(b []byte) (all []string) {
	for s := bufio.NewScanner(bytes.NewReader(b)); s.Scan(); {
		all = append(all, s.Text())
	}
	return all
}
