// Package intake brings Kafka's topics into a node: each record is decoded,
// checked, and taken by the one writer in its partition's order, once. What
// can't be used becomes a dead letter in the journal, which the publisher sends
// on. It knows nothing of answers: those go out as every other decision does.
//
//	in := intake.New(intake.Options{Node: n, Clock: time.Now, Report: report, Client: brokers,
//		Topics: []intake.Topic{{Name: "transactions", Takes: intake.Transactions}}})
//	err := in.Run(ctx)
package intake

import (
	"context"
	"encoding/hex"
	"errors"
	"sync"
	"sync/atomic"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/tidegate/tidegate"
	"github.com/tidegate/tidegate/node"
	"github.com/tidegate/tidegate/stream/kafka"
)

// Intake reads all its topics at the same time.
type Intake struct {
	options Options
	inputs  []*input
}

// Options of an intake. All but PANKey, MaxBody, Refresh, Backoff and Recheck
// are needed.
type Options struct {
	Node    *node.Node
	Topics  []Topic
	Client  []kgo.Opt        // brokers, rack, TLS, SASL and the like
	Clock   func() time.Time // of arrival
	PANKey  []byte           // as [wire.Options]
	MaxBody int              // bytes of a record's value; 0 is wire's default
	Refresh time.Duration    // as [kafka.ConsumerOptions]
	Backoff time.Duration    // the first wait before another try; 0 is 100 ms
	Recheck time.Duration    // until a topic that is not read is looked at again; 0 is 5 s
	Report  func(error)      // told of failures, each of which is tried again
}

// Topic is one that is read.
type Topic struct {
	Name     string
	Takes    Kind
	Tenant   string // of everything in it; "" is [tidegate.DefaultTenant]
	Source   string // of everything in it; "" lets the records say
	Start    kafka.Start
	SkipLost bool // go on where records were deleted before they were read
	Keyless  bool // take records without a key: they have no order
	// Retry lets records wait in a topic of their own whose failure passes, so
	// that those behind them go on. Without it their partition waits with them.
	Retry kafka.Retry
	// Check says, before anything is read, whether the topic's records can be
	// understood; nil asks nobody. After an error it is asked again until there
	// is none: one of [tidegate.CodeUnavailable] may pass by itself, any other
	// somebody must mend.
	Check func(ctx context.Context) error
	// Translate makes the JSON of an envelope or payload out of a record that
	// is in another format; nil takes the value as it is. A nil body says that
	// the record is nothing to take, as a tombstone. An error of
	// [tidegate.CodeUnavailable] passes, and is tried again; any other makes a
	// dead letter of the record.
	Translate func(ctx context.Context, r *kgo.Record) ([]byte, error)
	// Garbled is told of each value that is no JSON, where nothing translates;
	// nil tells nobody.
	Garbled func(err error)
}

// Kind is what a topic holds.
type Kind uint8

const (
	Transactions Kind = iota // to be decided
	Events                   // that need no decision
	Labels
)

// New makes an intake; Run does the work.
func New(o Options) *Intake {
	in := &Intake{options: o}
	for _, t := range o.Topics {
		in.inputs = append(in.inputs, newInput(t, t.Name, o))
		if t.Retry.Attempts > 1 {
			again := t
			again.Start, again.SkipLost = kafka.Start{}, false
			in.inputs = append(in.inputs, newInput(again, kafka.RetryTopic(t.Name).Name, o))
		}
	}
	return in
}

// Run reads until ctx is over. A topic that must not be read on ends its own
// reading alone: the error is told, and part of what Run returns.
func (in *Intake) Run(ctx context.Context) error {
	var wait sync.WaitGroup
	errs := make([]error, len(in.inputs))
	for i, input := range in.inputs {
		wait.Go(func() {
			if errs[i] = input.run(ctx, in.options); errs[i] != nil {
				in.options.Report(errs[i])
			}
		})
	}
	wait.Wait()
	return errors.Join(errs...)
}

// Stats tell of the topics, in the order of the options; behind each is that of
// its retries, where it has one.
func (in *Intake) Stats() []Stats {
	list := make([]Stats, len(in.inputs))
	for i, input := range in.inputs {
		c, standing := input.consumer, input.stands()
		list[i] = Stats{input.name, standing, c.Taken(), c.Failures(), input.taker.retries.Load(), c.Lags()}
	}
	return list
}

// Stats of a topic.
type Stats struct {
	Topic string
	Standing
	Taken    uint64 // records
	Failures uint64 // after which reading was begun again
	Retries  uint64 // records that are to be tried again
	Lags     []kafka.Lag
}

// taker takes the records of one topic.
type taker struct {
	topic   Topic
	o       Options
	retries atomic.Uint64
	told    atomic.Int64 // when it was reported that records are tried again, in ms
}

func (t *taker) Position(p kafka.Place) (next int64, known, named bool) {
	return t.o.Node.Reading(p.Topic, partition(p))
}

func (t *taker) Begin(_ context.Context, p kafka.Place, next int64, why string) error {
	return t.o.Node.Begin(node.Reading{Name: p.Topic, Topic: hex.EncodeToString(p.ID[:]), Partition: p.Number, Next: next, Why: why})
}

// Take takes those records that are due, and waits for others to be.
func (t *taker) Take(ctx context.Context, p kafka.Place, records []*kgo.Record) error {
	for len(records) > 0 {
		due, err := kafka.Await(ctx, records)
		if err == nil {
			err = t.take(ctx, p, due)
		}
		if err != nil {
			return err
		}
		records = records[len(due):]
	}
	return nil
}

// take decodes on the partition's goroutine, beside the writer. What fails and
// may pass (a full disk) is tried again for as long as it takes: a partition
// that waits is paused, and nothing is lost.
func (t *taker) take(ctx context.Context, p kafka.Place, records []*kgo.Record) error {
	inputs := make([]node.Input, 0, len(records))
	for _, r := range records {
		var in node.Input
		if err := t.patiently(ctx, func() (err error) { in, err = t.decode(ctx, p, r); return err }); err != nil {
			return err
		}
		inputs = append(inputs, in)
	}
	defer release(inputs)
	for done := 0; done < len(inputs); {
		err := t.patiently(ctx, func() error {
			n, err := t.o.Node.Take(ctx, inputs[done:])
			done += n
			if err != nil && !passes(err) && ctx.Err() == nil {
				inputs[done] = node.Input{Origin: inputs[done].Origin, Letter: t.letter(records[done], err)}
				return nil
			}
			return err
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// passes tells failures of the moment from those of the record.
func passes(err error) bool {
	switch tidegate.CodeOf(err) {
	case tidegate.CodeUnavailable, tidegate.CodeOverloaded, tidegate.CodeDeadline:
		return true
	}
	return errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded)
}

const maxBackoff = 5 * time.Second

// patiently tries until it works or ctx is over.
func (t *taker) patiently(ctx context.Context, try func() error) error {
	wait := t.o.Backoff
	if wait == 0 {
		wait = 100 * time.Millisecond
	}
	for {
		err := try()
		if err == nil || ctx.Err() != nil {
			return errors.Join(err, ctx.Err())
		}
		t.o.Report(&tidegate.Error{Code: tidegate.CodeOf(err), Message: "topic " + t.topic.Name + " waits", Cause: err})
		select {
		case <-time.After(wait):
		case <-ctx.Done():
			return ctx.Err()
		}
		wait = min(2*wait, maxBackoff)
	}
}

func partition(p kafka.Place) node.Partition { return node.Partition{Topic: p.ID, Number: p.Number} }
