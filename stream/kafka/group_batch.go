package kafka

import "github.com/twmb/franz-go/pkg/kgo"

// groupLimit is how many records go into a transaction at most.
const groupLimit = 4096

// groupBatch finds the record whose results the brokers refuse: what they refuse
// is a batch, so transactions are halved until it is alone.
type groupBatch struct {
	limit   int
	refused *kgo.Record
	reason  error
}

// divide is false when there is nothing to divide, since the record that is alone
// is a dead letter already.
func (b *groupBatch) divide(fetches kgo.Fetches, reason error) bool {
	if n := fetches.NumRecords(); n > 1 {
		b.limit = n / 2
		return true
	}
	alone := fetches.Records()[0]
	if b.refusal(alone) != nil {
		return false
	}
	b.refused, b.reason = alone, reason
	return true
}

// refusal is why the results of a record are refused.
func (b *groupBatch) refusal(r *kgo.Record) error {
	if b.refused == nil || b.refused.Topic != r.Topic || b.refused.Partition != r.Partition || b.refused.Offset != r.Offset {
		return nil
	}
	return b.reason
}

func (b *groupBatch) passed() { b.limit = min(groupLimit, 2*b.limit) }
