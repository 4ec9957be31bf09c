package stream

import "time"

// Clock is processing time.
type Clock interface {
	Now() Millis
	// Sleep returns when d has passed or done is closed.
	Sleep(done <-chan struct{}, d time.Duration)
}

// WallClock is the machine's clock.
var WallClock Clock = wallClock{}

type wallClock struct{}

func (wallClock) Now() Millis { return Millis(time.Now().UnixMilli()) }

func (wallClock) Sleep(done <-chan struct{}, d time.Duration) {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
	case <-done:
	}
}
