package main

import (
	"bytes"
	"context"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/tidegate/tidegate"
)

// The README's shell blocks do what it says, in order, on an empty directory.
// The word after sh says how a block is run:
//
//	sh            to its end; it must succeed and print something
//	sh service    until the next service; it must become ready
//	sh follow     until the end; it must print something
//	sh alone      to its end, after the service was stopped
//	sh elsewhere  not here
func TestREADME(t *testing.T) {
	w := newWalk(t)
	for _, b := range shellBlocks(t, "../../README.md") {
		switch b.how {
		case "":
			w.finish(b)
		case "service":
			w.stopService()
			w.startService(b)
		case "follow":
			w.follow(b)
		case "alone":
			w.stopService()
			w.finish(b)
		case "elsewhere":
		default:
			t.Errorf("%s:%d: a block is run %q", b.page, b.line, b.how)
		}
	}
	w.stopService()
	w.mustHaveFollowed()
}

// So do those of the page for gateways, against a service that runs.
func TestAPIPage(t *testing.T) {
	w := newWalk(t)
	w.startService(shellBlock{text: "tidegate serve"})
	for _, b := range shellBlocks(t, "../../docs/api.md") {
		w.finish(b)
	}
	w.stopService()
}

// shellBlock is a fenced block of a page.
type shellBlock struct {
	page      string
	line      int
	how, text string
}

func shellBlocks(t *testing.T, page string) []shellBlock {
	t.Helper()
	body, err := os.ReadFile(page)
	if err != nil {
		t.Fatal(err)
	}
	var blocks []shellBlock
	for _, at := range regexp.MustCompile("(?ms)^```sh ?([a-z]*)\n(.*?)^```$").FindAllSubmatchIndex(body, -1) {
		blocks = append(blocks, shellBlock{filepath.Base(page), 1 + bytes.Count(body[:at[0]], []byte("\n")), string(body[at[2]:at[3]]), string(body[at[4]:at[5]])})
	}
	if len(blocks) == 0 {
		t.Fatalf("%s has no shell blocks", page)
	}
	return blocks
}

// walk is somebody who follows the README.
type walk struct {
	*testing.T
	dir     string
	path    string // with the binary
	address string // in place of the default
	service *process
	follows []*process
}

func newWalk(t *testing.T) *walk {
	t.Helper()
	w := &walk{T: t, dir: t.TempDir()}
	bin := t.TempDir()
	if err := os.Link(binary, filepath.Join(bin, "tidegate")); err != nil {
		t.Fatal(err)
	}
	w.path = bin + string(os.PathListSeparator) + os.Getenv("PATH")
	free, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	w.address = free.Addr().String()
	if err := free.Close(); err != nil {
		t.Fatal(err)
	}
	return w
}

// process is a block that runs.
type process struct {
	block shellBlock
	cmd   *exec.Cmd
	out   output
	ended chan struct{}
	err   error // when ended is closed
}

// output may be read while it is written.
type output struct {
	mu  sync.Mutex
	buf bytes.Buffer
}

func (o *output) Write(b []byte) (int, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.buf.Write(b)
}

func (o *output) String() string {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.buf.String()
}

// start runs a block in a process group of its own. The default address may
// be taken on this machine, so it is another one here.
func (w *walk) start(b shellBlock) *process {
	w.Helper()
	text := strings.ReplaceAll(b.text, "go run ./cmd/tidegate", "tidegate")
	text = strings.ReplaceAll(text, "127.0.0.1:8080", w.address)
	text = strings.ReplaceAll(text, "tidegate serve", "tidegate serve --listen "+w.address)
	p := &process{block: b, ended: make(chan struct{})}
	p.cmd = exec.Command("bash", "-euo", "pipefail", "-c", text)
	p.cmd.Dir, p.cmd.Stdout, p.cmd.Stderr = w.dir, &p.out, &p.out
	p.cmd.Env = append(os.Environ(), "PATH="+w.path, "TIDEGATE_URL=http://"+w.address)
	p.cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	p.cmd.WaitDelay = 10 * time.Second
	if err := p.cmd.Start(); err != nil {
		w.Fatal(err)
	}
	go func() {
		defer close(p.ended)
		p.err = p.cmd.Wait()
	}()
	w.Cleanup(func() { p.signal(syscall.SIGKILL); <-p.ended })
	return p
}

