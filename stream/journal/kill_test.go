package journal

import (
	"bufio"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"testing"
	"time"
)

const killedEnv = "TIDEGATE_JOURNAL_KILLED"

// TestKilledWriter is the process that TestKill kills: it appends and prints
// the number of each record that is durable.
func TestKilledWriter(t *testing.T) {
	path := os.Getenv(killedEnv)
	if path == "" {
		return // it is started by TestKill
	}
	j, _, err := Open(path, Options{SegmentBytes: 64 << 10})
	if err != nil {
		t.Fatal(err)
	}
	rng := rand.New(rand.NewPCG(uint64(os.Getpid()), 0))
	for {
		commit(t, j, 1+rng.IntN(50))
		fmt.Println("durable", j.Durable())
	}
}

// TestKill kills a writer at random instants, again and again: what it said
// was durable is there.
func TestKill(t *testing.T) {
	rounds := 10
	if testing.Short() {
		rounds = 2
	}
	path := t.TempDir()
	for round := range rounds {
		promised := killWriter(t, path, time.Duration(rand.IntN(60))*time.Millisecond)
		j, recovery, err := Open(path, Options{})
		if err != nil {
			t.Fatal(err)
		}
		if recovery.Last < promised {
			t.Fatalf("round %d: %d records were promised, %d are there", round, promised, recovery.Last)
		}
		check(t, j, 1, recovery.Last)
		closeJournal(t, j)
	}
}

// killWriter runs a writer, kills it some time after its first commit and
// returns the last number that it printed.
func killWriter(t *testing.T, path string, after time.Duration) (promised uint64) {
	t.Helper()
	cmd := exec.Command(os.Args[0], "-test.run=^TestKilledWriter$", "-test.v")
	cmd.Env = append(os.Environ(), killedEnv+"="+path)
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	for lines := bufio.NewScanner(out); lines.Scan(); {
		var seq uint64
		if n, _ := fmt.Sscanf(lines.Text(), "durable %d", &seq); n == 0 {
			continue
		}
		if promised == 0 {
			time.AfterFunc(after, func() { _ = cmd.Process.Kill() })
		}
		promised = seq
	}
	_ = cmd.Wait()
	if promised == 0 {
		t.Fatal("the writer wrote nothing")
	}
	return promised
}
