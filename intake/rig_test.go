package intake_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/tidegate/tidegate/config"
	"github.com/tidegate/tidegate/examples"
	"github.com/tidegate/tidegate/intake"
	"github.com/tidegate/tidegate/node"
	"github.com/tidegate/tidegate/stream/journal"
	"github.com/tidegate/tidegate/stream/kafka/kafkatest"
)

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

// openNode opens a node with the example configuration, on event time.
func openNode(t *testing.T, dir string, change ...func(*node.Options)) *openedNode {
	t.Helper()
	files, err := config.Deciding(examples.Issuer())
	if err != nil {
		t.Fatal(err)
	}
	files["policy.yaml"] = []byte(strings.Replace(string(files["policy.yaml"]), "deadline: 20ms", "deadline: 30s", 1))
	o := node.Options{
		Dir: dir, Files: files, Clock: time.Now, EventClock: true, CacheBytes: 16 << 20, SegmentBytes: 4 << 20,
		CheckpointEvery: time.Hour, Retention: 35 * 24 * time.Hour, IDs: 180 * 24 * time.Hour,
		Report: func(err error) { t.Error("in the background:", err) },
	}
	for _, f := range change {
		f(&o)
	}
	n, _, activation, err := node.Open(o)
	if err != nil || activation != nil {
		t.Fatal(err, activation)
	}
	opened := &openedNode{Node: n, t: t}
	t.Cleanup(opened.close)
	return opened
}

type openedNode struct {
	*node.Node
	t    *testing.T
	once sync.Once
}

func (n *openedNode) close() {
	n.once.Do(func() {
		if err := n.Close(); err != nil {
			n.t.Error(err)
		}
	})
}

// reading is an intake under way.
type reading struct {
	*intake.Intake
	t     *testing.T
	stop  context.CancelFunc
	ended chan error
}

func read(t *testing.T, n *openedNode, broker *kafkatest.Broker, topics ...intake.Topic) *reading {
	return readWith(t, intake.Options{Node: n.Node, Topics: topics}, broker)
}

func readWith(t *testing.T, o intake.Options, broker *kafkatest.Broker) *reading {
	t.Helper()
	o.Clock, o.Refresh, o.Backoff = time.Now, 100*time.Millisecond, time.Millisecond
	o.Client = append(o.Client, kgo.SeedBrokers(broker.Addresses...))
	if o.Report == nil {
		o.Report = func(err error) { t.Log(err) }
	}
	r := &reading{Intake: intake.New(o), t: t, ended: make(chan error, 1)}
	ctx, stop := context.WithCancel(context.Background())
	r.stop = stop
	go func() { r.ended <- r.Run(ctx) }()
	t.Cleanup(func() { r.end() })
	return r
}

func (r *reading) end() error {
	r.stop()
	err := <-r.ended
	r.ended <- err
	return err
}

// caughtUp waits until a topic is read to its end.
func (r *reading) caughtUp(topic string, records uint64) {
	r.t.Helper()
	eventually(r.t, fmt.Sprintf("%d records of %s are taken: %+v", records, topic, r.Stats()), func() bool {
		for _, s := range r.Stats() {
			if s.Topic == topic {
				return s.Taken >= records
			}
		}
		return false
	})
}

// send produces records in their order, keyed.
func send(t *testing.T, client *kgo.Client, topic string, key string, values ...string) {
	t.Helper()
	var failed error
	for _, v := range values {
		r := &kgo.Record{Topic: topic, Value: []byte(v)}
		if key != "" {
			r.Key = []byte(key)
		}
		client.Produce(context.Background(), r, func(_ *kgo.Record, err error) { failed = errors.Join(failed, err) })
	}
	if err := errors.Join(client.Flush(context.Background()), failed); err != nil {
		t.Fatal(err)
	}
}

// records reads a node's journal.
func records(t *testing.T, dir string) (list []node.Record) {
	t.Helper()
	j, _, err := journal.OpenReadOnly(dir+"/journal", journal.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer j.Close()
	reader := j.ReadFrom(1)
	defer reader.Close()
	for {
		sequence, body, err := reader.Next(context.Background())
		if err != nil {
			return list
		}
		var r node.Record
		if err := r.Decode(sequence, body); err != nil {
			t.Fatal(err)
		}
		r.Facts = nil // of the reader's memory
		list = append(list, r)
	}
}
