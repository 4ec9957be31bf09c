package state

import (
	"io"

	"github.com/tidegate/tidegate"
)

// Import makes a store of a savepoint. The backend must be empty, and has the
// savepoint as its newest checkpoint afterwards; nothing if the savepoint is
// damaged. Without a backend it makes a store that lives in memory only.
func Import(r io.Reader, b Backend, o Options) (*Store, error) {
	in, c, err := newSavepointReader(r)
	if err != nil {
		return nil, err
	}
	if b == nil {
		return importMemory(in, &c)
	}
	if _, found, err := b.Get(cutKey, nil); err != nil || found {
		if err == nil {
			err = tidegate.Errorf(tidegate.CodeConflict, "a savepoint is imported into an empty state only")
		}
		return nil, err
	}
	c.epoch, c.sweep = 1, nil
	batch, err := b.Begin(c.epoch)
	if err != nil {
		return nil, err
	}
	if err := importRows(in, &c, batch); err != nil {
		batch.Discard()
		return nil, err
	}
	if _, err := batch.Commit(); err != nil {
		return nil, err
	}
	return Open(b, o)
}

func importRows(in *savepointReader, c *cut, batch Batch) error {
	if err := batch.Put(cutKey, c.append(nil)); err != nil {
		return err
	}
	last := string(cutKey)
	return in.rows(func(key, row []byte) error {
		if string(key) <= last {
			return tidegate.Errorf(tidegate.CodeCorrupt, "the savepoint's rows are out of order")
		}
		last = string(key)
		return batch.Put(key, row)
	})
}

// importedRow waits in a memory store for its table to be opened.
type importedRow struct{ key, row []byte }

func importMemory(in *savepointReader, c *cut) (*Store, error) {
	s := NewMemory()
	s.catalog, s.meta, s.imported = c.catalog, c.meta, map[uint16][]importedRow{}
	s.clock.Store(c.clock)
	for _, info := range c.catalog {
		if info.expires {
			s.budget.Store(0)
		}
	}
	err := in.rows(func(key, row []byte) error {
		id := tableOf(key)
		s.imported[id] = append(s.imported[id], importedRow{key, row})
		return nil
	})
	if err != nil {
		return nil, err
	}
	return s, nil
}

// adopt takes the rows that were imported for a table into memory.
func (t *Table[V]) adopt(rows []importedRow) error {
	for _, r := range rows {
		key := r.key[idSize:]
		version, expiry, encoded, err := parseRow(r.row)
		if err != nil {
			return err
		}
		sh, hash := t.locate(key)
		e := sh.add(key, hash, false)
		e.expiry = expiry
		if err := t.codec.decode(version, encoded, &e.value); err != nil {
			return t.rowError(err)
		}
		sh.weigh(e, len(encoded))
	}
	return nil
}

func (t *Table[V]) rowError(cause error) *tidegate.Error {
	return &tidegate.Error{Code: tidegate.CodeCorrupt, Message: "state table " + t.name, Cause: cause}
}
