package kafka

import (
	"bytes"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"
)

// DeadLetter is a record that could not be used.
type DeadLetter struct {
	Record  *kgo.Record
	Code    string // as tidegate.Code, "conflict"
	Error   string
	Stack   string // of a panic
	At      time.Time
	Version string // of the pipeline
}

// Headers of a dead letter. The first six are Kafka Streams' (KIP-1034), so
// that tools made for those read ours; exception is the code of the error.
const (
	HeaderException  = "__streams.errors.exception"
	HeaderMessage    = "__streams.errors.message"
	HeaderStacktrace = "__streams.errors.stacktrace"
	HeaderTopic      = "__streams.errors.topic"
	HeaderPartition  = "__streams.errors.partition"
	HeaderOffset     = "__streams.errors.offset"
	HeaderFailedAt   = "tidegate.failed_at" // RFC 3339
	HeaderVersion    = "tidegate.version"   // of the pipeline
	HeaderAttempt    = "tidegate.attempt"   // from 1; replayed and failed again is 2
	HeaderTruncated  = "tidegate.truncated" // bytes of the value before it was cut
	HeaderTenant     = "tidegate.tenant"    // of all that is published
	HeaderRecord     = "tidegate.record"    // of the journal, of all that is published
	HeaderReplayed   = "tidegate.replayed"  // of a record that was sent again: which letter, and by whom
)

// A dead letter's topic is the record's with this behind it.
const deadLetterSuffix = ".dlq"

// DeadLetterTopic is where the records of a topic go that can't be used. They
// are kept for 30 days, and may be large: some are there because they are.
func DeadLetterTopic(topic string) Topic {
	return Topic{Name: topic + deadLetterSuffix, Configs: map[string]string{
		"retention.ms":      strconv.FormatInt((30 * 24 * time.Hour).Milliseconds(), 10),
		"max.message.bytes": strconv.Itoa(LargestMessage),
	}}
}

// LargestMessage is what a publisher sends at most; a topic may allow less.
const LargestMessage = 10 << 20

// Message is the letter for its topic: the record's own key, value and
// headers, without what mask (which may write in place) finds in them, and
// after those the headers above.
func (d DeadLetter) Message(mask func([]byte) []byte) Message {
	masked := func(b []byte) []byte {
		if b == nil {
			return nil // a null stays one
		}
		return mask(bytes.Clone(b))
	}
	r := d.Record
	m := Message{Topic: r.Topic + deadLetterSuffix, Key: masked(r.Key), Value: masked(r.Value)}
	attempt := 1
	for _, h := range r.Headers {
		if h.Key == HeaderAttempt {
			if before, err := strconv.Atoi(string(h.Value)); err == nil {
				attempt = before + 1
			}
		}
		if !OwnHeader(h.Key) {
			m.Headers = append(m.Headers, kgo.RecordHeader{Key: h.Key, Value: masked(h.Value)})
		}
	}
	for _, h := range [][2]string{
		{HeaderException, d.Code},
		{HeaderMessage, d.Error},
		{HeaderStacktrace, d.Stack},
		{HeaderTopic, r.Topic},
		{HeaderPartition, strconv.Itoa(int(r.Partition))},
		{HeaderOffset, strconv.FormatInt(r.Offset, 10)},
		{HeaderFailedAt, d.At.UTC().Format(time.RFC3339Nano)},
		{HeaderVersion, d.Version},
		{HeaderAttempt, strconv.Itoa(attempt)},
	} {
		m.Headers = append(m.Headers, kgo.RecordHeader{Key: h[0], Value: []byte(h[1])})
	}
	return m
}

// OwnHeader says whether a header is one that a dead letter was given, which
// a record still has that was replayed.
func OwnHeader(key string) bool {
	return strings.HasPrefix(key, "__streams.errors.") || slices.Contains(ownHeaders, key)
}

var ownHeaders = []string{HeaderFailedAt, HeaderVersion, HeaderAttempt, HeaderReplayed, HeaderRecord, HeaderTenant, HeaderTries, HeaderNotBefore}
