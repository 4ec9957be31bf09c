package main

import (
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/tidegate/tidegate"
	"github.com/tidegate/tidegate/node"
	"github.com/tidegate/tidegate/stream/kafka"
)

// A dead letter says when it failed by the clock, also where the journal goes by
// the time of events, and filters of dlq mean that.
func TestDeadLettersTime(t *testing.T) {
	event, failed := tidegate.MillisOf(time.Date(2019, 1, 1, 0, 0, 0, 0, time.UTC)), tidegate.MillisOf(time.Date(2026, 3, 14, 12, 0, 0, 0, time.UTC))
	for want, letter := range map[string]node.DeadLetter{
		"2019-01-01T00:00:00Z": {Topic: "transactions"}, // of an older version, or not read from Kafka
		"2026-03-14T12:00:00Z": {Topic: "transactions", FailedAt: failed},
	} {
		m := (&decisionSource{}).letter(&node.Record{Kind: node.KindDeadLetter, Arrival: event, DeadLetter: letter})
		if got := header(&kgo.Record{Headers: m.Headers}, kafka.HeaderFailedAt); got != want {
			t.Errorf("%s, not %s", got, want)
		}
	}
}
