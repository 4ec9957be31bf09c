package journal

import "time"

const (
	// Under load, commits begin at least this far apart, unless a batch is
	// full: a commit costs the processors some 50 µs however large it is, and
	// on a fast disk they would otherwise be many and small.
	commitInterval = 500 * time.Microsecond

	// busyBatch is load: a batch of fewer records is committed at once, and
	// so is the one after it.
	busyBatch = 4
	fullBatch = 32
)

// pace holds the committer back for a moment when it is worth it.
type pace struct {
	start   time.Time // of the last commit
	records int       // in it
	timer   *time.Timer
}

func (p *pace) began(records int) { p.start, p.records = time.Now(), records }

func (p *pace) wait(j *Journal) {
	left := commitInterval - time.Since(p.start)
	if p.records < busyBatch || left <= 0 || j.hurried() {
		return
	}
	if p.timer == nil {
		p.timer = time.NewTimer(left)
	} else {
		p.timer.Reset(left)
	}
	defer p.timer.Stop()
	for {
		select {
		case <-p.timer.C:
			return
		case <-j.wake: // a record, a full batch, or the end
			if j.hurried() {
				return
			}
		}
	}
}

// hurried says that there is nothing to wait for.
func (j *Journal) hurried() bool {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.closing || j.pending.records >= fullBatch
}
