package doctor

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kerr"

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
	topics = append(append(topics, c.Config.Kafka.InputTopics()...), "__consumer_offsets") // where positions are
	var closed, looked []string
	var found []kafka.Hanging
	for _, topic := range topics {
		if _, err := c.describe(ctx, topic); err != nil {
			continue // told by its own check
		}
		hanging, err := kafka.FindHanging(ctx, c.client, c.Clock(), topic)
		var denied *kadm.AuthError
		if errors.As(err, &denied) || errors.Is(err, kerr.TopicAuthorizationFailed) {
			closed = append(closed, topic)
			continue
		}
		if err != nil {
			c.note(name, Skip, "", "those in %s can't be told: %v", topic, err)
			continue
		}
		looked, found = append(looked, topic), append(found, hanging...)
	}
	if len(closed) > 0 {
		slices.Sort(closed)
		c.note(name, Skip, "", "we may not see them in %s (Read on them, which only doctor wants)", strings.Join(slices.Compact(closed), ", "))
	}
	var ended, list, do []string
	for _, h := range found {
		said := fmt.Sprintf("in partition %d of %s at offset %d since %s", h.Partition, h.Topic, h.CurrentTxnStartOffset, h.Since.UTC().Format(time.RFC3339))
		switch {
		case h.Ended == "":
			list = append(list, said)
			do = append(do, fmt.Sprintf("kafka-transactions.sh abort --topic %s --partition %d --start-offset %d", h.Topic, h.Partition, h.CurrentTxnStartOffset))
		case !c.Fix:
			list = append(list, said+", which had ended with "+string(h.Ended))
			do = append(do, "doctor --fix")
		default:
			if err := h.End(ctx, c.client, h.Ended); err != nil {
				list = append(list, fmt.Sprintf("%s, which can't be ended: %v", said, err))
				do = append(do, "grant Alter on the cluster to who runs doctor --fix")
				continue
			}
			ended = append(ended, fmt.Sprintf("%s: %s", said, h.Ended))
		}
	}
	if len(ended) > 0 {
		c.note(name, Fixed, "", "ended as their coordinator had recorded: %s", strings.Join(ended, "; "))
	}
	switch {
	case len(list) > 0:
		slices.Sort(do)
		c.note(name, Fail, "see docs/kafka.md, hanging transactions: "+strings.Join(slices.Compact(do), "; "), "consumers with read_committed wait for ever: %s", strings.Join(list, "; "))
	case len(looked) > 0 && len(closed)+len(ended) == 0:
		c.note(name, OK, "", "none hangs in %s", strings.Join(looked, ", "))
	}
}
