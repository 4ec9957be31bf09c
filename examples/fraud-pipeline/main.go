// Command fraud-pipeline is the classic fraud pipeline on Tidegate's stream
// engine: velocity, impossible travel and unusual amounts over one stream of
// card transactions, with the alerts deduplicated.
//
//	go run ./examples/fraud-pipeline generate -n 200000 -out tx.jsonl
//	go run ./examples/fraud-pipeline run -out alerts tx.jsonl
//
// It is also the engine's benchmark: the same work is defined for Apache
// Flink, and the alerts are compared with Flink's.
package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"runtime/debug"
	"runtime/pprof"
	"time"

	"github.com/tidegate/tidegate/stream"
	"github.com/tidegate/tidegate/stream/pebble"
)

func main() {
	commands := map[string]func(ctx context.Context, args []string) error{"generate": generateCommand, "run": runCommand, "topology": topologyCommand}
	if len(os.Args) < 2 || commands[os.Args[1]] == nil {
		fmt.Fprintln(os.Stderr, "usage: fraud-pipeline generate|run|topology [flags]; -h after a command shows its flags")
		os.Exit(2)
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if err := commands[os.Args[1]](ctx, os.Args[2:]); err != nil {
		fmt.Fprintln(os.Stderr, "fraud-pipeline:", err)
		os.Exit(1)
	}
}

func generateCommand(_ context.Context, args []string) error {
	var g Generator
	flags := flag.NewFlagSet("generate", flag.ExitOnError)
	flags.IntVar(&g.Transactions, "n", 200_000, "transactions")
	flags.Int64Var(&g.Customers, "customers", 5000, "customers")
	flags.Int64Var(&g.Days, "days", 45, "days covered")
	flags.Uint64Var(&g.Seed, "seed", 1, "seed: the same seed, the same bytes")
	partitions := flags.Int("partitions", 1, "files to spread the customers over; their names end in .0, .1, …")
	out := flags.String("out", "tx.jsonl", "output file")
	flags.Parse(args)
	return g.WriteFiles(*out, *partitions)
}

func runCommand(ctx context.Context, args []string) error {
	var c Config
	flags := flag.NewFlagSet("run", flag.ExitOnError)
	order := flags.String("order", "event", "event or arrival: in which order a customer's transactions are looked at")
	flags.StringVar(&c.Out, "out", "alerts", "directory of the alerts")
	dir := flags.String("state", "", "directory of checkpoints; state is in memory only without one")
	cache := flags.Int64("cache", 1024, "MiB of memory for state in that directory")
	profile := flags.String("profile", "", "file to write a CPU profile to")
	flags.DurationVar(&c.Options.Checkpoint, "checkpoint", 10*time.Second, "time between checkpoints")
	flags.Parse(args)
	c.InOrder = *order == "event"
	c.Files = flags.Args()
	if *dir != "" {
		backend, err := pebble.Open(*dir, pebble.Options{})
		if err != nil {
			return err
		}
		defer backend.Close()
		c.Options.State, c.Options.CacheBytes = backend, *cache<<20
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
	began := time.Now()
	if err := p.Run(ctx); err != nil {
		return err
	}
	report(p, time.Since(began))
	return nil
}

func report(p *stream.Pipeline, took time.Duration) {
	events := float64(p.Stats()[0].In)
	cpu := cpuTime()
	fmt.Printf("%.0f events in %.2f s, %.2f s of CPU: %.0f a second, %.0f per core and second; peak memory %d MiB\n",
		events, took.Seconds(), cpu.Seconds(), events/took.Seconds(), events/cpu.Seconds(), peakMemory()>>20)
}

func topologyCommand(_ context.Context, args []string) error {
	fmt.Print(Build(Config{Files: []string{"tx.jsonl"}, Out: "alerts", InOrder: true}).Topology().Mermaid())
	return nil
}
