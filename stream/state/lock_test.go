//go:build unix

package state_test

import (
	"bufio"
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/tidegate/tidegate"
	"github.com/tidegate/tidegate/stream/state"
)

var noon = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

// TestLockDirectory claims a directory from another process, which is killed.
func TestLockDirectory(t *testing.T) {
	if dir := os.Getenv("TIDEGATE_TEST_LOCK"); dir != "" {
		if _, err := state.LockDirectory(dir, noon); err != nil {
			t.Fatal(err)
		}
		runtime.GC() // nothing refers to the lock, and it holds
		fmt.Println("locked")
		select {}
	}
	dir := t.TempDir()
	other := exec.Command(os.Args[0], "-test.run=^TestLockDirectory$")
	other.Env = append(os.Environ(), "TIDEGATE_TEST_LOCK="+dir)
	out, err := other.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := other.Start(); err != nil {
		t.Fatal(err)
	}
	defer func() {
		_ = other.Process.Kill()
		_ = other.Wait()
	}()
	if line, err := bufio.NewReader(out).ReadString('\n'); line != "locked\n" {
		t.Fatalf("the other process says %q, %v", line, err)
	}

	_, err = state.LockDirectory(dir, noon)
	if tidegate.CodeOf(err) != tidegate.CodeConflict {
		t.Fatalf("locked twice: %v", err)
	}
	host, _ := os.Hostname()
	for _, part := range []string{fmt.Sprint("process ", other.Process.Pid), host, "2026-03-01T12:00:00Z"} {
		if !strings.Contains(err.Error(), part) {
			t.Errorf("%q does not say %q", err, part)
		}
	}

	if err := other.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	_ = other.Wait()
	lock, err := state.LockDirectory(dir, noon)
	if err != nil {
		t.Fatalf("the holder is dead: %v", err)
	}
	if err := lock.Close(); err != nil {
		t.Fatal(err)
	}
	if lock, err = state.LockDirectory(dir, noon); err != nil {
		t.Fatalf("the holder gave it up: %v", err)
	}
	_ = lock.Close()
}
