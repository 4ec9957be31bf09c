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
		if has(kept, topic) {
			continue // a partition without one is new
		}
		if err := o.beginTopic(ctx, admin, topic, &begun); err != nil {
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

func (o *GroupOptions) beginTopic(ctx context.Context, admin *kadm.Client, topic string, begun *kadm.Offsets) error {
	firsts, err := offsets(admin.ListStartOffsets(ctx, topic))
	if err != nil {
		return err
	}
	ends, err := offsets(admin.ListEndOffsets(ctx, topic))
	if err != nil {
		return err
	}
	var start Start
	for _, end := range ends[topic] {
		if end.Offset > 0 && o.Begin == nil {
			return &stopError{tidegate.Errorf(tidegate.CodeConflict, "group %s has no position in topic %s, which has held records: it is new, or its offsets have expired or were deleted, or these are other brokers; say where it begins", o.Name, topic)}
		}
	}
	if o.Begin != nil {
		start = *o.Begin
	}
	for number, first := range firsts[topic] {
		at, err := start.offset(ctx, admin, Place{Topic: topic, Number: number}, first.Offset)
		if err != nil {
			return err
		}
		begun.Add(kadm.Offset{Topic: topic, Partition: number, At: at, LeaderEpoch: -1})
	}
	return nil
}
