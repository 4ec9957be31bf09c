package pebble

import (
	"sync"

	crdb "github.com/cockroachdb/pebble/v2"
)

// readers are iterators kept for point reads. Unlike Pebble's Get, an iterator
// asks the Bloom filters of the last level too, where a key that was never
// seen costs Get a block; and using one again saves making it. An iterator
// shows the database as it was when it was made, which is all the same between
// two batches.
type readers struct {
	mu    sync.Mutex
	idle  []*crdb.Iterator
	batch int // how many batches the idle ones have seen
}

var readerOptions = crdb.IterOptions{UseL6Filters: true}

// get appends the row under key to dst.
func (r *readers) get(db *crdb.DB, key, dst []byte) (row []byte, found bool, err error) {
	it, batch, err := r.take(db)
	if err != nil {
		return dst, false, err
	}
	if found = it.SeekPrefixGE(key); found {
		if row, err = it.ValueAndErr(); err == nil {
			dst = append(dst, row...)
		}
	} else {
		err = it.Error()
	}
	if e := r.give(it, batch, err != nil); err == nil {
		err = e
	}
	return dst, found, err
}

func (r *readers) take(db *crdb.DB) (it *crdb.Iterator, batch int, err error) {
	r.mu.Lock()
	batch = r.batch
	if n := len(r.idle); n > 0 {
		it, r.idle = r.idle[n-1], r.idle[:n-1]
	}
	r.mu.Unlock()
	if it == nil {
		it, err = db.NewIter(&readerOptions)
	}
	return it, batch, err
}

// give keeps an iterator for the next read, unless it failed or a batch has
// come since.
func (r *readers) give(it *crdb.Iterator, batch int, failed bool) error {
	if !failed {
		r.mu.Lock()
		defer r.mu.Unlock()
		if batch == r.batch {
			r.idle = append(r.idle, it)
			return nil
		}
	}
	return it.Close()
}

// renew lets go of all iterators: a batch has come.
func (r *readers) renew() error {
	r.mu.Lock()
	idle := r.idle
	r.idle = nil
	r.batch++
	r.mu.Unlock()
	var err error
	for _, it := range idle {
		if e := it.Close(); err == nil {
			err = e
		}
	}
	return err
}
