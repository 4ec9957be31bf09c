package kafkatest

import (
	"cmp"
	"context"
	"testing"
	"time"

	"github.com/tidegate/tidegate/stream/kafka"
)

// EndHanging ends, until the test is over, the transactions that no coordinator
// will end, as they were recorded, and says so. Apache Kafka itself loses their
// ends when all replicas of a partition go at once: docs/kafka.md, hanging
// transactions.
func (b *Broker) EndHanging(t testing.TB) {
	client := b.Client(t)
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
			if all, err := kafka.FindHanging(ctx, client, time.Now()); err == nil {
				for _, h := range all {
					how := cmp.Or(h.Ended, kafka.Aborted)
					t.Logf("Kafka left a transaction open: %+v: %s: %v", h, how, h.End(ctx, client, how))
				}
			}
			select {
			case <-time.After(5 * time.Second):
			case <-ctx.Done():
			}
		}
	}()
}
