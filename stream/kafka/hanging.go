package kafka

import (
	"context"
	"errors"
	"slices"
	"time"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/kmsg"
)

// Hanging is a transaction that a partition holds to be open and that no
// coordinator will end: read_committed consumers wait at its offset for ever
// (KIP-664). docs/kafka.md says how brokers come to it.
type Hanging struct {
	kadm.DescribedProducer
	Since time.Time // of its newest record
	// Ended is how its coordinator had recorded it, so what its producer may have
	// been told: Kafka's own tool would abort it all the same. "" is not known: we
	// may not read its log, or that has nothing of it.
	Ended Ending
}

// longestTransaction is over what brokers let a transaction last, by their
// default of transaction.max.timeout.ms, 15 minutes.
const longestTransaction = 20 * time.Minute

// FindHanging looks for them in topics, or in all where none are named. It
// needs Read on each topic, and is told of a transaction's state where it has
// Describe on the transactional id; others hang when they are old. How they had
// ended it knows with Read on __transaction_state.
func FindHanging(ctx context.Context, client *kgo.Client, now time.Time, topics ...string) ([]Hanging, error) {
	admin := kadm.NewClient(client)
	before, err := open(ctx, admin, topics)
	if err != nil || len(before) == 0 {
		return nil, err
	}
	transactions, err := states(ctx, admin)
	if err != nil {
		return nil, err
	}
	after, err := open(ctx, admin, topics) // one that ended while we asked is no longer there
	if err != nil {
		return nil, err
	}
	var list []Hanging
	logs := map[string][]kmsg.TxnMetadataValue{} // by transactional id
	for place, h := range after {
		t, told := transactions[h.ProducerID]
		ended := slices.Contains([]string{"Empty", "CompleteCommit", "CompleteAbort", "Dead"}, t.State)
		if _, still := before[place]; !still || !ended && (told || now.Sub(h.Since) <= longestTransaction) {
			continue
		}
		log, read := logs[t.TxnID]
		if told && !read {
			log, err = recorded(ctx, client, t.TxnID)
			if err != nil && !errors.Is(err, kerr.TopicAuthorizationFailed) {
				return nil, err
			}
			logs[t.TxnID] = log
		}
		h.Ended = h.ending(log)
		list = append(list, h)
	}
	return list, nil
}

// End writes the marker that is missing. It needs Alter on the cluster.
func (h Hanging) End(ctx context.Context, client *kgo.Client, how Ending) error {
	var partition kadm.TopicsSet
	partition.Add(h.Topic, h.Partition)
	answers, err := kadm.NewClient(client).WriteTxnMarkers(ctx, kadm.TxnMarkers{
		ProducerID: h.ProducerID, ProducerEpoch: h.ProducerEpoch, CoordinatorEpoch: max(h.CoordinatorEpoch, 0), Commit: how == Committed, Topics: partition,
	})
	answers.EachPartition(func(a kadm.TxnMarkersPartitionResponse) {
		if err == nil {
			err = a.Err
		}
	})
	return err
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
				list[place{d.Topic, d.Partition, d.CurrentTxnStartOffset}] = Hanging{DescribedProducer: d, Since: time.UnixMilli(d.LastTimestamp)}
			}
		})
	})
	return list, err
}

// states are the transactions that we may know of, by producer.
func states(ctx context.Context, admin *kadm.Client) (map[int64]kadm.ListedTransaction, error) {
	listed, err := admin.ListTransactions(ctx, nil, nil)
	byProducer := map[int64]kadm.ListedTransaction{}
	listed.Each(func(t kadm.ListedTransaction) { byProducer[t.ProducerID] = t })
	return byProducer, err
}
