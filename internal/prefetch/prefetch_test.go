package prefetch_test

import (
	"testing"

	"github.com/tidegate/tidegate/internal/prefetch"
)

// TestBehind: whatever it is given, nothing happens, and nothing is allocated.
func TestBehind(t *testing.T) {
	contents := &struct{ a, b int }{1, 2}
	var missing *int
	things := []any{nil, contents, missing, 7, "text", []int{1}, struct{}{}}
	if n := testing.AllocsPerRun(100, func() {
		for _, thing := range things {
			prefetch.Behind(thing)
		}
	}); n != 0 {
		t.Errorf("%v allocations", n)
	}
	if contents.a != 1 || contents.b != 2 {
		t.Errorf("what it points at is %v now", *contents)
	}
}
