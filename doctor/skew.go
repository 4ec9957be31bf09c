package doctor

import (
	"context"
	"errors"
	"time"

	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/tidegate/tidegate/stream/kafka"
)

// mostSkew is what clocks may differ by: scoring.clock.max_ahead is minutes,
// and a customer's order is told by less.
const mostSkew = time.Second

// skew compares our clock with the brokers'. Kafka tells its time to nobody,
// but writes it into the records of a topic that is set so: ours of positions.
func (c *cluster) skew(ctx context.Context) {
	before := c.Clock()
	record := &kgo.Record{Topic: kafka.DefaultPositions, Key: []byte("doctor"), Value: []byte(before.UTC().Format(time.RFC3339Nano))}
	if err := c.client.ProduceSync(ctx, record).FirstErr(); err != nil {
		if errors.Is(err, kerr.TopicAuthorizationFailed) || errors.Is(err, kerr.UnknownTopicOrPartition) {
			c.note("clock of the brokers", Skip, "", "told when topic %s is there and may be written", kafka.DefaultPositions)
			return
		}
		c.note("clock of the brokers", Skip, "", "%v", err)
		return
	}
	after := c.Clock()
	ends, err := c.admin.ListMaxTimestampOffsets(ctx, kafka.DefaultPositions)
	if err == nil {
		err = ends.Error()
	}
	if err != nil {
		c.note("clock of the brokers", Skip, "", "%v", err)
		return
	}
	end, _ := ends.Lookup(kafka.DefaultPositions, 0)
	settings, err := c.configs(ctx, kafka.DefaultPositions)
	if err == nil && settings["message.timestamp.type"] != "LogAppendTime" {
		c.note("clock of the brokers", Skip, "run doctor --fix once: it sets message.timestamp.type of "+kafka.DefaultPositions, "the topic of positions does not bear the brokers' time")
		return
	}
	theirs := time.UnixMilli(end.Timestamp)
	switch {
	case theirs.Before(before.Add(-mostSkew)):
		c.note("clock of the brokers", Warn, "run chrony or another NTP client here and on the brokers", "it is %v behind ours", before.Sub(theirs).Round(time.Millisecond))
	case theirs.After(after.Add(mostSkew)):
		c.note("clock of the brokers", Warn, "run chrony or another NTP client here and on the brokers", "it is %v ahead of ours", theirs.Sub(after).Round(time.Millisecond))
	default:
		c.note("clock of the brokers", OK, "", "as ours, within %v", mostSkew)
	}
}
