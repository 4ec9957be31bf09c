package kafka_test

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/tidegate/tidegate"
	"github.com/tidegate/tidegate/stream/kafka"
	"github.com/tidegate/tidegate/stream/kafka/kafkatest"
)

// reports are what a group tells.
type reports struct {
	mu   sync.Mutex
	list []string
}

func (r *reports) add(err error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.list = append(r.list, err.Error())
}

func (r *reports) say(words string) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	return strings.Contains(strings.Join(r.list, "\n"), words)
}

// TestGroupPositionSetWrong: a group whose position is beyond a partition's end
// begins nothing anew, which would repeat all results, and goes on when somebody
// has said where; that records were deleted before they were read is told.
func TestGroupPositionSetWrong(t *testing.T) {
	t.Parallel()
	broker := kafkatest.Start(t)
	in, out := broker.Topic(t, "in", 1), broker.Topic(t, "out", 1)
	client := broker.Client(t)
	admin := kadm.NewClient(client)
	send := func(value string) {
		if err := client.ProduceSync(t.Context(), &kgo.Record{Topic: in, Value: []byte(value)}).FirstErr(); err != nil {
			t.Fatal(err)
		}
	}
	run := func(begin *kafka.Start, told *reports) (stop func()) {
		g := kafka.NewGroup(kafka.GroupOptions{Name: in, Member: "a", Topics: []string{in}, Begin: begin, Report: told.add, Client: []kgo.Opt{kgo.SeedBrokers(broker.Addresses...)}},
			func(r *kgo.Record, emit func(kafka.Message)) error {
				emit(kafka.Message{Topic: out, Value: r.Value})
				return nil
			})
		ctx, cancel := context.WithCancel(context.Background())
		ended := make(chan error, 1)
		go func() { ended <- g.Run(ctx) }()
		return func() {
			t.Helper()
			cancel()
			if err := <-ended; err != nil {
				t.Error(err)
			}
		}
	}
	set := func(at int64) {
		var to kadm.Offsets
		to.Add(kadm.Offset{Topic: in, At: at, LeaderEpoch: -1})
		eventually(t, "the position is set", func() bool { // when the last member is gone
			committed, err := admin.CommitOffsets(t.Context(), in, to)
			return err == nil && committed.Error() == nil
		})
	}
	results := func(want string) {
		t.Helper()
		var got string
		eventually(t, "the results are "+want, func() bool {
			got = ""
			for _, r := range broker.Committed(t, out) {
				got += string(r.Value)
			}
			return len(got) >= len(want)
		})
		if got != want {
			t.Fatalf("%s, not %s", got, want)
		}
	}
	send("a")
	send("b")
	set(100)
	told := &reports{}
	stop := run(nil, told)
	eventually(t, "it says so", func() bool { return told.say("ends with offset 2, and group " + in + " stands at 100") })
	send("c")
	stop()
	results("")
	stop = run(&kafka.Start{}, told)
	results("abc")
	stop()
	set(0)
	deleted, err := admin.DeleteRecords(t.Context(), kadm.Offsets{in: {0: {Topic: in, At: 2}}})
	if err != nil || deleted.Error() != nil {
		t.Fatal(err, deleted.Error())
	}
	stop = run(nil, told)
	results("abcc")
	stop()
	if !told.say("records from 0 on were deleted") {
		t.Error("nothing is said of records that are gone: ", told.list)
	}
}

// TestGroupWithoutTopic: a topic that is written to and not there is named.
func TestGroupWithoutTopic(t *testing.T) {
	t.Parallel()
	broker := kafkatest.Start(t)
	in, client := broker.Topic(t, "in", 1), broker.Client(t)
	if err := client.ProduceSync(t.Context(), &kgo.Record{Topic: in, Value: []byte("bad")}).FirstErr(); err != nil {
		t.Fatal(err)
	}
	told := &reports{}
	g := kafka.NewGroup(kafka.GroupOptions{Name: in, Member: "a", Topics: []string{in}, Begin: &kafka.Start{}, Report: told.add, Client: []kgo.Opt{kgo.SeedBrokers(broker.Addresses...)}},
		func(*kgo.Record, func(kafka.Message)) error { return tidegate.Errorf(tidegate.CodeInvalid, "bad") })
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- g.Run(ctx) }()
	eventually(t, "the topic is named", func() bool { return told.say("writing to topic " + in + ".dlq: UNKNOWN_TOPIC") })
	if err := kafka.EnsureTopics(t.Context(), client, kafka.DeadLetterTopic(in)); err != nil {
		t.Fatal(err)
	}
	eventually(t, "it goes on when it is there", func() bool { return len(broker.Committed(t, in+".dlq")) == 1 })
	cancel()
	if err := <-ended; err != nil {
		t.Error(err)
	}
}

// TestGroupRetryRefused: a record that was tried again, and whose result the
// brokers never take, is a dead letter of the topic it was first read from.
func TestGroupRetryRefused(t *testing.T) {
	t.Parallel()
	broker := kafkatest.Start(t)
	in, out := broker.Topic(t, "in", 1), broker.Topic(t, "out", 1)
	client := broker.Client(t)
	limit := "2000"
	if _, err := kadm.NewClient(client).AlterTopicConfigs(t.Context(), []kadm.AlterConfig{{Op: kadm.SetConfig, Name: "max.message.bytes", Value: &limit}}, out); err != nil {
		t.Fatal(err)
	}
	if err := kafka.EnsureTopics(t.Context(), client, kafka.DeadLetterTopic(in), kafka.RetryTopic(in)); err != nil {
		t.Fatal(err)
	}
	for i := range 3 {
		if err := client.ProduceSync(t.Context(), &kgo.Record{Topic: in, Key: []byte("k"), Value: fmt.Append(nil, i)}).FirstErr(); err != nil {
			t.Fatal(err)
		}
	}
	g := kafka.NewGroup(kafka.GroupOptions{
		Name: in, Member: "a", Topics: []string{in}, Begin: &kafka.Start{}, Retry: kafka.Retry{Attempts: 3, Backoff: time.Millisecond}, Report: func(err error) { t.Log(err) },
		Client: []kgo.Opt{kgo.SeedBrokers(broker.Addresses...)},
	}, func(r *kgo.Record, emit func(kafka.Message)) error {
		first, tries, _ := kafka.Tried(r)
		switch value := string(first.Value); {
		case value == "1" && tries == 0:
			return tidegate.Errorf(tidegate.CodeUnavailable, "not now")
		case value == "1":
			emit(kafka.Message{Topic: out, Value: noise(5000)})
		default:
			emit(kafka.Message{Topic: out, Value: first.Value})
		}
		return nil
	})
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- g.Run(ctx) }()
	eventually(t, "it is a dead letter", func() bool { return len(broker.Committed(t, in+".dlq")) > 0 })
	cancel()
	if err := <-ended; err != nil {
		t.Error(err)
	}
	letters := broker.Committed(t, in+".dlq")
	if l := letters[0]; len(letters) != 1 || string(l.Value) != "1" || headerOf(l, kafka.HeaderTopic) != in || headerOf(l, kafka.HeaderOffset) != "1" || headerOf(l, kafka.HeaderException) != "too_large" {
		t.Errorf("%d: %s %v", len(letters), l.Value, l.Headers)
	}
}
