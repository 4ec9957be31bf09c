package kafkatest

import (
	"context"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kgo"
)

// patience is for a machine that does other things, too; no test measures it.
const patience = 2 * time.Minute

// Client connects to the broker until the test is over; to a secure one as the
// admin.
func (b *Broker) Client(t testing.TB, options ...kgo.Opt) *kgo.Client {
	t.Helper()
	client, err := kgo.NewClient(slices.Concat([]kgo.Opt{kgo.SeedBrokers(b.Addresses...)}, b.admin, options)...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(client.Close)
	return client
}

// Topic creates a topic whose name begins with name and is the test's own.
func (b *Broker) Topic(t testing.TB, name string, partitions int32) string {
	t.Helper()
	name += "-" + strings.NewReplacer("/", ".", " ", "_").Replace(t.Name())
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	client := b.Client(t)
	defer client.Close()
	admin := kadm.NewClient(client)
	if _, err := admin.CreateTopic(ctx, partitions, -1, nil, name); err != nil {
		t.Fatal(err)
	}
	for { // it takes a moment to be known
		there, err := admin.ListTopics(ctx, name)
		if err == nil && there.Error() == nil {
			return name
		}
		if ctx.Err() != nil {
			t.Fatalf("topic %s is not there: %v %v", name, err, there.Error())
		}
		time.Sleep(10 * time.Millisecond)
	}
}

// Committed reads a topic from its beginning to its end as read_committed
// consumers see it, each partition in its order. Where a transaction is open
// it waits for that to be over.
func (b *Broker) Committed(t testing.TB, topic string) []*kgo.Record {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	client := b.Client(t, kgo.ConsumeTopics(topic), kgo.FetchIsolationLevel(kgo.ReadCommitted()), kgo.KeepControlRecords(),
		kgo.ConsumeResetOffset(kgo.NewOffset().AtStart()))
	defer client.Close() // tests ask often
	ends, err := kadm.NewClient(client).ListEndOffsets(ctx, topic)
	if err != nil || ends.Error() != nil {
		t.Fatal(err, ends.Error())
	}
	open := map[int32]int64{}
	ends.Each(func(end kadm.ListedOffset) {
		if end.Offset > 0 {
			open[end.Partition] = end.Offset
		}
	})
	var records []*kgo.Record
	for len(open) > 0 {
		fetches := client.PollFetches(ctx)
		if err := fetches.Err0(); err != nil {
			t.Fatalf("reading %s: %v; still open: %v", topic, err, open)
		}
		fetches.EachRecord(func(r *kgo.Record) {
			if !r.Attrs.IsControl() {
				records = append(records, r)
			}
			if r.Offset+1 >= open[r.Partition] {
				delete(open, r.Partition)
			}
		})
	}
	return records
}
