package main

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/tidegate/tidegate/scoring"
	"github.com/tidegate/tidegate/stream"
	"github.com/tidegate/tidegate/wire"
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
	if err := findPatterns(p, s, wire.Options{}, name, 5*time.Second, &out); err != nil {
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

// TestPatternsCommands runs the commands for analysts on the example: an
// account takeover is explained stage by stage, as its file has it.
func TestPatternsCommands(t *testing.T) {
	event := func(id, at, kind, more string) string {
		return `{"event_id":"` + id + `","event_type":"` + kind + `","timestamp":"2026-01-05T10:` + at + `Z","payload":{"customer_id":"c-1"` + more + `}}`
	}
	name := filepath.Join(t.TempDir(), "events.jsonl")
	text := strings.Join([]string{
		event("f1", "00:00", "login_failed", `,"ip_address":"10.0.0.1"`),
		event("f2", "00:05", "login_failed", `,"ip_address":"10.0.0.1"`),
		event("f3", "00:09", "login_failed", `,"ip_address":"10.0.0.1"`),
		event("in", "01:00", "login", `,"ip_address":"10.9.9.9"`),
		event("add", "04:00", "card_added", ""),
		event("buy", "09:00", "transaction.initiated", `,"transaction_id":"buy","amount":"480","currency":"EUR"`),
	}, "\n")
	if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		args []string
		want []string // in this order
	}{
		{[]string{"check"}, []string{"patterns"}},
		{[]string{"test"}, []string{"account_takeover", "all of it"}},
		{[]string{"graph", "account_takeover"}, []string{"failed", "entered", "card", "payment"}},
		{[]string{"explain", "--events", name, "--pattern", "account_takeover"}, []string{
			"f1\n", "at failed (1 of 4), has f1, waits for failed, until 2026-01-05T11:00:00",
			"f3\n", "at failed (1 of 4), has f1 f2 f3, waits for entered",
			"in\n", "at entered (2 of 4), has f1 f2 f3 in, waits for card",
			"add\n", "at card (3 of 4), has f1 f2 f3 in add, waits for payment",
			"buy\n", "f1 f2 f3 in add buy",
		}},
	} {
		out, err := exec.Command(binary, append([]string{"patterns"}, c.args...)...).CombinedOutput()
		if err != nil {
			t.Errorf("%v: %v\n%s", c.args, err, out)
		}
		rest := string(out)
		for _, want := range c.want {
			_, after, ok := strings.Cut(rest, want)
			if !ok {
				t.Errorf("%v: no %q in\n%s", c.args, want, rest)
				break
			}
			rest = after
		}
	}
	out, err := exec.Command(binary, "patterns", "graph", "account_takeovr").CombinedOutput()
	if err == nil || !strings.Contains(string(out), "account_takeover") {
		t.Errorf("a misspelt pattern: %v\n%s", err, out)
	}
}

// Files of events are held to what the service holds events to: card numbers
// are refused, or replaced under a key, and attributes can't pass for features.
func TestPatternsHoldEvents(t *testing.T) {
	dir := t.TempDir()
	write := func(name, text string) string {
		t.Helper()
		path := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	write("key", strings.Repeat("k", 32))
	write("patterns/p.yaml", "patterns:\n  - id: any\n    key: card_id\n    stages:\n      - {begin: one, where: amount > 1}\n")
	write("features.yaml", "features:\n  - {name: card_tx_count_1h, key: card_id, aggregate: count, window: 1h}\n")
	event := func(id, more string) string {
		return `{"timestamp":"2026-01-05T10:00:00Z","transaction_id":"` + id + `","amount":"5","currency":"EUR","card_id":` + more + "}\n"
	}
	pan, cheat := event("a", `"4111111111111111"`), event("b", `"k","attributes":{"card_tx_count_1h":0}`)
	keyless, keyed := write("keyless.yaml", "data: d\n"), write("keyed.yaml", "data: d\npan_key_file: key\n")
	for _, c := range []struct {
		config, event, want string
		fails               bool
	}{
		{keyless, pan, "card number", true},
		{keyed, pan, "pan:", false},
		{keyed, cheat, "is the name of a feature", true},
	} {
		events := write("events.jsonl", c.event)
		for _, command := range []string{"find", "explain"} {
			out, err := exec.Command(binary, "patterns", command, "--config", c.config, "--events", events).CombinedOutput()
			refused := err != nil || strings.Contains(string(out), `"unusable"`)
			if refused != c.fails || strings.Contains(string(out), "4111") || command == "find" && !strings.Contains(string(out), c.want) || c.fails && !strings.Contains(string(out), c.want) {
				t.Errorf("%s %s: %v\n%s\nwant %s", command, filepath.Base(c.config), err, out, c.want)
			}
		}
	}
}
