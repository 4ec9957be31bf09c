package state

import "runtime"

// A slice is what the checkpoint encodes under a shard's lock before it gives
// way: about a microsecond's work, so that a writer who finds the lock taken
// spins for it and need not be woken. If one had to be, the checkpointer makes
// way for it: it would wait for a processor until the checkpointer's time was
// over. It rests in any case from time to time, see [pace].
const (
	sliceEntries = 8
	sliceBytes   = 4 << 10
)

// slicer takes entries as rows, slice after slice.
type slicer[V any] struct {
	table  *Table[V]
	writer *writer
	buf    []byte
	ends   []int  // of the rows in buf
	known  []bool // the backend must know of the row
}

// encode takes the first of the entries as they were at the cut, at least one,
// all of one shard, and says how many.
func (s *slicer[V]) encode(entries []sortable[V]) (n int, err error) {
	store, number := s.table.store, entries[0].entry.shard
	most := 1
	for most < min(len(entries), sliceEntries) && entries[most].entry.shard == number {
		most++
	}
	shard := &s.table.shards[number]
	s.buf, s.ends, s.known = s.buf[:0], s.ends[:0], s.known[:0]
	shard.shard.mu.Lock()
	began := store.now()
	for n < most && len(s.buf) < sliceBytes && err == nil {
		err = s.add(shard, entries[n].entry)
		n++
	}
	s.writer.stats.LongestPause = max(s.writer.stats.LongestPause, store.now().Sub(began))
	shard.shard.mu.Unlock()
	if shard.shard.wanted.Load() > 0 {
		runtime.Gosched()
	}
	s.writer.pace.encoded(n)
	return n, err
}

func (s *slicer[V]) add(shard *tableShard[V], e *Entry[V]) (err error) {
	start := len(s.buf)
	switch {
	case e.imaged:
		s.buf, err = shard.takeImage(e, s.buf)
	case e.away:
		s.buf, err = shard.appendSpilled(s.buf, e.place)
		e.written = e.dirty
	default:
		s.buf = s.table.appendRow(s.buf, e)
		e.written = e.dirty
		shard.weigh(e, len(s.buf)-start)
	}
	if err != nil {
		return err
	}
	if row := s.buf[start:]; len(row) > 0 {
		if _, expiry, _, _ := parseRow(row); expired(expiry, s.writer.checkpoint.cut.clock) {
			s.buf = s.buf[:start]
		}
	}
	if len(s.buf) > start {
		if !e.stored || e.unsure {
			s.writer.created++
		}
		e.stored, e.unsure = true, false
	}
	s.known = append(s.known, e.stored)
	s.ends = append(s.ends, len(s.buf))
	return nil
}

// row is the i-th row taken, nil for a deleted one. What the backend need not
// know of was made and deleted between two cuts.
func (s *slicer[V]) row(i int) (row []byte, known bool) {
	start := 0
	if i > 0 {
		start = s.ends[i-1]
	}
	if s.ends[i] == start {
		return nil, s.known[i]
	}
	return s.buf[start:s.ends[i]:s.ends[i]], s.known[i]
}
