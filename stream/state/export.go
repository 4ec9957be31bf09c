package state

import (
	"bytes"
	"io"
	"maps"
	"slices"

	"github.com/tidegate/tidegate"
)

// Export writes a savepoint: one portable file with the rows of all tables,
// open or not, the time and the meta. It is the newest checkpoint, read while
// processing goes on. A memory store exports what it holds, with the meta of
// the last cut; no other call may be under way then.
func (s *Store) Export(w io.Writer) error {
	if s.backend == nil {
		return s.exportMemory(w)
	}
	var out *savepointWriter
	var c cut
	var cleared []uint16
	var failed error
	err := s.backend.Scan(nil, nil, func(key, row []byte) bool {
		if bytes.Equal(key, cutKey) {
			if c, failed = parseCut(row); failed == nil {
				cleared, c.cleared = c.cleared, nil
				out = newSavepointWriter(w, &c)
			}
			return failed == nil
		}
		if out == nil {
			return false
		}
		if slices.Contains(cleared, tableOf(key)) {
			return true
		}
		if _, expiry, _, err := parseRow(row); err != nil {
			failed = err
		} else if !expired(expiry, c.clock) {
			failed = out.row(key, row)
		}
		return failed == nil
	})
	switch {
	case err != nil:
		return err
	case failed != nil:
		return failed
	case out == nil:
		return tidegate.Errorf(tidegate.CodeNotFound, "there is no checkpoint to export")
	}
	return out.close()
}

func (s *Store) exportMemory(w io.Writer) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	c := cut{clock: s.clock.Load(), meta: s.meta, catalog: s.catalog}
	out := newSavepointWriter(w, &c)
	open := map[uint16]table{}
	for _, t := range s.tables {
		open[t.id()] = t
	}
	for _, info := range c.inOrder() {
		var err error
		if t := open[info.id]; t != nil {
			err = t.export(c.clock, out.row)
		} else {
			for _, r := range s.imported[info.id] {
				if err = out.row(r.key, r.row); err != nil {
					break
				}
			}
		}
		if err != nil {
			return err
		}
	}
	return out.close()
}

// export visits the live entries in the order of keys.
func (t *Table[V]) export(clock int64, visit func(key, row []byte) error) error {
	entries := map[string]*Entry[V]{}
	for i := range t.shards {
		for e := range t.shards[i].all() {
			entries[t.Key(e)] = e
		}
	}
	var key, row []byte
	for _, k := range slices.Sorted(maps.Keys(entries)) {
		e := entries[k]
		if expired(e.expiry, clock) {
			continue
		}
		key = append(appendID(key[:0], t.number), k...)
		row = t.appendRow(row[:0], e)
		if err := visit(key, row); err != nil {
			return err
		}
	}
	return nil
}
