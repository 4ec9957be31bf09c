package main

import (
	"time"

	"github.com/tidegate/tidegate/stream"
	"github.com/tidegate/tidegate/stream/file"
)

// Config says what the pipeline reads and writes.
type Config struct {
	Files      []string
	Out        string
	Candidates string // a directory for the alerts before they are deduplicated; none if empty
	InOrder    bool   // look at each customer's transactions in the order of their times
	Options    stream.Options
}

// Build builds the pipeline.
func Build(c Config) *stream.Pipeline {
	p := stream.New("fraud", c.Options)
	registerCodecs(p)

	tx := stream.From(p, file.NewLines(decodeTransaction, c.Files...), stream.Timestamps(Transaction.Time).BoundedOutOfOrderness(5*time.Second).AlignWithin(15*time.Minute)).Named("transactions")
	customer := stream.KeyBy(tx, Transaction.Customer).Named("customer")
	ordered := customer
	if c.InOrder {
		ordered = stream.SortByEventTime(customer).Keyed
	}

	counts := stream.Aggregate(stream.Window(customer, stream.Sliding(2*time.Minute, 30*time.Second)), stream.Count[Transaction]()).Named("count in 2 min")
	velocity := stream.FlatMap(counts, moreThan(5)).Named("velocity")
	travel := stream.Process(ordered, &ImpossibleTravel{Within: time.Hour, BeyondKilometers: 500}).Named("impossible travel")
	amount := stream.Process(ordered, &AmountAnomaly{Baseline: 30 * 24 * time.Hour, Times: 3, AtLeast: 5}).Named("amount anomaly")

	candidates := stream.Union(velocity, travel, amount)
	alerts := stream.Dedupe(candidates, Alert.Key, 5*time.Minute)
	stream.ToNamed(alerts, "alerts", file.NewSink(c.Out, file.NewFormat(".jsonl", appendAlert)))
	if c.Candidates != "" {
		stream.ToNamed(candidates, "candidates", file.NewSink(c.Candidates, file.NewFormat(".jsonl", appendAlert)))
	}
	return p
}

// moreThan raises an alert for a window of more than n transactions.
func moreThan(n int64) func(*stream.Collector[Alert], stream.Result[string, int64]) error {
	return func(c *stream.Collector[Alert], r stream.Result[string, int64]) error {
		if r.Value > n {
			c.Emit(Alert{Type: Velocity, Customer: r.Key, Time: c.Time(), Window: r.Window, Count: r.Value})
		}
		return nil
	}
}
