package state

import (
	"cmp"
	"maps"
	"math"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/tidegate/tidegate"
)

// Store is a set of tables that are checkpointed together.
type Store struct {
	backend Backend // nil: memory only
	spill   *spill  // nil: changed entries stay in memory
	now     func() time.Time
	rest    func()

	clock   atomic.Int64  // event time, Unix milliseconds
	budget  atomic.Int64  // bytes that the entries may take
	cached  atomic.Int64  // bytes counted for the entries in memory
	changed atomic.Int64  // of these, changed since the last cut
	applied atomic.Uint32 // epoch of the newest durable checkpoint
	epoch   uint32        // of the changes being made; 0 in a memory store. Written by Cut only

	meta     []byte                   // of the checkpoint the store was opened with, or of a memory store's last cut
	imported map[uint16][]importedRow // of a memory store's tables that are not open yet

	mu       sync.Mutex // guards what follows
	tables   map[string]table
	catalog  map[string]tableInfo // of all tables, opened or not
	cleared  []uint16             // numbers that tables had before they were cleared; the backend may have rows of them
	groups   []*Group
	sweep    []byte // backend key at which the next search for expired rows begins
	created  int    // rows that the last checkpoint added
	underway bool   // a checkpoint is cut and not finished
}

// table is a Table of any type.
type table interface {
	id() uint16
	// cut sets the changes of the finished epoch aside.
	cut()
	// write writes what was set aside, and deletes the expired rows, whose
	// keys are sorted.
	write(w *writer, expired [][]byte) error
	// abandon makes what was set aside changes of the present epoch.
	abandon()
	// export visits the rows of a memory store.
	export(clock int64, visit func(key, row []byte) error) error
	// release forgets what was set aside: it is written.
	release()
}

// tableInfo is what the store knows of a table without opening it.
type tableInfo struct {
	id      uint16
	expires bool // its entries can expire
}

// Options say how a store over a backend is kept.
type Options struct {
	// Shards is how many locks guard the keys, a power of two; 1 if zero. See
	// [Store.Shard].
	Shards int
	// CacheBytes is how much memory the decoded entries may take; 256 MiB if
	// zero. Entries that the backend does not have yet stay in memory beyond
	// it: see [Store.Usage].
	CacheBytes int64
	// Spill lets those leave memory too, but for some hundred bytes each, if
	// the backend is a [Spiller].
	Spill bool
	// Rest is called by whoever writes a checkpoint after about a millisecond
	// of work, without a lock: a service that has deadlines sleeps there.
	// Without it others are let run, and no more.
	Rest func()
	// Now is the clock that durations are measured with; they are not
	// measured without one.
	Now func() time.Time
}

// NewMemory makes a store that lives in memory only. Its checkpoints hold
// nothing; [Store.Export] makes a copy of it.
func NewMemory() *Store {
	s := newStore(Options{Shards: 1})
	s.budget.Store(math.MaxInt64)
	return s
}

// Open makes a store over a backend, with the state of its newest checkpoint.
func Open(b Backend, o Options) (*Store, error) {
	if o.Shards < 0 || o.Shards > 1<<16 || o.Shards&(o.Shards-1) != 0 {
		return nil, tidegate.Errorf(tidegate.CodeConfig, "state: %d shards, which is no power of two up to 65536", o.Shards)
	}
	s := newStore(o)
	s.backend = b
	s.epoch = 1
	row, found, err := b.Get(cutKey, nil)
	if err != nil {
		return nil, err
	}
	if found {
		c, err := parseCut(row)
		if err != nil {
			return nil, err
		}
		s.meta, s.catalog, s.cleared, s.sweep = c.meta, c.catalog, c.cleared, c.sweep
		s.clock.Store(c.clock)
		s.applied.Store(c.epoch)
		s.epoch = c.epoch + 1
	}
	if spiller, ok := b.(Spiller); ok && o.Spill {
		file, err := spiller.Spill()
		if err != nil {
			return nil, err
		}
		if file == nil {
			return s, nil
		}
		s.spill = &spill{file: file, free: map[uint32][]uint32{}}
	}
	return s, nil
}

func newStore(o Options) *Store {
	s := &Store{
		now:     o.Now,
		rest:    o.Rest,
		tables:  map[string]table{},
		catalog: map[string]tableInfo{},
	}
	s.budget.Store(cmp.Or(o.CacheBytes, 256<<20))
	if s.now == nil {
		s.now = func() time.Time { return time.Time{} }
	}
	s.NewGroup(max(o.Shards, 1))
	return s
}

// Meta is the meta of the checkpoint that the store was opened with, as it
// was given to [Store.Cut]; nil for a new store.
func (s *Store) Meta() []byte { return s.meta }

// Advance moves the store's event time, Unix milliseconds, forward to now; it
// never goes back. An entry is gone from the moment the store's time reaches
// its expiry, whatever is in memory or on disk. The time is part of a
// checkpoint.
func (s *Store) Advance(now int64) { advance(&s.clock, now) }

func advance(clock *atomic.Int64, now int64) {
	for {
		old := clock.Load()
		if now <= old || clock.CompareAndSwap(old, now) {
			return
		}
	}
}

// Time is the store's event time.
func (s *Store) Time() int64 { return s.clock.Load() }

// Usage is what a store holds in memory, in bytes as the cache counts them.
type Usage struct {
	Cached  int64 // all entries
	Changed int64 // of entries changed since the last cut, what can't be evicted
}

// Usage tells what the store holds in memory. When Changed comes near to
// [Options.CacheBytes] it is time for a checkpoint.
func (s *Store) Usage() Usage {
	u := Usage{Cached: s.cached.Load(), Changed: s.changed.Load()}
	if s.spill != nil && s.spill.full.Load() {
		u.Changed = u.Cached // as far as anybody knows
	}
	return u
}

// register gives a table its number.
func (s *Store) register(name string) tableInfo {
	info, ok := s.catalog[name]
	if !ok {
		info.id = s.freeID()
		s.catalog[name] = info
	}
	return info
}

// freeID is a number that no table has and that the backend has no rows of.
func (s *Store) freeID() uint16 {
	last := uint16(0)
	for _, info := range s.catalog {
		last = max(last, info.id)
	}
	for _, id := range s.cleared {
		last = max(last, id)
	}
	return last + 1
}

// setExpires notes that a table's entries can expire: its rows are searched
// for expired ones from now on, or its entries, in a memory store.
func (s *Store) setExpires(name string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	info := s.catalog[name]
	info.expires = true
	s.catalog[name] = info
	if s.backend == nil {
		s.budget.Store(0)
	}
}

// opened are the opened tables in the order of their numbers.
func (s *Store) opened() []table {
	return slices.SortedFunc(maps.Values(s.tables), func(a, b table) int { return cmp.Compare(a.id(), b.id()) })
}
