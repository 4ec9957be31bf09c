package kafka

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/tidegate/tidegate"
)

// refusals remembers the messages that Kafka will never take, as one that is
// larger than its topic allows. Brokers refuse a batch as a whole: who was alone
// in it is found, others by sending ever fewer at once. Such a message then goes
// to the dead letters in its own place and transaction, and the rest goes on.
type refusals struct {
	limit   int // messages in a transaction, for now
	reasons map[mark]refusal
	topics  map[string]bool // of dead letters that are needed
	count   uint64
}

// mark names a message: the number of its record, and its place among that
// record's.
type mark struct {
	record uint64
	index  int
}

type refusal struct {
	err   error
	times int // the dead letter was refused, too: its value is cut
}

// refusedError says which messages of a batch were refused.
type refusedError struct {
	marks []mark
	err   error
}

func (r *refusedError) Error() string {
	return fmt.Sprintf("%d messages are refused: %v", len(r.marks), r.err)
}

func (r *refusedError) Unwrap() error { return r.err }

// Permanent tells what the broker thinks of the message from what it thinks of
// the moment.
func Permanent(err error) bool {
	for _, e := range []error{kerr.MessageTooLarge, kerr.RecordListTooLarge, kerr.InvalidRecord, kerr.InvalidTimestamp} {
		if errors.Is(err, e) {
			return true
		}
	}
	return false
}

// note takes a refusal of one of the last batch's messages.
func (r *refusals) note(refused *refusedError, batch []Message) {
	if len(refused.marks) > 1 && batch[0].mark.record != batch[len(batch)-1].mark.record {
		r.limit = max(1, len(batch)/2)
		return
	}
	for _, m := range refused.marks {
		r.reasons[m] = refusal{refused.err, r.reasons[m].times + 1}
	}
	for _, m := range batch {
		if _, ok := r.reasons[m.mark]; ok && !strings.HasSuffix(m.Topic, deadLetterSuffix) {
			r.topics[unpublished(&m).Topic] = true
		}
	}
}

// passed widens what is sent at once after a success.
func (r *refusals) passed(batch []Message) {
	if len(batch) == 0 {
		return // a claim
	}
	r.limit = min(2*r.limit, batchMessages)
	for _, m := range batch {
		if _, ok := r.reasons[m.mark]; ok {
			delete(r.reasons, m.mark)
			r.count++
		}
	}
}

// replaceAll puts dead letters in the place of those messages that are refused.
func (r *refusals) replaceAll(batch []Message, at time.Time) {
	if len(r.reasons) == 0 {
		return
	}
	for i := range batch {
		r.replace(&batch[i], at)
	}
}

// unpublished is what the dead letter of a message is of: of one that was to be
// tried again the record that was read, whose topic has dead letters already.
func unpublished(m *Message) *kgo.Record {
	first, _, _ := Tried(&kgo.Record{Topic: m.Topic, Partition: -1, Offset: -1, Key: m.Key, Value: m.Value, Headers: m.Headers})
	return first
}

// replace puts a dead letter in the place of a message that is refused.
func (r *refusals) replace(m *Message, at time.Time) {
	reason, ok := r.reasons[m.mark]
	if !ok {
		return
	}
	own, times := m.mark, reason.times
	if !strings.HasSuffix(m.Topic, deadLetterSuffix) {
		times--
		headers := m.Headers
		*m = DeadLetter{
			Record: unpublished(m), Code: string(tidegate.CodeTooLarge), Error: "Kafka refuses it: " + reason.err.Error(), At: at,
		}.Message(func(b []byte) []byte { return b })
		for _, h := range headers {
			if h.Key == HeaderRecord || h.Key == HeaderTenant {
				m.Headers = append(m.Headers, h)
			}
		}
	}
	if keep := LargestMessage >> (2 * times); times > 0 && keep < len(m.Value) {
		m.Headers = append(m.Headers, kgo.RecordHeader{Key: HeaderTruncated, Value: strconv.AppendInt(nil, int64(len(m.Value)), 10)})
		m.Value = m.Value[:keep]
	}
	m.mark = own
}
