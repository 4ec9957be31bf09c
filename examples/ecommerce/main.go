// Command ecommerce is a shop's pipeline on Tidegate's stream engine: revenue
// and buyers of each category by the minute, and what each user spends in a
// session.
//
//	go run ./examples/ecommerce generate -n 5000 -out orders.jsonl
//	go run ./examples/ecommerce run -out shop orders.jsonl
package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"os/signal"
)

func main() {
	commands := map[string]func(ctx context.Context, args []string) error{"generate": generateCommand, "run": runCommand, "topology": topologyCommand}
	if len(os.Args) < 2 || commands[os.Args[1]] == nil {
		fmt.Fprintln(os.Stderr, "usage: ecommerce generate|run|topology [flags]; -h after a command shows its flags")
		os.Exit(2)
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if err := commands[os.Args[1]](ctx, os.Args[2:]); err != nil {
		fmt.Fprintln(os.Stderr, "ecommerce:", err)
		os.Exit(1)
	}
}

func generateCommand(_ context.Context, args []string) error {
	var g Generator
	flags := flag.NewFlagSet("generate", flag.ExitOnError)
	flags.IntVar(&g.Orders, "n", 5000, "orders")
	flags.Int64Var(&g.Users, "users", 300, "users")
	flags.Int64Var(&g.Hours, "hours", 12, "hours covered")
	flags.Uint64Var(&g.Seed, "seed", 1, "seed: the same seed, the same bytes")
	out := flags.String("out", "orders.jsonl", "output file")
	flags.Parse(args)
	f, err := os.Create(*out)
	if err != nil {
		return err
	}
	defer f.Close()
	return g.Write(f)
}

func runCommand(ctx context.Context, args []string) error {
	var c Config
	flags := flag.NewFlagSet("run", flag.ExitOnError)
	flags.StringVar(&c.Out, "out", "shop", "directory of the results")
	flags.Parse(args)
	c.Files = flags.Args()
	p := Build(c)
	if err := p.Run(ctx); err != nil {
		return err
	}
	for _, s := range p.Stats() {
		fmt.Printf("%-16s %8d in %8d out %5d late\n", s.Name, s.In, s.Out, s.Late)
	}
	return nil
}

func topologyCommand(context.Context, []string) error {
	fmt.Print(Build(Config{Files: []string{"orders.jsonl"}, Out: "shop"}).Topology().Mermaid())
	return nil
}
