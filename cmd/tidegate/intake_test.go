package main

import (
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

// Inputs without brokers to read them from are named at the start; with the
// development broker they are read.
func TestInputsWithoutBrokers(t *testing.T) {
	conf := configDir(t, "kafka: {inputs: [{topic: labels}, {topic: payments, takes: transactions}]}\n")
	for flag, warned := range map[string]bool{"": true, "--dev-kafka": false} {
		arguments := strings.Fields("serve --listen 127.0.0.1:0 --config " + filepath.Join(conf, "tidegate.yaml") + " --data " + filepath.Join(t.TempDir(), "data") + " " + flag)
		s := launch(t, exec.Command(binary, arguments...))
		if s.url == "" {
			t.Fatalf("it does not serve: %v\n%s", s.err, &s.stderr)
		}
		if code := s.signalled(syscall.SIGTERM); code != 0 {
			t.Errorf("%s: exit code %d", flag, code)
		}
		said := s.stderr.String()
		if strings.Contains(said, "level=WARN msg=\"kafka.inputs are not read: ") != warned || strings.Contains(said, `topics="labels, payments"`) != warned {
			t.Errorf("%q says\n%s", flag, said)
		}
		if read := strings.Contains(strings.Join(s.banner, "\n"), "reading    labels as labels"); read == warned {
			t.Errorf("%q: %s", flag, s.banner)
		}
	}
}
