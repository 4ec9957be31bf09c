package kafkatest

import (
	"context"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kadm"

	"github.com/tidegate/tidegate/stream/kafka"
)

// EndHanging aborts, until the test is over, the transactions that no
// coordinator will end, and says so. Apache Kafka itself loses their ends when
// all replicas of a partition go at once: docs/kafka.md, hanging transactions.
func (b *Broker) EndHanging(t testing.TB) {
	admin := kadm.NewClient(b.Client(t))
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan struct{})
	t.Cleanup(func() {
		cancel()
		<-done
	})
	go func() {
		defer close(done)
		for ctx.Err() == nil {
			// An error is of brokers that are away: they are asked again.
			if all, err := kafka.FindHanging(ctx, admin, time.Now()); err == nil {
				for _, h := range all {
					t.Logf("Kafka left a transaction open, which is aborted: %+v: %v", h, abort(ctx, admin, h))
				}
			}
			select {
			case <-time.After(5 * time.Second):
			case <-ctx.Done():
			}
		}
	}()
}

func abort(ctx context.Context, admin *kadm.Client, h kafka.Hanging) error {
	var partition kadm.TopicsSet
	partition.Add(h.Topic, h.Partition)
	answers, err := admin.WriteTxnMarkers(ctx, kadm.TxnMarkers{
		ProducerID: h.ProducerID, ProducerEpoch: h.ProducerEpoch, CoordinatorEpoch: max(h.CoordinatorEpoch, 0), Topics: partition,
	})
	answers.EachPartition(func(a kadm.TxnMarkersPartitionResponse) {
		if err == nil {
			err = a.Err
		}
	})
	return err
}
