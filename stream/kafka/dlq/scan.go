package dlq

import (
	"context"
	"fmt"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kgo"
)

// span is a part of each partition, from an offset to one behind it; nil is all
// of them.
type span map[int32]struct{ first, end int64 }

// spanOf is where letters are. Ids that are none are nowhere.
func spanOf(ids []string) span {
	if len(ids) == 0 {
		return nil
	}
	s := span{}
	for _, id := range ids {
		partition, offset, err := place(id)
		if err != nil {
			continue
		}
		at, ok := s[partition]
		if !ok {
			at.first = offset
		}
		at.first, at.end = min(at.first, offset), max(at.end, offset+1)
		s[partition] = at
	}
	return s
}

// place is where the letter of an id is.
func place(id string) (partition int32, offset int64, err error) {
	_, err = fmt.Sscanf(id, "%d-%d", &partition, &offset)
	return partition, offset, err
}

// scan calls a function with every committed record of a topic, from its
// beginning to what is its end now, or of a part of it. Where a transaction is
// open it waits for that to be over.
func (l *Letters) scan(ctx context.Context, topic string, part span, do func(*kgo.Record) error) error {
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
		begin, ok := first.Lookup(topic, end.Partition)
		if part != nil {
			begin.Offset, end.Offset = max(begin.Offset, part[end.Partition].first), min(end.Offset, part[end.Partition].end)
		}
		if ok && begin.Offset < end.Offset {
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
