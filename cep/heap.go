package cep

// A heap of runs orders them by their first event. Its array order shows: runs
// are advanced in that order, and runs with the same first event keep the
// order that the moves of a binary heap leave them in. So the moves are those
// of java.util.PriorityQueue, and ties never move.

// push adds r to heap h.
func push(h []run, r run) []run {
	h = append(h, r)
	i := len(h) - 1
	for i > 0 {
		parent := (i - 1) / 2
		if r.seq >= h[parent].seq {
			break
		}
		h[i] = h[parent]
		i = parent
	}
	h[i] = r
	return h
}

// pop removes the first run of heap h.
func pop(h []run) (run, []run) {
	first, n := h[0], len(h)-1
	if n > 0 {
		h[0] = h[n]
		down(h[:n], 0)
	}
	return first, h[:n]
}

// heapify makes h a heap.
func heapify(h []run) {
	for i := len(h)/2 - 1; i >= 0; i-- {
		down(h, i)
	}
}

func down(h []run, i int) {
	r := h[i]
	for {
		child := 2*i + 1
		if child >= len(h) {
			break
		}
		if right := child + 1; right < len(h) && h[child].seq > h[right].seq {
			child = right
		}
		if r.seq <= h[child].seq {
			break
		}
		h[i] = h[child]
		i = child
	}
	h[i] = r
}

// prune removes the runs that started up to seq.
func prune(h []run, seq uint64) []run {
	if len(h) == 0 || h[0].seq > seq {
		return h
	}
	kept := h[:0]
	for _, r := range h {
		if r.seq > seq {
			kept = append(kept, r)
		}
	}
	heapify(kept)
	return kept
}
