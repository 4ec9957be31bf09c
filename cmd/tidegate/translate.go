package main

import (
	"context"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/tidegate/tidegate"
	"github.com/tidegate/tidegate/config"
	"github.com/tidegate/tidegate/stream/schema"
)

// translations decode the inputs that are in other formats than Tidegate's own
// JSON.
type translations struct {
	decoders map[string]schema.Decoder // by topic
	errors   *prometheus.CounterVec
}

func newTranslations(c *config.Kafka, metrics prometheus.Registerer) (*translations, error) {
	t := &translations{decoders: map[string]schema.Decoder{}, errors: prometheus.NewCounterVec(prometheus.CounterOpts{
		Name: "tidegate_deserialization_errors_total", Help: "Records of Kafka that could not be decoded by their schema, by topic and reason; each is a dead letter.",
	}, []string{"topic", "reason"})}
	metrics.MustRegister(t.errors)
	registry, err := c.Registry.Open()
	if err != nil {
		return nil, err
	}
	for i := range c.Inputs {
		in := &c.Inputs[i]
		if in.Plain() {
			continue
		}
		if t.decoders[in.Topic], err = in.Decoder(registry); err != nil {
			return nil, err
		}
	}
	return t, nil
}

// of is how a topic is translated; nil when it is not.
func (t *translations) of(topic string) func(context.Context, *kgo.Record) ([]byte, error) {
	d := t.decoders[topic]
	if d == nil {
		return nil
	}
	return func(ctx context.Context, r *kgo.Record) ([]byte, error) {
		body, err := d.Decode(ctx, r.Value)
		if err != nil && tidegate.CodeOf(err) != tidegate.CodeUnavailable {
			t.errors.WithLabelValues(topic, string(tidegate.CodeOf(err))).Inc()
		}
		return body, err
	}
}

// check tells of schemas that break what is expected. It holds nothing back:
// records of such a schema become dead letters, and the others are decided.
func (t *translations) check(ctx context.Context, report func(error)) {
	for topic, d := range t.decoders {
		for {
			err := d.Check(ctx)
			if err != nil && ctx.Err() == nil {
				report(&tidegate.Error{Code: tidegate.CodeOf(err), Message: "schema of topic " + topic, Cause: err})
			}
			if tidegate.CodeOf(err) != tidegate.CodeUnavailable || sleep(ctx, checkAgain) != nil {
				break
			}
		}
	}
}

// checkAgain is how soon a registry is asked again that was away.
const checkAgain = 10 * time.Second
