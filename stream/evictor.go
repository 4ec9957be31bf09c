package stream

import (
	"math"
	"time"
)

// Evictor removes records from a window around its firing. A window with an
// evictor keeps all of its records, so it costs more than one that folds them.
type Evictor interface {
	// Evict sets drop[i] for each element, in order of arrival, that goes.
	Evict(elements []Element, drop []bool)
}

// KeepCount keeps the last n records.
func KeepCount(n int) Evictor { return keepCount(n) }

type keepCount int

func (n keepCount) Evict(elements []Element, drop []bool) {
	for i := range max(0, len(elements)-int(n)) {
		drop[i] = true
	}
}

// KeepRecent keeps the records less than d older than the newest of the window.
func KeepRecent(d time.Duration) Evictor { return keepRecent(millis(d)) }

type keepRecent Millis

func (d keepRecent) Evict(elements []Element, drop []bool) {
	newest := MinTime
	for _, e := range elements {
		newest = max(newest, e.Time)
	}
	for i, e := range elements {
		drop[i] = e.Time <= newest-Millis(d)
	}
}

// KeepClose keeps the records whose measure is less than threshold away from
// that of the last record.
func KeepClose(threshold float64) Evictor { return keepClose(threshold) }

type keepClose float64

func (threshold keepClose) Evict(elements []Element, drop []bool) {
	if len(elements) == 0 {
		return
	}
	last := elements[len(elements)-1].Measure
	for i, e := range elements {
		drop[i] = math.Abs(last-e.Measure) >= float64(threshold)
	}
}
