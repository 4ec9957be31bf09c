package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"time"

	"github.com/klauspost/compress/gzip"

	"github.com/tidegate/tidegate"
	"github.com/tidegate/tidegate/bench/generate"
)

type generateCommand struct {
	Output       string        `short:"o" help:"File for the events, as JSON lines; compressed if it ends in .gz; - is standard output." default:"-"`
	Labels       string        `help:"File for the labels, as JSON lines." placeholder:"FILE"`
	Seed         uint64        `help:"The same seed makes the same stream." default:"1"`
	Transactions int           `short:"n" help:"Genuine payments; fraud comes on top." default:"100000"`
	Customers    int           `help:"Customers." default:"2000"`
	Days         int           `help:"Days from the first payment to the last." default:"45"`
	Start        time.Time     `help:"Time of the first payment, RFC 3339." default:"2026-01-01T00:00:00Z"`
	FraudShare   float64       `help:"Share of payments that are fraud, about." default:"0.01"`
	LabelDelay   time.Duration `help:"From a payment to its label." default:"72h"`
}

// check refuses what makes no stream: to the generator zero is its default.
func (c *generateCommand) check() error {
	for _, least := range []struct {
		name string
		is   int
	}{{"-n, --transactions", c.Transactions}, {"--customers", c.Customers}, {"--days", c.Days}} {
		if least.is < 1 {
			return tidegate.Errorf(tidegate.CodeInvalid, "%s is %d: write 1 or more", least.name, least.is)
		}
	}
	if !(c.FraudShare >= 0 && c.FraudShare <= 1) {
		return tidegate.Errorf(tidegate.CodeInvalid, "--fraud-share is %g: write a share from 0 to 1, as 0.01", c.FraudShare)
	}
	if c.LabelDelay < 0 {
		return tidegate.Errorf(tidegate.CodeInvalid, "--label-delay is %s: a label can't come before its payment", c.LabelDelay)
	}
	return nil
}

func (c *generateCommand) Run(ctx context.Context) (err error) {
	if err := c.check(); err != nil {
		return err // before a file is made
	}
	events, err := create(c.Output)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, events.Close()) }()
	var labels io.WriteCloser
	if c.Labels != "" {
		if labels, err = create(c.Labels); err != nil {
			return err
		}
		defer func() { err = errors.Join(err, labels.Close()) }()
	}
	fraud := c.FraudShare
	if fraud == 0 {
		fraud = generate.NoFraud
	}
	stream := generate.New(generate.Options{
		Seed: c.Seed, Customers: c.Customers, Transactions: c.Transactions,
		Start: tidegate.MillisOf(c.Start), Span: tidegate.Millis(c.Days) * 24 * 3600 * 1000, FraudShare: fraud,
	})
	progress := newProgress("generating", int64(c.Transactions), c.Output == "-")
	defer progress.done()
	payments, frauds := 0, 0
	var line []byte
	for ctx.Err() == nil {
		item, ok := stream.Next()
		if !ok {
			break
		}
		line = append(generate.AppendJSON(line[:0], &item.Event), '\n')
		if _, err := events.Write(line); err != nil {
			return err
		}
		if item.Event.Type != tidegate.TypeTransaction {
			continue
		}
		payments++
		if item.Fraud {
			frauds++
		}
		progress.set(int64(payments))
		if labels != nil {
			line = append(generate.AppendLabelJSON(line[:0], &item, item.Event.Time+tidegate.Millis(c.LabelDelay.Milliseconds())), '\n')
			if _, err := labels.Write(line); err != nil {
				return err
			}
		}
	}
	progress.done()
	fmt.Fprintf(os.Stderr, "%d payments, %d of them fraud (%.2f%%)\n", payments, frauds, 100*float64(frauds)/float64(payments))
	return ctx.Err()
}

// create opens a file for writing, compressed if its name says so.
func create(name string) (io.WriteCloser, error) {
	if name == "-" {
		return &stack{Writer: bufio.NewWriterSize(os.Stdout, 1<<16)}, nil
	}
	f, err := os.Create(name)
	if err != nil {
		return nil, &tidegate.Error{Code: tidegate.CodeNotFound, Message: "the output can't be made", Cause: err}
	}
	s := &stack{Writer: bufio.NewWriterSize(f, 1<<18), below: []io.Closer{f}}
	if strings.HasSuffix(name, ".gz") {
		z, err := gzip.NewWriterLevel(s.Writer, gzip.BestSpeed)
		if err != nil {
			return nil, errors.Join(err, f.Close())
		}
		return &compressed{z, s}, nil
	}
	return s, nil
}

// stack is a buffered writer and what it writes to.
type stack struct {
	*bufio.Writer
	below []io.Closer
}

func (s *stack) Close() error {
	err := s.Flush()
	for _, c := range s.below {
		err = errors.Join(err, c.Close())
	}
	return err
}

type compressed struct {
	*gzip.Writer
	below *stack
}

func (c *compressed) Close() error { return errors.Join(c.Writer.Close(), c.below.Close()) }
