package state

import (
	"fmt"
	"math/rand/v2"
	"testing"
)

// TestIndex compares the index with a map, under hashes that collide.
func TestIndex(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 1))
	x := newIndex(64)
	want := map[uint32]uint64{} // hash by slot
	find := func(hash uint64, slot uint32) bool {
		p := x.part(hash)
		got, i, ok := p.next(hash, p.home(hash))
		for ok && got != slot {
			got, i, ok = p.next(hash, i)
		}
		return ok
	}
	for step := range 200_000 {
		slot := rng.Uint32N(3000)
		hash, in := want[slot]
		switch {
		case !in:
			hash = rng.Uint64()
			if rng.IntN(2) == 0 { // alike, and behind each other at the end of a part
				hash = hash&0xff<<56 | uint64(1<<32-1-rng.Uint32N(3))<<24
			}
			x.part(hash).add(hash, slot)
			want[slot] = hash
		case rng.IntN(3) > 0:
			x.part(hash).remove(hash, slot)
			delete(want, slot)
			if find(hash, slot) {
				t.Fatalf("step %d: slot %d was removed and is found", step, slot)
			}
		}
		if step%1000 == 0 {
			for slot, hash := range want {
				if !find(hash, slot) {
					t.Fatalf("step %d: slot %d is not found", step, slot)
				}
			}
		}
	}
}

// TestKeys compares keys with strings, while copies of the chunks are read.
func TestKeys(t *testing.T) {
	rng := rand.New(rand.NewPCG(2, 2))
	var k keys
	type held struct {
		place storedKey
		want  string
	}
	var all []held
	for step := range 50_000 {
		if len(all) > 500 || len(all) > 0 && rng.IntN(3) == 0 {
			i := rng.IntN(len(all))
			k.remove(&all[i].place)
			all[i] = all[len(all)-1]
			all = all[:len(all)-1]
			continue
		}
		length := rng.IntN(60)
		if rng.IntN(50) == 0 {
			length = rng.IntN(3 * longKey)
		}
		want := fmt.Sprintf("%0*d", length, step)[:length]
		all = append(all, held{k.add([]byte(want)), want})
		chunks := k.chunks
		h := all[rng.IntN(len(all))]
		if got := string(k.bytes(&h.place)); got != h.want {
			t.Fatalf("step %d: %q is %q", step, h.want, got)
		}
		if got := string(keysOf(chunks, &h.place)); got != h.want {
			t.Fatalf("step %d: %q is %q in a copy", step, h.want, got)
		}
	}
	if size := len(k.chunks); size > 700 {
		t.Errorf("%d chunks for 500 keys", size)
	}
}
