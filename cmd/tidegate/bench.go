package main

import (
	"context"
	"errors"
	"fmt"
	"math"
	"net"
	"os"
	"path/filepath"
	"runtime/debug"
	"strconv"
	"time"

	"github.com/tidegate/tidegate"
	"github.com/tidegate/tidegate/bench/load"
	"github.com/tidegate/tidegate/node"
)

type benchCommands struct {
	Authorize benchAuthorizeCommand `cmd:"" help:"Measure POST /v1/authorize: a service of its own on this machine, every answer durable."`
}

type benchAuthorizeCommand struct {
	Config      string        `help:"Configuration of the service. Default: the built-in example." type:"path" placeholder:"FILE"`
	Data        string        `help:"Data directory; default: a temporary one in the working directory's file system." type:"path" placeholder:"DIR"`
	Rate        float64       `help:"Requests a second, open loop; 0 is closed loop: as fast as answers come." default:"0"`
	Arrivals    string        `help:"Of the open loop." enum:"constant,poisson" default:"poisson"`
	Connections int           `help:"Connections." default:"64"`
	Duration    time.Duration `help:"Of the measurement." default:"60s"`
	Warmup      time.Duration `help:"Before it." default:"5s"`
	Customers   int           `help:"Customers." default:"1000000"`
	Skew        float64       `help:"Exponent of Zipf's law over customers; 0 is uniform." default:"1.0"`
	Seed        uint64        `help:"Of the requests." default:"1"`
	Against     string        `help:"echo: measure a server that decodes the same request and encodes an answer of the same size with the standard library, in the same run." enum:"echo," default:""`
	Half        bool          `help:"After the closed loop, measure latency at half of the rate it reached."`
	JSON        string        `help:"Write the results here, machine-readable; - is standard output." placeholder:"FILE"`
}

// authorizeReport is what --json writes.
type authorizeReport struct {
	Tidegate    load.Result   `json:"tidegate"`
	Echo        []load.Result `json:"echo,omitempty"`      // before and after, half of the time each
	Ratio       float64       `json:"ratio,omitempty"`     // of rates
	RatioCPU    float64       `json:"ratio_cpu,omitempty"` // of processor time per request, the echo's by Tidegate's
	Half        *load.Result  `json:"half_of_maximum,omitempty"`
	EchoAtHalf  *load.Result  `json:"echo_at_half_of_maximum,omitempty"` // the echo at that same rate
	Disk        *load.Disk    `json:"disk,omitempty"`                    // with nothing else to do, before and after
	Checkpoints uint64        `json:"checkpoints"`
	LongestUS   int64         `json:"longest_checkpoint_pause_us"`
	PerCommit   float64       `json:"records_per_commit"`
	SyncUS      float64       `json:"mean_sync_us"`
	SlowSyncs   uint64        `json:"syncs_over_5_ms"`
	// Shares of the time that the journal spent in those, in the measurement and
	// at half of the maximum: answers wait for them.
	Stalled     float64 `json:"stalled"`
	HalfStalled float64 `json:"stalled_at_half,omitempty"`
}

func (c *benchAuthorizeCommand) Run(ctx context.Context) (err error) {
	if err := c.check(); err != nil {
		return err
	}
	scratch, err := os.MkdirTemp(".", "tidegate-bench-")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(scratch)) }()
	if c.Data == "" {
		c.Data = filepath.Join(scratch, "data")
	}
	payments := load.NewPayments(c.Connections, c.Customers, c.Skew, c.Seed, strconv.FormatInt(time.Now().UnixNano(), 36))
	var r authorizeReport
	if c.Against == "" {
		err = c.service(ctx, payments, &r)
	} else {
		err = c.besideEcho(ctx, payments, filepath.Join(scratch, "size"), &r)
	}
	if err != nil {
		return err
	}
	if c.JSON != "-" {
		r.print(os.Stdout)
	}
	return writeReport(c.JSON, r)
}

func (c *benchAuthorizeCommand) check() error {
	switch {
	case c.Rate < 0 || math.IsNaN(c.Rate) || math.IsInf(c.Rate, 0):
		return tidegate.Errorf(tidegate.CodeInvalid, "--rate is requests a second, or 0")
	case c.Connections < 1 || c.Customers < 1 || c.Skew < 0 || c.Duration <= 0 || c.Warmup < 0:
		return tidegate.Errorf(tidegate.CodeInvalid, "--connections, --customers and --duration must be above zero, --skew and --warmup not below")
	}
	return nil
}

// besideEcho measures the echo before and after the service, so that a machine
// that gets slower or faster meanwhile does so for both.
func (c *benchAuthorizeCommand) besideEcho(ctx context.Context, payments *load.Payments, scratch string, r *authorizeReport) error {
	size, err := c.answerSize(ctx, payments, scratch)
	if err != nil {
		return err
	}
	rate, cpu := 0.0, 0.0
	echo := func(size int) error {
		debug.FreeOSMemory() // what the service leaves behind
		e, err := c.echo(ctx, payments, size, 0)
		r.Echo = append(r.Echo, e)
		rate, cpu = rate+e.PerSecond/2, cpu+e.CPUMicros/2
		return err
	}
	r.Disk = &load.Disk{}
	disk := func() error { return r.Disk.Measure(ctx, c.Data, min(c.Duration/4, 5*time.Second)) }
	if err := disk(); err != nil {
		return err
	}
	if err := echo(size); err != nil {
		return err
	}
	if err := c.service(ctx, payments, r); err != nil {
		return err
	}
	size = int(math.Round(r.Tidegate.AnswerBytes)) // answers grow with what is known
	if err := echo(size); err != nil {
		return err
	}
	if r.Half != nil {
		half, err := c.echo(ctx, payments, size, r.Half.PerSecond)
		if err != nil {
			return err
		}
		r.EchoAtHalf = &half
	}
	r.Ratio, r.RatioCPU = r.Tidegate.PerSecond/rate, cpu/r.Tidegate.CPUMicros
	return disk()
}

