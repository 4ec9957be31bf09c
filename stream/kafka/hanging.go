package kafka

import (
	"context"
	"time"

	"github.com/twmb/franz-go/pkg/kadm"
)

// Hanging is a transaction that a partition holds to be open and that no
// coordinator will end: read_committed consumers wait at its offset for ever
// (KIP-664). docs/kafka.md says how brokers come to it and how it is ended.
type Hanging struct {
	kadm.DescribedProducer
	Since time.Time // of its newest record
}

// longestTransaction is over what brokers let a transaction last, by their
// default of transaction.max.timeout.ms, 15 minutes.
const longestTransaction = 20 * time.Minute

// FindHanging looks for them in topics, or in all where none are named. It
// needs Read on each topic, and is told of a transaction's state where it has
// Describe on the transactional id; others hang when they are old.
func FindHanging(ctx context.Context, admin *kadm.Client, now time.Time, topics ...string) ([]Hanging, error) {
	before, err := open(ctx, admin, topics)
	if err != nil || len(before) == 0 {
		return nil, err
	}
	states, err := states(ctx, admin)
	if err != nil {
		return nil, err
	}
	after, err := open(ctx, admin, topics) // one that ended while we asked is no longer there
	if err != nil {
		return nil, err
	}
	var list []Hanging
	for place, h := range after {
		state, told := states[h.ProducerID]
		ended := state == "Empty" || state == "CompleteCommit" || state == "CompleteAbort" || state == "Dead"
		if _, still := before[place]; still && (ended || !told && now.Sub(h.Since) > longestTransaction) {
			list = append(list, h)
		}
	}
	return list, nil
}

// place is where a transaction is open.
type place struct {
	topic     string
	partition int32
	offset    int64
}

// open are the transactions that partitions hold to be open.
func open(ctx context.Context, admin *kadm.Client, topics []string) (map[place]Hanging, error) {
	var set kadm.TopicsSet
	for _, t := range topics {
		set.Add(t)
	}
	described, err := admin.DescribeProducers(ctx, set)
	if err != nil {
		return nil, err
	}
	list := map[place]Hanging{}
	described.EachPartition(func(p kadm.DescribedProducersPartition) {
		if err == nil {
			err = p.Err
		}
		p.ActiveProducers.Each(func(d kadm.DescribedProducer) {
			if d.CurrentTxnStartOffset >= 0 {
				list[place{d.Topic, d.Partition, d.CurrentTxnStartOffset}] = Hanging{d, time.UnixMilli(d.LastTimestamp)}
			}
		})
	})
	return list, err
}

// states are those of the transactions that we may know of, by producer.
func states(ctx context.Context, admin *kadm.Client) (map[int64]string, error) {
	listed, err := admin.ListTransactions(ctx, nil, nil)
	states := map[int64]string{}
	listed.Each(func(t kadm.ListedTransaction) { states[t.ProducerID] = t.State })
	return states, err
}
