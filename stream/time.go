package stream

import (
	"math"
	"time"

	"github.com/tidegate/tidegate"
)

// Millis is an instant: milliseconds since 1970-01-01T00:00:00Z.
type Millis = tidegate.Millis

// The ends of time. A watermark of MaxTime says that a stream has ended.
const (
	MinTime Millis = math.MinInt64
	MaxTime Millis = math.MaxInt64
)

// Domain is the time that a timer or a window goes by.
type Domain uint8

const (
	EventTime      Domain = iota // the records' own timestamps, as told by watermarks
	ProcessingTime               // the clock of the machine
)

func (d Domain) String() string {
	if d == ProcessingTime {
		return "processing time"
	}
	return "event time"
}

// millis is d in milliseconds; the longest duration there is means for ever.
func millis(d time.Duration) Millis {
	if d == math.MaxInt64 {
		return MaxTime
	}
	return Millis(d.Milliseconds())
}

// later is t + d, or MaxTime where that is beyond it. d is not negative.
func later(t, d Millis) Millis {
	if t > MaxTime-d {
		return MaxTime
	}
	return t + d
}

// earlier is t - d, or MinTime where that is before it. d is not negative.
func earlier(t, d Millis) Millis {
	if t < MinTime+d {
		return MinTime
	}
	return t - d
}
