package kafka_test

import (
	"bytes"
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/tidegate/tidegate/stream/kafka"
)

// large is a journal of which two records are more than their topic takes: one
// that no client would send, and one that only the broker refuses.
type large struct{ *reader }

func (l large) Next(ctx context.Context, to []kafka.Message) (uint64, []kafka.Message, error) {
	record, to, err := l.reader.Next(ctx, to)
	if err == nil && (record == 700 || record == 1300) {
		m := &to[len(to)-1]
		m.Value = noise(int(record) * 3000)
	}
	return record, to, err
}

// noise does not compress.
func noise(n int) []byte {
	var b bytes.Buffer
	for x := uint64(1); b.Len() < n; x = x*6364136223846793005 + 1442695040888963407 {
		fmt.Fprintf(&b, "%x", x)
	}
	return b.Bytes()[:n]
}

// TestPublisherRefused: a message that Kafka will never take is a dead letter
// in its own place; all others are published, each once and in order.
func TestPublisherRefused(t *testing.T) {
	r := newRig(t)
	small := "100000"
	if _, err := kadm.NewClient(r.broker.Client(t)).AlterTopicConfigs(t.Context(), []kadm.AlterConfig{{Op: kadm.SetConfig, Name: "max.message.bytes", Value: &small}}, r.journal.alerts); err != nil {
		t.Fatal(err)
	}
	r.journal.append(2000)
	p := r.startOn(large{&reader{journal: r.journal}})
	r.caughtUp(p)
	p.stop()
	var letters []string
	for _, record := range r.broker.Committed(t, r.journal.alerts+".dlq") {
		letters = append(letters, fmt.Sprintf("%s %d", record.Key, len(record.Value)))
		if all := headers(kafka.Message{Headers: record.Headers}); !strings.Contains(strings.Join(all, " "), "MESSAGE_TOO_LARGE") || !strings.Contains(strings.Join(all, " "), "tidegate.record=") {
			t.Error(all)
		}
	}
	if got := strings.Join(letters, ", "); got != "customer-0 2100000, customer-5 3900000" || p.Stats().Refused != 2 {
		t.Errorf("%s, %+v", got, p.Stats())
	}
	if n := len(r.broker.Committed(t, r.journal.decisions)); n != 2000 {
		t.Errorf("%d decisions", n)
	}
	if n := len(r.broker.Committed(t, r.journal.alerts)); n != 398 {
		t.Errorf("%d alerts", n)
	}
}

// again is a journal of which one record is to be tried again, and is more than
// the topic of retries takes.
type again struct {
	*reader
	of string
}

func (a again) Next(ctx context.Context, to []kafka.Message) (uint64, []kafka.Message, error) {
	record, to, err := a.reader.Next(ctx, to)
	if err == nil && record == 30 {
		read := &kgo.Record{Topic: a.of, Partition: 2, Offset: 17, Key: []byte("k"), Value: noise(5000)}
		to[len(to)-1] = kafka.DeadLetter{Record: read, Code: "unavailable", At: time.Unix(1, 0)}.Again(1, time.Unix(2, 0))
	}
	return record, to, err
}

// TestPublisherRefusedRetry: a record that can't wait in the topic of retries is a
// dead letter of the topic that it was read from, and of no other.
func TestPublisherRefusedRetry(t *testing.T) {
	r := newRig(t)
	in := r.broker.Topic(t, "in", 3)
	r.options.Topics = []kafka.Topic{{Name: in + ".retry", Configs: map[string]string{"max.message.bytes": "1000"}}}
	r.journal.append(50)
	p := r.startOn(again{&reader{journal: r.journal}, in})
	r.caughtUp(p)
	p.stop()
	letters := r.broker.Committed(t, in+".dlq")
	if len(letters) != 1 || string(letters[0].Key) != "k" || len(letters[0].Value) != 5000 {
		t.Fatalf("%d letters", len(letters))
	}
	all := strings.Join(headers(kafka.Message{Headers: letters[0].Headers}), " ")
	for _, want := range []string{"MESSAGE_TOO_LARGE", "__streams.errors.topic=" + in, "__streams.errors.partition=2", "__streams.errors.offset=17"} {
		if !strings.Contains(all, want) {
			t.Errorf("no %s in %s", want, all)
		}
	}
	if strings.Contains(all, in+".retry") || strings.Contains(all, kafka.HeaderTries) {
		t.Error(all)
	}
	there, err := kadm.NewClient(r.broker.Client(t)).ListTopics(t.Context())
	if err != nil || there.Has(in+".retry.dlq") {
		t.Errorf("%v, or dead letters of retries", err)
	}
}
