package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"io/fs"
	"os"
	"runtime/debug"
	"runtime/pprof"
	"time"

	"github.com/tidegate/tidegate/stream"
	"github.com/tidegate/tidegate/stream/file"
	"github.com/tidegate/tidegate/stream/pebble"
	"github.com/tidegate/tidegate/stream/rest"
)

func runCommand(ctx context.Context, args []string, out io.Writer) error {
	var c Config
	flags := flag.NewFlagSet("run", flag.ContinueOnError)
	order := flags.String("order", "event", "event or arrival: in which order a customer's transactions are looked at")
	flags.StringVar(&c.Out, "out", "alerts", "directory of the alerts; what is in it is replaced, unless a checkpoint goes on")
	flags.StringVar(&c.Candidates, "candidates", "", "directory of the alerts before they are deduplicated; none without it")
	dir := flags.String("state", "", "directory of checkpoints, from which the next run goes on; state is in memory only without one")
	cache := flags.Int64("cache", 1024, "MiB of memory for state in that directory")
	flags.StringVar(&c.Options.Savepoint, "savepoint", "", "file to start from")
	flags.DurationVar(&c.Options.Checkpoint, "checkpoint", 10*time.Second, "time between checkpoints")
	listen := flags.String("listen", "", "address, such as 127.0.0.1:8090, to show the state of keys at; the program then stays until it is interrupted")
	profile := flags.String("profile", "", "file to write a CPU profile to")
	if err := flags.Parse(args); err != nil {
		return err
	}
	if *order != "event" && *order != "arrival" {
		return fmt.Errorf("the order is event or arrival, not %s", *order)
	}
	c.InOrder = *order == "event"
	if c.Files = flags.Args(); len(c.Files) == 0 {
		return errors.New("name the files of transactions; -h shows how")
	}
	begins := c.Options.Savepoint == ""
	if *dir != "" {
		backend, err := pebble.Open(*dir, pebble.Options{CacheBytes: *cache << 20 / 4, Alarm: func(err error) { fmt.Fprintln(os.Stderr, "fraud-pipeline: state:", err) }})
		if err != nil {
			return err
		}
		defer backend.Close()
		c.Options.State, c.Options.CacheBytes = backend, *cache<<20*3/4
		begins = begins && backend.Recovery().Epoch == 0
	}
	if begins {
		if err := first(removeResults(c.Out), removeResults(c.Candidates)); err != nil {
			return err
		}
	}
	if *profile != "" {
		f, err := os.Create(*profile)
		if err != nil {
			return err
		}
		defer f.Close()
		if err := pprof.StartCPUProfile(f); err != nil {
			return err
		}
		defer pprof.StopCPUProfile()
	}
	debug.SetGCPercent(400) // most of the memory is state, which lives long: collecting it more often frees little
	p := Build(c)
	if *listen != "" {
		server, err := rest.Listen(*listen, p)
		if err != nil {
			return err
		}
		defer server.Close()
		fmt.Fprintf(out, "shown at http://%s/v1/pipelines/%s\n", server.Addr(), p.Name())
	}
	began := time.Now()
	if err := p.Run(ctx); err != nil {
		return err
	}
	report(out, p, time.Since(began))
	if *listen != "" {
		<-ctx.Done()
	}
	return nil
}

// removeResults removes those of an earlier run: of a pipeline that begins
// anew, whose own would stand beside them.
func removeResults(dir string) error {
	if dir == "" {
		return nil
	}
	names, err := file.Files(dir)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	for _, name := range names {
		err = first(err, os.Remove(name))
	}
	return err
}

func first(errs ...error) error {
	for _, err := range errs {
		if err != nil {
			return err
		}
	}
	return nil
}

func report(out io.Writer, p *stream.Pipeline, took time.Duration) {
	stats := p.Stats()
	events := float64(stats[0].In)
	cpu := cpuTime()
	fmt.Fprintf(out, "%.0f events in %.2f s, %.2f s of CPU: %.0f a second, %.0f per core and second; peak memory %d MiB\n",
		events, took.Seconds(), cpu.Seconds(), events/took.Seconds(), events/cpu.Seconds(), peakMemory()>>20)
	for _, s := range stats {
		if s.Failed > 0 {
			fmt.Fprintf(out, "%d records failed at %s: the log says why\n", s.Failed, s.Name)
		}
	}
	if c := p.Checkpoints(); c.Last.Number > 0 {
		fmt.Fprintf(out, "%d checkpoints; the last took %s and wrote %d bytes\n", c.Completed, c.Last.Duration, c.Last.Bytes)
	}
}
