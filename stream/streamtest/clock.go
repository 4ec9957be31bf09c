package streamtest

import (
	"sync/atomic"
	"time"

	"github.com/tidegate/tidegate/stream"
)

// Clock is processing time in the test's hands.
type Clock struct{ now atomic.Int64 }

// Set moves the clock.
func (c *Clock) Set(now stream.Millis) { c.now.Store(int64(now)) }

// Now is the time last set; 0 before.
func (c *Clock) Now() stream.Millis { return stream.Millis(c.now.Load()) }

// Sleep returns at once, after letting the time pass.
func (c *Clock) Sleep(_ <-chan struct{}, d time.Duration) { c.now.Add(d.Milliseconds()) }
