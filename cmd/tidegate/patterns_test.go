package main

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/tidegate/tidegate/scoring"
	"github.com/tidegate/tidegate/stream"
)

// TestPatternsFind checks that a file of events in disorder is looked at in
// the order of their times.
func TestPatternsFind(t *testing.T) {
	files := map[string][]byte{"patterns/p.yaml": []byte(`
patterns:
  - id: probe
    key: card_id
    within: 10m
    stages:
      - {begin: small, where: amount < 2}
      - {followed_by: large, where: amount > 100 * small.amount}
`)}
	s, err := scoring.Compile(files)
	if err != nil {
		t.Fatal(err)
	}
	line := func(id, at, amount string) string {
		return `{"event_id":"` + id + `","event_type":"transaction.initiated","timestamp":"2026-03-14T12:` + at + `Z","payload":{"transaction_id":"` + id + `","card_id":"k","amount":` + amount + `,"currency":"EUR"}}`
	}
	name := filepath.Join(t.TempDir(), "events.jsonl")
	text := strings.Join([]string{line("large", "00:09", "500"), line("small", "00:05", "1"), line("other", "20:00", "1"), line("late", "00:08", "900"), "{}", ""}, "\n")
	if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	var out bytes.Buffer
	p := stream.New("patterns", stream.Options{})
	if err := findPatterns(p, s, name, 5*time.Second, &out); err != nil {
		t.Fatal(err)
	}
	if err := p.Run(t.Context()); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{
		`{"match":{"pattern":"probe","tenant":"default","key":"card_id","value":"k",`, `{"stage":"small","id":"small",`, `{"stage":"large","id":"large",`,
		`{"timed_out":{"pattern":"probe",`, `{"late":{"id":"late","key":"card_id",`, `{"unusable":{"error":`,
	} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("no %s in\n%s", want, out.String())
		}
	}
	if n := strings.Count(out.String(), "\n"); n != 4 {
		t.Errorf("%d lines:\n%s", n, out.String())
	}
}
