// Command fraud-pipeline is the classic fraud pipeline on Tidegate's stream
// engine: velocity, impossible travel and unusual amounts over one stream of
// card transactions, with the alerts deduplicated.
//
//	go run ./examples/fraud-pipeline generate -n 200000 -out tx.jsonl
//	go run ./examples/fraud-pipeline run -out alerts tx.jsonl
//	go run ./examples/fraud-pipeline digest alerts
//
// It is also the engine's benchmark: the same work is defined for Apache
// Flink, and the alerts are compared with Flink's.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"syscall"
)

const usage = `The classic fraud pipeline: velocity, impossible travel, unusual amounts.

  fraud-pipeline generate [flags]         writes transactions to a file, as lines of JSON
  fraud-pipeline run [flags] FILE...      finds the alerts in files of transactions (.jsonl, .gz, .zst)
  fraud-pipeline digest DIRECTORY         counts the alerts that run has written, and hashes them
  fraud-pipeline topology [text|json|mermaid]

-h after a command shows its flags. A first run:

  go run ./examples/fraud-pipeline generate -n 200000 -out tx.jsonl
  go run ./examples/fraud-pipeline run -out alerts tx.jsonl
  go run ./examples/fraud-pipeline digest alerts
`

var commands = map[string]func(ctx context.Context, args []string, out io.Writer) error{
	"generate": generateCommand, "run": runCommand, "digest": digestCommand, "topology": topologyCommand,
}

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := execute(ctx, os.Args[1:], os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, "fraud-pipeline:", err)
		os.Exit(1)
	}
}

// execute does what the arguments say.
func execute(ctx context.Context, args []string, out io.Writer) error {
	if len(args) > 0 {
		if command, found := commands[args[0]]; found {
			if err := command(ctx, args[1:], out); !errors.Is(err, flag.ErrHelp) {
				return err
			}
			return nil
		}
	}
	fmt.Fprint(out, usage)
	if len(args) == 0 || args[0] == "help" || args[0] == "-h" || args[0] == "-help" || args[0] == "--help" {
		return nil
	}
	return fmt.Errorf("there is no command %s", args[0])
}

func generateCommand(_ context.Context, args []string, _ io.Writer) error {
	var g Generator
	flags := flag.NewFlagSet("generate", flag.ContinueOnError)
	flags.IntVar(&g.Transactions, "n", 200_000, "transactions")
	flags.Int64Var(&g.Customers, "customers", 5000, "customers")
	flags.Int64Var(&g.Days, "days", 45, "days covered")
	flags.Uint64Var(&g.Seed, "seed", 1, "seed: the same seed, the same bytes")
	partitions := flags.Int("partitions", 1, "files to spread the customers over; their names end in .0, .1, …")
	out := flags.String("out", "tx.jsonl", "output file")
	if err := flags.Parse(args); err != nil {
		return err
	}
	return g.WriteFiles(*out, *partitions)
}

func topologyCommand(_ context.Context, args []string, out io.Writer) error {
	t := Build(Config{Files: []string{"tx.jsonl"}, Out: "alerts", InOrder: true}).Topology()
	switch {
	case len(args) == 0 || args[0] == "mermaid":
		fmt.Fprint(out, t.Mermaid())
	case args[0] == "text":
		fmt.Fprint(out, t)
	case args[0] == "json":
		fmt.Fprintf(out, "%s", t.JSON())
	default:
		return fmt.Errorf("the topology is shown as text, json or mermaid, not %s", args[0])
	}
	return nil
}
