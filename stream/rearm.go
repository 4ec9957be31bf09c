package stream

import (
	"github.com/tidegate/tidegate"
	"github.com/tidegate/tidegate/stream/state"
)

// After a restart the queues of timers are empty: they are filled again from
// the rows that say what they have armed.

// rearmer is a keyspace of any type of key.
type rearmer interface {
	// probe looks a key up that need not be there.
	probe(key []byte) error
	// rearm puts a key's timers into the queues.
	rearm(key []byte) error
}

// listing is a backend that can also list the keys of a table, which is by its
// prefix of the keys in the backend.
type listing struct {
	state.Backend
	probing bool   // while one goroutine is alone with the store
	last    []byte // key last asked for
}

func (l *listing) Get(key, dst []byte) ([]byte, bool, error) {
	if l.probing {
		l.last = append(l.last[:0], key...)
	}
	return l.Backend.Get(key, dst)
}

// Spill is the backend's, if it is a [state.Spiller].
func (l *listing) Spill() (state.SpillFile, error) {
	if s, ok := l.Backend.(state.Spiller); ok {
		return s.Spill()
	}
	return nil, nil
}

// prefix finds a table's prefix: what a lookup puts before a key.
func (l *listing) prefix(s rearmer) ([]byte, error) {
	const key = "?"
	l.last, l.probing = nil, true
	defer func() { l.probing = false }()
	if err := s.probe([]byte(key)); err != nil {
		return nil, err
	}
	if len(l.last) < len(key) {
		return nil, tidegate.Errorf(tidegate.CodeInternal, "the state store did not ask its backend")
	}
	return clone(l.last[:len(l.last)-len(key)]), nil
}

// keys calls visit with the keys under a prefix.
func (l *listing) keys(prefix []byte, visit func(key []byte) error) error {
	var failed error
	err := l.Backend.Scan(prefix, after(prefix), func(key, _ []byte) bool {
		failed = visit(key[len(prefix):])
		return failed == nil
	})
	return first(err, failed)
}

// after is the first key that does not begin with a prefix; nil if there is
// none.
func after(prefix []byte) []byte {
	end := clone(prefix)
	for i := len(end) - 1; i >= 0; i-- {
		if end[i]++; end[i] != 0 {
			return end[:i+1]
		}
	}
	return nil
}

// relist fills the queues of timers from the rows of the keyspaces.
func (r *run) relist() error {
	if r.listing == nil {
		return nil
	}
	for _, s := range r.keyspaces {
		prefix, err := r.listing.prefix(s)
		if err != nil {
			return err
		}
		if err := r.listing.keys(prefix, s.rearm); err != nil {
			return err
		}
	}
	return nil
}
