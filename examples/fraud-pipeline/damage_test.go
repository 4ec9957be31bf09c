package main

import (
	"bytes"
	"context"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/tidegate/tidegate/stream"
	"github.com/tidegate/tidegate/stream/pebble"
)

// TestDamagedCheckpoint stops the pipeline, damages its newest checkpoint and
// starts it again: it says so, goes on from the one before, takes back the
// alerts that came after that, and in the end every alert is there, once.
func TestDamagedCheckpoint(t *testing.T) {
	var tx bytes.Buffer
	g := Generator{Transactions: 40_000, Customers: 800, Days: 10, Seed: 3}
	if err := g.Write(&tx); err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	files := split(t, tx.Bytes(), dir, 1)
	run := func(ctx context.Context, out string, o stream.Options) {
		t.Helper()
		if err := Build(Config{Files: files, Out: filepath.Join(dir, out), InOrder: true, Options: o}).Run(ctx); err != nil {
			t.Fatal(err)
		}
	}
	run(t.Context(), "undisturbed", stream.Options{})
	want := read(t, filepath.Join(dir, "undisturbed"))

	ctx, stop := context.WithCancel(t.Context())
	backend, err := pebble.Open(filepath.Join(dir, "state"), pebble.Options{})
	if err != nil {
		t.Fatal(err)
	}
	run(ctx, "alerts", stream.Options{State: backend, Checkpoint: time.Millisecond, OnCheckpoint: func(r stream.CheckpointReport) {
		if r.Number == 1 { // the last one is the second
			stop()
		}
	}})
	backend.Close()
	before := len(read(t, filepath.Join(dir, "alerts")))
	if before == 0 {
		t.Fatalf("it was stopped with %d alerts of %d", before, len(want))
	}
	damageNewest(t, filepath.Join(dir, "state", "checkpoints"))

	if backend, err = pebble.Open(filepath.Join(dir, "state"), pebble.Options{}); err != nil {
		t.Fatal(err)
	}
	defer backend.Close()
	var log bytes.Buffer
	run(t.Context(), "alerts", stream.Options{State: backend, Log: slog.New(slog.NewTextHandler(&log, nil))})
	if !strings.Contains(log.String(), "a damaged checkpoint was passed over") {
		t.Errorf("the log says %s", log.String())
	}
	compare(t, read(t, filepath.Join(dir, "alerts")), want)
}

// damageNewest turns a bit of the newest checkpoint.
func damageNewest(t *testing.T, dir string) {
	t.Helper()
	checkpoints, err := filepath.Glob(filepath.Join(dir, "*"))
	if err != nil || len(checkpoints) < 2 {
		t.Fatal(checkpoints, err)
	}
	tables, err := filepath.Glob(filepath.Join(slices.Max(checkpoints), "*.sst"))
	if err != nil || len(tables) == 0 {
		t.Fatal(tables, err)
	}
	f, err := os.OpenFile(tables[0], os.O_RDWR, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	b := make([]byte, 1)
	if _, err := f.ReadAt(b, 20); err != nil && err != io.EOF {
		t.Fatal(err)
	}
	b[0] ^= 1
	if _, err := f.WriteAt(b, 20); err != nil {
		t.Fatal(err)
	}
}
