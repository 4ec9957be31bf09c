package load

import (
	"fmt"
	"time"

	"github.com/HdrHistogram/hdrhistogram-go"
)

// Latency counts answers by status and by how long they took (HDR histogram,
// 1 µs to 60 s, 3 digits). It has one user at a time.
type Latency struct {
	histogram *hdrhistogram.Histogram
	statuses  map[int]int64
}

// NewLatency makes an empty one.
func NewLatency() *Latency {
	return &Latency{hdrhistogram.New(1, 60_000_000, 3), map[int]int64{}}
}

// Record counts an answer; longer than a minute counts as a minute.
func (l *Latency) Record(status int, d time.Duration) {
	l.statuses[status]++
	// The value is within the histogram's range.
	_ = l.histogram.RecordValue(min(60_000_000, max(1, d.Microseconds())))
}

// Add adds another's counts.
func (l *Latency) Add(o *Latency) {
	l.histogram.Merge(o.histogram)
	for status, n := range o.statuses {
		l.statuses[status] += n
	}
}

// Result sums up.
func (l *Latency) Result() Result {
	r := Result{Statuses: l.statuses, Micros: map[string]int64{}, MeanMicros: l.histogram.Mean()}
	for _, n := range l.statuses {
		r.Requests += n
	}
	for _, q := range []float64{50, 90, 99, 99.9, 99.99} {
		r.Micros[fmt.Sprintf("p%g", q)] = l.histogram.ValueAtQuantile(q)
	}
	r.Micros["max"] = l.histogram.Max()
	return r
}
