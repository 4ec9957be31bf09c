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

// serve and doctor name the line of tidegate.yaml that names a file which is not there.
func TestNamedFileIsAway(t *testing.T) {
	for _, c := range []struct{ kafka, place string }{
		{"kafka: {brokers: ['127.0.0.1:1'], sasl: {mechanism: SCRAM-SHA-512, user: u, password_file: away}}\n", "tidegate.yaml:1:92: "},
		{"kafka: {brokers: ['127.0.0.1:1'], tls: {enabled: true, ca: away}}\n", "tidegate.yaml:1:60: "},
		{"kafka:\n  brokers: ['127.0.0.1:1']\n  inputs:\n  - topic: labels\n    expect: away\n", "tidegate.yaml:5:13: "},
	} {
		conf, data := configDir(t, c.kafka), filepath.Join(t.TempDir(), "data")
		for _, command := range []string{"serve --listen 127.0.0.1:0", "doctor --timeout 5s"} {
			arguments := append(strings.Fields(command), "--config", filepath.Join(conf, "tidegate.yaml"), "--data", data)
			out, err := exec.Command(binary, arguments...).CombinedOutput()
			if err == nil || !strings.Contains(string(out), c.place) || !strings.Contains(string(out), "away cannot be read: no such file") {
				t.Errorf("%s: %v\n%s", command, err, out)
			}
		}
	}
}
