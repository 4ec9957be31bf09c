package main

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/tidegate/tidegate/examples"
)

// binary is the program under test, built once.
var binary string

func TestMain(m *testing.M) {
	os.Exit(func() int {
		// Those that run at the same time mostly wait, for brokers and processes:
		// the long ones from the beginning, the others two at a time, see beside.
		flag.Parse()
		if err := flag.Set("test.parallel", "32"); err != nil {
			panic(err)
		}
		dir, err := os.MkdirTemp("", "tidegate")
		if err != nil {
			panic(err)
		}
		defer os.RemoveAll(dir)
		binary = filepath.Join(dir, "tidegate")
		if out, err := exec.Command("go", "build", "-ldflags=-w", "-o", binary, ".").CombinedOutput(); err != nil {
			panic(fmt.Sprintf("%v\n%s", err, out))
		}
		return m.Run()
	}())
}

var places = make(chan struct{}, 2)

// beside lets a test run while the long ones do, when one of two places is free.
func beside(t *testing.T) {
	t.Helper()
	t.Parallel()
	places <- struct{}{}
	t.Cleanup(func() { <-places })
}

// server is a process of tidegate serve.
type server struct {
	t      testing.TB
	cmd    *exec.Cmd
	url    string
	banner []string // what it printed before it was ready
	stderr lockedBuffer
	exited chan struct{}
	err    error // of Wait; after exited
}

// lockedBuffer is what a process prints.
type lockedBuffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (b *lockedBuffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.b.Write(p)
}

func (b *lockedBuffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.b.String()
}

// configDir is the example configuration in a directory, with the text of a
// tidegate.yaml, and pairs that replace a text in a file by another.
func configDir(t testing.TB, settings string, changes ...string) string {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "config")
	if err := os.CopyFS(dir, examples.Issuer()); err != nil {
		t.Fatal(err)
	}
	write(t, filepath.Join(dir, "tidegate.yaml"), settings)
	for i := 0; i < len(changes); i += 3 {
		replaceIn(t, filepath.Join(dir, changes[i]), changes[i+1], changes[i+2])
	}
	return dir
}

func write(t testing.TB, path, text string) {
	t.Helper()
	if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
}

func replaceIn(t testing.TB, path, old, with string) {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil || !bytes.Contains(text, []byte(old)) {
		t.Fatalf("%s has no %q: %v", path, old, err)
	}
	write(t, path, strings.Replace(string(text), old, with, 1))
}

// launch starts a command that serves and waits until it listens or has
// exited: then url is empty.
func launch(t testing.TB, cmd *exec.Cmd) *server {
	t.Helper()
	s := &server{t: t, cmd: cmd, exited: make(chan struct{})}
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	cmd.Stderr = &s.stderr
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.kill)
	ready := make(chan struct{})
	go func() {
		defer close(s.exited)
		lines := bufio.NewScanner(out)
		for lines.Scan() {
			switch {
			case s.url != "":
			case lines.Text() == "Try:": // the last of the banner
				for _, line := range s.banner {
					if _, url, ok := strings.Cut(line, "listening  "); ok {
						s.url = url
					}
				}
				close(ready)
			default:
				s.banner = append(s.banner, lines.Text())
			}
		}
		s.err = cmd.Wait()
	}()
	select {
	case <-ready:
	case <-s.exited:
	}
	return s
}

// serve starts a server that must come up.
func serve(t testing.TB, config, data string) *server {
	t.Helper()
	s := launch(t, exec.Command(binary, "serve", "--config", filepath.Join(config, "tidegate.yaml"), "--data", data, "--listen", "127.0.0.1:0"))
	if s.url == "" {
		t.Fatalf("it does not serve: %v\n%s", s.err, &s.stderr)
	}
	return s
}

// kill ends the process as a power cut would, and waits for its end.
func (s *server) kill() {
	_ = s.cmd.Process.Kill()
	<-s.exited
}

// signalled sends a signal, waits for the end and returns the exit code.
func (s *server) signalled(signal os.Signal) int {
	s.t.Helper()
	if err := s.cmd.Process.Signal(signal); err != nil {
		s.t.Fatal(err)
	}
	return s.code()
}

// code waits for the end and returns the exit code.
func (s *server) code() int {
	s.t.Helper()
	select {
	case <-s.exited:
	case <-time.After(30 * time.Second):
		s.t.Fatalf("it does not end\n%s", &s.stderr)
	}
	var exit *exec.ExitError
	if s.err != nil && !errors.As(s.err, &exit) {
		s.t.Fatal(s.err)
	}
	return s.cmd.ProcessState.ExitCode()
}

// client keeps a connection for each of the test's goroutines.
var client = &http.Client{Timeout: 20 * time.Second, Transport: &http.Transport{MaxIdleConnsPerHost: 64, IdleConnTimeout: time.Second}}

// post sends a body; the status is 0 when there was no answer.
func (s *server) post(path, body string) (status int, answer []byte) {
	return read(client.Post(s.url+path, "application/json", strings.NewReader(body)))
}

func (s *server) get(path string) (status int, answer []byte) {
	return read(client.Get(s.url + path))
}

func read(r *http.Response, err error) (int, []byte) {
	if err != nil {
		return 0, nil
	}
	defer r.Body.Close()
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return 0, nil
	}
	return r.StatusCode, body
}

// fields reads a JSON object.
func fields(t testing.TB, body []byte) map[string]any {
	t.Helper()
	var m map[string]any
	if err := json.Unmarshal(body, &m); err != nil {
		t.Fatalf("%v in %s", err, body)
	}
	return m
}

// payment is a request of now.
func payment(id, customer string, cents int) string {
	return fmt.Sprintf(`{"timestamp":%q,"transaction_id":%q,"customer_id":%q,"amount":"%d.%02d","currency":"EUR","merchant_id":"m-%d","merchant_country":"DE","device_fingerprint":"d-%d","channel":"ecom"}`,
		time.Now().UTC().Format("2006-01-02T15:04:05.000Z"), id, customer, cents/100, cents%100, cents%5, cents%7)
}
