// Package kafkatest starts a real Apache Kafka broker for tests, through
// scripts/services. One is shared by all tests of a test binary, and goes when
// the binary ends.
//
//	broker := kafkatest.Start(t)           // skips where there is no Java
//	topic := broker.Topic(t, "decisions", 3)
//	records := broker.Committed(t, topic)  // what read_committed consumers see
package kafkatest

import (
	"bytes"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/twmb/franz-go/pkg/kgo"
)

// Broker is a running broker, or a cluster of three.
type Broker struct {
	Addresses []string
	admin     []kgo.Opt // how a test connects that sets things up; nil is as anybody
	service   string    // as scripts/services calls it
	script    string
	dir       string
}

var shared = sync.OnceValues(func() (*Broker, error) { return start("kafka", "1") })

// Start gives the broker of this test binary, running. Where there is no Java
// the test is skipped; in CI that is a failure.
func Start(t testing.TB) *Broker {
	t.Helper()
	return started(t, shared)
}

// StartOwn gives a broker for this test alone, which may do to it what others
// that run at the same time would not bear.
func StartOwn(t testing.TB) *Broker {
	t.Helper()
	return own(t)
}

// StartSet gives a broker for this test alone with settings of its own, as
// "offsets.retention.minutes=1".
func StartSet(t testing.TB, settings ...string) *Broker {
	t.Helper()
	var arguments []string
	for _, s := range settings {
		arguments = append(arguments, "--set", s)
	}
	return own(t, arguments...)
}

// StartThree gives a cluster of three nodes with three replicas of everything,
// for this test alone.
func StartThree(t testing.TB) *Broker {
	t.Helper()
	return own(t, "--nodes", "3")
}

var owned atomic.Int64

func own(t testing.TB, arguments ...string) *Broker {
	t.Helper()
	name := fmt.Sprint("own-", owned.Add(1))
	b := started(t, func() (*Broker, error) { return start("kafka", name, arguments...) })
	t.Cleanup(func() {
		b.must(t, "stop", "--kill") // a clean end takes seconds
		if err := os.RemoveAll(b.dir); err != nil {
			t.Error(err)
		}
	})
	return b
}

func started(t testing.TB, start func() (*Broker, error)) *Broker {
	t.Helper()
	if testing.Short() {
		t.Skip("a real broker is not for -short")
	}
	b, err := start()
	var exit *exec.ExitError
	switch {
	case errors.As(err, &exit) && (exit.ExitCode() == noJava || exit.ExitCode() == noMaven) && os.Getenv("CI") != "true":
		t.Skipf("no Kafka on this machine: %s", bytes.TrimSpace(exit.Stderr))
	case errors.As(err, &exit):
		t.Fatalf("no Kafka: %v: %s", err, exit.Stderr)
	case err != nil:
		t.Fatal(err)
	}
	return b
}

// Exit codes of scripts/services.
const (
	noJava  = 3
	noMaven = 4
)

// start starts a service in a folder of its own, named by name.
func start(service, name string, arguments ...string) (*Broker, error) {
	root, err := repository()
	if err != nil {
		return nil, err
	}
	services := filepath.Join(root, ".cache", "services")
	if err := os.MkdirAll(services, 0o755); err != nil {
		return nil, err
	}
	pid := strconv.Itoa(os.Getpid())
	b := &Broker{service: service, script: filepath.Join(root, "scripts", "services"), dir: filepath.Join(services, fmt.Sprintf("test-%s-%s", pid, name))}
	out, err := b.command("start", append([]string{"--owner", pid}, arguments...)...)
	b.Addresses = strings.Split(strings.TrimSpace(out), ",")
	return b, err
}

// repository is the folder with go.mod above the test's.
func repository() (string, error) {
	dir, err := os.Getwd()
	for err == nil {
		if _, missing := os.Stat(filepath.Join(dir, "go.mod")); missing == nil {
			return dir, nil
		}
		if parent := filepath.Dir(dir); parent != dir {
			dir = parent
			continue
		}
		err = errors.New("kafkatest: no go.mod above the working directory")
	}
	return "", err
}

func (b *Broker) command(name string, arguments ...string) (string, error) {
	cmd := exec.Command(b.script, append([]string{b.service, name, "--dir", b.dir}, arguments...)...)
	// A quarter of the tests' processor time would go into compiling well what soon
	// goes; a benchmark has a broker as others have it.
	if bench := flag.Lookup("test.bench"); bench == nil || bench.Value.String() == "" {
		cmd.Env = append(os.Environ(), "KAFKA_JVM=-XX:TieredStopAtLevel=1")
	}
	out, err := cmd.Output()
	return string(out), err
}

func (b *Broker) must(t testing.TB, name string, arguments ...string) {
	t.Helper()
	if _, err := b.command(name, arguments...); err != nil {
		var exit *exec.ExitError
		errors.As(err, &exit)
		t.Fatalf("services %s %s: %v: %s", b.service, name, err, exit.Stderr)
	}
}

// Stop stops the broker and keeps its data; after the test it runs again.
func (b *Broker) Stop(t testing.TB) { b.halt(t, "stop", "--keep") }

// Kill is a crash.
func (b *Broker) Kill(t testing.TB) { b.halt(t, "stop", "--kill") }

// KillNode is a crash of one of three nodes, from 1; Resume brings it back.
func (b *Broker) KillNode(t testing.TB, node int) {
	t.Helper()
	b.must(t, "stop", "--kill", "--node", strconv.Itoa(node))
}

// FillDisk lets the disk of one of the broker's nodes, from 1, take nothing
// more, as far as it can tell: its files may not grow. A process that is
// started after that has room again.
func (b *Broker) FillDisk(t testing.TB, node int) {
	t.Helper()
	if err := exec.Command("prlimit", "--pid", strconv.Itoa(b.Process(t, node)), "--fsize=4096").Run(); err != nil {
		t.Fatal("the broker's disk can't be filled: ", err)
	}
}

// Process is the id of one of the broker's nodes, from 1, as the system knows it.
func (b *Broker) Process(t testing.TB, node int) int {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(b.dir, fmt.Sprint("node", node), "pid"))
	if err != nil {
		t.Fatal(err)
	}
	pid, err := strconv.Atoi(strings.TrimSpace(string(text)))
	if err != nil {
		t.Fatal(err)
	}
	return pid
}

// Pause lets the broker hang, as a machine without power to spare would.
func (b *Broker) Pause(t testing.TB) { b.halt(t, "pause") }

func (b *Broker) halt(t testing.TB, name string, arguments ...string) {
	t.Helper()
	b.must(t, name, arguments...)
	t.Cleanup(func() { b.Resume(t) })
}

// Resume starts what was stopped, or lets go on what was paused.
func (b *Broker) Resume(t testing.TB) {
	t.Helper()
	b.must(t, "resume")
}
