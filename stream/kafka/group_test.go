package kafka_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/tidegate/tidegate"
	"github.com/tidegate/tidegate/stream/kafka"
	"github.com/tidegate/tidegate/stream/kafka/kafkatest"
)

// TestGroup: members come, go and are cut off while records flow; each record's
// result is there once, and what can't be used is a dead letter once.
func TestGroup(t *testing.T) {
	t.Parallel()
	broker := kafkatest.Start(t)
	in, out := broker.Topic(t, "in", 4), broker.Topic(t, "out", 2)
	client := broker.Client(t)
	if err := kafka.EnsureTopics(t.Context(), client, kafka.DeadLetterTopic(in)); err != nil {
		t.Fatal(err)
	}
	type member struct {
		net    *network
		cancel context.CancelFunc
		ended  chan error
	}
	start := func(name string) *member {
		m := &member{net: &network{}, ended: make(chan error, 1)}
		g := kafka.NewGroup(kafka.GroupOptions{
			Name: in, Member: name, Topics: []string{in}, Version: "7", Timeout: 5 * time.Second,
			Report: func(err error) { t.Log(err) },
			Client: []kgo.Opt{kgo.SeedBrokers(broker.Addresses...), kgo.Dialer(m.net.dial), kgo.SessionTimeout(6 * time.Second), kgo.HeartbeatInterval(300 * time.Millisecond)},
		}, func(r *kgo.Record, emit func(kafka.Message)) error {
			switch string(r.Key) {
			case "bad":
				emit(kafka.Message{Topic: out, Value: []byte("never")})
				return tidegate.Errorf(tidegate.CodeInvalid, "bad")
			case "panic":
				panic("a bug")
			}
			emit(kafka.Message{Topic: out, Key: r.Key, Value: r.Value})
			return nil
		})
		var ctx context.Context
		ctx, m.cancel = context.WithCancel(context.Background())
		go func() { m.ended <- g.Run(ctx) }()
		return m
	}
	stop := func(m *member) {
		m.cancel()
		if err := <-m.ended; err != nil {
			t.Error(err)
		}
	}
	sent := 0
	send := func(n int) {
		var failed error
		for range n {
			key := fmt.Sprint("k", sent%13)
			switch sent % 100 {
			case 17:
				key = "bad"
			case 71:
				key = "panic"
			}
			client.Produce(context.Background(), &kgo.Record{Topic: in, Key: []byte(key), Value: fmt.Append(nil, sent)}, func(_ *kgo.Record, err error) { failed = errors.Join(failed, err) })
			sent++
		}
		if err := errors.Join(client.Flush(context.Background()), failed); err != nil {
			t.Fatal(err)
		}
	}
	a := start("a")
	send(500)
	b := start("b")
	send(500)
	b.net.cut() // dies without a word
	send(500)
	stop(b)
	c := start("c")
	for range 5 {
		send(100)
		time.Sleep(time.Duration(rand.IntN(100)) * time.Millisecond)
	}
	stop(a)
	send(500)
	b = start("b") // under its old name
	eventually(t, "all are there", func() bool {
		return len(broker.Committed(t, out)) >= sent*98/100 && len(broker.Committed(t, in+".dlq")) >= sent*2/100
	})
	stop(b)
	stop(c)
	seen := map[string]int{}
	for _, topic := range []string{out, in + ".dlq"} {
		for _, r := range broker.Committed(t, topic) {
			seen[string(r.Value)]++
		}
	}
	for i := range sent {
		if n := seen[fmt.Sprint(i)]; n != 1 {
			t.Errorf("%d is there %d times", i, n)
		}
	}
	if len(seen) != sent {
		t.Errorf("%d results of %d", len(seen), sent)
	}
}
