package kafka

import (
	"cmp"
	"context"
	"fmt"
	"slices"

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
	var untouched []Place
	highest, named := int32(-1), false // of those that are known
	for number := range topic.Partitions {
		p := Place{topic.Topic, [16]byte(topic.ID), number}
		next, known, heard := c.taker.Position(p)
		named = named || heard
		if !known {
			untouched = append(untouched, p)
			continue
		}
		highest = max(highest, number)
		oldest, _ := first.Lookup(p.Topic, number)
		newest, _ := end.Lookup(p.Topic, number)
		if starts[p], err = c.goOn(ctx, p, next, oldest.Offset, newest.Offset); err != nil {
			return topic, nil, err
		}
	}
	// Partitions are added above those that there are. One that is not known,
	// below one that is, was there from the start, and the process ended before
	// it was begun: the first time the highest is begun first, later the lowest.
	slices.SortFunc(untouched, func(a, b Place) int {
		if !named {
			a, b = b, a
		}
		return cmp.Compare(a.Number, b.Number)
	})
	for _, p := range untouched {
		oldest, _ := first.Lookup(p.Topic, p.Number)
		at, why := oldest.Offset, "a new partition of a known topic, or a topic that was made again"
		if !named || p.Number < highest {
			why = c.options.Start.String()
			if at, err = c.options.Start.offset(ctx, admin, p, at); err != nil {
				return topic, nil, err
			}
		}
		if starts[p], err = c.begin(ctx, p, at, why); err != nil {
			return topic, nil, err
		}
	}
	return topic, starts, nil
}

func (c *Consumer) begin(ctx context.Context, p Place, next int64, why string) (int64, error) {
	if err := c.taker.Begin(ctx, p, next, why); err != nil {
		return 0, &stopError{err}
	}
	return next, nil
}

// goOn is where to go on with a partition that was read before and holds
// records from first up to end.
func (c *Consumer) goOn(ctx context.Context, p Place, next, first, end int64) (int64, error) {
	switch {
	case next > end:
		// Acknowledged records are missing: with a restored broker for ever, with
		// one that is just coming up for a moment. Waiting is right for both.
		return 0, fmt.Errorf("%s ends with offset %d, and was read up to %d: the brokers have lost records", p, end, next)
	case next >= first:
		return next, nil
	case c.options.SkipLost:
		return c.begin(ctx, p, first, fmt.Sprintf("records %d to %d were deleted before they were read", next, first-1))
	}
	return 0, &stopError{tidegate.Errorf(tidegate.CodeConflict, "reading %s has stopped: records %d to %d were deleted before they were read", p, next, first-1)}
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
