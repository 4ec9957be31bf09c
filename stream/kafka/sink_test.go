package kafka_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/tidegate/tidegate/stream"
	"github.com/tidegate/tidegate/stream/kafka"
	"github.com/tidegate/tidegate/stream/kafka/kafkatest"
	"github.com/tidegate/tidegate/stream/pebble"
	"github.com/tidegate/tidegate/stream/state"
)

// counter numbers the records of a key: what is lost or processed twice, in the
// source, the state or the sink, makes a gap or a repetition.
type counter struct{ seen stream.Value[int64] }

func (c *counter) Open(s *stream.States) error {
	c.seen = stream.NewValue[int64](s, "seen")
	return nil
}

func (c *counter) Process(ctx *stream.Context[string, string], v string) error {
	n := int64(1)
	if seen := c.seen.Get(ctx); seen != nil {
		n += *seen
	}
	c.seen.Set(ctx, n)
	_, rest, _ := strings.Cut(v, " ")
	ctx.Emit(fmt.Sprintf("%s %d %s", ctx.Key, n, rest))
	return nil
}

// line is the pipeline under test, as a process is told of it.
type line struct {
	Brokers      []string
	Secrets      string // folder of a secure broker; "" is a plain one
	In, Out, Dir string
	Timeout      time.Duration // of a transaction
}

// run is the pipeline: a topic, state, an exactly-once sink. It waits for its
// directory, as a standby does.
func (l line) run(ctx context.Context) error {
	lock, err := state.AwaitDirectory(ctx, l.Dir, time.Now)
	if err != nil {
		return err
	}
	defer lock.Close()
	backend, err := pebble.Open(filepath.Join(l.Dir, "state"), pebble.Options{})
	if err != nil {
		return err
	}
	defer backend.Close()
	client, err := asTidegate(l.Secrets)
	if err != nil {
		return err
	}
	p := stream.New("numbered", stream.Options{State: backend, Checkpoint: 100 * time.Millisecond, StopWithin: time.Minute})
	values := stream.From(p, kafka.NewRecords(l.In, func(r *kgo.Record, v *string) error {
		*v = string(r.Value)
		return nil
	}, append(client, kgo.SeedBrokers(l.Brokers...))...).Refresh(200*time.Millisecond), stream.SourceTimestamps[string]())
	keyed := stream.KeyBy(values, func(v string) string { key, _, _ := strings.Cut(v, " "); return key })
	stream.To(stream.Process(keyed, &counter{}), kafka.ExactlyOnce(kafka.SinkOptions{
		Name: l.Out, Dir: filepath.Join(l.Dir, "out"),
		Options: kafka.Options{Brokers: l.Brokers, Instance: fmt.Sprintf("%d-%d", os.Getpid(), rand.Uint64()), Client: client, Timeout: l.Timeout,
			Report: func(err error) { fmt.Fprintln(os.Stderr, "report:", err) }},
	}, func(r stream.Record[string], m *kafka.Message) error {
		key, _, _ := strings.Cut(r.Value, " ")
		m.Topic, m.Key, m.Value = l.Out, []byte(key), []byte(r.Value)
		return nil
	}))
	return p.Run(ctx)
}

// asTidegate is how User:tidegate connects to a secure broker.
func asTidegate(secrets string) ([]kgo.Opt, error) {
	if secrets == "" {
		return nil, nil
	}
	return kafka.Security{
		TLS:  kafka.TLS{Enabled: true, CA: filepath.Join(secrets, "ca.pem")},
		SASL: kafka.SASL{Mechanism: kafka.Scram512, User: "tidegate", PasswordFile: filepath.Join(secrets, "tidegate.password")},
	}.Options()
}

// TestPipelineProcess is not a test: it is the process that the tests below
// start and kill.
func TestPipelineProcess(t *testing.T) {
	text := os.Getenv("TIDEGATE_TEST_PIPELINE")
	if text == "" {
		return
	}
	var l line
	err := json.Unmarshal([]byte(text), &l)
	if err == nil {
		err = l.run(context.Background())
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(3)
	}
}

// pipeline is the pipeline's topics and directory, and what went in.
type pipeline struct {
	line
	t      *testing.T
	broker *kafkatest.Broker
	client *kgo.Client
	sent   int
	keys   int
	stderr printed
}

func newPipeline(t *testing.T, broker *kafkatest.Broker) *pipeline {
	return &pipeline{
		line: line{Brokers: broker.Addresses, In: broker.Topic(t, "in", 3), Out: broker.Topic(t, "out", 2), Dir: t.TempDir(), Timeout: 10 * time.Second},
		t:    t, broker: broker, client: broker.Client(t), keys: 11,
	}
}

// flow sends until the test ends what it returns, also while there is no broker:
// then it waits.
func (p *pipeline) flow() (end func()) {
	stop := make(chan struct{})
	ended := make(chan error, 1)
	go func() {
		for {
			select {
			case <-stop:
				ended <- nil
				return
			case <-time.After(10 * time.Millisecond):
				if err := p.put(5); err != nil {
					ended <- err
					return
				}
			}
		}
	}()
	return func() {
		p.t.Helper()
		close(stop)
		if err := <-ended; err != nil {
			p.t.Fatal(err)
		}
	}
}

