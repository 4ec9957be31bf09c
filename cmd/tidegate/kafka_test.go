package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/tidegate/tidegate/stream/kafka"
	"github.com/tidegate/tidegate/stream/kafka/kafkatest"
)

// kafkaRounds is how often TestServeOnKafka kills.
func kafkaRounds(t *testing.T) int {
	n, err := strconv.Atoi(os.Getenv("TIDEGATE_KAFKA_KILL_ROUNDS"))
	if err != nil && os.Getenv("TIDEGATE_KAFKA_KILL_ROUNDS") != "" {
		t.Fatal(err)
	}
	return max(n, 20)
}

// TestServeOnKafka kills the service at random instants while payments come from
// a topic and over HTTP, one in a hundred of those from the topic being poison.
// In the end there is one decision for each payment, in order per customer, one
// dead letter for each poison, with its reason; and those that a mapping can mend
// come back once each.
func TestServeOnKafka(t *testing.T) {
	t.Parallel()
	broker := kafkatest.StartOwn(t)
	transactions := broker.Topic(t, "transactions", 3)
	large := strconv.Itoa(8 << 20)
	admin := kadm.NewClient(broker.Client(t))
	if _, err := admin.AlterTopicConfigs(t.Context(), []kadm.AlterConfig{{Op: kadm.SetConfig, Name: "max.message.bytes", Value: &large}}, transactions); err != nil {
		t.Fatal(err)
	}
	s := newPublishing(t, broker, fmt.Sprintf("inputs: [{topic: %q, takes: transactions}]", transactions), "transaction_timeout: 3s")
	mapping := "format: jsonl\ntime: {column: when}\nfields: {transaction_id: id, customer_id: who, amount: eur}\nconstants: {currency: EUR}\n"
	if err := errors.Join(os.MkdirAll(filepath.Join(s.dir, "config", "mappings"), 0o755), os.WriteFile(filepath.Join(s.dir, "config", "mappings", "fixed.yaml"), []byte(mapping), 0o644)); err != nil {
		t.Fatal(err)
	}
	s.start()
	payments := s.pay()
	f := newFeed(t, broker, transactions)
	for range kafkaRounds(t) {
		f.send(150)
		time.Sleep(time.Duration(rand.IntN(250)) * time.Millisecond)
		s.kill()
		s.start()
	}
	// The broker crashes, and hangs for longer than a transaction may take, for
	// each of four clients waits 2 ms after an answer: callers are answered all the
	// while.
	for _, fault := range []struct {
		away     func(testing.TB)
		payments int64
	}{{broker.Kill, 100}, {broker.Pause, 7000}} {
		fault.away(t)
		payments.more(fault.payments)
		broker.Resume(t)
		f.send(150)
	}
	payments.more(20)
	payments.end()
	f.send(600) // every kind of poison in the life of the last process
	s.measured()
	var letters []string
	waitFor(t, "all dead letters are there", func() bool {
		letters = f.letters()
		return len(letters) >= len(f.poison)
	})
	if diff := cmp.Diff(f.wantLetters(), letters, cmpSorted); diff != "" {
		t.Errorf("dead letters: %.3000s", diff)
	}
	s.drained(f)
	decisions := s.compared(payments, f)

	// What a mapping can mend comes back, once, also when asked for twice.
	for range 2 {
		out, err := exec.Command(binary, "dlq", "replay", "--config", filepath.Join(s.dir, "config", "tidegate.yaml"), "--topic", transactions,
			"--error", "timestamp", "--mapping", "fixed", "--who", "anna").CombinedOutput()
		if err != nil {
			t.Fatalf("%v: %s", err, out)
		}
		t.Logf("%s", out)
	}
	mended := 0
	waitFor(t, "what was mended is decided", func() bool {
		mended = 0
		for _, line := range s.published("decisions", "transaction_id") {
			if strings.Contains(line, " mend-") {
				mended++
			}
		}
		return mended >= f.mendable
	})
	if mended != f.mendable || mended == 0 {
		t.Errorf("%d of %d mended", mended, f.mendable)
	}
	t.Logf("%d payments from the topic, %d letters, %d decisions", f.good, len(letters), len(decisions))
}

