package kafka

import (
	"context"
	"fmt"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/tidegate/tidegate"
)

// describe looks at the topic, and where to go on with each of its partitions.
func (c *Consumer) describe(ctx context.Context, client *kgo.Client) (topic kadm.TopicDetail, starts map[Place]int64, err error) {
	admin := kadm.NewClient(client)
	if topic, err = list(ctx, admin, c.options.Topic); err != nil {
		return topic, nil, err
	}
	first, err := offsets(admin.ListStartOffsets(ctx, topic.Topic))
	if err != nil {
		return topic, nil, err
	}
	end, err := offsets(admin.ListEndOffsets(ctx, topic.Topic))
	if err != nil {
		return topic, nil, err
	}
	starts = map[Place]int64{}
	for number := range topic.Partitions {
		p := Place{topic.Topic, [16]byte(topic.ID), number}
		oldest, _ := first.Lookup(p.Topic, number)
		newest, _ := end.Lookup(p.Topic, number)
		if starts[p], err = c.position(ctx, admin, p, oldest.Offset, newest.Offset); err != nil {
			return topic, nil, err
		}
	}
	return topic, starts, nil
}

// position is where to go on with a partition that holds records from first up
// to end.
func (c *Consumer) position(ctx context.Context, admin *kadm.Client, p Place, first, end int64) (int64, error) {
	next, known, named := c.taker.Position(p)
	begin := func(next int64, why string) (int64, error) {
		if err := c.taker.Begin(ctx, p, next, why); err != nil {
			return 0, &stopError{err}
		}
		return next, nil
	}
	switch {
	case known && next > end:
		// Acknowledged records are missing: with a restored broker for ever, with
		// one that is just coming up for a moment. Waiting is right for both.
		return 0, fmt.Errorf("%s ends with offset %d, and was read up to %d: the brokers have lost records", p, end, next)
	case known && next >= first:
		return next, nil
	case known && c.options.SkipLost:
		return begin(first, fmt.Sprintf("records %d to %d were deleted before they were read", next, first-1))
	case known:
		return 0, &stopError{tidegate.Errorf(tidegate.CodeConflict, "reading %s has stopped: records %d to %d were deleted before they were read", p, next, first-1)}
	case named:
		return begin(first, "a new partition of a known topic, or a topic that was made again")
	}
	at, err := c.options.Start.offset(ctx, admin, p, first)
	if err != nil {
		return 0, err
	}
	return begin(at, c.options.Start.String())
}

func (s Start) offset(ctx context.Context, admin *kadm.Client, p Place, first int64) (int64, error) {
	var found kadm.ListedOffsets
	var err error
	switch {
	case s.Latest: // records of open transactions are still to come
		found, err = offsets(admin.ListCommittedOffsets(ctx, p.Topic))
	case !s.At.IsZero():
		found, err = offsets(admin.ListOffsetsAfterMilli(ctx, s.At.UnixMilli(), p.Topic))
	default:
		return first, nil
	}
	at, ok := found.Lookup(p.Topic, p.Number)
	if err == nil && !ok {
		err = fmt.Errorf("the brokers do not say where %s begins", p)
	}
	return at.Offset, err
}

func offsets(listed kadm.ListedOffsets, err error) (kadm.ListedOffsets, error) {
	if err == nil {
		err = listed.Error()
	}
	return listed, err
}

// list describes a topic that exists.
func list(ctx context.Context, admin *kadm.Client, topic string) (kadm.TopicDetail, error) {
	details, err := admin.ListTopics(ctx, topic)
	if err == nil {
		err = details.Error()
	}
	return details[topic], err
}
