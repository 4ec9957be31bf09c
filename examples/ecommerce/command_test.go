package main

import (
	"bytes"
	"io"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

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
	if got := do(t, "--help"); !strings.Contains(got, "run -out shop orders.jsonl") {
		t.Errorf("it shows %s", got)
	}
	for _, args := range [][]string{{"fly"}, {"run"}, {"run", "-listen", ":0", "x"}, {"topology", "svg"}} {
		if err := execute(t.Context(), args, io.Discard); err == nil {
			t.Errorf("%v does something", args)
		}
	}
	for format, want := range map[string]string{"text": "sessions (window): session 30m0s ← user", "json": `"kind": "source"`, "mermaid": "flowchart LR"} {
		if got := do(t, "topology", format); !strings.Contains(got, want) {
			t.Errorf("the topology as %s is %s", format, got)
		}
	}
}

// TestCommands goes the way of the README, twice without a state, where the
// second run replaces the first, and then with one, where it goes on.
func TestCommands(t *testing.T) {
	dir := t.TempDir()
	orders, shop, state := filepath.Join(dir, "orders.jsonl"), filepath.Join(dir, "shop"), filepath.Join(dir, "state")
	do(t, "generate", "-n", "2000", "-users", "90", "-seed", "4", "-out", orders)
	var want []string
	for i, args := range [][]string{{orders}, {orders}, {"-state", state, orders}, {"-state", state, orders}} {
		out := do(t, append([]string{"run", "-out", shop}, args...)...)
		if !strings.Contains(out, "revenue") {
			t.Errorf("%v prints %s", args, out)
		}
		var got []string
		for _, output := range outputs {
			got = append(got, results(t, filepath.Join(shop, output))...)
		}
		if i == 0 {
			want = got
		}
		if !slices.Equal(got, want) || len(got) < 1000 {
			t.Errorf("%v: %d lines, want those %d", args, len(got), len(want))
		}
	}
}
