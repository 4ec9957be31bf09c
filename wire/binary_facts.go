package wire

import (
	"math"

	"github.com/tidegate/tidegate"
)

const factsVersion = 1

// AppendFacts appends a row of values: nums and texts are parts of
// [tidegate.Facts], and kinds says what stands where. Which row it is, the
// record's generation says.
func AppendFacts(dst []byte, nums []float64, texts []string, kinds []tidegate.Kind) []byte {
	dst, body := beginRecord(dst, factsVersion)
	dst = appendUint(dst, uint64(len(kinds)))
	for i, kind := range kinds {
		switch {
		case kind != tidegate.KindText:
			dst = appendFloat(dst, nums[i])
		case math.IsNaN(nums[i]):
			dst = append(dst, 0)
		default: // its length from 1, as 0 is missing
			dst = append(appendUint(dst, uint64(len(texts[i]))+1), texts[i]...)
		}
	}
	return endRecord(dst, body)
}

// DecodeFacts reads the row that b begins with into nums and texts, which are
// as long as kinds, and returns what follows it. A row of another length is an
// error: a *[tidegate.Error] of [tidegate.CodeCorrupt].
func DecodeFacts(b []byte, nums []float64, texts []string, kinds []tidegate.Kind) (rest []byte, err error) {
	r, rest, err := openRecord(b, factsVersion)
	if err != nil {
		return nil, err
	}
	if n := r.count(); n != len(kinds) {
		r.fail("row of values is not as long as its schema")
	}
	for i, kind := range kinds {
		texts[i] = ""
		if kind != tidegate.KindText {
			nums[i] = r.float()
			continue
		}
		nums[i] = math.NaN()
		if n := r.uint(); n > 0 {
			nums[i], texts[i] = 0, r.take(n-1)
		}
	}
	return rest, r.done()
}

const placesVersion = 1

// AppendPlaces appends a set of places in a row of n values, a bit for each.
func AppendPlaces(dst []byte, places []int, n int) []byte {
	dst, body := beginRecord(dst, placesVersion)
	dst = appendUint(dst, uint64(n))
	bits := len(dst)
	for range (n + 7) / 8 {
		dst = append(dst, 0)
	}
	for _, p := range places {
		dst[bits+p/8] |= 1 << (p % 8)
	}
	return endRecord(dst, body)
}

// DecodePlaces appends to places those of the set that b begins with, in
// order, and returns what follows it. A set for a row of another length is an
// error: a *[tidegate.Error] of [tidegate.CodeCorrupt].
func DecodePlaces(b []byte, places []int, n int) (set []int, rest []byte, err error) {
	r, rest, err := openRecord(b, placesVersion)
	if err != nil {
		return places, nil, err
	}
	if r.uint() != uint64(n) {
		r.fail("set of places is not as long as its schema")
	}
	bits := r.take(uint64(n+7) / 8)
	for p := range 8 * len(bits) {
		switch {
		case bits[p/8]>>(p%8)&1 == 0:
		case p < n:
			places = append(places, p)
		default:
			r.fail("set of places beyond the row's end")
		}
	}
	return places, rest, r.done()
}
