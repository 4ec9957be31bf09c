package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"github.com/tidegate/tidegate/stream/file"
	"github.com/tidegate/tidegate/stream/pebble"
	"github.com/tidegate/tidegate/stream/rest"
)

func runCommand(ctx context.Context, args []string, out io.Writer) error {
	var c Config
	flags := flag.NewFlagSet("run", flag.ContinueOnError)
	flags.StringVar(&c.Out, "out", "shop", "directory of the results; what is in it is replaced, unless a checkpoint goes on")
	dir := flags.String("state", "", "directory of checkpoints, from which the next run goes on; state is in memory only without one")
	flags.DurationVar(&c.Options.Checkpoint, "checkpoint", 10*time.Second, "time between checkpoints")
	listen := flags.String("listen", "", "address, such as 127.0.0.1:8090, to show the state of keys at; the program then stays until it is interrupted")
	if err := flags.Parse(args); err != nil {
		return err
	}
	if c.Files = flags.Args(); len(c.Files) == 0 {
		return errors.New("name the files of orders; -h shows how")
	}
	begins := true
	if *dir != "" {
		backend, err := pebble.Open(*dir, pebble.Options{Alarm: func(err error) { fmt.Fprintln(os.Stderr, "ecommerce: state:", err) }})
		if err != nil {
			return err
		}
		defer backend.Close()
		c.Options.State = backend
		begins = backend.Recovery().Epoch == 0
	}
	if begins {
		if err := removeResults(c.Out); err != nil {
			return err
		}
	}
	p := Build(c)
	if *listen != "" {
		server, err := rest.Listen(*listen, p)
		if err != nil {
			return err
		}
		defer server.Close()
		fmt.Fprintf(out, "shown at http://%s/v1/pipelines/%s\n", server.Addr(), p.Name())
	}
	if err := p.Run(ctx); err != nil {
		return err
	}
	for _, s := range p.Stats() {
		fmt.Fprintf(out, "%-20s %8d in %8d out %5d late %5d failed\n", s.Name, s.In, s.Out, s.Late, s.Failed)
	}
	if *listen != "" {
		<-ctx.Done()
	}
	return nil
}

// outputs are the directories of results, below the one that is named.
var outputs = []string{"revenue", "session", "late-revenue", "late-session"}

// removeResults removes those of an earlier run: of a pipeline that begins
// anew, whose own would stand beside them.
func removeResults(dir string) error {
	for _, output := range outputs {
		names, err := file.Files(filepath.Join(dir, output))
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
		for _, name := range names {
			if err := os.Remove(name); err != nil {
				return err
			}
		}
	}
	return nil
}
