package kafka_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kadm"
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
			Name: in, Member: name, Topics: []string{in}, Begin: &kafka.Start{}, Version: "7", Timeout: 5 * time.Second,
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

// TestGroupStopped: a member told to stop in the midst of a batch commits no
// position without the results before it.
func TestGroupStopped(t *testing.T) {
	t.Parallel()
	broker := kafkatest.Start(t)
	in, out := broker.Topic(t, "in", 1), broker.Topic(t, "out", 1)
	client := broker.Client(t)
	const sent = 10
	for i := range sent {
		if err := client.ProduceSync(t.Context(), &kgo.Record{Topic: in, Value: fmt.Append(nil, i)}).FirstErr(); err != nil {
			t.Fatal(err)
		}
	}
	ctx, cancel := context.WithCancel(context.Background())
	g := kafka.NewGroup(kafka.GroupOptions{
		Name: in, Member: "a", Topics: []string{in}, Begin: &kafka.Start{}, Report: func(err error) { t.Log(err) },
		Client: []kgo.Opt{kgo.SeedBrokers(broker.Addresses...)},
	}, func(r *kgo.Record, emit func(kafka.Message)) error {
		cancel()
		emit(kafka.Message{Topic: out, Value: r.Value})
		return nil
	})
	if err := g.Run(ctx); err != nil {
		t.Fatal(err)
	}
	var at kadm.OffsetResponse
	eventually(t, "the position is stable", func() bool { // the transaction's end is written behind its answer
		kept, err := kadm.NewClient(client).FetchOffsets(kadm.RequireStable(t.Context()), in)
		at, _ = kept.Lookup(in, 0)
		return err == nil && at.Err == nil
	})
	if got := len(broker.Committed(t, out)); int64(got) != at.At {
		t.Errorf("%d results at position %d", got, at.At)
	}
}

// TestGroupResultRefused: a record whose result the brokers never take is a dead
// letter, alone, and none is passed over while it is looked for.
func TestGroupResultRefused(t *testing.T) {
	t.Parallel()
	broker := kafkatest.Start(t)
	in, out := broker.Topic(t, "in", 2), broker.Topic(t, "out", 1)
	client := broker.Client(t)
	admin := kadm.NewClient(client)
	limit := "2000"
	if _, err := admin.AlterTopicConfigs(t.Context(), []kadm.AlterConfig{{Op: kadm.SetConfig, Name: "max.message.bytes", Value: &limit}}, out); err != nil {
		t.Fatal(err)
	}
	if err := kafka.EnsureTopics(t.Context(), client, kafka.DeadLetterTopic(in)); err != nil {
		t.Fatal(err)
	}
	const sent = 40
	for i := range sent {
		if err := client.ProduceSync(t.Context(), &kgo.Record{Topic: in, Key: fmt.Append(nil, i), Value: fmt.Append(nil, i)}).FirstErr(); err != nil {
			t.Fatal(err)
		}
	}
	g := kafka.NewGroup(kafka.GroupOptions{
		Name: in, Member: "a", Topics: []string{in}, Begin: &kafka.Start{}, Report: func(err error) { t.Log(err) },
		Client: []kgo.Opt{kgo.SeedBrokers(broker.Addresses...)},
	}, func(r *kgo.Record, emit func(kafka.Message)) error {
		value := r.Value
		if n := string(r.Value); n == "7" || n == "31" {
			value = make([]byte, 5000)
			for i := range value {
				value[i] = byte(rand.Uint32())
			}
		}
		emit(kafka.Message{Topic: out, Key: r.Key, Value: value})
		return nil
	})
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- g.Run(ctx) }()
	eventually(t, "all are there", func() bool {
		return len(broker.Committed(t, out)) >= sent-2 && len(broker.Committed(t, in+".dlq")) >= 2
	})
	cancel()
	if err := <-ended; err != nil {
		t.Error(err)
	}
	seen := map[string]int{}
	for _, r := range broker.Committed(t, out) {
		seen[string(r.Value)]++
	}
	for _, r := range broker.Committed(t, in+".dlq") {
		seen[headerOf(r, kafka.HeaderException)+" "+string(r.Value)]++
	}
	for i := range sent {
		want := fmt.Sprint(i)
		if i == 7 || i == 31 {
			want = "too_large " + want
		}
		if seen[want] != 1 {
			t.Errorf("%s is there %d times", want, seen[want])
		}
	}
}

// TestGroupWithoutPositions: a group whose offsets are gone, as those of one
// without members are after a week, neither repeats nor passes over anything
// until it is told where to begin.
func TestGroupWithoutPositions(t *testing.T) {
	t.Parallel()
	broker := kafkatest.Start(t)
	in, out := broker.Topic(t, "in", 3), broker.Topic(t, "out", 1)
	client := broker.Client(t)
	send := func(values ...string) {
		for _, v := range values {
			if err := client.ProduceSync(t.Context(), &kgo.Record{Topic: in, Key: []byte(v), Value: []byte(v)}).FirstErr(); err != nil {
				t.Fatal(err)
			}
		}
	}
	run := func(begin *kafka.Start) (stop func(), ended chan error) {
		g := kafka.NewGroup(kafka.GroupOptions{
			Name: in, Member: "a", Topics: []string{in}, Begin: begin, Report: func(err error) { t.Log(err) },
			Client: []kgo.Opt{kgo.SeedBrokers(broker.Addresses...)},
		}, func(r *kgo.Record, emit func(kafka.Message)) error {
			emit(kafka.Message{Topic: out, Key: r.Key, Value: r.Value})
			return nil
		})
		ctx, cancel := context.WithCancel(context.Background())
		ended = make(chan error, 1)
		go func() { ended <- g.Run(ctx) }()
		return func() {
			cancel()
			if err := <-ended; err != nil {
				t.Error(err)
			}
		}, ended
	}
	results := func(n int) {
		t.Helper()
		eventually(t, fmt.Sprint(n, " results"), func() bool { return len(broker.Committed(t, out)) >= n })
		if got := len(broker.Committed(t, out)); got != n {
			t.Fatalf("%d results, not %d", got, n)
		}
	}
	refuses := func() {
		t.Helper()
		_, ended := run(nil)
		select {
		case err := <-ended:
			if tidegate.CodeOf(err) != tidegate.CodeConflict {
				t.Fatalf("it ended with %v", err)
			}
		case <-time.After(patience):
			t.Fatal("it goes on")
		}
	}
	send("a", "b")
	refuses() // it may be new, or not
	stop, _ := run(&kafka.Start{})
	results(2)
	stop()
	send("c")
	stop, _ = run(nil) // it goes on from its positions
	results(3)
	stop()
	admin := kadm.NewClient(client)
	eventually(t, "the group is gone", func() bool {
		deleted, err := admin.DeleteGroups(t.Context(), in)
		return err == nil && deleted.Error() == nil
	})
	refuses()
	send("d")
	results(3)
	stop, _ = run(&kafka.Start{Latest: true})
	eventually(t, "it has begun", func() bool {
		kept, err := admin.FetchOffsets(t.Context(), in)
		return err == nil && len(kept[in]) == 3
	})
	send("e")
	results(4)
	stop()
}
