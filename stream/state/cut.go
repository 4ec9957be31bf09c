package state

import (
	"encoding/binary"
	"maps"
	"slices"
	"time"

	"github.com/tidegate/tidegate"
)

// Checkpoint is a cut that waits to be written.
type Checkpoint struct {
	store   *Store
	cut     cut
	tables  []table
	empty   []uint16 // cleared numbers that the backend has no rows of any more
	created int      // rows that the checkpoint before added
	began   time.Time
	pause   time.Duration
}

// Cut ends an epoch: the checkpoint holds every change made before and none
// made after. It costs a few dozen nanoseconds a table and shard, however many
// keys have changed. No other call of the store or its tables may be under
// way: its caller holds the lock of a store with one shard, or has stopped
// those who hold the locks of others, each between two records.
//
// meta is the caller's, such as the positions of its sources, and is what
// [Store.Meta] returns after a recovery. One checkpoint is written at a time:
// Cut is refused until [Checkpoint.Write] of the last one has returned.
func (s *Store) Cut(meta []byte) (*Checkpoint, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.underway {
		return nil, tidegate.Errorf(tidegate.CodeConflict, "state: checkpoint %d is still being written", s.epoch-1)
	}
	c := &Checkpoint{store: s, began: s.now(), cut: cut{
		epoch: s.epoch, clock: s.clock.Load(), meta: append([]byte{}, meta...),
		catalog: maps.Clone(s.catalog), cleared: slices.Clone(s.cleared), sweep: s.sweep,
	}}
	if s.backend == nil {
		s.meta = c.cut.meta
		return c, nil
	}
	c.tables = s.opened()
	for _, t := range c.tables {
		t.cut()
	}
	c.created = s.created
	s.epoch++
	s.changed.Store(0)
	s.underway = true
	c.pause = s.now().Sub(c.began)
	return c, nil
}

// Epoch is the checkpoint's number. Numbers rise, also after failures and
// recoveries; a checkpoint that a recovery passed over gives its number to
// another one.
func (c *Checkpoint) Epoch() uint32 { return c.cut.epoch }

// cut is what a checkpoint says of itself, in the row under cutKey.
type cut struct {
	epoch   uint32
	clock   int64
	meta    []byte
	sweep   []byte
	catalog map[string]tableInfo
	cleared []uint16 // numbers of tables that were cleared
}

var cutKey = []byte{0, 0}

const cutVersion = 1

// What stands behind a table's number. A number that was cleared has no name.
const (
	tableStays = iota
	tableExpires
	tableCleared
)

func (c *cut) append(dst []byte) []byte {
	dst = append(dst, cutVersion)
	dst = binary.AppendUvarint(dst, uint64(c.epoch))
	dst = binary.AppendVarint(dst, c.clock)
	dst = appendBytes(dst, c.meta)
	dst = appendBytes(dst, c.sweep)
	entry := func(name string, id uint16, kind byte) {
		dst = appendBytes(dst, []byte(name))
		dst = append(binary.BigEndian.AppendUint16(dst, id), kind)
	}
	for _, name := range slices.Sorted(maps.Keys(c.catalog)) {
		if info := c.catalog[name]; info.expires {
			entry(name, info.id, tableExpires)
		} else {
			entry(name, info.id, tableStays)
		}
	}
	for _, id := range c.cleared {
		entry("", id, tableCleared)
	}
	return dst
}

func parseCut(row []byte) (cut, error) {
	r := reader{b: row}
	if v := r.byte(); v != cutVersion {
		return cut{}, tidegate.Errorf(tidegate.CodeCorrupt, "state: a checkpoint of format %d; this program reads %d", v, cutVersion)
	}
	c := cut{
		epoch: uint32(r.uvarint()), clock: r.varint(), meta: r.bytes(), sweep: r.bytes(),
		catalog: map[string]tableInfo{},
	}
	taken := map[uint16]bool{0: true} // 0 is the store's own
	for len(r.b) > 0 && !r.short {
		name, id := string(r.bytes()), r.uint16()
		if taken[id] && !r.short {
			return cut{}, tidegate.Errorf(tidegate.CodeCorrupt, "state: a checkpoint has two tables of number %d", id)
		}
		taken[id] = true
		if kind := r.byte(); kind == tableCleared {
			c.cleared = append(c.cleared, id)
		} else {
			c.catalog[name] = tableInfo{id: id, expires: kind == tableExpires}
		}
	}
	if r.short {
		return cut{}, tidegate.Errorf(tidegate.CodeCorrupt, "state: the description of a checkpoint is cut short")
	}
	return c, nil
}