// TestServeOnThreeNodes: leaders and coordinators are moved, and nodes crash and
// come back, while the service reads, decides and publishes: two nodes are enough
// for all of it to go on, and callers are answered all the while.
func TestServeOnThreeNodes(t *testing.T) {
	t.Parallel()
	broker := kafkatest.StartThree(t)
	transactions := broker.Topic(t, "transactions", 3)
	s := newPublishing(t, broker, fmt.Sprintf("inputs: [{topic: %q, takes: transactions}]", transactions), "outputs: {compression: zstd}")
	s.start()
	payments := s.pay()
	f := newFeed(t, broker, transactions)
	decided := broker.Client(t, kgo.ConsumeTopics(s.topics["decisions"]), kgo.FetchIsolationLevel(kgo.ReadCommitted()), kgo.ConsumeResetOffset(kgo.NewOffset().AtStart()))
	ctx, cancel := context.WithTimeout(t.Context(), 3*time.Minute)
	defer cancel()
	began := time.Now()
	zstd, other := 0, 0
	goesOn := func(what string) {
		t.Helper()
		f.send(41) // the last is no poison
		payments.more(20)
		for last, there := fmt.Sprintf(`"transaction_id":"k-%d"`, f.n), false; !there; {
			fetches := decided.PollFetches(ctx)
			if ctx.Err() != nil {
				t.Fatal("in vain: ", what)
			}
			fetches.EachRecord(func(r *kgo.Record) {
				switch r.Attrs.CompressionType() {
				case 4:
					zstd++
				case 1, 2, 3: // 0 is a batch that did not become smaller
					other++
				}
				there = there || strings.Contains(string(r.Value), last)
			})
		}
		t.Log(time.Since(began).Round(time.Millisecond), what)
	}
	goesOn("at first")
	broker.Move(t, transactions, s.topics["decisions"], s.topics["alerts"], kafka.DefaultPositions)
	goesOn("leaders have moved")
	broker.Move(t, "__transaction_state", "__consumer_offsets")
	goesOn("coordinators have moved")
	for node := 1; node <= 2; node++ {
		broker.KillNode(t, node)
		goesOn(fmt.Sprint("node ", node, " has crashed"))
		broker.Resume(t)
	}
	goesOn("all nodes are back")
	payments.end()
	if zstd == 0 || other > 0 {
		t.Errorf("%d decisions are in batches of zstd, and %d in others", zstd, other)
	}
	decisions := s.compared(payments, f)
	t.Logf("%d payments from the topic, %d decisions", f.good, len(decisions))
}

var cmpSorted = cmp.Transformer("sorted", func(list []string) map[string]int {
	count := map[string]int{}
	for _, s := range list {
		count[s]++
	}
	return count
})

func waitFor(t testing.TB, what string, done func() bool) {
	t.Helper()
	for end := time.Now().Add(3 * time.Minute); !done(); time.Sleep(200 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatal("in vain: " + what)
		}
	}
}

// feed writes payments into a topic, and knows what it wrote.
type feed struct {
	t        *testing.T
	broker   *kafkatest.Broker
	topic    string
	client   *kgo.Client
	n, good  int
	poison   []string // reasons
	mendable int
}

func newFeed(t *testing.T, broker *kafkatest.Broker, topic string) *feed {
	return &feed{t: t, broker: broker, topic: topic, client: broker.Client(t, kgo.ProducerBatchMaxBytes(8<<20))}
}

// send writes n payments; every hundredth record is poison, of one kind after
// the other.
func (f *feed) send(n int) {
	f.t.Helper()
	var failed error
	put := func(key, value []byte) {
		f.client.Produce(context.Background(), &kgo.Record{Topic: f.topic, Key: key, Value: value}, func(_ *kgo.Record, err error) { failed = errors.Join(failed, err) })
	}
	for range n {
		f.n++
		now := time.Now().UTC().Format(time.RFC3339Nano)
		customer := fmt.Appendf(nil, "k-%d", f.n%7)
		good := fmt.Appendf(nil, `{"timestamp":%q,"transaction_id":"k-%d","customer_id":%q,"amount":"42.00","currency":"EUR"}`, now, f.n, customer)
		if f.n%100 != 0 {
			f.good++
			put(customer, good)
			continue
		}
		switch kind := f.n / 100 % 6; kind {
		case 0:
			f.poison = append(f.poison, "malformed")
			put(customer, []byte{0x8f, 0x00, 0xff, 0x13, byte(f.n)})
		case 1: // of a registry that nobody knows
			f.poison = append(f.poison, "malformed")
			put(customer, []byte{0, 0, 0, 0x7f, 0x7f, 12, 34})
		case 2: // without a key
			f.poison = append(f.poison, "invalid")
			put(nil, good)
		case 3:
			f.poison = append(f.poison, "too_large")
			put(customer, append(good, make([]byte, 5<<20)...))
		case 4: // the id of the payment before, with another amount
			f.poison = append(f.poison, "conflict")
			before := (f.n - 1) % 7
			put(fmt.Appendf(nil, "k-%d", before), fmt.Appendf(nil, `{"timestamp":%q,"transaction_id":"k-%d","customer_id":"k-%d","amount":"43.00","currency":"EUR"}`, now, f.n-1, before))
		case 5: // other names: a mapping mends it
			f.poison = append(f.poison, "invalid")
			f.mendable++
			put(customer, fmt.Appendf(nil, `{"when":%q,"id":"mend-%d","who":%q,"eur":"12.50"}`, now, f.n, customer))
		}
	}
	if err := errors.Join(f.client.Flush(context.Background()), failed); err != nil {
		f.t.Fatal(err)
	}
}