func (p *pipeline) send(n int) {
	p.t.Helper()
	if err := p.put(n); err != nil {
		p.t.Fatal(err)
	}
}

func (p *pipeline) put(n int) error {
	var failed error
	for range n {
		key := fmt.Sprint("k", p.sent%p.keys)
		p.client.Produce(context.Background(), &kgo.Record{Topic: p.In, Key: []byte(key), Value: fmt.Appendf(nil, "%s v%d", key, p.sent)},
			func(_ *kgo.Record, err error) { failed = errors.Join(failed, err) })
		p.sent++
	}
	return errors.Join(p.client.Flush(context.Background()), failed)
}

// printed is what several processes print.
type printed struct {
	mu sync.Mutex
	b  []byte
}

func (p *printed) Write(b []byte) (int, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.b = append(p.b, b...)
	return len(b), nil
}

func (p *printed) String() string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return string(p.b)
}

func (p *pipeline) process() *exec.Cmd {
	p.t.Helper()
	text, err := json.Marshal(p.line)
	if err != nil {
		p.t.Fatal(err)
	}
	c := exec.Command(os.Args[0], "-test.run=^TestPipelineProcess$")
	c.Env = append(os.Environ(), "TIDEGATE_TEST_PIPELINE="+string(text))
	c.Stderr = &p.stderr
	if err := c.Start(); err != nil {
		p.t.Fatal(err)
	}
	p.t.Cleanup(func() {
		kill(c)
		if p.t.Failed() {
			p.t.Log(p.stderr.String())
		}
	})
	return c
}

func kill(c *exec.Cmd) {
	if c.ProcessState == nil {
		_ = c.Process.Kill()
		_ = c.Wait()
	}
}

// results is how many there are, with the markers of transactions, or 0 when
// nobody can tell.
func (p *pipeline) results() (n int64) {
	ctx, cancel := context.WithTimeout(context.Background(), time.Second)
	defer cancel()
	ends, err := kadm.NewClient(p.client).ListCommittedOffsets(ctx, p.Out)
	if err != nil {
		return 0
	}
	ends.Each(func(end kadm.ListedOffset) { n += end.Offset })
	return n
}

// complete waits until all results are there, and checks that each is there
// once, in order.
func (p *pipeline) complete() {
	p.t.Helper()
	var records []*kgo.Record
	eventually(p.t, "all results are there", func() bool {
		time.Sleep(100 * time.Millisecond)
		records = p.broker.Committed(p.t, p.Out)
		return len(records) >= p.sent
	})
	seen := map[string]int{}
	for _, r := range records {
		seen[string(r.Key)]++
		var key string
		var n, v int
		if _, err := fmt.Sscanf(string(r.Value), "%s %d v%d", &key, &n, &v); err != nil || n != seen[key] || v != (n-1)*p.keys+v%p.keys {
			p.t.Fatalf("%s is result %d of its key: %v\n%s", r.Value, seen[key], err, p.stderr.String())
		}
	}
	if len(records) != p.sent {
		p.t.Errorf("%d results of %d records", len(records), p.sent)
	}
}

// rounds of killing: TIDEGATE_KAFKA_KILL_ROUNDS, or 20.
func rounds(t *testing.T) int {
	text := os.Getenv("TIDEGATE_KAFKA_KILL_ROUNDS")
	if text == "" {
		return 20
	}
	n, err := strconv.Atoi(text)
	if err != nil {
		t.Fatal(err)
	}
	return n
}

// TestPipelineKilled: SIGKILL at random instants, before, in and after
// checkpoints and transactions.
func TestPipelineKilled(t *testing.T) {
	t.Parallel()
	p := newPipeline(t, kafkatest.Start(t))
	for round := range rounds(t) {
		c, before := p.process(), p.results()
		p.send(50 + rand.IntN(200))
		if round%2 == 0 { // others die while they begin
			eventually(t, "it is at work", func() bool { return p.results() > before })
			p.send(50 + rand.IntN(200))
		}
		time.Sleep(time.Duration(rand.IntN(500)) * time.Millisecond)
		kill(c)
	}
	p.process()
	p.send(10)
	p.complete()
}

// TestPipelineStandby: the one that waits for the directory takes over under
// load when the other is killed.
func TestPipelineStandby(t *testing.T) {
	t.Parallel()
	p := newPipeline(t, kafkatest.Start(t))
	active := p.process()
	for range 4 {
		standby, before := p.process(), p.results()
		p.send(300)
		eventually(t, "the active one is at work", func() bool { return p.results() > before })
		p.send(300)
		kill(active)
		p.send(300)
		active = standby
	}
	p.complete()
}

