package state

import "bytes"

func (t *Table[V]) id() uint16 { return t.number }

func (t *Table[V]) cut() {
	for i := range t.shards {
		s := &t.shards[i]
		s.waiting, s.changed, s.cutKeys = s.changed, list[V]{}, s.keys.chunks
	}
}

func (t *Table[V]) release() {
	for i := range t.shards {
		t.shards[i].waiting, t.shards[i].cutKeys = list[V]{}, nil
	}
}

func (t *Table[V]) abandon() {
	for i := range t.shards {
		s := &t.shards[i]
		for _, block := range s.waiting.blocks {
			s.shard.mu.Lock()
			for _, e := range block {
				if e.imaged {
					s.dropImage(e)
				}
				if e.dirty != t.store.epoch {
					e.written = e.dirty // no image: nobody wants it
					s.mark(e)
				}
			}
			s.shard.mu.Unlock()
		}
		s.waiting, s.cutKeys = list[V]{}, nil
	}
}

// write merges the waiting entries and the expired keys, which are backend
// keys, in the order of keys.
func (t *Table[V]) write(w *writer, expired [][]byte) error {
	entries := t.waiting(w.pace)
	rows := slicer[V]{table: t, writer: w}
	for len(entries) > 0 {
		if err := w.ctx.Err(); err != nil {
			return err
		}
		n, err := rows.encode(entries)
		if err != nil {
			return err
		}
		for i := range entries[:n] {
			key := t.cutKey(entries[i].entry)
			for len(expired) > 0 && bytes.Compare(expired[0][idSize:], key) <= 0 {
				if bytes.Compare(expired[0][idSize:], key) < 0 {
					if err := w.expire(expired[0]); err != nil {
						return err
					}
				}
				expired = expired[1:]
			}
			if row, known := rows.row(i); known {
				if err := w.put(t.number, key, row); err != nil {
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
