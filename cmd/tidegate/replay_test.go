package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// What a command can't do it says, instead of doing something else.
func TestCommandsRefuse(t *testing.T) {
	input := filepath.Join(t.TempDir(), "in.jsonl")
	write(t, input, `{"timestamp":"2026-03-14T12:00:00Z","transaction_id":"t","customer_id":"c","amount":1,"currency":"EUR"}`+"\n")
	for args, want := range map[string]struct {
		code int
		text string
	}{
		"replay --input IN --journal IN":                              {65, "leave one out"},
		"replay --journal IN --decisions-out IN.out":                  {65, "nothing else is read or written"},
		"replay --input IN --url http://127.0.0.1:1 --into IN.dir":    {65, "leave them or --url out"},
		"replay --input IN --url http://127.0.0.1:1 --labels IN":      {65, "/v1/labels"},
		"replay --input IN --speed=-1":                                {65, "--speed"},
		"replay --input IN --url http://127.0.0.1:1":                  {75, "1 requests were not answered"},
		"alerts tail --url nonsense":                                  {65, "--url is no URL"},
		"init " + filepath.Dir(input):                                 {65, "not empty"},
		"replay --input IN --url http://127.0.0.1:1 --features-out -": {65, "leave them or --url out"},
	} {
		cmd := exec.Command(binary, strings.Fields(strings.ReplaceAll(args, "IN", input))...)
		cmd.Env = append(os.Environ(), "TIDEGATE_API_KEY=")
		out, err := cmd.CombinedOutput()
		if cmd.ProcessState == nil || cmd.ProcessState.ExitCode() != want.code || !strings.Contains(string(out), want.text) {
			t.Errorf("tidegate %s: %v, want exit code %d and %q\n%s", args, err, want.code, want.text, out)
		}
	}
}

// An alert is printed as a person reads it.
func TestAlertsPrint(t *testing.T) {
	for body, want := range map[string]string{
		`{"event_time":"2026-03-14T12:00:00.000Z","severity":"high","outcome":"decline","customer_id":"c","transaction_id":"t","amount":1234567.00,"currency":"EUR","rule":{"id":"r"},"reason":{"text":"why"}}`:      "customer c, payment t of 1234567.00 EUR: why\n",
		`{"event_time":"2026-03-14T12:00:00.000Z","severity":"low","outcome":"approve","customer_id":"c","transaction_id":"","amount":null,"currency":null,"rule":{"id":"pattern:p"},"reason":{"text":"left open"}}`: "customer c: left open\n",
	} {
		var out strings.Builder
		if err := (&alertsTailCommand{}).print(&out, body); err != nil || !strings.HasSuffix(out.String(), want) {
			t.Errorf("%q, %v, want %q at its end", out.String(), err, want)
		}
	}
}
