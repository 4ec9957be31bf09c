package kafka_test

import (
	"context"
	"path/filepath"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/tidegate/tidegate/stream/kafka"
	"github.com/tidegate/tidegate/stream/kafka/kafkatest"
)

// TestMissingRightsAreNamed gives one right after the other, as what a publisher
// and a consumer report asks for, until there is none left to ask for.
func TestMissingRightsAreNamed(t *testing.T) {
	t.Parallel()
	broker := kafkatest.StartSecure(t)
	r := rigOn(t, broker.Broker)
	told := &reports{}
	report := func(err error) { told.add(kafka.Explain(err)) }
	r.options.Report, r.options.Timeout = report, 10*time.Second
	var err error
	if r.options.Client, err = asTidegate(filepath.Dir(broker.File("ca.pem"))); err != nil {
		t.Fatal(err)
	}
	r.journal.append(100) // decisions, and some alerts
	p := r.start()
	id := "tidegate-" + r.options.Journal
	topic := func(name string) *kadm.ACLBuilder {
		return kadm.NewACLs().Topics(name).ResourcePatternType(kadm.ACLPatternLiteral)
	}
	for _, c := range []struct {
		asks  string
		grant *kadm.ACLBuilder
	}{
		{"Write on transactional id " + id, kadm.NewACLs().TransactionalIDs(id).ResourcePatternType(kadm.ACLPatternLiteral).Operations(kadm.OpWrite)},
		{"Read on topic " + r.options.Positions, topic(r.options.Positions).Operations(kadm.OpRead)},
		{"Read on group " + id, kadm.NewACLs().Groups(id).ResourcePatternType(kadm.ACLPatternLiteral).Operations(kadm.OpRead)},
		{"Write on topic " + r.options.Positions, topic(r.options.Positions).Operations(kadm.OpWrite)},
		{"Write on topic " + r.journal.decisions, topic(r.journal.decisions).Operations(kadm.OpWrite)},
		{"Write on topic " + r.journal.alerts, topic(r.journal.alerts).Operations(kadm.OpWrite)},
	} {
		eventually(t, "the publisher asks for "+c.asks, func() bool {
			r.goesOn(p)
			return told.say("our user lacks a right, " + c.asks + "; tidegate doctor")
		})
		broker.Grant(t, c.grant)
	}
	r.caughtUp(p)
	r.check()

	in := broker.Topic(t, "in", 1)
	consumer := kafka.NewConsumer(nowhere{}, kafka.ConsumerOptions{Topic: in, Report: report, Client: append(r.options.Client, kgo.SeedBrokers(broker.Addresses...))})
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- consumer.Run(ctx) }()
	defer func() {
		cancel()
		if err := <-ended; err != nil {
			t.Error(err)
		}
	}()
	eventually(t, "the consumer asks for its topic", func() bool { return told.say("our user lacks a right, Read on topic " + in + "; tidegate doctor") })
	broker.Grant(t, topic(in).Operations(kadm.OpRead))
	eventually(t, "it reads", func() bool { reading, _ := consumer.Reading(); return reading })
}

// nowhere takes nothing.
type nowhere struct{}

func (nowhere) Position(kafka.Place) (int64, bool, bool)                { return 0, false, false }
func (nowhere) Begin(context.Context, kafka.Place, int64, string) error { return nil }
func (nowhere) Take(context.Context, kafka.Place, []*kgo.Record) error  { return nil }
