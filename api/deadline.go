package api

import (
	"context"
	"time"
)

// deadline is a context that is over at an instant, as of
// [context.WithDeadline], and is used again. It does not wake its user when
// its parent ends: a client that leaves is noticed when the time is over at
// the latest, which is milliseconds.
type deadline struct {
	context.Context // the parent
	at              time.Time
	timer           *time.Timer
	over            chan struct{}
}

// start begins anew. The context is valid until stop.
func (d *deadline) start(parent context.Context, in time.Duration) context.Context {
	d.Context, d.at = parent, time.Now().Add(in)
	if d.timer == nil {
		over := make(chan struct{})
		d.over, d.timer = over, time.AfterFunc(in, func() { close(over) })
	} else {
		d.timer.Reset(in)
	}
	return d
}

// stop ends the use; false says that the time was over, and so is this
// deadline: it can't start again.
func (d *deadline) stop() bool { return d.timer.Stop() }

func (d *deadline) Deadline() (time.Time, bool) { return d.at, true }

func (d *deadline) Done() <-chan struct{} { return d.over }

func (d *deadline) Err() error {
	if err := d.Context.Err(); err != nil {
		return err
	}
	if time.Now().Before(d.at) {
		return nil
	}
	return context.DeadlineExceeded
}
