package kafka

import (
	"bytes"
	"context"
	"strconv"
	"strings"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/tidegate/tidegate"
	"github.com/tidegate/tidegate/stream"
)

// Retry says how records are tried again whose failure passes: an error of
// [tidegate.CodeUnavailable], as of a service that is away. Such a record goes to
// the topic of retries, and is read from there when Backoff has passed; the last
// of Attempts makes a dead letter of it. Meanwhile the records behind it go on, so
// this is for where they need not wait for each other: it gives up their order.
type Retry struct {
	Attempts int           // with the first; below 2 nothing is tried again
	Backoff  time.Duration // between two, the same each time: nobody waits behind one who waits longer
}

// retrySuffix makes the name of a topic that of its retries.
const retrySuffix = ".retry"

// RetryTopic is where the records of a topic wait to be tried again.
func RetryTopic(topic string) Topic {
	return Topic{Name: topic + retrySuffix, Configs: DeadLetterTopic(topic).Configs}
}

// Headers of a record that is to be tried again, beside those of a dead letter.
const (
	HeaderTries     = "tidegate.tries"      // so many have failed
	HeaderNotBefore = "tidegate.not_before" // RFC 3339
)

// Tried is a record of a topic of retries as it was at first, except for its
// headers, with how many tries have failed and when it is due. Any other is
// itself, and due.
func Tried(r *kgo.Record) (first *kgo.Record, tries int, due time.Time) {
	if !strings.HasSuffix(r.Topic, retrySuffix) {
		return r, 0, time.Time{}
	}
	at := *r
	for _, h := range r.Headers {
		text := string(h.Value)
		number, _ := strconv.ParseInt(text, 10, 64) // 0 of what somebody else wrote
		switch h.Key {
		case HeaderTopic:
			at.Topic = text
		case HeaderPartition:
			at.Partition = int32(number)
		case HeaderOffset:
			at.Offset = number
		case HeaderTries:
			tries = int(number)
		case HeaderNotBefore:
			due, _ = time.Parse(time.RFC3339Nano, text) // else it is due
		}
	}
	if tries < 1 {
		return r, 0, time.Time{} // a topic that only has such a name
	}
	return &at, tries, due
}

// Again is the message that lets the letter's record be tried once more, after
// so many tries.
func (d DeadLetter) Again(tries int, due time.Time) Message {
	m := d.Message(func(b []byte) []byte { return b })
	m.Topic = d.Record.Topic + retrySuffix
	m.Headers = append(m.Headers,
		kgo.RecordHeader{Key: HeaderTries, Value: strconv.AppendInt(nil, int64(tries), 10)},
		kgo.RecordHeader{Key: HeaderNotBefore, Value: due.UTC().AppendFormat(nil, time.RFC3339Nano)})
	return m
}

// next is what becomes of a record that failed. One that holds what may not be
// kept is not kept to be tried again.
func (r Retry) next(d DeadLetter, mask func([]byte) []byte) Message {
	first, tries, _ := Tried(d.Record)
	d.Record = first
	if d.Code != string(tidegate.CodeUnavailable) || tries+1 >= r.Attempts || !bytes.Equal(mask(bytes.Clone(first.Value)), first.Value) {
		return d.Message(mask)
	}
	return d.Again(tries+1, d.At.Add(r.Backoff))
}

// Letter encodes the dead letters of a pipeline that reads with [NewRecords],
// for [ExactlyOnce]: those of failures that pass go to the topic of retries, as
// long as there are tries left, all others to the dead letters of their topic.
// The pipeline reads the topic of retries as a source of its own; a record comes
// from it when it is due.
func (r Retry) Letter(l stream.Record[stream.DeadLetter], m *Message) error {
	v := &l.Value
	place, _, _ := strings.Cut(v.Source, "@")
	slash := strings.LastIndexByte(place, '/')
	if slash < 0 {
		return tidegate.Errorf(tidegate.CodeInvalid, "a dead letter of %q does not come from Kafka", v.Source)
	}
	number, err := strconv.ParseInt(place[slash+1:], 10, 32)
	if err != nil {
		return tidegate.Errorf(tidegate.CodeInvalid, "a dead letter of %q does not come from Kafka", v.Source)
	}
	record := &kgo.Record{Topic: place[:slash], Partition: int32(number), Offset: v.Position - 1, Key: v.Key, Value: v.Original}
	for _, h := range v.Headers {
		record.Headers = append(record.Headers, kgo.RecordHeader{Key: h.Key, Value: h.Value})
	}
	*m = r.next(DeadLetter{Record: record, Code: v.Code, Error: v.Error, Stack: v.Stack, At: time.UnixMilli(int64(v.FailedAt)), Version: v.Version},
		func(b []byte) []byte { return b })
	return nil
}

// Await waits for the first of a partition's records to be due, and gives those
// that are.
func Await(ctx context.Context, records []*kgo.Record) ([]*kgo.Record, error) {
	if _, _, due := Tried(records[0]); !due.IsZero() {
		select {
		case <-time.After(time.Until(due)):
		case <-ctx.Done():
			return nil, ctx.Err()
		}
	}
	now := time.Now()
	for n, r := range records {
		if _, _, due := Tried(r); n > 0 && due.After(now) {
			return records[:n], nil
		}
	}
	return records, nil
}
