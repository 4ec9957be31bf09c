package journal

import (
	"errors"
	"io/fs"

	"github.com/tidegate/tidegate"
)

// Recovery is what Open found.
type Recovery struct {
	Created  bool   // there was no journal
	First    uint64 // sequence number of the oldest record kept, or the next one
	Last     uint64 // of the newest record; First-1 if there is none
	Segments int
	Verified uint64 // records whose checksum was checked

	// A tail that was torn by a crash, of a commit that nobody was told of.
	TornBytes  int64 // cut off; 0 if there was none
	TornFile   string
	TornOffset int64
}

// Open opens the journal in dir, or creates it, and is its only owner until
// Close. A torn tail is cut off; damage to anything that was durable is an
// error of CodeCorrupt with a [CorruptError].
func Open(dir string, opts Options) (*Journal, Recovery, error) {
	opts, err := opts.withDefaults()
	if err != nil {
		return nil, Recovery{}, err
	}
	if err := makeDir(opts.FS, dir); err != nil {
		return nil, Recovery{}, err
	}
	lock, err := opts.FS.Lock(opts.FS.PathJoin(dir, "LOCK"))
	var unopened *fs.PathError // the file itself: of another owner, or on a disk that is read only
	switch {
	case errors.As(err, &unopened):
		return nil, Recovery{}, &tidegate.Error{Code: tidegate.CodeUnavailable, Message: "journal: its lock can't be opened", File: dir, Cause: unopened}
	case err != nil:
		return nil, Recovery{}, &tidegate.Error{Code: tidegate.CodeConflict, Message: "journal: another process has it open", File: dir, Cause: err}
	}
	j := newJournal(dir, opts)
	j.lock = lock
	recovery, err := j.start()
	if err != nil {
		_ = lock.Close()
		return nil, recovery, err
	}
	return j, recovery, nil
}

// OpenReadOnly opens a journal to read what it holds now. It changes nothing
// and takes no lock, so the journal may be a copy, a backup, or in use.
func OpenReadOnly(dir string, opts Options) (*Journal, Recovery, error) {
	opts, err := opts.withDefaults()
	if err != nil {
		return nil, Recovery{}, err
	}
	j := newJournal(dir, opts)
	j.readOnly = true
	found, err := j.recover()
	if err != nil {
		return nil, found.Recovery, err
	}
	if found.Created {
		return nil, found.Recovery, tidegate.Errorf(tidegate.CodeNotFound, "there is no journal in %s", dir)
	}
	j.adopt(found)
	return j, found.Recovery, nil
}

func newJournal(dir string, opts Options) *Journal {
	return &Journal{
		dir:     dir,
		opts:    opts,
		scratch: make([]byte, frameHeader),
		space:   diskSpace{min: opts.MinFreeBytes},
		wake:    make(chan struct{}, 1),
		failed:  make(chan struct{}),
		stopped: make(chan struct{}),
		pending: newBatch(),
		spare:   newBatch(),
	}
}

// start recovers the journal, makes its end durable and begins to commit.
func (j *Journal) start() (Recovery, error) {
	found, err := j.recover()
	if err != nil {
		return found.Recovery, err
	}
	c, err := j.resume(&found)
	if err != nil {
		return found.Recovery, err
	}
	j.adopt(found)
	j.space.check(j.opts.FS, j.dir)
	go c.run()
	return found.Recovery, nil
}

// adopt takes over what recovery found.
func (j *Journal) adopt(found recovered) {
	newest := found.segments[len(found.segments)-1]
	j.segments = found.segments
	j.identity = newest.header
	j.seed = crcSeed(newest.uuid)
	j.last = found.Last
	j.durable.Store(found.Last)
}
