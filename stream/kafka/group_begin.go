package kafka

import (
	"context"
	"errors"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/tidegate/tidegate"
)

// begin gives a group a position in each partition of a topic where it has none
// at all: the brokers can't tell whether it is new, or its offsets have expired,
// were deleted, or belonged to a topic of the same name, so where there is
// something to repeat or to miss that takes a person's word.
func (o *GroupOptions) begin(ctx context.Context) error {
	client, err := kgo.NewClient(o.Client...)
	if err != nil {
		return refused(err)
	}
	defer client.Close()
	admin := kadm.NewClient(client)
	kept, err := admin.FetchOffsets(ctx, o.Name)
	if err != nil && !errors.Is(err, kerr.GroupIDNotFound) {
		return err
	}
	var begun kadm.Offsets
	for _, topic := range o.Topics {
		firsts, err := offsets(admin.ListStartOffsets(ctx, topic))
		if err != nil {
			return err
		}
		ends, err := offsets(admin.ListEndOffsets(ctx, topic))
		if err != nil {
			return err
		}
		if has(kept, topic) { // a partition without one is new
			err = o.goOn(ctx, admin, kept[topic], firsts, ends, &begun)
		} else {
			err = o.beginTopic(ctx, admin, topic, firsts, ends, &begun)
		}
		if err != nil {
			return err
		}
	}
	if len(begun) == 0 {
		return nil
	}
	// Refused while the group has members: another one was first.
	committed, err := admin.CommitOffsets(ctx, o.Name, begun)
	if err == nil {
		err = committed.Error()
	}
	return err
}

func has(kept kadm.OffsetResponses, topic string) bool {
	for _, at := range kept[topic] {
		if at.At >= 0 {
			return true
		}
	}
	return false
}

func (o *GroupOptions) beginTopic(ctx context.Context, admin *kadm.Client, topic string, firsts, ends kadm.ListedOffsets, begun *kadm.Offsets) error {
	for _, end := range ends[topic] {
		if end.Offset > 0 && o.Begin == nil {
			return &stopError{tidegate.Errorf(tidegate.CodeConflict, "group %s has no position in topic %s, which has held records: it is new, or its offsets have expired or were deleted, or these are other brokers; say where it begins", o.Name, topic)}
		}
	}
	var start Start
	if o.Begin != nil {
		start = *o.Begin
	}
	for _, first := range firsts[topic] {
		if err := o.beginPartition(ctx, admin, start, first, begun); err != nil {
			return err
		}
	}
	return nil
}

func (o *GroupOptions) beginPartition(ctx context.Context, admin *kadm.Client, start Start, first kadm.ListedOffset, begun *kadm.Offsets) error {
	at, err := start.offset(ctx, admin, Place{Topic: first.Topic, Number: first.Partition}, first.Offset)
	if err == nil {
		begun.Add(kadm.Offset{Topic: first.Topic, Partition: first.Partition, At: at, LeaderEpoch: -1})
	}
	return err
}

// goOn looks at the positions of a topic. One beyond its partition's end is never
// a reason to begin that anew, as the client would: the brokers have lost records,
// or are just coming up, or somebody set the group's offset.
func (o *GroupOptions) goOn(ctx context.Context, admin *kadm.Client, kept map[int32]kadm.OffsetResponse, firsts, ends kadm.ListedOffsets, begun *kadm.Offsets) error {
	for _, at := range kept {
		first, ok := firsts.Lookup(at.Topic, at.Partition)
		end, known := ends.Lookup(at.Topic, at.Partition)
		switch {
		case !ok || !known || at.At < 0:
		case at.At > end.Offset && o.Begin == nil:
			return tidegate.Errorf(tidegate.CodeUnavailable, "%s/%d ends with offset %d, and group %s stands at %d: the brokers have lost records, or somebody set its offset", at.Topic, at.Partition, end.Offset, o.Name, at.At)
		case at.At > end.Offset:
			if err := o.beginPartition(ctx, admin, *o.Begin, first, begun); err != nil {
				return err
			}
		case at.At < first.Offset: // that it were only the ends of transactions can't be told
			o.Report(tidegate.Errorf(tidegate.CodeConflict, "group %s goes on with offset %d of %s/%d: records from %d on were deleted before they were read, if there were any", o.Name, first.Offset, at.Topic, at.Partition, at.At))
		}
	}
	return nil
}
