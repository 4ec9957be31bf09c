package main

import (
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

// SIGTERM answers what is under way and ends with 0; a second start finds
// what the first one decided.
func TestServeDrains(t *testing.T) {
	conf, data := configDir(t, "{}\n"), filepath.Join(t.TempDir(), "data")
	s := serve(t, conf, data)
	var wait sync.WaitGroup
	answers := make([]map[string]any, 8)
	for i := range answers {
		wait.Go(func() {
			status, body := s.post("/v1/authorize", payment(fmt.Sprint("t-", i), "c-1", 500))
			if status == 200 {
				answers[i] = fields(t, body)
			}
		})
	}
	wait.Wait()
	if code := s.signalled(syscall.SIGTERM); code != 0 {
		t.Fatalf("exit code %d\n%s", code, &s.stderr)
	}
	s = serve(t, conf, data)
	for i, answer := range answers {
		status, body := s.get(fmt.Sprint("/v1/decisions/t-", i))
		if answer == nil || status != 200 {
			t.Fatalf("t-%d: %v, then %d %s", i, answer, status, body)
		}
		if got := fields(t, body); got["outcome"] != answer["outcome"] || got["score"] != answer["score"] {
			t.Errorf("t-%d was answered %v and is %s", i, answer, body)
		}
	}
}

// Who truncates a file before writing it drops no rules in between: the rules of
// before go on, and what is wrong is shown, as by rules check.
func TestTruncatedRulesGoOn(t *testing.T) {
	conf := configDir(t, "{}\n")
	file := filepath.Join(conf, "rules", "amount.yaml")
	whole, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	s := serve(t, conf, filepath.Join(t.TempDir(), "data"))
	type state struct {
		Generation uint32
		Rules      []struct{ ID string }
		Errors     []struct{ File string }
	}
	rules := func() (is state) {
		status, body := s.get("/v1/rules")
		if err := json.Unmarshal(body, &is); status != 200 || err != nil {
			t.Fatalf("%d %s %v", status, body, err)
		}
		return is
	}
	before := rules()
	await := func(what string, reached func(state) bool) {
		t.Helper()
		for deadline := time.Now().Add(time.Minute); !reached(rules()); time.Sleep(10 * time.Millisecond) {
			if time.Now().After(deadline) {
				t.Fatalf("%s is not shown: %+v\n%s", what, rules(), &s.stderr)
			}
		}
	}
	write(t, file, "")
	await("an empty file", func(is state) bool { return len(is.Errors) == 1 && is.Errors[0].File == "rules/amount.yaml" })
	if is := rules(); is.Generation != before.Generation || len(is.Rules) != len(before.Rules) || len(is.Rules) == 0 {
		t.Errorf("%+v decide now, before %+v", is, before)
	}
	out, err := exec.Command(binary, "rules", "check", "--config", filepath.Join(conf, "tidegate.yaml")).CombinedOutput()
	if want := "rules/amount.yaml:1:1: is empty"; err == nil || !strings.Contains(string(out), want) {
		t.Errorf("rules check: %v %s, want %s", err, out, want)
	}
	write(t, file, string(whole))
	await("the whole file", func(is state) bool { return len(is.Errors) == 0 })
	// Nor does who replaces the directory.
	aside := filepath.Join(conf, "aside")
	if err := os.Rename(filepath.Dir(file), aside); err != nil {
		t.Fatal(err)
	}
	await("a directory that is gone", func(is state) bool { return len(is.Errors) == 1 && is.Errors[0].File == "rules" })
	if is := rules(); len(is.Rules) != len(before.Rules) {
		t.Errorf("%d rules decide now, before %d", len(is.Rules), len(before.Rules))
	}
	if err := os.Rename(aside, filepath.Dir(file)); err != nil {
		t.Fatal(err)
	}
	await("the directory", func(is state) bool { return len(is.Errors) == 0 })
	if err := os.Remove(file); err != nil {
		t.Fatal(err)
	}
	await("a deletion", func(is state) bool { return len(is.Errors) == 0 && len(is.Rules) < len(before.Rules) })
}

// A directory has one owner: the second process refuses, saying who it is.
func TestServeRefusesADirectoryInUse(t *testing.T) {
	conf, data := configDir(t, "{}\n"), filepath.Join(t.TempDir(), "data")
	first := serve(t, conf, data)
	for _, listen := range []string{"127.0.0.1:0", strings.TrimPrefix(first.url, "http://")} { // also where the port is taken
		second := launch(t, exec.Command(binary, "serve", "--config", filepath.Join(conf, "tidegate.yaml"), "--data", data, "--listen", listen))
		if code := second.code(); code != 75 || second.url != "" {
			t.Fatalf("it serves too, or ended with %d", code)
		}
		holder := fmt.Sprintf("in use by process %d on ", first.cmd.Process.Pid)
		if !strings.Contains(second.stderr.String(), holder) {
			t.Errorf("it does not say who holds the directory:\n%s", &second.stderr)
		}
	}
	if status, body := first.post("/v1/authorize", payment("t-1", "c-1", 500)); status != 200 {
		t.Errorf("the first is disturbed: %d %s", status, body)
	}
}

// What is wrong with the configuration is told before anything begins, with the
// place where it stands.
func TestServeRefusesBeforeItBegins(t *testing.T) {
	const brokers = "kafka:\n  brokers: ['127.0.0.1:1']\n"
	for _, c := range []struct {
		settings, want string
		more           []string
	}{
		{brokers + "  tls: {enabled: true, ca: away}\n", "tidegate.yaml:3:28: ", nil},
		{brokers + "  sasl: {mechanism: SCRAM-SHA-512, user: u, password_env: TIDEGATE_TEST_UNSET}\n", "tidegate.yaml:3:59: ", nil},
		{brokers + "  inputs: [{topic: labels, expect: away}]\n", "tidegate.yaml:3:36: ", nil},
		{brokers, "TIDEGATE_PUBLISH_FROM is the number of a journal record", nil},
		{"listen: 0.0.0.0:0\n", "tidegate.yaml:1:9: 0.0.0.0:0 can be reached from other machines", nil},
		{"{}\n", "--listen \"here\" is not host:port", []string{"--listen", "here"}},
	} {
		conf, data := configDir(t, c.settings), filepath.Join(t.TempDir(), "data")
		cmd := exec.Command(binary, append([]string{"serve", "--config", filepath.Join(conf, "tidegate.yaml"), "--data", data}, c.more...)...)
		cmd.Env = append(os.Environ(), "TIDEGATE_PUBLISH_FROM=x")
		s := launch(t, cmd)
		if code := s.code(); code != 78 || !strings.Contains(s.stderr.String(), c.want) {
			t.Errorf("%s%v: exit code %d\n%s", c.settings, c.more, code, &s.stderr)
		}
		if _, err := os.Stat(data); err == nil {
			t.Errorf("%s: there is a data directory", c.settings)
		}
	}
}
