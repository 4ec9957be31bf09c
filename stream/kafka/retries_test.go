package kafka_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/tidegate/tidegate"
	"github.com/tidegate/tidegate/stream"
	"github.com/tidegate/tidegate/stream/kafka"
	"github.com/tidegate/tidegate/stream/kafka/kafkatest"
	"github.com/tidegate/tidegate/stream/pebble"
	"github.com/tidegate/tidegate/stream/state"
)

var threeTries = kafka.Retry{Attempts: 3, Backoff: 300 * time.Millisecond}

// visit is what the retried pipelines do with a value, at a try: "twice" works
// at the third, "never" does not, "bad" need not be tried again.
func visit(value string, tries int) error {
	switch kind, _, _ := strings.Cut(value, " "); {
	case kind == "bad":
		return tidegate.Errorf(tidegate.CodeInvalid, "bad")
	case kind == "never", kind == "twice" && tries < 2:
		return tidegate.Errorf(tidegate.CodeUnavailable, "away")
	}
	return nil
}

// retried is a topic of values that fail in every way, and what must become of
// them.
type retried struct {
	t       *testing.T
	broker  *kafkatest.Broker
	in, out string
	client  *kgo.Client
	sent    []string
}

func newRetried(t *testing.T) *retried {
	t.Parallel() // nobody takes the broker away while those run that do so
	broker := kafkatest.Start(t)
	r := &retried{t: t, broker: broker, in: broker.Topic(t, "in", 2), out: broker.Topic(t, "out", 2), client: broker.Client(t)}
	topics := []kafka.Topic{kafka.DeadLetterTopic(r.in), kafka.RetryTopic(r.in)}
	if err := kafka.EnsureTopics(t.Context(), r.client, topics...); err != nil {
		t.Fatal(err)
	}
	return r
}

func (r *retried) send(n int) {
	r.t.Helper()
	var failed error
	for range n {
		kind := []string{"good", "good", "good", "twice", "good", "never", "good", "bad"}[len(r.sent)%8]
		value := fmt.Sprintf("%s %d", kind, len(r.sent))
		r.client.Produce(context.Background(), &kgo.Record{Topic: r.in, Key: fmt.Append(nil, len(r.sent)%5), Value: []byte(value), Headers: []kgo.RecordHeader{{Key: "trace", Value: []byte(value)}}},
			func(_ *kgo.Record, err error) { failed = errors.Join(failed, err) })
		r.sent = append(r.sent, value)
	}
	if err := errors.Join(r.client.Flush(context.Background()), failed); err != nil {
		r.t.Fatal(err)
	}
}

// complete waits until each value has come to where it belongs, and looks whether
// it did so once, with its tries on the way.
func (r *retried) complete() {
	r.t.Helper()
	want := map[string]int{}
	for _, v := range r.sent {
		switch kind, _, _ := strings.Cut(v, " "); kind {
		case "good":
			want["out "+v]++
		case "twice":
			want["retry 1 "+v]++
			want["retry 2 "+v]++
			want["out "+v]++
		case "never":
			want["retry 1 "+v]++
			want["retry 2 "+v]++
			want["letter unavailable 3 "+v]++
		case "bad":
			want["letter invalid 1 "+v]++
		}
	}
	var got map[string]int
	eventually(r.t, "all are where they belong", func() bool {
		time.Sleep(100 * time.Millisecond)
		got = map[string]int{}
		n := 0
		note := func(what string, record *kgo.Record) {
			n++
			got[what+string(record.Value)]++
			if headerOf(record, "trace") != string(record.Value) {
				r.t.Errorf("%s has lost its header", what)
			}
		}
		for _, record := range r.broker.Committed(r.t, r.out) {
			note("out ", record)
		}
		for _, record := range r.broker.Committed(r.t, r.in+".retry") {
			if headerOf(record, kafka.HeaderTopic) != r.in || headerOf(record, kafka.HeaderNotBefore) == "" {
				r.t.Error(record.Headers)
			}
			note("retry "+headerOf(record, kafka.HeaderTries)+" ", record)
		}
		for _, record := range r.broker.Committed(r.t, r.in+".dlq") {
			if headerOf(record, kafka.HeaderTopic) != r.in || headerOf(record, kafka.HeaderTries) != "" {
				r.t.Error(record.Headers)
			}
			note("letter "+headerOf(record, kafka.HeaderException)+" "+headerOf(record, kafka.HeaderAttempt)+" ", record)
		}
		all := 0
		for _, n := range want {
			all += n
		}
		return n >= all
	})
	for what, n := range want {
		if got[what] != n {
			r.t.Errorf("%s: %d times", what, got[what])
		}
	}
	if len(got) != len(want) {
		r.t.Errorf("%d kinds of results, and %d are wanted", len(got), len(want))
	}
}

func headerOf(r *kgo.Record, name string) string {
	for _, h := range r.Headers {
		if h.Key == name {
			return string(h.Value)
		}
	}
	return ""
}

