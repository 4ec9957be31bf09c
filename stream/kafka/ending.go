package kafka

import (
	"context"
	"slices"
	"unicode/utf16"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/kmsg"
)

// Ending is how a transaction ends.
type Ending string

// The endings.
const (
	Committed Ending = "commit"
	Aborted   Ending = "abort"
)

const transactionLog = "__transaction_state"

// recorded reads in the coordinators' log the ends of an id's transactions.
func recorded(ctx context.Context, client *kgo.Client, id string) ([]kmsg.TxnMetadataValue, error) {
	ends, err := kadm.NewClient(client).ListEndOffsets(ctx, transactionLog)
	if err == nil {
		err = ends.Error()
	}
	if err != nil {
		return nil, err
	}
	partition := coordinates(id, int32(len(ends[transactionLog])))
	end, _ := ends.Lookup(transactionLog, partition)
	reader, err := kgo.NewClient(append(client.Opts(), kgo.ConsumePartitions(map[string]map[int32]kgo.Offset{transactionLog: {partition: kgo.NewOffset().AtStart()}}))...)
	if err != nil {
		return nil, err
	}
	defer reader.Close()
	var log []kmsg.TxnMetadataValue
	for next := int64(0); next < end.Offset; {
		fetches := reader.PollFetches(ctx)
		if err := fetches.Err(); err != nil {
			return nil, err
		}
		fetches.EachRecord(func(r *kgo.Record) {
			next = r.Offset + 1
			var key kmsg.TxnMetadataKey
			var value kmsg.TxnMetadataValue
			if key.ReadFrom(r.Key) == nil && key.TransactionalID == id && r.Value != nil && value.ReadFrom(r.Value) == nil && endings[value.State] != "" {
				log = append(log, value)
			}
		})
	}
	return log, nil
}

// endings are the states that a coordinator records before it writes markers.
var endings = map[kmsg.TransactionState]Ending{
	kmsg.TransactionStatePrepareCommit: Committed, kmsg.TransactionStatePrepareAbort: Aborted,
}

// coordinates is the partition of the coordinators' log that an id is in:
// the absolute value of Java's hash of the text, modulo how many there are.
func coordinates(id string, partitions int32) int32 {
	var hash int32
	for _, c := range utf16.Encode([]rune(id)) {
		hash = 31*hash + int32(c)
	}
	return (hash & 0x7fffffff) % partitions
}

// ending is what the newest record says of the end of h; "" where none is about it.
func (h *Hanging) ending(log []kmsg.TxnMetadataValue) Ending {
	for _, value := range slices.Backward(log) {
		epoch := h.ProducerEpoch
		if value.ClientTransactionVersion >= 2 {
			epoch++ // KIP-890: the end raises it
		}
		in := slices.ContainsFunc(value.Topics, func(t kmsg.TxnMetadataValueTopic) bool {
			return t.Topic == h.Topic && slices.Contains(t.Partitions, h.Partition)
		})
		if value.ProducerID == h.ProducerID && value.ProducerEpoch == epoch && in {
			return endings[value.State]
		}
	}
	return ""
}
