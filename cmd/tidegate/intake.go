package main

import (
	"context"
	"strings"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/tidegate/tidegate"
	"github.com/tidegate/tidegate/api"
	"github.com/tidegate/tidegate/config"
	"github.com/tidegate/tidegate/intake"
	"github.com/tidegate/tidegate/stream/kafka"
)

// reading is the intake of a service under way; nil when nothing is read.
type reading struct {
	intake *intake.Intake
	stop   context.CancelFunc
	done   sync.WaitGroup
}

// startIntake reads the topics of the configuration, if there are any.
func startIntake(ctx context.Context, s *service, panKey []byte, metrics prometheus.Registerer) (*reading, error) {
	c := s.config.Kafka
	brokers := s.publisher.brokers // also those of --dev-kafka
	if len(c.Inputs) == 0 {
		return nil, nil
	}
	if len(brokers) == 0 {
		s.log.Warn("kafka.inputs are not read: there are no brokers; name them in kafka.brokers, or start with --dev-kafka", "topics", strings.Join(c.InputTopics(), ", "))
		return nil, nil
	}
	formats, err := newTranslations(&c, metrics)
	if err != nil {
		return nil, err
	}
	client := append([]kgo.Opt{kgo.SeedBrokers(brokers...)}, s.publisher.client...)
	if c.Rack != "" {
		client = append(client, kgo.Rack(c.Rack))
	}
	r := &reading{intake: intake.New(intake.Options{
		Node: s.node, Topics: inputTopics(c.Inputs, formats), Client: client, Clock: time.Now, PANKey: panKey, MaxBody: int(s.config.Limits.Body),
		Report: func(err error) {
			if err = kafka.Explain(err); tidegate.CodeOf(err) == tidegate.CodeUnavailable {
				s.log.Warn("reading", "error", err)
			} else {
				s.log.Error("reading", "error", err)
			}
		},
	})}
	ctx, r.stop = context.WithCancel(context.WithoutCancel(ctx))
	r.done.Go(func() {
		if err := r.intake.Run(ctx); err != nil {
			s.log.Error("a topic is not read any more; everything else goes on", "error", kafka.Explain(err))
		}
	})
	return r, nil
}

func inputTopics(inputs []config.KafkaInput, formats *translations) (topics []intake.Topic) {
	for _, in := range inputs {
		t := intake.Topic{Name: in.Topic, Tenant: in.Tenant, Source: in.Source, SkipLost: in.Lost == "skip", Keyless: in.Keyless == "take",
			Retry: kafka.Retry{Attempts: in.Retry.Attempts, Backoff: in.Retry.Backoff.Std()}, Check: formats.check(in.Topic), Translate: formats.of(&in), Garbled: formats.garbled(in.Topic)}
		switch in.Takes {
		case "events":
			t.Takes = intake.Events
		case "labels":
			t.Takes = intake.Labels
		}
		switch in.Start {
		case "latest":
			t.Start = kafka.Start{Latest: true}
		case "earliest":
		default: // checked when it was read
			t.Start.At, _ = time.Parse(time.RFC3339, in.Start)
		}
		topics = append(topics, t)
	}
	return topics
}

func (r *reading) of() *intake.Intake {
	if r == nil {
		return nil
	}
	return r.intake
}

// standings tell of the topics, for /readyz.
func (r *reading) standings() (list []api.InputStatus) {
	if r == nil {
		return nil
	}
	for _, s := range r.intake.Stats() {
		list = append(list, api.InputStatus{Topic: s.Topic, State: string(s.State), Reason: s.Reason})
	}
	return list
}

func (r *reading) close() {
	if r != nil {
		r.stop()
		r.done.Wait()
	}
}
