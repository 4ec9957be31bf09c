package kafka_test

import (
	"bytes"
	"fmt"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/tidegate/tidegate/stream/kafka"
)

// hide stands in for wire.Mask: it overwrites in place.
func hide(b []byte) []byte {
	copy(b, bytes.ReplaceAll(b, []byte("4111"), []byte("****")))
	return b
}

func TestDeadLetterMessage(t *testing.T) {
	record := &kgo.Record{
		Topic: "transactions", Partition: 3, Offset: 42, Value: []byte(`{"card":"4111"`),
		Headers: []kgo.RecordHeader{{Key: "trace", Value: []byte("t-4111")}},
	}
	letter := kafka.DeadLetter{
		Record: record, Code: "malformed", Error: "not JSON", Version: "7",
		At: time.Date(2026, 3, 1, 12, 0, 0, 5e6, time.UTC),
	}
	want := []string{
		"trace=t-****",
		"__streams.errors.exception=malformed", "__streams.errors.message=not JSON", "__streams.errors.stacktrace=",
		"__streams.errors.topic=transactions", "__streams.errors.partition=3", "__streams.errors.offset=42",
		"tidegate.failed_at=2026-03-01T12:00:00.005Z", "tidegate.version=7", "tidegate.attempt=1",
	}
	m := letter.Message(hide)
	if diff := cmp.Diff(want, headers(m)); diff != "" {
		t.Error(diff)
	}
	if m.Topic != "transactions.dlq" || m.Key != nil || string(m.Value) != `{"card":"****"` {
		t.Errorf("topic %s, key %q, value %s", m.Topic, m.Key, m.Value)
	}
	if string(record.Value) != `{"card":"4111"` {
		t.Error("the record itself was changed")
	}

	// Replayed with its headers and failed again: the second attempt, once.
	letter.Record = &kgo.Record{Topic: "transactions", Partition: 3, Offset: 99, Value: m.Value, Headers: m.Headers}
	want[6], want[9] = "__streams.errors.offset=99", "tidegate.attempt=2"
	if diff := cmp.Diff(want, headers(letter.Message(hide))); diff != "" {
		t.Error(diff)
	}
}

func headers(m kafka.Message) (list []string) {
	for _, h := range m.Headers {
		list = append(list, fmt.Sprintf("%s=%s", h.Key, h.Value))
	}
	return list
}
