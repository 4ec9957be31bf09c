package features

import (
	"math/rand/v2"
	"strings"
	"testing"
)

// TestTokens holds that short texts come back from their tokens, and that
// longer ones, whatever their hash, are not taken for one.
func TestTokens(t *testing.T) {
	var cache shortTexts
	for _, s := range []string{"D", "DE", "ecom", "1234567", "\x00", "\x00\x00", "\xff\xff\xff\xff\xff\xff\xff", "äöü"} {
		text, n := short(hashText(s))
		if got := string(text[:n]); got != s {
			t.Errorf("%q comes back as %q", s, got)
		}
		for range 2 {
			if got := cache.of(hashText(s), text, n); got != s {
				t.Errorf("%q comes back as %q from the cache", s, got)
			}
		}
	}
	if hashText("") != 0 {
		t.Error("no text is not 0")
	}
	for n := range 3000 {
		s := strings.Repeat("x", shortText+1) + strings.Repeat("y", n)
		if text, n := short(hashText(s)); n != 0 {
			t.Errorf("%q is taken for %q", s, text[:n])
		}
	}
	rng := rand.New(rand.NewPCG(1, 1))
	for range 1000 {
		if v := rng.Uint64(); unmix(mix(v)) != v || mix(unmix(v)) != v {
			t.Fatalf("%x is not itself again", v)
		}
	}
}
