package intake_test

import (
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kgo"
	"go.uber.org/goleak"

	"github.com/tidegate/tidegate"
	"github.com/tidegate/tidegate/intake"
	"github.com/tidegate/tidegate/node"
	"github.com/tidegate/tidegate/stream/kafka"
	"github.com/tidegate/tidegate/stream/kafka/kafkatest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func payment(id string, cents int) string {
	return fmt.Sprintf(`{"timestamp":"2026-03-14T12:00:00Z","transaction_id":%q,"customer_id":"c-1","amount_minor":%d,"currency":"EUR"}`, id, cents)
}

// TestDeadLetters: what can't be used is kept once, with its reason and its
// bytes, but for card numbers; everything else goes on.
func TestDeadLetters(t *testing.T) {
	t.Parallel()
	broker := kafkatest.Start(t)
	topic, dir, began := broker.Topic(t, "transactions", 1), t.TempDir(), tidegate.MillisOf(time.Now())
	n := openNode(t, dir)
	client := broker.Client(t)
	send(t, client, topic, "c-1",
		payment("t-1", 100),
		`{"broken": "4111 1111 1111 1111"`,
		payment("t-1", 100), // a retry
		payment("t-1", 999), // another content
		payment("t-2", 200),
		strings.Replace(payment("t-3", 100), "c-1", "4111111111111111", 1),
		"\x00\x01\xff\xfe",
		strings.Replace(payment("t-4", 100), "{", `{"cvv":"123",`, 1),
		`{"event_type":"login","timestamp":"2026-03-14T12:00:00Z","payload":{}}`,
		payment("t-5", 300)+strings.Repeat(" ", 70<<10),
		"",
	)
	send(t, client, topic, "", payment("t-6", 100)) // no key
	ended := &kgo.Record{Topic: topic, Key: []byte("k-4111111111111111"), Headers: []kgo.RecordHeader{{Key: "trace", Value: []byte("4111111111111111")}}}
	if err := client.ProduceSync(t.Context(), ended).FirstErr(); err != nil {
		t.Fatal(err)
	}
	garbled := 0 // of one partition, so of one goroutine
	in := read(t, n, broker, intake.Topic{Name: topic, Tenant: "bank-2", Garbled: func(error) { garbled++ }})
	in.caughtUp(topic, 13)
	in.end()
	if garbled != 3 {
		t.Errorf("%d values are said to be no JSON", garbled)
	}
	n.close()
	var got []string
	for _, r := range records(t, dir) {
		switch l := r.DeadLetter; r.Kind {
		case node.KindDecision:
			got = append(got, fmt.Sprintf("%d %s %s", r.Origin.Offset, r.Event.Tenant, r.Decision.TransactionID))
		case node.KindDeadLetter:
			if l.Topic != topic || l.Offset != r.Origin.Offset || l.Tenant != "bank-2" || l.Error == "" || l.Time == 0 || l.Version == "" || l.FailedAt < began { // also on event time
				t.Errorf("%+v", l)
			}
			got = append(got, fmt.Sprintf("%d %s %.16q", l.Offset, l.Reason, l.Value))
			if len(l.Headers) > 0 {
				got = append(got, fmt.Sprintf("%s %s=%s, null: %v", l.Key, l.Headers[0].Key, l.Headers[0].Value, l.Value == nil))
			}
		}
	}
	want := []string{
		"0 bank-2 t-1",
		`1 pan_not_accepted "{\"broken\": \"****"`,
		`3 conflict "{\"timestamp\":\"20"`,
		"4 bank-2 t-2",
		`5 pan_not_accepted "{\"timestamp\":\"20"`,
		`6 malformed "\x00\x01\xff\xfe"`,
		`7 sensitive_data "{\"cvv\":\"***\",\"ti"`,
		`8 invalid "{\"event_type\":\"l"`,
		`9 too_large "{\"timestamp\":\"20"`,
		`10 malformed ""`,
		`11 invalid "{\"timestamp\":\"20"`,
		`12 malformed ""`,
		"k-9999999999999999 trace=9999999999999999, null: true",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

// TestStartsAndChanges: latest and a time are worked out once; a topic gets
// more partitions, and is deleted and made again, while it is read.
func TestStartsAndChanges(t *testing.T) {
	t.Parallel()
	broker := kafkatest.Start(t)
	ctx, client := t.Context(), broker.Client(t, kgo.RecordPartitioner(kgo.ManualPartitioner()))
	admin := kadm.NewClient(client)
	latest, timed := broker.Topic(t, "latest", 1), broker.Topic(t, "timed", 1)
	put := func(topic, id string, partition int32, at time.Time) {
		t.Helper()
		if err := client.ProduceSync(ctx, &kgo.Record{Topic: topic, Partition: partition, Key: []byte("k"), Value: []byte(payment(id, 100)), Timestamp: at}).FirstErr(); err != nil {
			t.Fatal(err)
		}
	}
	now := time.Now()
	put(latest, "old", 0, now)
	put(timed, "too-old", 0, now.Add(-time.Hour))
	put(timed, "in-time", 0, now)
	dir := t.TempDir()
	n := openNode(t, dir)
	topics := []intake.Topic{{Name: latest, Start: kafka.Start{Latest: true}}, {Name: timed, Start: kafka.Start{At: now.Add(-time.Minute)}}}
	in := read(t, n, broker, topics...)
	in.caughtUp(timed, 1)
	eventually(t, "latest is being read", func() bool { return len(in.Stats()[0].Lags) > 0 })
	in.end()
	put(latest, "while-away", 0, now) // not the latest any more when reading begins again
	in = read(t, n, broker, topics...)
	in.caughtUp(latest, 1)
	if _, err := admin.CreatePartitions(ctx, 1, latest); err != nil {
		t.Fatal(err)
	}
	grown := broker.Client(t, kgo.RecordPartitioner(kgo.ManualPartitioner()), kgo.MetadataMinAge(100*time.Millisecond), kgo.MetadataMaxAge(time.Second))
	eventually(t, "the new partition is written", func() bool {
		return grown.ProduceSync(ctx, &kgo.Record{Topic: latest, Partition: 1, Key: []byte("k"), Value: []byte(payment("grown", 100))}).FirstErr() == nil
	})
	in.caughtUp(latest, 2)
	if _, err := admin.DeleteTopic(ctx, latest); err != nil {
		t.Fatal(err)
	}
	eventually(t, "the topic is made again", func() bool {
		_, err := admin.CreateTopic(ctx, 1, -1, nil, latest)
		return err == nil
	})
	again := broker.Client(t, kgo.RecordPartitioner(kgo.ManualPartitioner()))
	eventually(t, "it is written", func() bool {
		return again.ProduceSync(ctx, &kgo.Record{Topic: latest, Key: []byte("k"), Value: []byte(payment("again", 100))}).FirstErr() == nil
	})
	in.caughtUp(latest, 3)
	in.end()
	n.close()
	var got []string
	for _, r := range records(t, dir) {
		if r.Kind == node.KindDecision {
			got = append(got, r.Decision.TransactionID)
		}
	}
	if diff := cmp.Diff([]string{"in-time", "while-away", "grown", "again"}, got); diff != "" {
		t.Error(diff)
	}
}

// TestStartsOfPartitions: each partition of a topic is begun where the
// configuration says, also those that a process was ended before; those that
// are added are not.
func TestStartsOfPartitions(t *testing.T) {
	t.Parallel()
	broker := kafkatest.Start(t)
	ctx, client := t.Context(), broker.Client(t, kgo.RecordPartitioner(kgo.ManualPartitioner()))
	admin := kadm.NewClient(client)
	topic := broker.Topic(t, "latest", 4)
	put := func(client *kgo.Client, id string, partition int32) error {
		return client.ProduceSync(ctx, &kgo.Record{Topic: topic, Partition: partition, Key: []byte("k"), Value: []byte(payment(id, 100))}).FirstErr()
	}
	for p := range int32(4) {
		if err := put(client, fmt.Sprint("old-", p), p); err != nil {
			t.Fatal(err)
		}
	}
	n := openNode(t, t.TempDir())
	begun := func(offset int64, partitions ...int32) {
		t.Helper()
		details, err := admin.ListTopics(ctx, topic)
		if err != nil {
			t.Fatal(err)
		}
		p := node.Partition{Topic: details[topic].ID}
		for _, p.Number = range partitions {
			if next, known, _ := n.Reading(topic, p); !known || next != offset {
				t.Errorf("partition %d: next %d, known %v; %d wanted", p.Number, next, known, offset)
			}
		}
	}
	// A process was ended when it had begun the first partition, which is the highest.
	details, err := admin.ListTopics(ctx, topic)
	if err != nil {
		t.Fatal(err)
	}
	id := details[topic].ID
	if err := n.Begin(node.Reading{Name: topic, Topic: hex.EncodeToString(id[:]), Partition: 3, Next: 1, Why: "latest"}); err != nil {
		t.Fatal(err)
	}
	started := intake.Topic{Name: topic, Start: kafka.Start{Latest: true}}
	in := read(t, n, broker, started)
	eventually(t, "the topic is being read", func() bool { return len(in.Stats()[0].Lags) == 4 })
	begun(1, 0, 1, 2, 3)
	in.end()
	if _, err := admin.CreatePartitions(ctx, 2, topic); err != nil {
		t.Fatal(err)
	}
	grown := broker.Client(t, kgo.RecordPartitioner(kgo.ManualPartitioner()), kgo.MetadataMinAge(100*time.Millisecond), kgo.MetadataMaxAge(time.Second))
	eventually(t, "the new partitions are written", func() bool { return put(grown, "grown-4", 4) == nil && put(grown, "grown-5", 5) == nil })
	in = read(t, n, broker, started)
	in.caughtUp(topic, 2)
	in.end()
	begun(1, 0, 1, 2, 3, 4, 5)
	n.close()

	again := openNode(t, t.TempDir())
	in = read(t, again, broker, started)
	eventually(t, "another reads the topic", func() bool { return len(in.Stats()[0].Lags) == 6 })
	n = again
	begun(1, 0, 1, 2, 3, 4, 5)
	in.end()
}

// TestMissingTopic: a topic that is not there is not said to be read.
func TestMissingTopic(t *testing.T) {
	t.Parallel()
	broker := kafkatest.Start(t)
	topic := broker.Topic(t, "transactions", 1)
	admin := kadm.NewClient(broker.Client(t))
	stands := func(in *reading, state intake.State, reason string) {
		t.Helper()
		eventually(t, string(state), func() bool {
			s := in.Stats()[0]
			return s.State == state && strings.Contains(s.Reason, reason)
		})
	}
	n := openNode(t, t.TempDir())
	in := read(t, n, broker, intake.Topic{Name: topic})
	stands(in, intake.Reading, "")
	if _, err := admin.DeleteTopic(t.Context(), topic); err != nil {
		t.Fatal(err)
	}
	stands(in, intake.Waiting, "UNKNOWN_TOPIC_OR_PARTITION")
	in.end()
	in = read(t, n, broker, intake.Topic{Name: topic})
	stands(in, intake.Waiting, "UNKNOWN_TOPIC_OR_PARTITION")
	eventually(t, "the topic is made again", func() bool {
		_, err := admin.CreateTopic(t.Context(), 1, -1, nil, topic)
		return err == nil
	})
	stands(in, intake.Reading, "")
	in.end()
}

// TestEndsOfTransactions: they have offsets, but are neither a lag nor, when
// they are deleted, records that were lost.
func TestEndsOfTransactions(t *testing.T) {
	t.Parallel()
	broker := kafkatest.Start(t)
	topic := broker.Topic(t, "transactions", 1)
	client := broker.Client(t, kgo.TransactionalID(topic))
	if err := client.BeginTransaction(); err != nil {
		t.Fatal(err)
	}
	send(t, client, topic, "k", payment("t-0", 1))
	if err := client.EndTransaction(t.Context(), kgo.TryCommit); err != nil {
		t.Fatal(err)
	}
	n := openNode(t, t.TempDir())
	in := read(t, n, broker, intake.Topic{Name: topic})
	in.caughtUp(topic, 1)
	eventually(t, "nothing is left", func() bool {
		lags := in.Stats()[0].Lags
		return len(lags) == 1 && lags[0].Records == 0 && lags[0].Next == 2
	})
	in.end()
	gone := kadm.Offsets{}
	gone.Add(kadm.Offset{Topic: topic, At: 2})
	if _, err := kadm.NewClient(client).DeleteRecords(t.Context(), gone); err != nil {
		t.Fatal(err)
	}
	plain := broker.Client(t)
	send(t, plain, topic, "k", payment("t-1", 1))
	in = read(t, n, broker, intake.Topic{Name: topic})
	in.caughtUp(topic, 1)
	in.end()
}

// TestLost: records that were deleted before they were read are not skipped
// without a person's word.
func TestLost(t *testing.T) {
	t.Parallel()
	broker := kafkatest.Start(t)
	topic, client := broker.Topic(t, "transactions", 1), broker.Client(t)
	n := openNode(t, t.TempDir())
	send(t, client, topic, "k", payment("t-0", 1), payment("t-1", 1))
	in := read(t, n, broker, intake.Topic{Name: topic})
	in.caughtUp(topic, 2)
	in.end()
	send(t, client, topic, "k", payment("t-2", 1), payment("t-3", 1))
	gone := kadm.Offsets{}
	gone.Add(kadm.Offset{Topic: topic, At: 3})
	if _, err := kadm.NewClient(client).DeleteRecords(t.Context(), gone); err != nil {
		t.Fatal(err)
	}
	in = read(t, n, broker, intake.Topic{Name: topic})
	if err := <-in.ended; err == nil || !strings.Contains(err.Error(), "records 2 to 2 were deleted before they were read") {
		t.Error(err)
	} else {
		in.ended <- err
	}
	in = read(t, n, broker, intake.Topic{Name: topic, SkipLost: true})
	in.caughtUp(topic, 1)
	if _, _, err := n.Decision(t.Context(), "default", "t-3"); err != nil {
		t.Error(err)
	}
}

// TestWaits: what fails and may pass is tried again, and holds back its
// partition, which is paused; nothing is lost or taken twice.
func TestWaits(t *testing.T) {
	t.Parallel()
	broker := kafkatest.Start(t)
	topic, client := broker.Topic(t, "transactions", 1), broker.Client(t)
	n := openNode(t, t.TempDir())
	var down atomic.Bool
	down.Store(true)
	const all = 6000 // more than a partition's queue
	in := read(t, n, broker, intake.Topic{Name: topic, Translate: func(_ context.Context, r *kgo.Record) ([]byte, error) {
		switch {
		case down.Load():
			return nil, tidegate.Errorf(tidegate.CodeUnavailable, "the registry is away")
		case string(r.Value) == "panic":
			panic("a bug")
		case string(r.Value) == "no":
			return nil, errors.New("unknown schema")
		}
		return []byte(payment(string(r.Value), 100)), nil
	}})
	var values []string
	for i := range all {
		values = append(values, fmt.Sprint("t-", i))
	}
	values[10], values[20] = "panic", "no"
	send(t, client, topic, "k", values...)
	eventually(t, "the partition is paused", func() bool {
		lags := in.Stats()[0].Lags
		return len(lags) == 1 && lags[0].Paused
	})
	down.Store(false)
	in.caughtUp(topic, all)
	eventually(t, "there is no lag", func() bool { return in.Stats()[0].Lags[0].Records == 0 })
	if got := n.Counters().DeadLetterReasons(); got["internal"] != 2 || len(got) != 1 {
		t.Error(got)
	}
	for _, id := range []string{"t-0", "t-5999"} {
		if _, _, err := n.Decision(t.Context(), "default", id); err != nil {
			t.Error(id, err)
		}
	}
}

// TestChecked: a topic whose records would not be understood is not read, nor is
// one while that can't be told; the others are. It is read when that is mended.
func TestChecked(t *testing.T) {
	t.Parallel()
	broker := kafkatest.Start(t)
	topic, other, client := broker.Topic(t, "transactions", 1), broker.Topic(t, "others", 1), broker.Client(t)
	n := openNode(t, t.TempDir())
	send(t, client, topic, "k", payment("t-1", 1))
	send(t, client, other, "k", payment("t-2", 1))
	var verdict atomic.Pointer[error]
	say := func(err error) { verdict.Store(&err) }
	say(tidegate.Errorf(tidegate.CodeUnavailable, "away"))
	in := readWith(t, intake.Options{Node: n.Node, Recheck: time.Millisecond, Topics: []intake.Topic{{Name: other}, {Name: topic, Check: func(context.Context) error { return *verdict.Load() }}}}, broker)
	in.caughtUp(other, 1)
	stands := func(want intake.Standing) {
		t.Helper()
		eventually(t, fmt.Sprint(want), func() bool { return in.Stats()[1].Standing == want })
	}
	stands(intake.Standing{State: intake.Waiting, Reason: "away"})
	say(tidegate.Errorf(tidegate.CodeInvalid, "amount is gone"))
	stands(intake.Standing{State: intake.Refused, Reason: "amount is gone"})
	if s := in.Stats(); s[0].State != intake.Reading || s[1].Taken > 0 || n.Counters().DeadLetters() > 0 {
		t.Errorf("%+v", s)
	}
	eventually(t, "it is told how many records wait", func() bool {
		lags := in.Stats()[1].Lags
		return len(lags) == 1 && lags[0].Records == 1 && lags[0].Topic == topic && lags[0].Since.IsZero()
	})
	say(nil)
	in.caughtUp(topic, 1)
	eventually(t, "there is no lag", func() bool { return in.Stats()[1].Lags[0].Records == 0 })
	stands(intake.Standing{State: intake.Reading})
}

// TestRetriesAreTold: that records wait to be tried again is told with the reason,
// and not of each of them.
func TestRetriesAreTold(t *testing.T) {
	t.Parallel()
	broker := kafkatest.Start(t)
	topic, client := broker.Topic(t, "transactions", 1), broker.Client(t)
	if err := kafka.EnsureTopics(t.Context(), client, kafka.RetryTopic(topic)); err != nil {
		t.Fatal(err)
	}
	n := openNode(t, t.TempDir())
	const all = 20
	for i := range all {
		send(t, client, topic, "k", fmt.Sprint(i))
	}
	var mu sync.Mutex
	var told []string
	in := readWith(t, intake.Options{Node: n.Node, Topics: []intake.Topic{{Name: topic, Retry: kafka.Retry{Attempts: 3, Backoff: time.Hour}, Translate: func(context.Context, *kgo.Record) ([]byte, error) {
		return nil, tidegate.Errorf(tidegate.CodeUnavailable, "the registry is away")
	}}}, Report: func(err error) {
		mu.Lock()
		defer mu.Unlock()
		told = append(told, err.Error())
	}}, broker)
	in.caughtUp(topic, all)
	if retries := in.Stats()[0].Retries; retries != all {
		t.Errorf("%d are to be tried again", retries)
	}
	in.end()
	if want := "records of topic " + topic + " are tried again later, from " + topic + ".retry: the registry is away"; len(told) != 1 || told[0] != want {
		t.Errorf("%q\nwant %q", told, want)
	}
}

// TestSaysNothing: what is passed over moves the position, so that it may be
// deleted after that and is not missed.
func TestSaysNothing(t *testing.T) {
	t.Parallel()
	broker := kafkatest.Start(t)
	topic, client := broker.Topic(t, "changes", 1), broker.Client(t)
	n := openNode(t, t.TempDir())
	send(t, client, topic, "k", payment("t-1", 1), "", "")
	changes := intake.Topic{Name: topic, Translate: func(_ context.Context, r *kgo.Record) ([]byte, error) {
		if len(r.Value) == 0 {
			return nil, nil
		}
		return r.Value, nil
	}}
	in := read(t, n, broker, changes)
	in.caughtUp(topic, 3)
	in.end()
	send(t, client, topic, "k", payment("t-2", 1))
	gone := kadm.Offsets{}
	gone.Add(kadm.Offset{Topic: topic, At: 3})
	if _, err := kadm.NewClient(client).DeleteRecords(t.Context(), gone); err != nil {
		t.Fatal(err)
	}
	in = read(t, n, broker, changes)
	in.caughtUp(topic, 1)
	if _, _, err := n.Decision(t.Context(), "default", "t-2"); err != nil || n.Counters().DeadLetters() > 0 {
		t.Error(err, n.Counters().DeadLetterReasons())
	}
}