// TestGroupRetries: a group's members are cut off while values are tried again.
func TestGroupRetries(t *testing.T) {
	r := newRetried(t)
	member := func(name string) (net *network, stop func()) {
		net = &network{}
		g := kafka.NewGroup(kafka.GroupOptions{
			Name: r.in, Member: name, Topics: []string{r.in}, Begin: &kafka.Start{}, Retry: threeTries, Timeout: 5 * time.Second, Report: func(err error) { t.Log(err) },
			Client: []kgo.Opt{kgo.SeedBrokers(r.broker.Addresses...), kgo.Dialer(net.dial), kgo.SessionTimeout(6 * time.Second), kgo.HeartbeatInterval(300 * time.Millisecond)},
		}, func(record *kgo.Record, emit func(kafka.Message)) error {
			first, tries, due := kafka.Tried(record)
			if time.Now().Before(due) || first.Topic != r.in {
				t.Errorf("%s of %s is not due before %v", record.Value, first.Topic, due)
			}
			emit(kafka.Message{Topic: r.out, Key: record.Key, Value: record.Value, Headers: []kgo.RecordHeader{{Key: "trace", Value: record.Value}}})
			return visit(string(record.Value), tries)
		})
		ctx, cancel := context.WithCancel(context.Background())
		ended := make(chan error, 1)
		go func() { ended <- g.Run(ctx) }()
		return net, func() {
			cancel()
			if err := <-ended; err != nil {
				t.Error(err)
			}
		}
	}
	_, stopA := member("a")
	r.send(80)
	net, stopB := member("b")
	r.send(80)
	net.cut()
	stopB()
	r.send(80)
	r.complete()
	stopA()
}

// trying is the pipeline of the test below: two sources, the topic and its
// retries, and two sinks.
func trying(ctx context.Context, brokers []string, in, out, dir string) error {
	lock, err := state.AwaitDirectory(ctx, dir, time.Now)
	if err != nil {
		return err
	}
	defer lock.Close()
	backend, err := pebble.Open(filepath.Join(dir, "state"), pebble.Options{})
	if err != nil {
		return err
	}
	defer backend.Close()
	p := stream.New("trying", stream.Options{State: backend, Checkpoint: 100 * time.Millisecond, StopWithin: time.Minute})
	type attempt struct {
		Value string
		Tries int
	}
	source := func(topic string) stream.Stream[attempt] {
		return stream.From(p, kafka.NewRecords(topic, func(r *kgo.Record, v *attempt) error {
			_, v.Tries, _ = kafka.Tried(r)
			v.Value = string(r.Value)
			return nil
		}, kgo.SeedBrokers(brokers...)), stream.SourceTimestamps[attempt]())
	}
	sink := func(name string) kafka.SinkOptions {
		return kafka.SinkOptions{Name: name, Dir: filepath.Join(dir, name), Options: kafka.Options{Brokers: brokers,
			Instance: fmt.Sprintf("%d-%d", os.Getpid(), rand.Uint64()), Timeout: 10 * time.Second, Report: func(err error) { fmt.Fprintln(os.Stderr, "report:", err) }}}
	}
	results := stream.FlatMap(stream.Union(source(in), source(kafka.RetryTopic(in).Name)), func(c *stream.Collector[string], v attempt) error {
		if err := visit(v.Value, v.Tries); err != nil {
			return err
		}
		c.Emit(v.Value)
		return nil
	})
	stream.To(results, kafka.ExactlyOnce(sink(out), func(r stream.Record[string], m *kafka.Message) error {
		m.Topic, m.Value, m.Headers = out, []byte(r.Value), []kgo.RecordHeader{{Key: "trace", Value: []byte(r.Value)}}
		return nil
	}))
	stream.To(p.DeadLetters(), kafka.ExactlyOnce(sink(out+".letters"), threeTries.Letter))
	return p.Run(ctx)
}

// TestTryingProcess is not a test: it is the process that the one below kills.
func TestTryingProcess(t *testing.T) {
	arguments := strings.Fields(os.Getenv("TIDEGATE_TEST_TRYING"))
	if len(arguments) == 0 {
		return
	}
	if err := trying(context.Background(), strings.Split(arguments[0], ","), arguments[1], arguments[2], arguments[3]); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(3)
	}
}

// TestPipelineRetries: a pipeline is killed while values are tried again, and
// wait for that.
func TestPipelineRetries(t *testing.T) {
	r := newRetried(t)
	dir := t.TempDir()
	var stderr bytes.Buffer
	process := func() *exec.Cmd {
		c := exec.Command(os.Args[0], "-test.run=^TestTryingProcess$")
		c.Env = append(os.Environ(), "TIDEGATE_TEST_TRYING="+strings.Join([]string{strings.Join(r.broker.Addresses, ","), r.in, r.out, dir}, " "))
		c.Stderr = &stderr
		if err := c.Start(); err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { kill(c) })
		return c
	}
	for range max(5, rounds(t)/4) {
		c := process()
		r.send(40)
		time.Sleep(time.Duration(rand.IntN(700)) * time.Millisecond)
		kill(c)
	}
	c := process()
	r.send(8)
	r.complete()
	kill(c)
	if t.Failed() {
		t.Log(stderr.String())
	}
}
