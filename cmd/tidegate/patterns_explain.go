package main

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/tidegate/tidegate"
	"github.com/tidegate/tidegate/scoring"
	"github.com/tidegate/tidegate/scoring/patterns"
	"github.com/tidegate/tidegate/stream/state"
	"github.com/tidegate/tidegate/wire"
)

type patternsExplainCommand struct {
	configured
	Events  string `required:"" type:"existingfile" help:"Events, one JSON envelope or bare transaction a line, in the order of their arrival." placeholder:"FILE"`
	Pattern string `help:"Only this pattern." placeholder:"NAME"`
}

func (c *patternsExplainCommand) Run() error {
	s, held, err := c.events()
	if err != nil {
		return err
	}
	shown := s.Patterns().Patterns()
	if c.Pattern != "" {
		p, err := pattern(s, c.Pattern)
		if err != nil {
			return err
		}
		shown = []*patterns.Pattern{p}
	}
	file, err := os.Open(c.Events)
	if err != nil {
		return &tidegate.Error{Code: tidegate.CodeNotFound, File: c.Events, Message: "cannot be read", Cause: err}
	}
	defer file.Close()
	x := explainer{scorer: s, held: held, shown: shown, store: state.NewMemory(), out: bufio.NewWriter(os.Stdout)}
	if x.state, err = patterns.NewState(s.Patterns(), x.store); err != nil {
		return err
	}
	if err := x.file(c.Events, file); err != nil {
		return err
	}
	return x.out.Flush()
}

// explainer tells the story of partial matches, in memory.
type explainer struct {
	scorer *scoring.Scorer
	held   wire.Options
	state  *patterns.State
	store  *state.Store
	shown  []*patterns.Pattern
	out    *bufio.Writer
}

// maxEventLine bounds a line of a file of events.
const maxEventLine = 1 << 20

func (x *explainer) file(name string, r io.Reader) error {
	lines := bufio.NewScanner(r)
	lines.Buffer(nil, maxEventLine)
	for n := 1; lines.Scan(); n++ {
		if len(bytes.TrimSpace(lines.Bytes())) == 0 {
			continue
		}
		e := &tidegate.Event{}
		if err := wire.DecodeEvent(lines.Bytes(), x.held, e); err != nil {
			return &tidegate.Error{Code: tidegate.CodeOf(err), File: name, Line: n, Message: "this is no event", Cause: err}
		}
		if err := x.event(e); err != nil {
			return err
		}
	}
	return lines.Err()
}

func (x *explainer) event(e *tidegate.Event) error {
	x.store.Advance(int64(e.Time))
	if err := x.windows(e.Time); err != nil {
		return err
	}
	x.scorer.Convert(e)
	found, err := x.state.Advance(e, tidegate.CustomerID, 0)
	if err != nil {
		return err
	}
	fmt.Fprintf(x.out, "%s  %s  %s\n", e.Time, e.Type, e.ID)
	x.found(found)
	for _, p := range x.shown {
		partials, err := x.state.Partials(p, e)
		if err != nil {
			return err
		}
		for _, partial := range partials {
			fmt.Fprintf(x.out, "  %s  %s %s  at %s (%d of %d)", p.ID, p.Key, e.Text[p.Field], partial.Stage, partial.Number, len(p.Automaton.Stages()))
			fmt.Fprintf(x.out, ", has %s", strings.Join(patterns.IDs(partial.Match), " "))
			if len(partial.Waiting) > 0 {
				fmt.Fprintf(x.out, ", waits for %s", strings.Join(partial.Waiting, " or "))
			}
			if partial.Ends > 0 {
				fmt.Fprintf(x.out, ", until %s", tidegate.Millis(partial.Ends))
			}
			fmt.Fprintln(x.out)
		}
	}
	return nil
}

// windows tells what has come to its end since the event before.
func (x *explainer) windows(now tidegate.Millis) error {
	for {
		due, ok, more, err := x.state.Due(now)
		if err != nil {
			return err
		}
		if ok {
			found, err := x.state.Fire(due)
			if err != nil {
				return err
			}
			fmt.Fprintf(x.out, "%s  the window of %s %s ends\n", due.At, due.Field, due.Value)
			x.found(found)
		}
		if !ok && !more {
			return nil
		}
	}
}

func (x *explainer) found(found []patterns.Found) {
	for _, f := range found {
		if len(x.shown) == 1 && x.shown[0] != f.Pattern {
			continue
		}
		for _, ids := range f.Completed {
			fmt.Fprintf(x.out, "  %s  COMPLETE: %s\n", f.Pattern.ID, strings.Join(ids, " "))
		}
		for _, ids := range f.Emitted {
			fmt.Fprintf(x.out, "  %s  match: %s\n", f.Pattern.ID, strings.Join(ids, " "))
		}
		for _, ids := range f.Expired {
			fmt.Fprintf(x.out, "  %s  out of time: %s\n", f.Pattern.ID, strings.Join(ids, " "))
		}
		if f.Dropped > 0 {
			fmt.Fprintf(x.out, "  %s  over the limit: %d partial matches dropped\n", f.Pattern.ID, f.Dropped)
		}
		if f.Stale {
			fmt.Fprintf(x.out, "  %s  older than the newest event: offered to nothing\n", f.Pattern.ID)
		}
	}
}
