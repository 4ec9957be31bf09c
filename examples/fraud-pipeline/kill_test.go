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
	"sync"
	"testing"
	"time"

	"github.com/tidegate/tidegate/stream/file"
	"github.com/tidegate/tidegate/stream/pebble"
)

// TestMain builds this test again without the race detector, with which the
// pipeline takes fifteen times as long, for processes that have much to do. They
// run the pipeline instead of the tests, or a command of the program.
func TestMain(m *testing.M) {
	if dir := os.Getenv("FRAUD_PIPELINE_DIR"); dir != "" {
		exit(runToBeKilled(dir))
	}
	if os.Getenv("FRAUD_PIPELINE_COMMAND") != "" {
		exit(execute(context.Background(), os.Args[1:], os.Stdout))
	}
	os.Exit(func() int {
		dir, err := os.MkdirTemp("", "fraud-pipeline")
		if err != nil {
			panic(err)
		}
		defer os.RemoveAll(dir)
		quick = sync.OnceValue(func() string {
			binary := filepath.Join(dir, "fraud-pipeline.test")
			if out, err := exec.Command("go", "test", "-c", "-o", binary, ".").CombinedOutput(); err != nil {
				panic(fmt.Sprintf("%v\n%s", err, out))
			}
			return binary
		})
		return m.Run()
	}())
}

// quick is the path of the binary without the race detector.
var quick func() string

func exit(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	os.Exit(0)
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
// done, and finds every alert there, once. One that nobody kills, and in which
// the race detector looks on, does the same.
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
	watched := t.TempDir()
	split(t, tx.Bytes(), watched, 2)
	if err := runToBeKilled(watched); err != nil {
		t.Fatal(err)
	}
	compare(t, read(t, filepath.Join(watched, "alerts")), want)
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
	binary := quick()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	child := exec.CommandContext(ctx, binary) // killed by SIGKILL when ctx ends
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
