package dlq_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kgo"
	"go.uber.org/goleak"

	"github.com/tidegate/tidegate"
	"github.com/tidegate/tidegate/stream/kafka"
	"github.com/tidegate/tidegate/stream/kafka/dlq"
	"github.com/tidegate/tidegate/stream/kafka/kafkatest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

var noon = time.Date(2026, 3, 14, 12, 0, 0, 0, time.UTC)

// rig is a topic with dead letters: letter n of key k-n%3 failed n minutes
// after noon, the even ones as malformed and the odd ones as conflict.
type rig struct {
	*testing.T
	broker *kafkatest.Broker
	topic  string
}

func newRig(t *testing.T, n int) *rig {
	t.Parallel()
	broker := kafkatest.Start(t)
	r := &rig{t, broker, broker.Topic(t, "transactions", 1)}
	client := broker.Client(t)
	letters := kafka.DeadLetterTopic(r.topic)
	letters.Partitions = 1
	if err := kafka.EnsureTopics(t.Context(), client, letters); err != nil {
		t.Fatal(err)
	}
	for i := range n {
		letter := kafka.DeadLetter{
			Record: &kgo.Record{Topic: r.topic, Partition: 2, Offset: int64(100 + i), Key: fmt.Append(nil, "k-", i%3), Value: fmt.Append(nil, "value ", i),
				Headers: []kgo.RecordHeader{{Key: "trace", Value: fmt.Append(nil, i)}}},
			Code: []string{"malformed", "conflict"}[i%2], Error: fmt.Sprintf("reason %d", i), At: noon.Add(time.Duration(i) * time.Minute), Version: "7",
		}
		m := letter.Message(func(b []byte) []byte { return b })
		if err := client.ProduceSync(t.Context(), &kgo.Record{Topic: m.Topic, Key: m.Key, Value: m.Value, Headers: m.Headers}).FirstErr(); err != nil {
			t.Fatal(err)
		}
	}
	return r
}

func (r *rig) open() *dlq.Letters {
	r.Helper()
	l, err := dlq.Open(r.Context(), r.topic, kgo.SeedBrokers(r.broker.Addresses...))
	if err != nil {
		r.Fatal(err)
	}
	r.Cleanup(l.Close)
	return l
}

func (r *rig) list(l *dlq.Letters, f dlq.Filter) (ids []string) {
	r.Helper()
	if err := l.Each(r.Context(), f, func(l dlq.Letter) error {
		ids = append(ids, strings.TrimPrefix(l.ID, "0-"))
		return nil
	}); err != nil {
		r.Fatal(err)
	}
	return ids
}

func (r *rig) sent() (values []string) {
	r.Helper()
	for _, record := range r.broker.Committed(r, r.topic) {
		values = append(values, string(record.Value))
	}
	return values
}

func TestFilters(t *testing.T) {
	r := newRig(t, 6)
	l := r.open()
	for _, c := range []struct {
		what string
		f    dlq.Filter
		want string
	}{
		{"all", dlq.Filter{}, "0 1 2 3 4 5"},
		{"a reason", dlq.Filter{Code: "conflict"}, "1 3 5"},
		{"part of an error", dlq.Filter{Error: "son 4"}, "4"},
		{"a key", dlq.Filter{Key: "k-1"}, "1 4"},
		{"a time", dlq.Filter{Since: noon.Add(2 * time.Minute), Until: noon.Add(4 * time.Minute)}, "2 3"},
		{"ids", dlq.Filter{IDs: []string{"0-5", "0-0"}, Code: "conflict"}, "5"},
	} {
		if got := strings.Join(r.list(l, c.f), " "); got != c.want {
			t.Errorf("%s: %s, want %s", c.what, got, c.want)
		}
	}
	if err := l.Each(t.Context(), dlq.Filter{IDs: []string{"0-3"}}, func(got dlq.Letter) error {
		want := dlq.Letter{ID: "0-3", Topic: r.topic, Partition: 2, Offset: 103, Code: "conflict", Error: "reason 3", FailedAt: noon.Add(3 * time.Minute), Version: "7",
			Attempt: 1, Key: []byte("k-0"), Value: []byte("value 3"), Headers: []kgo.RecordHeader{{Key: "trace", Value: []byte("3")}}}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Error(diff)
		}
		return nil
	}); err != nil {
		t.Fatal(err)
	}
}

