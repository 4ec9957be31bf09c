package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/tidegate/tidegate/stream/file"
	"github.com/tidegate/tidegate/stream/pebble"
)

// TestMain runs the pipeline instead of the tests in the processes that
// TestKill starts.
func TestMain(m *testing.M) {
	if dir := os.Getenv("FRAUD_PIPELINE_DIR"); dir != "" {
		if err := runToBeKilled(dir); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		os.Exit(0)
	}
	os.Exit(m.Run())
}

func runToBeKilled(dir string) error {
	files, err := filepath.Glob(filepath.Join(dir, "tx.*.jsonl"))
	if err != nil {
		return err
	}
	backend, err := pebble.Open(filepath.Join(dir, "state"), pebble.Options{})
	if err != nil {
		return err
	}
	defer backend.Close()
	c := Config{Files: files, Out: filepath.Join(dir, "alerts"), InOrder: true}
	c.Options.State, c.Options.CacheBytes = backend, 300_000 // half of it: rows leave memory changed
	c.Options.Checkpoint = 10 * time.Millisecond
	return Build(c).Run(context.Background())
}

// TestKill kills the process at random moments, again and again until it is
// done, and finds every alert there, once.
func TestKill(t *testing.T) {
	rounds := killRounds(t)
	random := rand.New(rand.NewPCG(1, 2))
	var tx bytes.Buffer
	g := Generator{Transactions: 40_000, Customers: 800, Days: 10, Seed: 3}
	if err := g.Write(&tx); err != nil {
		t.Fatal(err)
	}
	undisturbed := t.TempDir()
	c := Config{Files: split(t, tx.Bytes(), undisturbed, 1), Out: filepath.Join(undisturbed, "alerts"), InOrder: true}
	if err := Build(c).Run(t.Context()); err != nil {
		t.Fatal(err)
	}
	want := read(t, c.Out)
	if len(want) < 300 {
		t.Fatalf("only %d alerts", len(want))
	}
	kills := 0
	for round := 0; kills < rounds; round++ {
		dir := t.TempDir()
		split(t, tx.Bytes(), dir, 1+round%2)
		for deaths := 0; ; deaths++ {
			// The patience grows, so that the last try comes to the end.
			patience := time.Duration(40+random.IntN(200)+50*deaths) * time.Millisecond
			if !runUntilKilled(t, dir, patience) {
				break
			}
			kills++
			noPartialFile(t, dir)
		}
		compare(t, read(t, filepath.Join(dir, "alerts")), want)
		if t.Failed() {
			return
		}
	}
	t.Logf("%d kills", kills)
}

// killRounds is how often the pipeline is killed: as TIDEGATE_KILL_ROUNDS
// says, 50 times in CI.
func killRounds(t *testing.T) int {
	text := os.Getenv("TIDEGATE_KILL_ROUNDS")
	if text == "" {
		return 5
	}
	n, err := strconv.Atoi(text)
	if err != nil {
		t.Fatalf("TIDEGATE_KILL_ROUNDS: %v", err)
	}
	return n
}

// runUntilKilled runs the pipeline and says whether it had to be killed.
func runUntilKilled(t *testing.T, dir string, patience time.Duration) (killed bool) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	child := exec.CommandContext(ctx, os.Args[0]) // killed by SIGKILL when ctx ends
	child.Env = append(os.Environ(), "FRAUD_PIPELINE_DIR="+dir)
	out, err := child.CombinedOutput()
	if err != nil && ctx.Err() == nil {
		t.Fatalf("%v\n%s", err, out)
	}
	return err != nil
}

// noPartialFile checks that every file that can be seen ends in a whole line.
func noPartialFile(t *testing.T, dir string) {
	t.Helper()
	names, err := file.Files(filepath.Join(dir, "alerts"))
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		t.Fatal(err)
	}
	for _, name := range names {
		b, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		if !strings.HasSuffix(string(b), "}\n") {
			t.Errorf("%s ends in the middle of a line", name)
		}
	}
}
