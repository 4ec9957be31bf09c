package wire

import (
	"strings"
	"testing"
)

// TestNextDigit: every byte, at every place among eight and before and behind.
func TestNextDigit(t *testing.T) {
	for c := range 256 {
		for _, around := range []string{"a", "/", ":", "\xb0", "\xff", "\x00"} {
			for at := range 20 {
				s := strings.Repeat(around, at) + string([]byte{byte(c)}) + strings.Repeat(around, 19-at)
				want := len(s)
				if c >= '0' && c <= '9' {
					want = at
				}
				if got := nextDigit(s, 0); got != want {
					t.Fatalf("%q: %d, not %d", s, got, want)
				}
				if got := nextDigit([]byte(s), min(at+1, len(s))); got != len(s) {
					t.Fatalf("%q behind %d: %d", s, at, got)
				}
			}
		}
	}
}
