package main

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"time"

	"github.com/tidegate/tidegate"
	"github.com/tidegate/tidegate/scoring"
	"github.com/tidegate/tidegate/scoring/patterns"
	"github.com/tidegate/tidegate/stream"
	"github.com/tidegate/tidegate/stream/file"
	"github.com/tidegate/tidegate/wire"
)

type patternsFindCommand struct {
	configured
	Events string        `required:"" type:"existingfile" help:"Events, one JSON envelope or bare transaction a line, in any order." placeholder:"FILE"`
	Bound  time.Duration `help:"How far an event may be behind the newest before it is late." default:"5s"`
}

// Run looks for the patterns in a file as in a stream: sorted by event time,
// with windows that end. Each finding is a line of JSON.
func (c *patternsFindCommand) Run() error {
	s, held, err := c.events()
	if err != nil {
		return err
	}
	out := bufio.NewWriter(os.Stdout)
	p := stream.New("patterns", stream.Options{})
	if err := findPatterns(p, s, held, c.Events, c.Bound, out); err != nil {
		return err
	}
	if err := p.Run(context.Background()); err != nil {
		return err
	}
	return out.Flush()
}

func findPatterns(p *stream.Pipeline, s *scoring.Scorer, held wire.Options, name string, bound time.Duration, out io.Writer) error {
	decode := func(line []byte, e **tidegate.Event) error {
		*e = &tidegate.Event{}
		if err := wire.DecodeEvent(line, held, *e); err != nil {
			return err
		}
		s.Convert(*e)
		return nil
	}
	at := func(e *tidegate.Event) stream.Millis { return stream.Millis(e.Time) }
	events := stream.From(p, file.NewLines(decode, name), stream.Timestamps(at).BoundedOutOfOrderness(bound))
	found, err := s.Patterns().Detect(p, events)
	if err != nil {
		return err
	}
	tell := func(kind string) func(patterns.Finding) any {
		return func(f patterns.Finding) any { return map[string]any{kind: f} }
	}
	lines := stream.Union(stream.Map(found.Matches, tell("match")), stream.Map(found.TimedOut, tell("timed_out")),
		stream.Map(found.Late, func(l patterns.Late) any {
			return map[string]any{"late": map[string]any{"key": l.Key, "id": l.Event.ID, "time": l.Event.Time}}
		}),
		stream.Map(p.DeadLetters(), func(l stream.DeadLetter) any {
			return map[string]any{"unusable": map[string]any{"error": l.Error, "source": l.Source, "position": l.Position}}
		}))
	stream.To(lines, printed{json.NewEncoder(out)})
	return nil
}

// printed is a sink of lines.
type printed struct{ to *json.Encoder }

func (p printed) Write(_ context.Context, records []stream.Record[any]) error {
	for _, r := range records {
		if err := p.to.Encode(r.Value); err != nil {
			return fmt.Errorf("write: %w", err)
		}
	}
	return nil
}

func (p printed) Close() error { return nil }
