package kafka

import (
	"context"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kgo"
)

// Measure looks how far the taker is behind while nothing is read, as when its
// records would not be understood. Lags tells it until reading begins; how old
// the records are nobody knows who has not read them.
func (c *Consumer) Measure(ctx context.Context) error {
	client, err := kgo.NewClient(append([]kgo.Opt{kgo.ClientID("tidegate-reader")}, c.options.Client...)...)
	if err != nil {
		return refused(err)
	}
	defer client.Close()
	admin := kadm.NewClient(client)
	topic, err := list(ctx, admin, c.options.Topic)
	if err != nil {
		return err
	}
	firsts, err := offsets(admin.ListStartOffsets(ctx, topic.Topic))
	if err != nil {
		return err
	}
	ends, err := offsets(admin.ListCommittedOffsets(ctx, topic.Topic))
	if err != nil {
		return err
	}
	var lags []Lag
	for number := range topic.Partitions {
		p := Place{topic.Topic, [16]byte(topic.ID), number}
		first, _ := firsts.Lookup(p.Topic, number)
		end, _ := ends.Lookup(p.Topic, number)
		next, known, named := c.taker.Position(p)
		switch {
		case known:
		case named:
			next = first.Offset
		default:
			if next, err = c.options.Start.offset(ctx, admin, p, first.Offset); err != nil {
				return err
			}
		}
		lags = append(lags, Lag{Place: p, Next: next, Records: max(0, end.Offset-max(next, first.Offset))})
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.measured = lags
	return nil
}