// TestReplayOnce: two people send the same letters again at the same time, over
// and over; each letter comes once, as it is or as it was mended, and it is
// written down who did it.
func TestReplayOnce(t *testing.T) {
	const all = 250 // more than two transactions
	r := newRig(t, all)
	l := r.open()
	if err := l.Edit(t.Context(), "0-7", "anna", noon, []byte("mended")); err != nil {
		t.Fatal(err)
	}
	if err := l.Edit(t.Context(), "0-999", "anna", noon, []byte("mended")); tidegate.CodeOf(err) != tidegate.CodeNotFound {
		t.Error(err)
	}
	var people sync.WaitGroup
	for _, who := range []string{"anna", "bela"} {
		mine := r.open()
		people.Go(func() {
			ctx, cancel := context.WithTimeout(context.Background(), 2*time.Minute)
			defer cancel()
			for range 20 {
				sent, err := mine.Replay(ctx, dlq.Filter{}, dlq.Replay{Who: who, At: noon})
				t.Logf("%s sent %d: %v", who, sent, err)
				if err == nil {
					return
				}
			}
		})
	}
	people.Wait()
	if sent, err := l.Replay(t.Context(), dlq.Filter{}, dlq.Replay{Who: "carl", At: noon}); sent > 0 {
		t.Errorf("%d sent once more: %v", sent, err)
	}
	seen := map[string]int{}
	for _, v := range r.sent() {
		seen[v]++
	}
	for i := range all {
		want := fmt.Sprint("value ", i)
		if i == 7 {
			want = "mended"
		}
		if seen[want] != 1 {
			t.Errorf("%s came %d times", want, seen[want])
		}
	}
	if len(seen) != all {
		t.Errorf("%d values", len(seen))
	}
	if err := l.Each(t.Context(), dlq.Filter{}, func(l dlq.Letter) error {
		if last := l.Done[len(l.Done)-1]; !l.Replayed() || last.Who != "anna" && last.Who != "bela" || last.To != r.topic {
			t.Errorf("%+v", l.Done)
		}
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	record := r.broker.Committed(t, r.topic)[0]
	headers := map[string]string{}
	for _, h := range record.Headers {
		headers[h.Key] = string(h.Value)
	}
	if headers["trace"] != "0" || headers["tidegate.attempt"] != "1" || !strings.Contains(headers["tidegate.replayed"], " 0-0 by ") || len(headers) != 3 {
		t.Error(headers)
	}
}

// TestReplayMapped: a mapping makes the value; what it refuses stays.
func TestReplayMapped(t *testing.T) {
	r := newRig(t, 4)
	l := r.open()
	refused := 0
	replay := dlq.Replay{Who: "anna", At: noon, Mapping: "fixed", Refused: func(dlq.Letter, error) { refused++ },
		Map: func(v []byte) ([]byte, error) {
			if string(v) == "value 2" {
				return nil, errors.New("still broken")
			}
			return append([]byte("mapped "), v...), nil
		}}
	if sent, err := l.Replay(t.Context(), dlq.Filter{}, replay); sent != 3 || err != nil || refused != 1 {
		t.Fatal(sent, err, refused)
	}
	if diff := cmp.Diff([]string{"mapped value 0", "mapped value 1", "mapped value 3"}, r.sent()); diff != "" {
		t.Error(diff)
	}
	if got := strings.Join(r.list(l, dlq.Filter{Open: true}), " "); got != "2" {
		t.Error(got)
	}
}

// TestPurge: what is taken away is not sent any more, and what lies before the
// first that is left is really gone.
func TestPurge(t *testing.T) {
	r := newRig(t, 6)
	l := r.open()
	if n, err := l.Purge(t.Context(), dlq.Filter{Until: noon.Add(2 * time.Minute)}, "anna", noon); n != 2 || err != nil {
		t.Fatal(n, err)
	}
	if n, err := l.Purge(t.Context(), dlq.Filter{Key: "k-0"}, "anna", noon); n != 1 || err != nil { // 3; 0 is gone
		t.Fatal(n, err)
	}
	first, err := kadm.NewClient(r.broker.Client(t)).ListStartOffsets(t.Context(), r.topic+".dlq")
	if at, _ := first.Lookup(r.topic+".dlq", 0); err != nil || at.Offset != 2 {
		t.Error(at, err)
	}
	if sent, err := l.Replay(t.Context(), dlq.Filter{}, dlq.Replay{Who: "anna", At: noon}); sent != 3 || err != nil {
		t.Error(sent, err)
	}
	if diff := cmp.Diff([]string{"value 2", "value 4", "value 5"}, r.sent()); diff != "" {
		t.Error(diff)
	}
}

func TestNoLetters(t *testing.T) {
	broker := kafkatest.Start(t)
	_, err := dlq.Open(t.Context(), "nothing-here", kgo.SeedBrokers(broker.Addresses...))
	if tidegate.CodeOf(err) != tidegate.CodeNotFound {
		t.Error(err)
	}
}
