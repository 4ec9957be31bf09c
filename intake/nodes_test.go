package intake_test

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/tidegate/tidegate/intake"
	"github.com/tidegate/tidegate/node"
	"github.com/tidegate/tidegate/stream/kafka/kafkatest"
)

// sources remembers which node the last batch of each partition came from.
type sources struct {
	mu   sync.Mutex
	node map[int32]int32
}

func (s *sources) OnFetchBatchRead(meta kgo.BrokerMetadata, _ string, partition int32, _ kgo.FetchBatchMetrics) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.node[partition] = meta.NodeID
}

func (s *sources) all(node int32, partitions int) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	for p := range int32(partitions) {
		if s.node[p] != node {
			return false
		}
	}
	return true
}

// TestNodes: partitions are read from the node in our rack, leader or not; leaders
// move; that node is lost, and with it a leader, and comes back. Each record is
// taken once, in order per key.
func TestNodes(t *testing.T) {
	t.Parallel()
	const partitions, near = 3, 2
	broker := kafkatest.StartThree(t)
	topic, client := broker.Topic(t, "transactions", partitions), broker.Client(t)
	dir := t.TempDir()
	n := openNode(t, dir)
	from := &sources{node: map[int32]int32{}}
	in := readWith(t, intake.Options{Node: n.Node, Topics: []intake.Topic{{Name: topic}}, Client: []kgo.Opt{kgo.Rack(fmt.Sprint("r", near)), kgo.WithHooks(from)}}, broker)
	want := map[string][]string{}
	sent := uint64(0)
	put := func(n int) {
		t.Helper()
		var failed error
		for range n {
			id, key := fmt.Sprint("t-", sent), fmt.Sprint("k-", sent%23)
			sent++
			want[key] = append(want[key], id)
			client.Produce(context.Background(), &kgo.Record{Topic: topic, Key: []byte(key), Value: []byte(payment(id, 100))}, func(_ *kgo.Record, err error) { failed = errors.Join(failed, err) })
		}
		if err := errors.Join(client.Flush(context.Background()), failed); err != nil {
			t.Fatal(err)
		}
		in.caughtUp(topic, sent)
	}
	fromNear := func() {
		t.Helper()
		eventually(t, "all is read from our rack", func() bool {
			put(46)
			return from.all(near, partitions)
		})
	}
	fromNear()
	broker.Move(t, topic)
	fromNear()
	broker.KillNode(t, near)
	put(200)
	broker.Resume(t)
	fromNear()
	in.end()
	n.close()
	got := map[string][]string{}
	for _, r := range records(t, dir) {
		var number int
		if r.Kind != node.KindDecision {
			continue
		}
		if _, err := fmt.Sscanf(r.Decision.TransactionID, "t-%d", &number); err != nil {
			t.Fatal(err)
		}
		key := fmt.Sprint("k-", number%23)
		got[key] = append(got[key], r.Decision.TransactionID)
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("sent (-) and taken (+):\n%.3000s", diff)
	}
	t.Logf("%d records, failures: %d", sent, in.Stats()[0].Failures)
}
