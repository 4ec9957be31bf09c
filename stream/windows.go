package stream

import (
	"encoding/json"
	"fmt"
	"time"
)

// Span is a stretch of time, Start included, End not.
type Span struct {
	Start, End Millis
}

// GlobalSpan is the one window of [Global].
var GlobalSpan = Span{MinTime, MaxTime}

// MaxTimestamp is the last instant inside the window, and the timestamp of
// its result. Of the global window it is [MaxTime].
func (w Span) MaxTimestamp() Millis {
	if w.End == MaxTime {
		return MaxTime
	}
	return w.End - 1
}

// touches says whether two windows overlap or meet, so that they merge.
func (w Span) touches(v Span) bool { return w.Start <= v.End && v.Start <= w.End }

func (w Span) cover(v Span) Span {
	return Span{min(w.Start, v.Start), max(w.End, v.End)}
}

// MarshalJSON writes [start,end] in milliseconds, or "global".
func (w Span) MarshalJSON() ([]byte, error) {
	if w == GlobalSpan {
		return []byte(`"global"`), nil
	}
	return json.Marshal([2]Millis{w.Start, w.End})
}

// UnmarshalJSON reads what MarshalJSON writes.
func (w *Span) UnmarshalJSON(b []byte) error {
	if string(b) == `"global"` {
		*w = GlobalSpan
		return nil
	}
	var bounds [2]Millis
	if err := json.Unmarshal(b, &bounds); err != nil {
		return err
	}
	*w = Span{bounds[0], bounds[1]}
	return nil
}

type assignerKind uint8

const (
	slidingWindows assignerKind = iota // tumbling ones slide by their size
	sessionWindows
	globalWindow
)

// Windows says which windows a record belongs to.
type Windows struct {
	kind         assignerKind
	domain       Domain
	size, slide  Millis
	offset       Millis
	gap          Millis
	dynamic      bool
	counted      [2]int // of count windows: size and slide
	endsOfStream bool   // a global window that fires when the stream ends
}

// Tumbling windows follow one another: every record is in exactly one.
func Tumbling(size time.Duration) Windows { return Sliding(size, size) }

// Sliding windows of one size begin every slide. A record is in all those
// that cover it: several, or none where the slide is larger than the size.
func Sliding(size, slide time.Duration) Windows {
	return Windows{kind: slidingWindows, size: millis(size), slide: millis(slide)}
}

// Session windows hold the records of a key that follow each other by no more
// than gap.
func Session(gap time.Duration) Windows {
	return Windows{kind: sessionWindows, gap: millis(gap)}
}

// DynamicSession windows are sessions whose gap each record chooses, by the
// function given to [Windowed.Gap].
func DynamicSession() Windows { return Windows{kind: sessionWindows, dynamic: true} }

// Global is one window for all time. It never ends, so it needs a trigger.
func Global() Windows { return Windows{kind: globalWindow} }

// UntilEnd is one window for all time that fires when the stream ends.
func UntilEnd() Windows { return Windows{kind: globalWindow, endsOfStream: true} }

// CountWindow is a window of n records of a key, whatever their time.
func CountWindow(n int) Windows { return Windows{kind: globalWindow, counted: [2]int{n, n}} }

// SlidingCountWindow looks at the last n records of a key after every slide records.
func SlidingCountWindow(n, slide int) Windows {
	return Windows{kind: globalWindow, counted: [2]int{n, slide}}
}

// Offset shifts the windows' starts against the epoch, as for days of a time zone.
func (w Windows) Offset(d time.Duration) Windows {
	w.offset = millis(d)
	return w
}

// ByClock makes the windows go by processing time.
func (w Windows) ByClock() Windows {
	w.domain = ProcessingTime
	return w
}

// assign appends the windows of a record to dst, the latest first. A session
// is assigned as the window of its first record.
func (w *Windows) assign(at, gap Millis, dst []Span) []Span {
	switch w.kind {
	case sessionWindows:
		return append(dst, Span{at, at + gap})
	case globalWindow:
		return append(dst, GlobalSpan)
	}
	for start := w.lastStart(at); start > at-w.size; start -= w.slide {
		dst = append(dst, Span{start, start + w.size})
	}
	return dst
}

// lastStart is the start of the last window that begins at or before at.
func (w *Windows) lastStart(at Millis) Millis {
	past := (at - w.offset) % w.slide
	if past < 0 {
		past += w.slide
	}
	return at - past
}

// defaultTrigger fires a window once, at its end.
func (w *Windows) defaultTrigger() Trigger {
	switch {
	case w.counted != [2]int{} && w.counted[0] == w.counted[1]:
		return Purging(OnCount(w.counted[0]))
	case w.counted != [2]int{}:
		return OnCount(w.counted[1])
	case w.kind == globalWindow && !w.endsOfStream:
		return Never()
	case w.domain == ProcessingTime:
		return AtProcessingTime()
	default:
		return AtWatermark()
	}
}

func (w *Windows) validate() error {
	switch {
	case w.kind == slidingWindows && (w.size <= 0 || w.slide <= 0):
		return fmt.Errorf("windows of %d ms every %d ms: both must be positive", w.size, w.slide)
	case w.kind == slidingWindows && max(w.offset, -w.offset) >= w.slide:
		return fmt.Errorf("a window offset of %d ms must be smaller than the slide of %d ms", w.offset, w.slide)
	case w.kind == sessionWindows && !w.dynamic && w.gap <= 0:
		return fmt.Errorf("a session gap of %d ms must be positive", w.gap)
	case w.counted != [2]int{} && min(w.counted[0], w.counted[1]) <= 0:
		return fmt.Errorf("count windows of %d every %d records: both must be positive", w.counted[0], w.counted[1])
	}
	return nil
}

// String names the windows for the topology.
func (w Windows) String() string {
	ms := func(m Millis) string { return (time.Duration(m) * time.Millisecond).String() }
	name := ""
	switch {
	case w.counted != [2]int{} && w.counted[0] == w.counted[1]:
		return fmt.Sprintf("count %d", w.counted[0])
	case w.counted != [2]int{}:
		return fmt.Sprintf("count %d every %d", w.counted[0], w.counted[1])
	case w.kind == globalWindow:
		return "global"
	case w.dynamic:
		name = "session"
	case w.kind == sessionWindows:
		name = "session " + ms(w.gap)
	case w.size == w.slide:
		name = "tumbling " + ms(w.size)
	default:
		name = "sliding " + ms(w.size) + " by " + ms(w.slide)
	}
	if w.offset != 0 {
		name += " offset " + ms(w.offset)
	}
	if w.domain == ProcessingTime {
		name += " of processing time"
	}
	return name
}
