package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"io"
	"net/http"
	"path/filepath"
	"strings"
	"sync"
	"testing"
)

// published are the digests of Apache Flink's alerts: see testdata/README.md.
var published = map[string]string{
	"event":   "2702 alerts (velocity 385, travel 1082, anomaly 1235), sha256 2d2e06dd9f802f2dbd09f0d8593280863ad2d761ff11612cf0bb73e30027d987",
	"arrival": "2701 alerts (velocity 385, travel 1082, anomaly 1234), sha256 bee2bbcbcf5c9e87a1986fad95e1d6689f740934c1577434c12f824009dc3f6d",
}

// do executes a command and returns what it prints.
func do(t *testing.T, args ...string) string {
	t.Helper()
	var out bytes.Buffer
	if err := execute(t.Context(), args, &out); err != nil {
		t.Fatalf("%s: %v", strings.Join(args, " "), err)
	}
	return out.String()
}

func TestUsage(t *testing.T) {
	for _, args := range [][]string{nil, {"help"}, {"--help"}, {"-h"}} {
		if got := do(t, args...); !strings.Contains(got, "run -out alerts tx.jsonl") {
			t.Errorf("%v shows %s", args, got)
		}
	}
	for _, args := range [][]string{{"fly"}, {"run"}, {"run", "-order", "none", "x"}, {"run", "-listen", ":0", "x"}, {"digest"}, {"topology", "svg"}} {
		if err := execute(t.Context(), args, io.Discard); err == nil {
			t.Errorf("%v does something", args)
		}
	}
	for format, want := range map[string]string{"text": "  velocity (flat map) ← count in 2 min", "json": `"kind": "source"`, "mermaid": "flowchart LR"} {
		if got := do(t, "topology", format); !strings.Contains(got, want) {
			t.Errorf("the topology as %s is %s", format, got)
		}
	}
}

// TestCommands goes the way of the README: twice without a state, where the
// second run replaces the first, and then with one, where it goes on.
func TestCommands(t *testing.T) {
	dir := t.TempDir()
	tx, alerts, state := filepath.Join(dir, "tx.jsonl"), filepath.Join(dir, "alerts"), filepath.Join(dir, "state")
	do(t, "generate", "-n", "20000", "-customers", "500", "-days", "20", "-seed", "9", "-out", tx)
	do(t, "run", "-out", alerts, tx)
	want := do(t, "digest", alerts)
	if !strings.Contains(want, " alerts (velocity ") || strings.HasPrefix(want, "0 ") {
		t.Errorf("the digest is %s", want)
	}
	for _, args := range [][]string{{tx}, {"-state", state, tx}, {"-state", state, tx}} {
		if out := do(t, append([]string{"run", "-out", alerts}, args...)...); !strings.Contains(out, " events in ") {
			t.Errorf("%v prints %s", args, out)
		}
		if got := do(t, "digest", alerts); got != want {
			t.Errorf("%v: %s, want %s", args, got, want)
		}
	}
	// The same transactions in the order in which they arrive: from three files
	// they are the same alerts as from one, which another process reads.
	do(t, "generate", "-n", "20000", "-customers", "500", "-days", "20", "-seed", "9", "-partitions", "3", "-out", tx)
	arrived, candidates := filepath.Join(dir, "arrived"), filepath.Join(dir, "candidates")
	if out, err := quickly("run", "-order", "arrival", "-out", arrived, "-candidates", candidates, tx); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	want = do(t, "digest", arrived)
	all := do(t, "digest", candidates)
	do(t, "run", "-order", "arrival", "-out", arrived, "-candidates", candidates, tx+".0", tx+".1", tx+".2")
	if got := do(t, "digest", arrived); got != want {
		t.Errorf("in three files: %s, want %s", got, want)
	}
	if got := do(t, "digest", candidates); got != all {
		t.Errorf("candidates in three files: %s, want %s", got, all)
	}
}

// TestListen asks the program for what it keeps of a customer.
func TestListen(t *testing.T) {
	dir := t.TempDir()
	tx := filepath.Join(dir, "tx.jsonl")
	do(t, "generate", "-n", "5000", "-customers", "50", "-out", tx)
	ctx, interrupt := context.WithCancel(t.Context())
	defer interrupt()
	in, out := io.Pipe()
	var wg sync.WaitGroup
	wg.Go(func() {
		out.CloseWithError(execute(ctx, []string{"run", "-out", filepath.Join(dir, "alerts"), "-listen", "127.0.0.1:0", tx}, out))
	})
	lines := bufio.NewScanner(in)
	var url string
	for lines.Scan() && !strings.Contains(lines.Text(), " events in ") {
		if _, after, ok := strings.Cut(lines.Text(), "shown at "); ok {
			url = after
		}
	}
	answer, err := http.Get(url + "/state/amount%20anomaly/cust-000007")
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	var shown struct {
		Value struct {
			History struct {
				Sum      int64 `json:"sum_cents"`
				Payments []struct{ Cents int64 }
			}
		}
	}
	if err := json.NewDecoder(answer.Body).Decode(&shown); err != nil {
		t.Fatal(err)
	}
	sum := int64(0)
	for _, p := range shown.Value.History.Payments {
		sum += p.Cents
	}
	if sum == 0 || sum != shown.Value.History.Sum {
		t.Errorf("%s %+v", answer.Status, shown)
	}
	interrupt()
	if _, err := io.Copy(io.Discard, in); err != nil {
		t.Error(err)
	}
	wg.Wait()
}
