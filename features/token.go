package features

import (
	"math/bits"

	"github.com/cespare/xxhash/v2"
)

// A token is what a history keeps of a text: 64 bits that look like chance, as
// sampling needs them. Those of a text of up to seven bytes are the text
// itself, mixed, and need no copy of it beside them: countries, channels,
// currencies. Those of a longer one are its hash; 0 is no text.

// shortText is the longest text that its token holds.
const shortText = 7

// longToken tells hashes from texts, before mixing.
const longToken = 1 << 63

func hashText(s string) uint64 {
	n := len(s)
	if n == 0 {
		return 0
	}
	if n > shortText {
		return mix(xxhash.Sum64String(s) | longToken)
	}
	v := uint64(n) << 56
	for i := range n {
		v |= uint64(s[i]) << (8 * i)
	}
	return mix(v)
}

// short unpacks a token that is a text, into the bytes and their number; 0 for
// a hash.
func short(token uint64) (text [8]byte, n int) {
	v := unmix(token)
	le.PutUint64(text[:], v)
	if n = int(v >> 56); n > shortText {
		return text, 0
	}
	return text, n
}

// mix is the finalizer of splitmix64 (Steele, Lea, Flood 2014), a permutation,
// and unmix what undoes it.
func mix(z uint64) uint64 {
	z = (z ^ z>>30) * 0xBF58476D1CE4E5B9
	z = (z ^ z>>27) * 0x94D049BB133111EB
	return z ^ z>>31
}

func unmix(z uint64) uint64 {
	z = (z ^ z>>31 ^ z>>62) * 0x319642B2D24D8EC3
	z = (z ^ z>>27 ^ z>>54) * 0x96DE1B173F119089
	return z ^ z>>30 ^ z>>60
}

// shortTexts are texts that tokens hold, as strings, so that an answer does
// not make one each time.
type shortTexts [64]struct {
	token uint64
	text  string
}

func (c *shortTexts) of(token uint64, text [8]byte, n int) string {
	known := &c[bits.RotateLeft64(token, 6)&63]
	if known.token != token {
		known.token, known.text = token, string(text[:n])
	}
	return known.text
}
