package intake

import (
	"context"
	"sync/atomic"
	"time"

	"github.com/tidegate/tidegate"
	"github.com/tidegate/tidegate/stream/kafka"
)

// input is a topic under way.
type input struct {
	topic    Topic
	name     string // its own, or that of its retries
	taker    *taker
	consumer *kafka.Consumer
	standing atomic.Pointer[Standing]
}

// Standing is whether a topic is read, and if not, why.
type Standing struct {
	State  State
	Reason string // "" while it is read
}

// State of a topic.
type State string

const (
	Reading State = "reading"
	Waiting State = "waiting" // for what may pass by itself
	Refused State = "refused" // its records would not be understood: somebody must mend that
	Stopped State = "stopped" // it must not be read on without a person's word
)

func newInput(t Topic, name string, o Options) *input {
	in := &input{topic: t, name: name, taker: &taker{topic: t, o: o}}
	in.standing.Store(&Standing{State: Waiting})
	in.consumer = kafka.NewConsumer(in.taker, kafka.ConsumerOptions{
		Topic: name, Start: t.Start, SkipLost: t.SkipLost, Refresh: o.Refresh, Report: o.Report, Client: o.Client,
	})
	return in
}

// run reads the topic, once it may be read, until ctx is over.
func (in *input) run(ctx context.Context, o Options) error {
	if !in.admitted(ctx, o) {
		return nil
	}
	in.standing.Store(&Standing{State: Reading})
	err := in.consumer.Run(ctx)
	if err != nil {
		in.standing.Store(&Standing{Stopped, err.Error()})
	}
	return err
}

// stands is how the topic stands now: one that may be read may not be there, nor the brokers.
func (in *input) stands() Standing {
	now := *in.standing.Load()
	if reading, why := in.consumer.Reading(); now.State == Reading && !reading {
		now.State = Waiting
		if why != nil {
			now.Reason = why.Error()
		}
	}
	return now
}

const recheck = 5 * time.Second

// admitted waits until the topic may be read; false when ctx is over. A reason
// against it is told once.
func (in *input) admitted(ctx context.Context, o Options) bool {
	if in.topic.Check == nil {
		return true
	}
	again := o.Recheck
	if again == 0 {
		again = recheck
	}
	var measured time.Time
	for {
		err := in.topic.Check(ctx)
		switch {
		case ctx.Err() != nil:
			return false
		case err == nil:
			return true
		}
		now := Standing{Refused, err.Error()}
		if tidegate.CodeOf(err) == tidegate.CodeUnavailable {
			now.State = Waiting
		}
		if now != *in.standing.Load() {
			o.Report(&tidegate.Error{Code: tidegate.CodeOf(err), Message: "topic " + in.name + " is not read", Cause: err})
			in.standing.Store(&now)
		}
		if now := o.Clock(); now.Sub(measured) >= recheck {
			measured = now
			in.measure(ctx)
		}
		select {
		case <-time.After(again):
		case <-ctx.Done():
			return false
		}
	}
}

// measure looks how many records wait. That the brokers do not say says nothing
// here: it is told when they are asked for records.
func (in *input) measure(ctx context.Context) {
	ctx, cancel := context.WithTimeout(ctx, recheck)
	defer cancel()
	_ = in.consumer.Measure(ctx)
}
