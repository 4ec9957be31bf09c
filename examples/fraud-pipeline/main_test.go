package main

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/tidegate/tidegate/stream/file"
)

// generate200k is the input that Flink's alerts in testdata are of.
var generate200k = sync.OnceValue(func() []byte {
	dir, err := os.MkdirTemp("", "fraud-pipeline")
	if err != nil {
		panic(err)
	}
	defer os.RemoveAll(dir)
	name := filepath.Join(dir, "tx.jsonl")
	if out, err := quickly("generate", "-n", "200000", "-customers", "5000", "-days", "45", "-seed", "1", "-out", name); err != nil {
		panic(fmt.Sprintf("%v\n%s", err, out))
	}
	b, err := os.ReadFile(name)
	if err != nil {
		panic(err)
	}
	return b
})

// quickly executes a command without the race detector, for which 20,000
// transactions in TestCommands and 40,000 in TestKill are enough.
func quickly(args ...string) ([]byte, error) {
	cmd := exec.Command(quick(), args...)
	cmd.Env = append(os.Environ(), "FRAUD_PIPELINE_COMMAND=1")
	return cmd.CombinedOutput()
}

func TestGenerate(t *testing.T) {
	const want = "baa5717ec071ea1a6fa70e9dc49e593c249d171062f5190e96f82a06d7b05af8" // testdata/SHA256
	if sum := sha256.Sum256(generate200k()); hex.EncodeToString(sum[:]) != want {
		t.Errorf("the transactions' hash is %x, not %s", sum, want)
	}
}

// TestAgainstFlink compares every alert, and every candidate, with Apache
// Flink's, in both orders and however the customers are spread over files.
func TestAgainstFlink(t *testing.T) {
	for order, spread := range map[string][]int{"event": {1, 3}, "arrival": {2}} {
		for _, files := range spread {
			t.Run(fmt.Sprintf("%s order, %d files", order, files), func(t *testing.T) {
				dir := t.TempDir()
				alerts, candidates := filepath.Join(dir, "alerts"), filepath.Join(dir, "candidates")
				args := []string{"run", "-order", order, "-out", alerts, "-candidates", candidates}
				if out, err := quickly(append(args, split(t, generate200k(), dir, files)...)...); err != nil {
					t.Fatalf("%v\n%s", err, out)
				}
				compare(t, read(t, alerts), unzip(t, "tx200k-seed1."+order+".alerts.jsonl.gz"))
				compare(t, read(t, candidates), unzip(t, "tx200k-seed1."+order+".candidates.jsonl.gz"))
				if d, err := digestOf(alerts); err != nil || d.String() != published[order] {
					t.Errorf("%v, %v; want %s", d, err, published[order])
				}
			})
		}
	}
}

// split writes the transactions to files, each customer's to one of them.
func split(t *testing.T, tx []byte, dir string, files int) (names []string) {
	t.Helper()
	parts := make([]bytes.Buffer, files)
	for line := range bytes.Lines(tx) {
		customer := bytes.Index(line, []byte(`"partition_key":"cust-`)) + len(`"partition_key":"cust-`)
		parts[int(line[customer+5]-'0')%files].Write(line)
	}
	for i := range parts {
		name := filepath.Join(dir, fmt.Sprintf("tx.%d.jsonl", i))
		if err := os.WriteFile(name, parts[i].Bytes(), 0o600); err != nil {
			t.Fatal(err)
		}
		names = append(names, name)
	}
	return names
}

// compare compares lines of JSON in any order; distances within a meter.
func compare(t *testing.T, got, want []string) {
	t.Helper()
	if len(got) != len(want) {
		t.Errorf("%d lines, want %d", len(got), len(want))
		return
	}
	slices.Sort(got)
	slices.Sort(want)
	for i := range got {
		if got[i] != want[i] && !closeEnough(t, got[i], want[i]) {
			t.Fatalf("line %d is %s, want %s", i, got[i], want[i])
		}
	}
}

func closeEnough(t *testing.T, got, want string) bool {
	t.Helper()
	var g, w map[string]any
	if err := json.Unmarshal([]byte(got), &g); err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal([]byte(want), &w); err != nil {
		t.Fatal(err)
	}
	x, _ := g["distance_km"].(float64)
	y, _ := w["distance_km"].(float64)
	delete(g, "distance_km")
	delete(w, "distance_km")
	return math.Abs(x-y) <= 0.001 && fmt.Sprint(g) == fmt.Sprint(w)
}

func read(t *testing.T, dir string) (all []string) {
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
	return all
}

func unzip(t *testing.T, name string) []string {
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
	return lines(b)
}

func lines(b []byte) (all []string) {
	for s := bufio.NewScanner(bytes.NewReader(b)); s.Scan(); {
		all = append(all, s.Text())
	}
	return all
}

func BenchmarkPipeline(b *testing.B) {
	name := filepath.Join(b.TempDir(), "tx.jsonl")
	if err := os.WriteFile(name, generate200k(), 0o600); err != nil {
		b.Fatal(err)
	}
	b.ReportAllocs()
	for b.Loop() {
		c := Config{Files: []string{name}, Out: b.TempDir(), InOrder: true}
		if err := Build(c).Run(b.Context()); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(200_000*float64(b.N)/b.Elapsed().Seconds(), "events/s")
}

func BenchmarkDecode(b *testing.B) {
	line, _, _ := strings.Cut(string(generate200k()[:2000]), "\n")
	b.SetBytes(int64(len(line)))
	b.ReportAllocs()
	for b.Loop() {
		var tx Transaction
		if err := decodeTransaction([]byte(line), &tx); err != nil {
			b.Fatal(err)
		}
	}
}
