package statetest

import (
	"sync"
	"unsafe"
)

// lending is a codec whose values' texts are lent: one that was given back reads
// as something else, and can't be given back twice.
type lending struct {
	Codec
	*lent
}

// lent are the texts that were not given back.
type lent struct {
	mu   sync.Mutex
	live map[*byte]int // length by the first byte
}

// Decode is [state.Codec.Decode].
func (c lending) Decode(b []byte, v *Value) error {
	if err := c.Codec.Decode(b, v); err != nil {
		return err
	}
	v.Text = c.lend(v.Text)
	return nil
}

// Release is [state.Releaser.Release].
func (c lending) Release(v *Value) { c.giveBack(v.Text) }

func (l *lent) lend(text string) string {
	if text == "" {
		return ""
	}
	memory := []byte(text)
	l.mu.Lock()
	defer l.mu.Unlock()
	l.live[&memory[0]] = len(memory)
	return unsafe.String(&memory[0], len(memory))
}

func (l *lent) giveBack(text string) {
	if text == "" {
		return
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	first := unsafe.StringData(text)
	if l.live[first] != len(text) {
		panic("a value was released that is not there any more")
	}
	delete(l.live, first)
	for i := range unsafe.Slice(first, len(text)) {
		*(*byte)(unsafe.Add(unsafe.Pointer(first), i)) = '!'
	}
}

func (l *lent) count() int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return len(l.live)
}