// letters are the reasons of the dead letters, with what is wrong with a letter.
func (f *feed) letters() (list []string) {
	f.t.Helper()
	there, err := kadm.NewClient(f.client).ListTopics(context.Background(), f.topic+".dlq")
	if err != nil || there.Error() != nil {
		return nil
	}
	seen := map[string]bool{}
	for _, r := range f.broker.Committed(f.t, f.topic+".dlq") {
		reason := header(r, kafka.HeaderException)
		from := header(r, kafka.HeaderPartition) + "/" + header(r, kafka.HeaderOffset)
		if seen[from] {
			reason += " twice: " + from
		}
		if seen[from] = true; header(r, kafka.HeaderMessage) == "" || header(r, kafka.HeaderTopic) != f.topic || header(r, kafka.HeaderAttempt) != "1" {
			reason += " without its headers"
		}
		list = append(list, reason)
	}
	return list
}

func (f *feed) wantLetters() []string { return f.poison }

// drained waits until the topic is read to its end.
func (s *publishing) drained(f *feed) {
	s.t.Helper()
	last := fmt.Sprintf("k-%d", f.n)
	if f.n%100 == 0 {
		last = fmt.Sprintf("k-%d", f.n-1)
	}
	waitFor(s.t, "the last payment is decided", func() bool {
		for _, line := range s.published("decisions", "transaction_id") {
			if strings.HasSuffix(line, " "+last) {
				return true
			}
		}
		return false
	})
}