// answerSize asks a service of its own what an answer weighs, which grows with
// what is known: for as long as the warm-up and a part of the measurement.
func (c *benchAuthorizeCommand) answerSize(ctx context.Context, payments *load.Payments, dir string) (int, error) {
	few := *c
	few.Data, few.Duration, few.Half, few.Rate = dir, c.Duration/4, false, 0
	var r authorizeReport
	err := few.service(ctx, payments, &r)
	return int(math.Round(r.Tidegate.AnswerBytes)), err
}

func (c *benchAuthorizeCommand) echo(ctx context.Context, payments *load.Payments, size int, rate float64) (load.Result, error) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return load.Result{}, err
	}
	server := load.Echo(listener, size)
	r, err := c.measure(ctx, "echo", listener.Addr().String(), payments, rate, c.Duration/2)
	return r, errors.Join(err, server.Close())
}

func (c *benchAuthorizeCommand) service(ctx context.Context, payments *load.Payments, r *authorizeReport) (err error) {
	serve := serveCommand{Config: c.Config, Data: c.Data, Listen: "127.0.0.1:0", Quiet: true}
	s, err := serve.open(ctx)
	if err != nil {
		return err
	}
	serving, stop := context.WithCancel(ctx)
	ended := make(chan error, 1)
	go func() { ended <- s.run(serving) }()
	defer func() {
		stop()
		err = errors.Join(err, <-ended, s.close())
	}()
	address := s.listener.Addr().String()
	share := stalls(s.node)
	if r.Tidegate, err = c.measure(ctx, "tidegate", address, payments, c.Rate, c.Duration); err != nil {
		return err
	}
	r.Stalled = share()
	if c.Half {
		share := stalls(s.node)
		half, err := c.measure(ctx, "at half", address, payments, r.Tidegate.PerSecond/2, c.Duration)
		if err != nil {
			return err
		}
		r.Half, r.HalfStalled = &half, share()
	}
	stats := s.node.Stats()
	r.Checkpoints, r.LongestUS = stats.Checkpoint.Written, stats.Checkpoint.Last.LongestPause.Microseconds()
	r.PerCommit = float64(stats.Journal.Records) / float64(stats.Journal.Commits)
	r.SlowSyncs, _ = stats.Journal.SyncsOver(load.SlowSync)
	r.SyncUS = float64(stats.Journal.SyncTime.Microseconds()) / float64(stats.Journal.Commits)
	return nil
}

// stalls tells, when it is asked, which share of the time since then a node's
// journal spent in slow syncs.
func stalls(n *node.Node) (share func() float64) {
	slow := func() time.Duration {
		stats := n.Stats().Journal
		_, took := stats.SyncsOver(load.SlowSync)
		return took
	}
	began, before := time.Now(), slow()
	return func() float64 { return (slow() - before).Seconds() / time.Since(began).Seconds() }
}

func (c *benchAuthorizeCommand) measure(ctx context.Context, what, address string, payments *load.Payments, rate float64, d time.Duration) (load.Result, error) {
	bar := newProgress(what, int64((c.Warmup + d).Milliseconds()), false)
	defer bar.done()
	return load.Run(ctx, load.Options{
		Address: address, Connections: c.Connections, Rate: rate, Poisson: c.Arrivals == "poisson",
		Warmup: c.Warmup, Duration: d, Requests: payments.Request,
		Progress: func(elapsed, _ time.Duration, _ int64) { bar.force(elapsed.Milliseconds()) },
	})
}

func (r *authorizeReport) print(w *os.File) {
	row := func(name string, l *load.Result) {
		if l == nil {
			return
		}
		fmt.Fprintf(w, "%-20s %10.0f/s  %4.0f µs CPU  p50 %6d µs  p99 %6d µs  p99.9 %6d µs  max %6d µs  answers %v of %.0f B\n",
			name, l.PerSecond, l.CPUMicros, l.Micros["p50"], l.Micros["p99"], l.Micros["p99.9"], l.Micros["max"], l.Statuses, l.AnswerBytes)
	}
	for i := range r.Echo {
		row("echo", &r.Echo[i])
	}
	row("tidegate", &r.Tidegate)
	row("tidegate at half", r.Half)
	row("echo at that rate", r.EchoAtHalf)
	if r.Ratio > 0 {
		fmt.Fprintf(w, "ratio to echo        %10.2f  by processor time %.2f\n", r.Ratio, r.RatioCPU)
	}
	fmt.Fprintf(w, "checkpoints          %10d  longest pause of the last %d µs\n", r.Checkpoints, r.LongestUS)
	fmt.Fprintf(w, "journal              %10.1f  records a commit, mean sync %.0f µs, %d over 5 ms: %.1f%% of the time", r.PerCommit, r.SyncUS, r.SlowSyncs, 100*r.Stalled)
	if r.Half != nil {
		fmt.Fprintf(w, ", at half %.1f%%", 100*r.HalfStalled)
	}
	fmt.Fprintln(w)
	if d := r.Disk; d != nil {
		fmt.Fprintf(w, "disk, nothing else   %10d  syncs  p50 %6d µs  p99 %6d µs  p99.9 %6d µs  max %6d µs  %.1f%% of the time in those over 5 ms\n",
			d.Syncs, d.Micros["p50"], d.Micros["p99"], d.Micros["p99.9"], d.Micros["max"], 100*d.Stalled)
	}
}
