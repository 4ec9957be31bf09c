// Package load sends authorizations to a server on this machine and measures
// how long the answers take: open loop at a rate, where a slow answer does not
// slow the next request (no coordinated omission), or closed loop, as fast as
// the answers come.
package load

import (
	"context"
	"errors"
	"net"
	"sync"
	"time"

	"github.com/tidegate/tidegate"
	"github.com/tidegate/tidegate/internal/loopback"
)

// Options of a run.
type Options struct {
	Address     string // host:port; loopback only
	Connections int
	Rate        float64 // requests a second over all connections; 0 is closed loop
	Poisson     bool    // arrivals, the next free connection takes each; otherwise evenly spaced
	Warmup      time.Duration
	Duration    time.Duration
	Requests    Requests
	Progress    func(elapsed, total time.Duration, requests int64)
}

// Requests makes the request of a worker: the whole HTTP request as bytes,
// valid until the worker's next.
type Requests func(worker int, now time.Time, dst []byte) []byte

// Result is what was measured. Latencies are from the time that a request was
// due, in microseconds.
type Result struct {
	Requests   int64            `json:"requests"`
	PerSecond  float64          `json:"requests_per_second"`
	Statuses   map[int]int64    `json:"statuses"`
	Micros     map[string]int64 `json:"latency_us"`
	MeanMicros float64          `json:"latency_mean_us"`
	// What this process used of the processors, server and load together.
	CPUMicros float64 `json:"cpu_us_per_request"`
	// Of the body of an answer, on average.
	AnswerBytes float64 `json:"answer_bytes"`
}

// Run sends until the duration is over. It refuses addresses that are not on
// this machine.
func Run(ctx context.Context, o Options) (Result, error) {
	host, _, err := net.SplitHostPort(o.Address)
	if err != nil || !loopback.Is(host) {
		return Result{}, tidegate.Errorf(tidegate.CodeInvalid, "load goes to loopback addresses only, as 127.0.0.1:8080")
	}
	start := time.Now()
	measureFrom, end := start.Add(o.Warmup), start.Add(o.Warmup+o.Duration)
	ctx, cancel := context.WithDeadline(ctx, end.Add(10*time.Second))
	defer cancel()
	due := newSchedule(o, start)
	workers := make([]*worker, o.Connections)
	var wait sync.WaitGroup
	for i := range workers {
		w := &worker{number: i, options: &o, due: due, measureFrom: measureFrom, end: end, latency: NewLatency()}
		workers[i] = w
		wait.Go(func() { w.err = w.run(ctx) })
	}
	done := make(chan struct{})
	go func() { wait.Wait(); close(done) }()
	used := report(o, start, done)
	if errors.Is(ctx.Err(), context.Canceled) {
		return Result{}, ctx.Err() // and what that did to the connections is no news
	}
	return collect(workers, o.Duration, used)
}

// report shows how far a run is, and returns the processor time that it used
// after the warm-up.
func report(o Options, start time.Time, done <-chan struct{}) time.Duration {
	tick := time.NewTicker(500 * time.Millisecond)
	defer tick.Stop()
	warm := time.NewTimer(o.Warmup)
	defer warm.Stop()
	var before time.Duration
	for {
		select {
		case <-done:
			return processorTime() - before
		case <-warm.C:
			before = processorTime()
		case now := <-tick.C:
			if o.Progress != nil {
				o.Progress(min(now.Sub(start), o.Warmup+o.Duration), o.Warmup+o.Duration, 0)
			}
		}
	}
}

func collect(workers []*worker, d, used time.Duration) (Result, error) {
	all := NewLatency()
	var errs []error
	size := 0
	for _, w := range workers {
		all.Add(w.latency)
		size += w.size
		if w.err != nil {
			errs = append(errs, w.err)
		}
	}
	r := all.Result()
	r.PerSecond = float64(r.Requests) / d.Seconds()
	if n := float64(r.Requests); n > 0 {
		r.CPUMicros, r.AnswerBytes = used.Seconds()*1e6/n, float64(size)/n
	}
	return r, errors.Join(errs...)
}

// worker is one connection.
type worker struct {
	number      int
	options     *Options
	due         *schedule
	measureFrom time.Time
	end         time.Time
	latency     *Latency
	size        int // of the bodies of the answers
	err         error
}

func (w *worker) run(ctx context.Context) error {
	c, err := dial(ctx, w.options.Address)
	if err != nil {
		return err
	}
	defer c.Close()
	var request []byte
	for {
		now := time.Now()
		due := now
		if w.due != nil {
			due = w.due.next()
			if wait := due.Sub(now); wait > 0 {
				time.Sleep(wait)
				now = time.Now()
			}
		}
		if due.After(w.end) || now.After(w.end.Add(5*time.Second)) || ctx.Err() != nil {
			return nil
		}
		request = w.options.Requests(w.number, now, request[:0])
		status, size, err := c.roundTrip(request)
		if err != nil {
			return err
		}
		if !due.Before(w.measureFrom) {
			w.size += size
			w.latency.Record(status, time.Since(due))
		}
	}
}