func (p *process) signal(s syscall.Signal) {
	_ = syscall.Kill(-p.cmd.Process.Pid, s) // it may have ended
}

func (p *process) String() string {
	return fmt.Sprintf("%s:%d:\n%s\nprints:\n%s", p.block.page, p.block.line, p.block.text, p.out.String())
}

func (w *walk) finish(b shellBlock) {
	w.Helper()
	p := w.start(b)
	select {
	case <-p.ended:
	case <-time.After(5 * time.Minute):
		w.Fatalf("does not end: %s", p)
	}
	if p.err != nil || p.out.String() == "" || strings.Contains(p.out.String(), "urn:tidegate:problem") {
		w.Fatalf("%v: %s", p.err, p)
	}
	if strings.Contains(b.text, "sed -i") {
		w.awaitReload()
	}
}

// awaitReload waits until the service has taken what was saved.
func (w *walk) awaitReload() {
	w.Helper()
	for deadline := time.Now().Add(time.Minute); !strings.Contains(w.service.out.String(), "msg=reloaded"); time.Sleep(10 * time.Millisecond) {
		if time.Now().After(deadline) {
			w.Fatalf("not reloaded: %s", w.service)
		}
	}
}

func (w *walk) startService(b shellBlock) {
	w.Helper()
	w.service = w.start(b)
	for {
		response, err := http.Get("http://" + w.address + "/readyz")
		if err == nil {
			if err := response.Body.Close(); err != nil {
				w.Fatal(err)
			}
			if response.StatusCode == http.StatusOK {
				return
			}
		}
		select {
		case <-w.service.ended:
			w.Fatalf("ended: %s", w.service)
		case <-time.After(50 * time.Millisecond):
		}
	}
}

// stopService ends the service as an operator does, and it must end well.
func (w *walk) stopService() {
	w.Helper()
	if w.service == nil {
		return
	}
	w.service.signal(syscall.SIGTERM)
	select {
	case <-w.service.ended:
	case <-time.After(time.Minute):
		w.Fatalf("does not stop: %s", w.service)
	}
	if code := w.service.cmd.ProcessState.ExitCode(); code != 0 && code != 128+int(syscall.SIGTERM) && code != -1 {
		w.Errorf("stopped with %d: %s", code, w.service)
	}
	if !strings.Contains(w.service.out.String(), "level=INFO msg=stopped") {
		w.Errorf("did not stop well: %s", w.service)
	}
	w.service = nil
	http.DefaultClient.CloseIdleConnections()
}

// follow starts a block and gives it the time to connect.
func (w *walk) follow(b shellBlock) {
	w.Helper()
	w.follows = append(w.follows, w.start(b))
	ctx, cancel := context.WithTimeout(w.Context(), time.Second)
	defer cancel()
	<-ctx.Done()
}

func (w *walk) mustHaveFollowed() {
	w.Helper()
	for _, p := range w.follows {
		p.signal(syscall.SIGTERM)
		<-p.ended
		if !strings.Contains(p.out.String(), "fast-4") {
			w.Errorf("the alert was not seen: %s", p)
		}
	}
}

// The table of exit codes is the one that operators read.
func TestExitCodesAreDocumented(t *testing.T) {
	page, err := os.ReadFile("../../docs/operations.md")
	if err != nil {
		t.Fatal(err)
	}
	for _, code := range []tidegate.Code{
		tidegate.CodeConfig, tidegate.CodeNotFound, tidegate.CodeMalformed, tidegate.CodeInvalid, tidegate.CodeUnavailable,
		tidegate.CodeConflict, tidegate.CodeCorrupt, tidegate.CodeInternal,
	} {
		if row := fmt.Sprintf("\n| %d |", exitCode(tidegate.Errorf(code, ""))); !bytes.Contains(page, []byte(row)) {
			t.Errorf("docs/operations.md has no row %q", row)
		}
	}
}
