package stream

import "time"

// Clock is processing time.
type Clock interface {
	Now() Millis
	// Sleep returns when d has passed or done is closed.
	Sleep(done <-chan struct{}, d time.Duration)
}

// stopwatch is a [Clock] that measures finer than it tells the time.
type stopwatch interface {
	// Elapsed is the time since some instant that is always the same.
	Elapsed() time.Duration
}

// elapsed is the clock's time for measuring durations.
func elapsed(c Clock) time.Duration {
	if s, ok := c.(stopwatch); ok {
		return s.Elapsed()
	}
	return time.Duration(c.Now()) * time.Millisecond
}

// WallClock is the machine's clock.
var WallClock Clock = wallClock{}

type wallClock struct{}

var started = time.Now()

func (wallClock) Elapsed() time.Duration { return time.Since(started) }

func (wallClock) Now() Millis { return Millis(time.Now().UnixMilli()) }

func (wallClock) Sleep(done <-chan struct{}, d time.Duration) {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
	case <-done:
	}
}
