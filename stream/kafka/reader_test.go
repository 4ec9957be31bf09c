package kafka_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/tidegate/tidegate/stream"
	"github.com/tidegate/tidegate/stream/kafka"
	"github.com/tidegate/tidegate/stream/kafka/kafkatest"
)

func source(broker *kafkatest.Broker, topic string) *kafka.Records[string] {
	return kafka.NewRecords(topic, func(r *kgo.Record, v *string) error {
		if *v = string(r.Value); *v == "poison" {
			return errors.New("poison")
		}
		return nil
	}, kgo.SeedBrokers(broker.Addresses...))
}

func partitions(t *testing.T, s *kafka.Records[string]) []stream.Partition[string] {
	t.Helper()
	all, err := s.Partitions(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		for _, p := range all {
			if err := p.Reader.Close(); err != nil {
				t.Error(err)
			}
		}
	})
	return all
}

// read takes n messages, in batches of three.
func read(t *testing.T, r stream.Reader[string], n int) (values []string, next int64) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	batch := make([]stream.Message[string], 3)
	for len(values) < n {
		got, err := r.Read(ctx, batch[:min(3, n-len(values))])
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range batch[:got] {
			if (m.Err != nil) != (m.Value == "poison") {
				t.Errorf("%s: %v", m.Value, m.Err)
			}
			values, next = append(values, m.Value), m.Next
		}
	}
	return values, next
}

// fill puts values 0 to n-1 into each of two partitions in transactions, of
// which every second is given up; the last of each is poison.
func fill(t *testing.T, broker *kafkatest.Broker, topic string, n int) (want []string) {
	t.Helper()
	ctx := t.Context()
	producer := broker.Client(t, kgo.TransactionalID(topic), kgo.RecordPartitioner(kgo.ManualPartitioner()))
	for i := range n {
		value := fmt.Sprint(i)
		if i == n-1 {
			value = "poison"
		}
		want = append(want, value)
		for _, end := range []kgo.TransactionEndTry{kgo.TryAbort, kgo.TryCommit} {
			if err := producer.BeginTransaction(); err != nil {
				t.Fatal(err)
			}
			if end == kgo.TryAbort {
				value += " given up"
			} else {
				value = want[i]
			}
			err := producer.ProduceSync(ctx, &kgo.Record{Topic: topic, Partition: 0, Value: []byte(value)}, &kgo.Record{Topic: topic, Partition: 1, Value: []byte(value)}).FirstErr()
			if err = errors.Join(err, producer.EndTransaction(ctx, end)); err != nil {
				t.Fatal(err)
			}
		}
	}
	return want
}

func TestRecords(t *testing.T) {
	t.Parallel()
	broker := kafkatest.Start(t)
	topic := broker.Topic(t, "transactions", 2)
	want := fill(t, broker, topic, 10)
	for _, p := range partitions(t, source(broker, topic)) {
		got, next := read(t, p.Reader, 4)
		for _, again := range partitions(t, source(broker, topic)) {
			if again.Name != p.Name {
				continue
			}
			if err := again.Reader.Seek(t.Context(), next); err != nil {
				t.Fatal(err)
			}
			rest, _ := read(t, again.Reader, 6)
			if diff := cmp.Diff(want, slices.Concat(got, rest)); diff != "" {
				t.Errorf("%s: %s", p.Name, diff)
			}
		}
	}
}

// TestRecordsGone: what retention took before it was read is not skipped in
// silence, and a topic that was made again is not taken for the old one.
func TestRecordsGone(t *testing.T) {
	t.Parallel()
	broker := kafkatest.Start(t)
	topic := broker.Topic(t, "transactions", 2)
	fill(t, broker, topic, 10)
	admin := kadm.NewClient(broker.Client(t))
	gone := kadm.Offsets{}
	gone.Add(kadm.Offset{Topic: topic, Partition: 0, At: 20})
	if _, err := admin.DeleteRecords(t.Context(), gone); err != nil {
		t.Fatal(err)
	}
	all := partitions(t, source(broker, topic))
	if err := all[0].Reader.Seek(t.Context(), 2); err != nil {
		t.Fatal(err)
	}
	if _, err := all[0].Reader.Read(t.Context(), make([]stream.Message[string], 1)); err == nil || !strings.Contains(err.Error(), "/0 can't be read on from offset 2") {
		t.Errorf("records are gone, and the error is %v", err)
	}
	// From the beginning is from what is left.
	if got, _ := read(t, partitions(t, source(broker, topic))[0].Reader, 1); got[0] == "0" {
		t.Error("it is still there")
	}

	if _, err := admin.DeleteTopic(t.Context(), topic); err != nil {
		t.Fatal(err)
	}
	eventually(t, "the topic can be made again", func() bool {
		_, err := admin.CreateTopic(t.Context(), 2, 1, nil, topic)
		return err == nil
	})
	eventually(t, "another topic is there", func() bool { // brokers may tell of the old one for a moment
		again, err := source(broker, topic).Partitions(t.Context())
		return err == nil && again[0].Name != all[0].Name
	})
}
