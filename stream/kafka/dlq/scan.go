package dlq

import (
	"context"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kgo"
)

// scan calls a function with every committed record of a topic, from its
// beginning to what is its end now. Where a transaction is open it waits for
// that to be over.
func (l *Letters) scan(ctx context.Context, topic string, do func(*kgo.Record) error) error {
	admin := kadm.NewClient(l.client)
	first, err := admin.ListStartOffsets(ctx, topic)
	if err == nil {
		err = first.Error()
	}
	if err != nil {
		return err
	}
	ends, err := admin.ListEndOffsets(ctx, topic)
	if err == nil {
		err = ends.Error()
	}
	if err != nil {
		return err
	}
	from, open := map[int32]kgo.Offset{}, map[int32]int64{}
	ends.Each(func(end kadm.ListedOffset) {
		if begin, ok := first.Lookup(topic, end.Partition); ok && begin.Offset < end.Offset {
			from[end.Partition], open[end.Partition] = kgo.NewOffset().At(begin.Offset), end.Offset
		}
	})
	if len(open) == 0 {
		return nil
	}
	client, err := kgo.NewClient(append([]kgo.Opt{
		kgo.ClientID("tidegate-dlq"),
		kgo.ConsumePartitions(map[string]map[int32]kgo.Offset{topic: from}),
		kgo.FetchIsolationLevel(kgo.ReadCommitted()),
		kgo.KeepControlRecords(), // one may be the last
	}, l.options...)...)
	if err != nil {
		return err
	}
	defer client.Close()
	for len(open) > 0 {
		fetches := client.PollFetches(ctx)
		if err := fetches.Err(); err != nil {
			return err
		}
		for _, r := range fetches.Records() {
			end, ok := open[r.Partition]
			if !ok {
				continue
			}
			if !r.Attrs.IsControl() && r.Offset < end {
				if err := do(r); err != nil {
					return err
				}
			}
			if r.Offset+1 >= end {
				delete(open, r.Partition)
			}
		}
	}
	return nil
}
