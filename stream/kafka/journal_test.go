package kafka_test

import (
	"context"
	"fmt"
	"reflect"
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/tidegate/tidegate/stream/kafka"
)

// journal is a Source in memory: record n has a decision of customer n%7, and
// every fifth has an alert. Of all it says what must be in Kafka.
type journal struct {
	decisions, alerts string // topics

	mu   sync.Mutex
	last uint64
	more chan struct{} // closed when there is more
}

func newJournal(decisions, alerts string) *journal {
	return &journal{decisions: decisions, alerts: alerts, more: make(chan struct{})}
}

func (j *journal) append(n int) {
	j.mu.Lock()
	defer j.mu.Unlock()
	j.last += uint64(n)
	close(j.more)
	j.more = make(chan struct{})
}

func (j *journal) end() (uint64, <-chan struct{}) {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.last, j.more
}

// reader is one user's place in the journal.
type reader struct {
	*journal
	next uint64
}

func (r *reader) Seek(record uint64) error {
	r.next = record
	return nil
}

func (r *reader) Bounds() (first, end uint64) {
	end, _ = r.end()
	return 1, end
}

func (r *reader) Next(ctx context.Context, to []kafka.Message) (uint64, []kafka.Message, error) {
	for {
		end, more := r.end()
		if r.next <= end {
			break
		}
		select {
		case <-more:
		case <-ctx.Done():
			return 0, to, ctx.Err()
		}
	}
	record := r.next
	r.next++
	return record, r.messages(record, to), nil
}

func (j *journal) messages(record uint64, to []kafka.Message) []kafka.Message {
	key := fmt.Appendf(nil, "customer-%d", record%7)
	headers := []kgo.RecordHeader{{Key: "tidegate.record", Value: strconv.AppendUint(nil, record, 10)}}
	to = append(to, kafka.Message{Topic: j.decisions, Key: key, Value: fmt.Appendf(nil, "decision %d", record), Headers: headers})
	if record%5 == 0 {
		to = append(to, kafka.Message{Topic: j.alerts, Key: key, Value: fmt.Appendf(nil, "alert %d", record), Headers: headers})
	}
	return to
}

// check compares what read_committed consumers saw with the journal: each
// message once, in order per key, with key and headers.
func (j *journal) check(t *testing.T, seen map[string][]*kgo.Record) {
	t.Helper()
	want, got := map[string][]string{}, map[string][]string{} // by topic and key, in order
	end, _ := j.end()
	for record := uint64(1); record <= end; record++ {
		for _, m := range j.messages(record, nil) {
			place := m.Topic + " " + string(m.Key)
			want[place] = append(want[place], fmt.Sprint(string(m.Value), m.Headers))
		}
	}
	for topic, records := range seen {
		for _, r := range records {
			place := topic + " " + string(r.Key)
			got[place] = append(got[place], fmt.Sprint(string(r.Value), r.Headers))
		}
	}
	if reflect.DeepEqual(want, got) { // much sooner than it is known what differs
		return
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("the journal (-) and Kafka (+) differ:\n%.4000s", diff)
	}
}

// patience is for a machine that does other things, too; no test measures it.
const patience = 2 * time.Minute

func eventually(t *testing.T, what string, done func() bool) {
	t.Helper()
	for end := time.Now().Add(patience); !done(); time.Sleep(5 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatalf("not within %v: %s", patience, what)
		}
	}
}
