package state

import (
	"hash/maphash"
	"slices"
	"sync"
	"sync/atomic"
)

// Group is a set of tables whose keys are guarded by the same locks, one for
// each shard of the keys. Tables of one operator belong to one group, so that
// a key of theirs is locked once.
type Group struct {
	store  *Store
	seed   maphash.Seed
	shards []Shard
	clock  *atomic.Int64 // the store's, or apart
	apart  atomic.Int64
}

// Shard is a part of a group's keys, guarded by one lock.
type Shard struct {
	mu     sync.Mutex
	wanted atomic.Int32 // who waits for mu
	store  *Store
	tables atomic.Pointer[[]evictor]
	hand   int  // the table where eviction goes on
	loaded int  // entries that came into memory since the last eviction
	weight int  // the table where weighing goes on
	rest   int  // uses until the next entry is weighed
	fresh  bool // there are entries that were never weighed
}

// evictor is the part of a table that lies in one shard.
type evictor interface {
	// evict looks at up to steps entries, lets go of those it may, and
	// returns the steps left when it comes to the end of the entries.
	evict(steps int) (left int)
	// weighFresh and weighNext: see [tableShard].
	weighFresh()
	weighNext() (encoded int, through bool)
}

// NewGroup makes a group of its own locks, a power of two of them. A store has
// one group from the start, whose number of locks is [Options.Shards].
func (s *Store) NewGroup(shards int) *Group {
	g := &Group{store: s, seed: maphash.MakeSeed(), shards: make([]Shard, shards), clock: &s.clock}
	for i := range g.shards {
		g.shards[i].store = s
		g.shards[i].tables.Store(new([]evictor))
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.groups = append(s.groups, g)
	return g
}

// Shard finds the shard of a key in the store's first group. Where that has
// one shard only, as in the scoring service, key may be nil.
func (s *Store) Shard(key []byte) *Shard { return s.groups[0].Shard(key) }

// Shard finds the shard of a key.
func (g *Group) Shard(key []byte) *Shard { return &g.shards[g.index(key)] }

func (g *Group) index(key []byte) int {
	if len(g.shards) == 1 {
		return 0
	}
	return int(g.hash(key)) & (len(g.shards) - 1)
}

func (g *Group) hash(key []byte) uint64 { return maphash.Bytes(g.seed, key) }

// Part gives the group an event time of its own, for as long as its tables are
// brought up to date beside the others: what has expired is seen from each
// record, wherever the others are by then. Rejoin gives it the store's again.
// Nobody may use the group meanwhile.
func (g *Group) Part() {
	g.apart.Store(g.store.Time())
	g.clock = &g.apart
}

// Rejoin ends what [Group.Part] began.
func (g *Group) Rejoin() { g.clock = &g.store.clock }

// Advance moves the time of a group that is parted, as [Store.Advance] does.
func (g *Group) Advance(now int64) { advance(g.clock, now) }

// add makes a table known to the shard, whose lock may be held or not; the
// store's mu is.
func (s *Shard) add(t evictor) {
	tables := append(slices.Clone(*s.tables.Load()), t)
	s.tables.Store(&tables)
}

// Lock takes the shard's keys for one record. Entries are valid until Unlock.
// It is also when the shard makes room in memory, a few entries at a time.
func (s *Shard) Lock() {
	if !s.mu.TryLock() {
		s.wanted.Add(1)
		s.mu.Lock()
		s.wanted.Add(-1)
	}
	if s.store.spill != nil {
		s.weigh()
	}
	if s.store.cached.Load() > s.store.budget.Load() {
		s.evict()
	}
}

// weigh has new entries weighed and, when it is time, another.
func (s *Shard) weigh() {
	tables := *s.tables.Load()
	if s.fresh {
		s.fresh = false
		for _, t := range tables {
			t.weighFresh()
		}
	}
	if s.rest--; s.rest > 0 || len(tables) == 0 {
		return
	}
	encoded, through := tables[s.weight].weighNext()
	s.rest = weighEvery + encoded/weighBytes
	if s.store.cached.Load() < s.store.budget.Load()/8 {
		s.rest *= 8 // whatever nobody knows of yet has room
	}
	if through {
		s.weight = (s.weight + 1) % len(tables)
	}
}

// Unlock gives the shard's keys back.
func (s *Shard) Unlock() { s.mu.Unlock() }

// evict goes around the entries of the shard's tables as the hand of a clock,
// four for each entry that came into memory, so that it keeps up as long as a
// quarter can go. In a memory store, where it looks for expired entries, two
// find them before they are half of all.
func (s *Shard) evict() {
	steps := min(4+4*s.loaded, 256)
	if s.store.backend == nil {
		steps = min(1+2*s.loaded, 256)
	}
	s.loaded = 0
	tables := *s.tables.Load()
	for range tables {
		if steps = tables[s.hand].evict(steps); steps == 0 {
			return
		}
		s.hand = (s.hand + 1) % len(tables)
	}
}