func (s *publishing) metrics() string {
	s.t.Helper()
	response, err := http.Get("http://" + s.address + "/metrics")
	if err != nil {
		s.t.Fatal(err)
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	if err != nil {
		s.t.Fatal(err)
	}
	return string(body)
}

// measured looks for the metrics of what is read and published.
func (s *publishing) measured() {
	s.t.Helper()
	for _, name := range []string{"tidegate_input_records_total{", "tidegate_input_lag_records{", "tidegate_input_lag_seconds{",
		"tidegate_dead_letters_total{reason=\"malformed\"}", "tidegate_deserialization_errors_total{reason=\"malformed\"", "tidegate_kafka_request_seconds_count{request=\"fetch\"}",
		"tidegate_kafka_request_seconds_count{request=\"produce\"}", "tidegate_publisher_transaction_seconds_count"} {
		waitFor(s.t, name+" is measured", func() bool { return strings.Contains(s.metrics(), name) })
	}
}

// compared holds what is published against the journal, and the journal's
// decisions against what was written; it returns these.
func (s *publishing) compared(payments *payments, f *feed) []string {
	s.t.Helper()
	decisions, alerts := s.recorded(payments)
	waitFor(s.t, "all decisions are there", func() bool {
		return len(s.published("decisions", "transaction_id")) >= len(decisions) && len(s.published("alerts", "alert_id")) >= len(alerts)
	})
	if diff := cmp.Diff(decisions, s.published("decisions", "transaction_id")); diff != "" {
		s.t.Errorf("decisions of the journal (-) and in Kafka (+):\n%.3000s", diff)
	}
	if diff := cmp.Diff(alerts, s.published("alerts", "alert_id")); diff != "" {
		s.t.Errorf("alerts of the journal (-) and in Kafka (+):\n%.3000s", diff)
	}
	f.decidedOnce(decisions)
	return decisions
}

// decidedOnce compares the decisions with what was written.
func (f *feed) decidedOnce(decisions []string) {
	f.t.Helper()
	count := map[string]int{}
	for _, line := range decisions {
		count[line[strings.LastIndex(line, " ")+1:]]++
	}
	for i := 1; i <= f.n; i++ {
		want := 1
		if i%100 == 0 {
			want = 0
		}
		if got := count[fmt.Sprintf("k-%d", i)]; got != want {
			f.t.Errorf("k-%d is decided %d times", i, got)
		}
	}
}

// TestDLQCommand: a letter is listed, shown, mended, sent once, and taken away.
func TestDLQCommand(t *testing.T) {
	beside(t)
	broker := kafkatest.Start(t)
	topic := broker.Topic(t, "transactions", 1)
	client := broker.Client(t)
	if err := kafka.EnsureTopics(t.Context(), client, kafka.DeadLetterTopic(topic)); err != nil {
		t.Fatal(err)
	}
	m := kafka.DeadLetter{Record: &kgo.Record{Topic: topic, Partition: 0, Offset: 4, Key: []byte("c-1"), Value: []byte("{broken")}, Code: "malformed", Error: "no JSON", At: time.Now()}.
		Message(func(b []byte) []byte { return b })
	if err := client.ProduceSync(t.Context(), &kgo.Record{Topic: m.Topic, Key: m.Key, Value: m.Value, Headers: m.Headers}).FirstErr(); err != nil {
		t.Fatal(err)
	}
	run := func(arguments ...string) string {
		t.Helper()
		at := []string{"dlq", arguments[0], "--brokers", broker.Addresses[0], "--topic", topic}
		out, err := exec.Command(binary, append(at, arguments[1:]...)...).CombinedOutput()
		if err != nil {
			t.Fatalf("%v: %v: %s", arguments, err, out)
		}
		return string(out)
	}
	var listed map[string]any
	if err := json.Unmarshal([]byte(run("list", "--json", "--code", "malformed", "--last", "1h")), &listed); err != nil || listed["value"] != "{broken" || listed["state"] != "open" {
		t.Fatal(err, listed)
	}
	id := listed["id"].(string)
	if out := run("list"); !strings.Contains(out, id) || !strings.Contains(out, topic+"/0/4") || !strings.Contains(out, "no JSON") {
		t.Error(out)
	}
	file := filepath.Join(t.TempDir(), "mended.json")
	write(t, file, "{}")
	run("edit", id, "--file", file, "--who", "anna")
	if out := run("show", id); !strings.Contains(out, `"state": "edited"`) || !strings.Contains(out, `"edited": "{}"`) {
		t.Error(out)
	}
	if out := run("replay", id, "--who", "anna"); out != "1 sent\n" {
		t.Error(out)
	}
	if out := run("replay", id); !strings.Contains(out, id+" was replayed before") || !strings.Contains(out, "0 sent\n") {
		t.Error(out)
	}
	for _, command := range []string{"replay", "purge"} {
		out, err := exec.Command(binary, "dlq", command, id, "0-999", "--brokers", broker.Addresses[0], "--topic", topic).CombinedOutput()
		if err == nil || !strings.Contains(string(out), "there is no letter 0-999") {
			t.Errorf("%s: %v: %s", command, err, out)
		}
	}
	if got := broker.Committed(t, topic); len(got) != 1 || string(got[0].Value) != "{}" || string(got[0].Key) != "c-1" {
		t.Error(got)
	}
	// One without a key comes back without one.
	m = kafka.DeadLetter{Record: &kgo.Record{Topic: topic, Partition: 0, Offset: 5, Value: []byte("keyless")}, Code: "invalid", Error: "no key", At: time.Now()}.
		Message(func(b []byte) []byte { return b })
	if err := client.ProduceSync(t.Context(), &kgo.Record{Topic: m.Topic, Key: m.Key, Value: m.Value, Headers: m.Headers}).FirstErr(); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"1 sent\n", "0 sent\n"} {
		if out := run("replay", "--code", "invalid", "--who", "anna"); out != want {
			t.Errorf("%s, not %s", out, want)
		}
	}
	if got := broker.Committed(t, topic); len(got) != 2 || string(got[1].Value) != "keyless" || got[1].Key != nil {
		t.Error(got)
	}
	if out := run("purge", "--key", "c-1"); out != "1 purged\n" {
		t.Error(out)
	}
	if out := run("list", "--all"); strings.Contains(out, id) {
		t.Error(out)
	}
}
