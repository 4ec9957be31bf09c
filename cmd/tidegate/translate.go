package main

import (
	"context"

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
		Name: "tidegate_deserialization_errors_total", Help: "Records of Kafka that are no JSON or that their schema does not fit, by topic and reason; each is a dead letter.",
	}, []string{"topic", "reason"})}
	metrics.MustRegister(t.errors)
	registry, err := c.OpenRegistry()
	if err != nil {
		return nil, err
	}
	for i := range c.Inputs {
		in := &c.Inputs[i]
		t.errors.WithLabelValues(in.Topic, string(tidegate.CodeMalformed)) // is 0, and not absent
		if in.Plain() {
			continue
		}
		if t.decoders[in.Topic], err = c.Decoder(i, registry); err != nil {
			return nil, err
		}
	}
	return t, nil
}

// of is how a topic is translated; nil when it is not.
func (t *translations) of(in *config.KafkaInput) func(context.Context, *kgo.Record) ([]byte, error) {
	d := t.decoders[in.Topic]
	if d == nil {
		return nil
	}
	topic, changes := in.Topic, in.Debezium
	return func(ctx context.Context, r *kgo.Record) ([]byte, error) {
		body, err := d.Decode(ctx, r.Value)
		if body == nil && err == nil && !changes {
			// A tombstone says something only where rows are deleted.
			err = tidegate.Errorf(tidegate.CodeMalformed, "the record has no value")
		}
		if err != nil && tidegate.CodeOf(err) != tidegate.CodeUnavailable {
			t.errors.WithLabelValues(topic, string(tidegate.CodeOf(err))).Inc()
		}
		return body, err
	}
}

// garbled counts the values of a topic that are no JSON.
func (t *translations) garbled(topic string) func(error) {
	return func(err error) { t.errors.WithLabelValues(topic, string(tidegate.CodeOf(err))).Inc() }
}

// check says whether the newest schema of a topic breaks what is expected of it;
// nil where nothing is.
func (t *translations) check(topic string) func(context.Context) error {
	if d := t.decoders[topic]; d != nil {
		return d.Check
	}
	return nil
}
