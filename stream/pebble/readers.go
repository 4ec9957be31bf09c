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
	idle  []reader
	since int // counts batches and compactions
}

// reader is an iterator made at a count of batches and compactions.
type reader struct {
	*crdb.Iterator
	since int
}

var readerOptions = crdb.IterOptions{UseL6Filters: true}

// get appends the row under key to dst.
func (r *readers) get(db *crdb.DB, key, dst []byte) (row []byte, found bool, err error) {
	it, err := r.take(db)
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
	if e := r.give(it, err != nil); err == nil {
		err = e
	}
	return dst, found, err
}

func (r *readers) take(db *crdb.DB) (it reader, err error) {
	r.mu.Lock()
	since := r.since
	if n := len(r.idle); n > 0 {
		it, r.idle = r.idle[n-1], r.idle[:n-1]
	}
	r.mu.Unlock()
	if it.Iterator != nil {
		if it.since == since {
			return it, nil
		}
		if err := it.Close(); err != nil {
			return it, err
		}
	}
	it.since = since
	it.Iterator, err = db.NewIter(&readerOptions)
	return it, err
}

// give keeps an iterator for the next read, unless it failed or is outdated.
func (r *readers) give(it reader, failed bool) error {
	if !failed && r.keep(it) {
		return nil
	}
	return it.Close()
}

// keep is apart from give because Pebble takes locks to close an iterator, and
// holds them when it calls outdate.
func (r *readers) keep(it reader) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	if it.since != r.since {
		return false
	}
	r.idle = append(r.idle, it)
	return true
}

// outdate has the next reads make new iterators: a compaction has left fewer
// tables to ask.
func (r *readers) outdate() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.since++
}

// renew lets go of all iterators: a batch has come.
func (r *readers) renew() error {
	r.mu.Lock()
	idle := r.idle
	r.idle = nil
	r.since++
	r.mu.Unlock()
	var err error
	for _, it := range idle {
		if e := it.Close(); err == nil {
			err = e
		}
	}
	return err
}
