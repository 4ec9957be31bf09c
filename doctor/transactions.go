package doctor

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/tidegate/tidegate/stream/kafka"
)

// transactions looks for those that will never end, in the topics that we read
// and write: who reads committed records waits there, and nobody says why.
func (c *cluster) transactions(ctx context.Context) {
	const name = "transactions"
	var topics []string
	for _, t := range c.expected() {
		topics = append(topics, t.Name)
	}
	topics = append(topics, c.Config.Kafka.InputTopics()...)
	var closed, looked []string
	var found []kafka.Hanging
	for _, topic := range topics {
		if _, err := c.describe(ctx, topic); err != nil {
			continue // told by its own check
		}
		hanging, err := kafka.FindHanging(ctx, c.admin, c.Clock(), topic)
		if err != nil {
			closed = append(closed, topic)
			continue
		}
		looked, found = append(looked, topic), append(found, hanging...)
	}
	if len(closed) > 0 {
		slices.Sort(closed)
		c.note(name, Skip, "", "we may not see them in %s (Read on them, which only doctor wants)", strings.Join(slices.Compact(closed), ", "))
	}
	var list, do []string
	for _, h := range found {
		list = append(list, fmt.Sprintf("producer %d has one open in partition %d of %s at offset %d since %s", h.ProducerID, h.Partition, h.Topic, h.CurrentTxnStartOffset, h.Since.UTC().Format(time.RFC3339)))
		do = append(do, fmt.Sprintf("kafka-transactions.sh abort --topic %s --partition %d --start-offset %d", h.Topic, h.Partition, h.CurrentTxnStartOffset))
	}
	switch {
	case len(found) > 0:
		c.note(name, Fail, "end them as docs/kafka.md says under hanging transactions: "+strings.Join(do, "; "), "consumers with read_committed wait for ever: %s", strings.Join(list, "; "))
	case len(looked) > 0 && len(closed) == 0:
		c.note(name, OK, "", "none hangs in %s", strings.Join(looked, ", "))
	}
}
