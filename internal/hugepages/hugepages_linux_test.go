package hugepages_test

import (
	"os"
	"regexp"
	"strconv"
	"testing"

	"github.com/tidegate/tidegate/internal/hugepages"
)

// TestReserve takes addresses, not memory; what is allocated afterwards lies
// there, and is as good as any.
func TestReserve(t *testing.T) {
	before := resident(t)
	hugepages.Reserve(256 << 20)
	if took := resident(t) - before; took > 128<<10 {
		t.Errorf("a reservation of 256 MiB took %d KiB of memory", took)
	}
	var kept [][]byte
	for i := range 1 << 10 {
		b := make([]byte, 4<<10)
		for k := range b {
			if b[k] != 0 {
				t.Fatal("memory is not zeroed")
			}
			b[k] = byte(i)
		}
		kept = append(kept, b)
	}
	for i, b := range kept {
		if b[0] != byte(i) || b[len(b)-1] != byte(i) {
			t.Fatalf("piece %d has changed", i)
		}
	}
	hugepages.Reserve(0)
}

// resident is this process's memory in KiB.
func resident(t *testing.T) int {
	status, err := os.ReadFile("/proc/self/status")
	if err != nil {
		t.Fatal(err)
	}
	m := regexp.MustCompile(`VmRSS:\s+(\d+) kB`).FindSubmatch(status)
	if m == nil {
		t.Fatalf("no VmRSS in\n%s", status)
	}
	n, err := strconv.Atoi(string(m[1]))
	if err != nil {
		t.Fatal(err)
	}
	return n
}
