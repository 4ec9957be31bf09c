package state

import (
	"slices"
	"strings"
)

// sliceEntries is how many entries the checkpoint encodes under a lock
// before it gives way: a few microseconds.
const sliceEntries = 32

func (t *Table[V]) id() uint16 { return t.number }

func (t *Table[V]) cut() (keys int) {
	for i := range t.shards {
		s := &t.shards[i]
		s.waiting, s.changed = s.changed, list[V]{}
		keys += s.waiting.length
	}
	return keys
}

func (t *Table[V]) release() {
	for i := range t.shards {
		t.shards[i].waiting = list[V]{}
	}
}

func (t *Table[V]) abandon() {
	for i := range t.shards {
		s := &t.shards[i]
		for _, block := range s.waiting.blocks {
			s.shard.mu.Lock()
			for _, e := range block {
				e.image = nil
				if e.dirty != t.store.epoch {
					e.written = e.dirty // no image: nobody wants it
					t.change(e)
				}
			}
			s.shard.mu.Unlock()
		}
		s.waiting = list[V]{}
	}
}

// write merges the waiting entries and the expired keys, which are backend
// keys, in the order of keys.
func (t *Table[V]) write(w *writer, expired [][]byte) error {
	entries := t.inOrder()
	rows := slice[V]{table: t, writer: w}
	for len(entries) > 0 {
		if err := w.ctx.Err(); err != nil {
			return err
		}
		n := 1
		for n < min(len(entries), sliceEntries) && entries[n].shard == entries[0].shard {
			n++
		}
		rows.encode(entries[:n])
		for i, e := range entries[:n] {
			for len(expired) > 0 && string(expired[0][idSize:]) <= e.key {
				if string(expired[0][idSize:]) < e.key {
					if err := w.expire(expired[0]); err != nil {
						return err
					}
				}
				expired = expired[1:]
			}
			if row, known := rows.row(i); known {
				if err := w.put(t.number, e.key, row); err != nil {
					return err
				}
			}
		}
		entries = entries[n:]
	}
	for _, key := range expired {
		if err := w.expire(key); err != nil {
			return err
		}
	}
	return nil
}

// inOrder are the waiting entries in the order of keys.
func (t *Table[V]) inOrder() []*Entry[V] {
	n := 0
	for i := range t.shards {
		n += t.shards[i].waiting.length
	}
	entries := make([]*Entry[V], 0, n)
	for i := range t.shards {
		for _, block := range t.shards[i].waiting.blocks {
			entries = append(entries, block...)
		}
	}
	slices.SortFunc(entries, func(a, b *Entry[V]) int { return strings.Compare(a.key, b.key) })
	return entries
}

// slice is a few entries of one shard as rows.
type slice[V any] struct {
	table  *Table[V]
	writer *writer
	buf    []byte
	ends   []int  // of the rows in buf
	known  []bool // the backend must know of the row
}

func (s *slice[V]) row(i int) (row []byte, known bool) {
	start := 0
	if i > 0 {
		start = s.ends[i-1]
	}
	if row = s.buf[start:s.ends[i]:s.ends[i]]; len(row) == 0 {
		row = nil
	}
	return row, s.known[i]
}

// encode takes the rows of the entries as they were at the cut.
func (s *slice[V]) encode(entries []*Entry[V]) {
	t, store := s.table, s.table.store
	clock := s.writer.checkpoint.cut.clock
	shard := &t.shards[entries[0].shard]
	s.buf, s.ends, s.known = s.buf[:0], s.ends[:0], s.known[:0]
	shard.shard.mu.Lock()
	began := store.now()
	for _, e := range entries {
		start := len(s.buf)
		if e.image != nil {
			s.buf = append(s.buf, e.image.row...)
			e.image = nil
		} else {
			s.buf = t.appendRow(s.buf, e)
			e.written = e.dirty
			shard.weigh(e, len(s.buf)-start)
		}
		if row := s.buf[start:]; len(row) > 0 {
			if _, expiry, _, _ := parseRow(row); expired(expiry, clock) {
				s.buf = s.buf[:start]
			}
		}
		s.known = append(s.known, e.stored || len(s.buf) > start)
		e.stored = e.stored || len(s.buf) > start
		s.ends = append(s.ends, len(s.buf))
	}
	s.writer.stats.LongestPause = max(s.writer.stats.LongestPause, store.now().Sub(began))
	shard.shard.mu.Unlock()
}
