package features

import (
	"math"
	"math/big"
	"slices"
	"testing"

	"pgregory.net/rapid"
)

// TestMultiset holds the hash table against a map, through its growth and the
// gaps that deletions close.
func TestMultiset(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var m multiset
		want := map[uint64]int{}
		for _, step := range rapid.SliceOfN(rapid.IntRange(-60, 90), 0, 600).Draw(t, "steps") {
			// Few home places, so that chains form.
			hash := uint64(max(step, -step)%50+1) * 0x2000000000000001
			if step > 0 {
				m.add(hash)
				want[hash]++
			} else if want[hash] > 0 {
				m.remove(hash)
				if want[hash]--; want[hash] == 0 {
					delete(want, hash)
				}
			}
		}
		if m.n != len(want) {
			t.Fatalf("%d different hashes, want %d", m.n, len(want))
		}
		for hash, n := range want {
			if i := m.find(hash); i < 0 || int(m.values[i]) != n {
				t.Fatalf("%x is not held %d times", hash, n)
			}
		}
		m.thin()
		for hash := range want {
			if m.has(hash) != (hash>>63 == 0) {
				t.Fatalf("%x after thinning: %v", hash, m.has(hash))
			}
		}
	})
}

func TestHistogram(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		values := rapid.SliceOfN(rapid.OneOf(rapid.Int64Range(-200, 200), rapid.Int64Range(0, 1<<40), rapid.Int64()), 2, 200).Draw(t, "values")
		floats := rapid.Bool().Draw(t, "floats")
		bucket := bucketOfInt
		if floats {
			bucket = bucketOfOrdered
			for i, v := range values {
				values[i] = ordered(float64(v) / 1000)
			}
		}
		var h histogram
		for _, v := range values {
			h.add(bucket(v), v)
		}
		gone := len(values) / 2
		for _, v := range values[:gone] {
			h.remove(bucket(v), v)
		}
		rest := slices.Clone(values[gone:])
		slices.Sort(rest)
		for k, want := range rest {
			if _, got := h.rank(uint32(k)); got != want {
				t.Fatalf("rank %d is %d, want %d", k, got, want)
			}
		}
		h.coarsen()
		for k, want := range rest {
			at, _ := h.rank(uint32(k))
			got, exact := middleInt(at), float64(want)
			if floats {
				got, exact = middleFloat(at), fromOrdered(want)
			}
			if math.Abs(got-exact) > math.Abs(exact)/128 {
				t.Fatalf("rank %d is %v, want %v", k, got, exact)
			}
		}
	})
}

// TestMoments holds sums of squares and variances of any integers against big
// numbers.
func TestMoments(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		values := rapid.SliceOfN(rapid.OneOf(rapid.Int64Range(-1000, 1000), rapid.Int64()), 2, 70).Draw(t, "values")
		all, part := noMoments, noMoments
		sum, squares := new(big.Int), new(big.Int)
		for i, v := range values {
			all.add(v)
			if i%2 == 0 {
				part.add(v)
			}
			x := big.NewInt(v)
			sum.Add(sum, x)
			squares.Add(squares, x.Mul(x, x))
		}
		n := big.NewInt(int64(len(values)))
		numerator := new(big.Int).Mul(squares, n)
		numerator.Sub(numerator, new(big.Int).Mul(sum, sum))
		want, _ := new(big.Rat).SetFrac(numerator, n.Mul(n, big.NewInt(int64(len(values)-1)))).Float64()
		if got := all.deviation(); math.Abs(got-math.Sqrt(want)) > 1e-14*got {
			t.Fatalf("deviation %v, want %v", got, math.Sqrt(want))
		}
		exact, _ := new(big.Float).SetInt(sum).Float64()
		if got := all.sum(); math.Abs(got-exact) > 1e-15*math.Abs(exact) {
			t.Fatalf("sum %v, want %v", got, exact)
		}
		rest := all.powers
		rest.subtract(&part.powers)
		rest.add(&part.powers)
		if rest != all.powers {
			t.Fatal("what was taken away does not come back")
		}
		if all.min != slices.Min(values) || all.max != slices.Max(values) {
			t.Fatal("minimum or maximum")
		}
	})
}
