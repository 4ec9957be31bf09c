// Command ecommerce is a shop's pipeline on Tidegate's stream engine: revenue
// and buyers of each category by the minute, and what each user spends in a
// session.
//
//	go run ./examples/ecommerce generate -n 5000 -out orders.jsonl
//	go run ./examples/ecommerce run -out shop orders.jsonl
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

const usage = `A shop's pipeline: revenue by the minute, and what users spend in a session.

  ecommerce generate [flags]        writes orders to a file, as lines of JSON
  ecommerce run [flags] FILE...     writes revenue, sessions and late orders of files of orders (.jsonl, .gz, .zst)
  ecommerce topology [text|json|mermaid]

-h after a command shows its flags. A first run:

  go run ./examples/ecommerce generate -n 5000 -out orders.jsonl
  go run ./examples/ecommerce run -out shop orders.jsonl
`

var commands = map[string]func(ctx context.Context, args []string, out io.Writer) error{
	"generate": generateCommand, "run": runCommand, "topology": topologyCommand,
}

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := execute(ctx, os.Args[1:], os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, "ecommerce:", err)
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
	flags.IntVar(&g.Orders, "n", 5000, "orders")
	flags.Int64Var(&g.Users, "users", 300, "users")
	flags.Int64Var(&g.Hours, "hours", 12, "hours covered")
	flags.Uint64Var(&g.Seed, "seed", 1, "seed: the same seed, the same bytes")
	name := flags.String("out", "orders.jsonl", "output file")
	if err := flags.Parse(args); err != nil {
		return err
	}
	f, err := os.Create(*name)
	if err != nil {
		return err
	}
	if err := g.Write(f); err != nil {
		f.Close()
		return err
	}
	return f.Close()
}

func topologyCommand(_ context.Context, args []string, out io.Writer) error {
	t := Build(Config{Files: []string{"orders.jsonl"}, Out: "shop"}).Topology()
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
