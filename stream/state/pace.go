package state

import "runtime"

// pace lets whoever writes a checkpoint rest after about a millisecond's work,
// of its own accord and while it holds no lock: the scheduler, which would make
// it after ten, does not ask what it holds.
type pace struct {
	rest func()
	left int // until the next rest, in looks
}

const (
	looksInARow   = 32 << 10 // at an entry, to put it in order
	looksPerEntry = 16       // that encoding it and writing its row cost
)

func newPace(rest func()) *pace {
	if rest == nil {
		rest = runtime.Gosched
	}
	return &pace{rest: rest, left: looksInARow}
}

func (p *pace) looked()             { p.worked(1) }
func (p *pace) encoded(entries int) { p.worked(entries * looksPerEntry) }

func (p *pace) worked(looks int) {
	if p.left -= looks; p.left <= 0 {
		p.left = looksInARow
		p.rest()
	}
}
