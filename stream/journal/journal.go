package journal

import (
	"context"
	"errors"
	"io"
	"sync"
	"sync/atomic"

	"github.com/tidegate/tidegate"
)

// Journal is an open journal. One goroutine may append; any number may wait
// and read.
type Journal struct {
	dir      string
	opts     Options
	readOnly bool
	lock     io.Closer
	unlock   sync.Once
	seed     uint32
	identity header // of the newest segment

	// The writer's own.
	scratch  []byte
	reserved bool

	durable atomic.Uint64
	space   diskSpace
	wake    chan struct{} // tells the committer of work; one token is enough
	failed  chan struct{} // closed by the first error
	stopped chan struct{} // closed when the committer has ended

	mu         sync.Mutex
	last       uint64 // sequence number of the last record appended
	pending    *batch // being filled
	committing *batch // being written; or nil
	spare      *batch // for the next change
	closing    bool
	err        error // why nothing more becomes durable
	stats      Stats

	dropMu   sync.Mutex // one TruncateBefore at a time
	segMu    sync.RWMutex
	segments []*segment // ascending, without gaps; the last one is written
}

// Append adds a record and returns its sequence number. It does no I/O and
// keeps no reference to payload. Only one goroutine may append.
//
// On [ErrFull] nothing was added; a writer that would rather wait does so with
// Wait(ctx, Last()). On [ErrLowSpace] nothing was added, either.
func (j *Journal) Append(payload []byte) (uint64, error) {
	if err := j.reserve(); err != nil {
		return 0, err
	}
	j.scratch = append(j.scratch[:frameHeader], payload...)
	return j.add()
}

// AppendFunc is Append with a payload that encode appends to dst.
// It isn't called if there is no room.
func (j *Journal) AppendFunc(encode func(dst []byte) []byte) (uint64, error) {
	if err := j.reserve(); err != nil {
		return 0, err
	}
	j.scratch = encode(j.scratch[:frameHeader])
	return j.add()
}

// Reserve promises that the next Append is accepted unless the journal fails
// or is closed: a writer that can't take back what it has decided asks first.
func (j *Journal) Reserve() error {
	j.reserved = false
	if err := j.reserve(); err != nil {
		return err
	}
	j.reserved = true
	return nil
}

func (j *Journal) reserve() error {
	if j.reserved {
		j.reserved = false
		return nil
	}
	if j.readOnly {
		return ErrReadOnly
	}
	j.mu.Lock()
	defer j.mu.Unlock()
	switch {
	case j.err != nil:
		return j.err
	case j.closing:
		return ErrClosed
	case j.space.low.Load():
		j.nudge() // it looks again
		return ErrLowSpace
	case len(j.pending.buf) >= j.opts.MaxPending:
		return ErrFull
	}
	return nil
}

// add seals the record in scratch and hands it to the committer. Encoding and
// checksum are outside of the lock, which is held for a copy only.
func (j *Journal) add() (uint64, error) {
	if n := len(j.scratch) - frameHeader; n < 0 || n > MaxRecord {
		j.scratch = make([]byte, frameHeader)
		return 0, tidegate.Errorf(tidegate.CodeTooLarge, "journal: a record of %d bytes, %d are allowed", n, MaxRecord)
	}
	seq := j.last + 1 // only this goroutine changes it
	j.scratch = sealFrame(j.scratch, j.seed, recordFrame, seq)

	j.mu.Lock()
	defer j.mu.Unlock()
	if j.err != nil {
		return 0, j.err
	}
	if j.closing {
		return 0, ErrClosed
	}
	j.last = seq
	if j.pending.records == 0 {
		j.pending.first = seq
		j.nudge()
	}
	if j.pending.add(seq, j.scratch); j.pending.records == fullBatch {
		j.nudge()
	}
	return seq, nil
}

func (j *Journal) nudge() {
	select {
	case j.wake <- struct{}{}:
	default:
	}
}

// Wait returns when the record is durable, which makes all before it durable,
// or when it can't become so, or when ctx is done. A record that isn't
// appended yet is waited for.
func (j *Journal) Wait(ctx context.Context, seq uint64) error {
	for j.durable.Load() < seq {
		done, err := j.commitOf(seq)
		if err != nil {
			return err
		}
		select {
		case <-done:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	return nil
}

// commitOf returns what is closed when the commit ends that may hold seq. So a
// commit wakes those it concerns and nobody else.
func (j *Journal) commitOf(seq uint64) (<-chan struct{}, error) {
	if j.readOnly {
		return nil, ErrReadOnly
	}
	j.mu.Lock()
	defer j.mu.Unlock()
	switch {
	case j.durable.Load() >= seq:
		return closedChannel, nil
	case j.err != nil:
		return nil, j.err
	case j.committing != nil && seq <= j.committing.last:
		return j.committing.done, nil
	}
	return j.pending.done, nil
}

var closedChannel = func() chan struct{} { c := make(chan struct{}); close(c); return c }()

// Durable is the sequence number of the last durable record; 0 if there is none.
func (j *Journal) Durable() uint64 { return j.durable.Load() }

// Last is the sequence number of the last record appended.
func (j *Journal) Last() uint64 {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.last
}

// Failed is closed when a write or a sync has failed. Nothing becomes durable
// any more; the process should exit and start again.
func (j *Journal) Failed() <-chan struct{} { return j.failed }

// Err says why nothing becomes durable any more; nil while all is well.
func (j *Journal) Err() error {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.err
}

// UUID identifies the journal.
func (j *Journal) UUID() UUID { return j.identity.uuid }

// Incarnation counts from 1 how often the sequence began to differ from what
// its readers may have seen: once, and once more for every restored backup.
func (j *Journal) Incarnation() uint64 { return j.identity.incarnation }

// Close makes durable what is pending, stops the committer and waits for it.
// Readers that wait get [ErrClosed].
func (j *Journal) Close() error {
	if j.readOnly {
		return nil
	}
	j.mu.Lock()
	j.closing = true
	j.mu.Unlock()
	j.nudge()
	<-j.stopped
	var err error
	j.unlock.Do(func() { err = j.lock.Close() })
	if failed := j.Err(); !errors.Is(failed, ErrClosed) {
		return failed
	}
	return err
}