// TestPipelineGrows: the topic gets more partitions; the pipeline ends, and
// goes on with all of them.
func TestPipelineGrows(t *testing.T) {
	t.Parallel()
	p := newPipeline(t, kafkatest.Start(t))
	ctx, stop := context.WithCancel(context.Background())
	changes, ended := 0, make(chan error, 1)
	go func() {
		for {
			err := p.run(ctx)
			if !errors.Is(err, kafka.ErrChanged) {
				ended <- err
				return
			}
			changes++
		}
	}()
	p.keys = 1 // a key stays on its partition only while their number does
	p.send(100)
	eventually(t, "the topic is read as it was", func() bool { return len(p.broker.Committed(t, p.Out)) > 0 })
	if _, err := kadm.NewClient(p.client).CreatePartitions(t.Context(), 3, p.In); err != nil {
		t.Fatal(err)
	}
	eventually(t, "there is something on a new partition", func() bool {
		client := p.broker.Client(t, kgo.RecordPartitioner(kgo.ManualPartitioner()))
		err := client.ProduceSync(t.Context(), &kgo.Record{Topic: p.In, Partition: 5, Value: []byte("new v0")}).FirstErr()
		client.Close()
		return err == nil
	})
	eventually(t, "it is read", func() bool {
		for _, r := range p.broker.Committed(t, p.Out) {
			if string(r.Value) == "new 1 v0" {
				return true
			}
		}
		return false
	})
	stop()
	if err := <-ended; err != nil || changes != 1 {
		t.Error(err, changes)
	}
	if n := len(p.broker.Committed(t, p.Out)); n != 101 {
		t.Errorf("%d results of 101", n)
	}
}

// TestSinkStops: what would be a guess is none.
func TestSinkStops(t *testing.T) {
	t.Parallel()
	broker := kafkatest.Start(t)
	out, dir := broker.Topic(t, "out", 1), t.TempDir()
	open := func(instance string) *kafka.Sink[string] {
		return kafka.ExactlyOnce(kafka.SinkOptions{Name: out, Dir: dir, Options: kafka.Options{
			Brokers: broker.Addresses, Instance: instance, Report: func(err error) { t.Log(err) }}},
			func(r stream.Record[string], m *kafka.Message) error {
				if r.Value == "bad" {
					return errors.New("bad")
				}
				m.Topic, m.Value = out, []byte(r.Value)
				return nil
			})
	}
	ctx := t.Context()
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	put := func(s *kafka.Sink[string], checkpoint uint64, values ...string) error {
		var records []stream.Record[string]
		for _, v := range values {
			records = append(records, stream.Record[string]{Value: v})
		}
		if err := s.Write(ctx, records); err != nil {
			return err
		}
		return s.Prepare(ctx, checkpoint)
	}
	s := open("one")
	must(s.Recover(ctx, 0))
	var refused *stream.Refused
	if err := s.Write(ctx, []stream.Record[string]{{Value: "bad"}, {Value: strings.Repeat("x", 2<<20)}}); !errors.As(err, &refused) || len(refused.Indexes) != 2 {
		t.Error(err)
	}
	must(put(s, 1, "a", "b"))
	must(put(s, 2, "c"))
	must(s.Commit(ctx, 2))
	must(put(s, 3, "d"))
	must(s.Close()) // checkpoint 3 was durable, and the commit did not come
	s = open("two")
	must(s.Recover(ctx, 3))
	must(put(s, 4, "e"))
	must(s.Close()) // checkpoint 4 was not
	s = open("three")
	must(s.Recover(ctx, 3))
	must(put(s, 4, "f"))
	must(s.Commit(ctx, 4))
	old := s
	s = open("four")
	must(s.Recover(ctx, 4))
	must(put(old, 5, "never"))
	if err := old.Commit(ctx, 5); err == nil || !strings.Contains(err.Error(), "another process") {
		t.Error(err)
	}
	must(s.Close())
	if err := open("five").Recover(ctx, 3); err == nil || !strings.Contains(err.Error(), "its state is older than its results") {
		t.Error(err)
	}
	admin := kadm.NewClient(broker.Client(t))
	positions, err := admin.FetchOffsets(ctx, "tidegate-"+out)
	must(err)
	var lost kadm.Offsets
	positions.Offsets().Each(func(o kadm.Offset) {
		o.At = 3
		lost.Add(o)
	})
	must(admin.CommitAllOffsets(ctx, "tidegate-"+out, lost))
	if err := open("lost").Recover(ctx, 4); err == nil || !strings.Contains(err.Error(), "checkpoint 3, before what was published, checkpoint 4") {
		t.Error(err)
	}
	if _, err := admin.DeleteGroup(ctx, "tidegate-"+out); err != nil {
		t.Fatal(err)
	}
	if err := open("six").Recover(ctx, 4); err == nil || !strings.Contains(err.Error(), "has no position") {
		t.Error(err)
	}
	var got []string
	for _, r := range broker.Committed(t, out) {
		got = append(got, string(r.Value))
	}
	if text := strings.Join(got, " "); text != "a b c d f" {
		t.Error(text)
	}
}
