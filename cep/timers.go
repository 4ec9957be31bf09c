package cep

// timers is a heap of keys by the time at which there is something to do for
// them. A key has one timer at most, and it may fire early: what it was set
// for can be gone.
type timers[K comparable, E any] []timer[K, E]

type timer[K comparable, E any] struct {
	due  int64
	slot *slot[K, E]
}

func (h *timers[K, E]) push(t timer[K, E]) {
	*h = append(*h, t)
	list := *h
	i := len(list) - 1
	for i > 0 {
		parent := (i - 1) / 2
		if list[parent].due <= t.due {
			break
		}
		list[i] = list[parent]
		i = parent
	}
	list[i] = t
}

func (h *timers[K, E]) pop() *slot[K, E] {
	list := *h
	first, n := list[0].slot, len(list)-1
	t := list[n]
	list[n] = timer[K, E]{}
	list = list[:n]
	*h = list
	if n == 0 {
		return first
	}
	i := 0
	for {
		child := 2*i + 1
		if child >= n {
			break
		}
		if right := child + 1; right < n && list[right].due < list[child].due {
			child = right
		}
		if t.due <= list[child].due {
			break
		}
		list[i] = list[child]
		i = child
	}
	list[i] = t
	return first
}
