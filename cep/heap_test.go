package cep

import (
	"container/heap"
	"slices"
	"testing"

	"pgregory.net/rapid"
)

// standard is the heap of the standard library, whose moves are those of
// java.util.PriorityQueue.
type standard []run

func (h standard) Len() int           { return len(h) }
func (h standard) Less(i, j int) bool { return h[i].seq < h[j].seq }
func (h standard) Swap(i, j int)      { h[i], h[j] = h[j], h[i] }
func (h *standard) Push(x any)        { *h = append(*h, x.(run)) }
func (h *standard) Pop() any {
	old := *h
	x := old[len(old)-1]
	*h = old[:len(old)-1]
	return x
}

func TestHeapMovesLikeTheStandardOne(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var own []run
		var std standard
		for i := range rapid.IntRange(0, 60).Draw(t, "operations") {
			switch op := rapid.IntRange(0, 9).Draw(t, "operation"); {
			case op < 6:
				r := run{seq: rapid.Uint64Range(0, 9).Draw(t, "seq"), state: int32(i)}
				own = push(own, r)
				heap.Push(&std, r)
			case op < 9 && len(std) > 0:
				var first run
				first, own = pop(own)
				if want := heap.Pop(&std).(run); first != want {
					t.Fatalf("popped %v, want %v", first, want)
				}
			case op == 9:
				seq := rapid.Uint64Range(0, 9).Draw(t, "prune")
				own = prune(own, seq)
				std = slices.DeleteFunc(std, func(r run) bool { return r.seq <= seq })
				heap.Init(&std)
			}
			if !slices.Equal(own, []run(std)) {
				t.Fatalf("got %v, want %v", own, std)
			}
		}
	})
}
