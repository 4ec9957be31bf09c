package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/hamba/avro/v2"
	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/sr"

	"github.com/tidegate/tidegate/node"
	"github.com/tidegate/tidegate/stream/journal"
	"github.com/tidegate/tidegate/stream/kafka"
	"github.com/tidegate/tidegate/stream/kafka/kafkatest"
)

// TestPoison: of what two topics bring, JSON and Avro through a schema registry,
// one record in a thousand is poison, of every kind. Each is a dead letter, once,
// with its reason, and all others are decided, once. Then what was wrong is mended,
// the letters are sent again, twice, and each is decided, once. The rates without
// poison and with it are logged; TIDEGATE_POISON_RECORDS says of how many records.
func TestPoison(t *testing.T) {
	t.Parallel()
	p := newPoisoned(t, kafkatest.Start(t), kafkatest.Registry(t))
	n := len(poisons) * oneIn
	if text := os.Getenv("TIDEGATE_POISON_RECORDS"); text != "" {
		more, err := strconv.Atoi(text)
		if err != nil {
			t.Fatal(err)
		}
		n = max(n, more)
	}
	p.fill(n, nil)
	p.service.start()
	without := p.rate(n)
	p.service.kill()
	p.fill(n, poisons)
	p.service.start()
	with := p.rate(n - n/oneIn)
	t.Logf("%.0f records/s without poison, %.0f with one in %d: %.2f", without, with, oneIn, with/without)
	waitFor(t, "all dead letters are there", func() bool { return len(p.letters()) >= len(p.bad) })
	p.buried()
	p.decided(p.good)

	p.mend()
	for range 2 {
		p.dlq(p.avro, "replay", "--who", "anna")
		p.dlq(p.json, "replay", "--who", "anna", "--code", "too_large", "--mapping", "fixed")
		p.dlq(p.json, "replay", "--who", "anna")
	}
	all := append([]string{}, p.good...)
	for _, b := range p.bad {
		all = append(all, b.id)
	}
	waitFor(t, "what was mended is decided", func() bool { return len(p.service.published("decisions", "transaction_id")) >= len(all) })
	p.decided(all)
	if n := len(p.letters()); n != len(p.bad) {
		t.Errorf("%d dead letters when all is mended, and there were %d poisons", n, len(p.bad))
	}
}

// oneIn so many records is poison.
const oneIn = 1000

// poison is a kind of record that can't be used: what it is, the reason that its
// dead letter has, and how a person mends it.
type poison struct {
	name   string
	avro   bool // of that topic
	reason string
	says   string // part of the error
	// record makes one out of a good value; id is the payment in it.
	record func(p *poisoned, good []byte, id string) (value []byte, keyless bool)
	edited bool // the good value is put beside it; else the service or a mapping has to change
}

var poisons = []poison{
	{name: "random bytes", reason: "malformed", edited: true,
		record: func(p *poisoned, _ []byte, _ string) ([]byte, bool) { return p.noise(), false }},
	{name: "no key", reason: "invalid", says: "no key",
		record: func(_ *poisoned, good []byte, _ string) ([]byte, bool) { return good, true }},
	{name: "no value", reason: "malformed", says: "no value", edited: true,
		record: func(*poisoned, []byte, string) ([]byte, bool) { return nil, false }},
	{name: "5 MB, and other names", reason: "too_large",
		record: func(_ *poisoned, _ []byte, id string) ([]byte, bool) {
			return fmt.Appendf(nil, `{"when":%q,"id":%q,"who":"c-1","eur":"12.50","memo":%q}`, time.Now().UTC().Format(time.RFC3339Nano), id, strings.Repeat("m", 5<<20)), false
		}},
	{name: "random bytes in Avro", avro: true, reason: "malformed", edited: true,
		record: func(p *poisoned, _ []byte, _ string) ([]byte, bool) { return p.noise(), false }},
	{name: "a schema that nobody has", avro: true, reason: "invalid", says: "no schema has the number 2139062143", edited: true,
		record: func(p *poisoned, good []byte, _ string) ([]byte, bool) {
			return framed(p.t, 0x7f7f7f7f, nil, good[5:]), false
		}},
	{name: "a schema that the registry does not have yet", avro: true, reason: "invalid", says: "no schema has the number",
		record: func(p *poisoned, good []byte, _ string) ([]byte, bool) {
			return framed(p.t, p.late, nil, good[5:]), false
		}},
	{name: "the schema of something else", avro: true, reason: "invalid", says: "amount is not there", edited: true,
		record: func(p *poisoned, good []byte, _ string) ([]byte, bool) {
			return framed(p.t, p.other, nil, good[5:]), false
		}},
	{name: "cut Avro", avro: true, reason: "malformed", says: "ends before it should", edited: true,
		record: func(_ *poisoned, good []byte, _ string) ([]byte, bool) { return good[:len(good)/2], false }},
	{name: "no value in Avro", avro: true, reason: "malformed", says: "no value", edited: true,
		record: func(*poisoned, []byte, string) ([]byte, bool) { return nil, false }},
}

// poisoned is the service between topics that hold poison.
type poisoned struct {
	t          testing.TB
	broker     *kafkatest.Broker
	service    *publishing
	json, avro string // topics
	client     *kgo.Client
	decisions  *kgo.Client // reads on from phase to phase
	random     *rand.Rand

	schema    avro.Schema
	id        int // of the schema, in the registry
	late      int // of one that it does not show yet
	other     int // of something else
	published atomic.Bool

	n         int
	merchants int              // that the payments in JSON are shared out to
	good      []string         // ids of payments
	bad       map[string]*sick // by where it is: topic/partition/offset
}

// sick is a poison that was sent.
type sick struct {
	poison
	id   string // of the payment that it should have been
	good []byte
}

func newPoisoned(t testing.TB, broker *kafkatest.Broker, registry string) *poisoned {
	p := &poisoned{t: t, broker: broker, json: broker.Topic(t, "json", 3), avro: broker.Topic(t, "avro", 3), random: rand.New(rand.NewPCG(1, 2)), merchants: 1, bad: map[string]*sick{}}
	large := strconv.Itoa(8 << 20)
	if _, err := kadm.NewClient(broker.Client(t)).AlterTopicConfigs(t.Context(), []kadm.AlterConfig{{Op: kadm.SetConfig, Name: "max.message.bytes", Value: &large}}, p.json); err != nil {
		t.Fatal(err)
	}
	p.schema = avro.MustParse(paymentAvro(""))
	p.id = register(t, registry, p.avro+"-value", sr.TypeAvro, paymentAvro(""))
	p.late = register(t, registry, p.avro+"-late", sr.TypeAvro, strings.Replace(paymentAvro(""), `"bank"`, `"bank.later"`, 1))
	p.other = register(t, registry, p.avro+"-other", sr.TypeAvro, `{"type": "record", "name": "Customer", "fields": [{"name": "customer_id", "type": "string"}]}`)
	lagging := inFront(t, registry, func(id string) int {
		if !p.published.Load() && id == strconv.Itoa(p.late) {
			return http.StatusNotFound
		}
		return 0
	})
	p.service = newPublishing(t, broker, "registry: {url: "+quoted(lagging)+"}", p.inputs("refuse"))
	p.write("payment.avsc", paymentAvro(""))
	p.write("mappings/fixed.yaml", "format: jsonl\ntime: {column: when}\nfields: {transaction_id: id, customer_id: who, amount: eur}\nconstants: {currency: EUR}\n")
	p.client = broker.Client(t, kgo.ProducerBatchMaxBytes(8<<20))
	p.decisions = broker.Client(t, consumeCommitted(p.service.topics["decisions"])...)
	return p
}

func (p *poisoned) inputs(keyless string) string {
	return fmt.Sprintf("inputs: [{topic: %q, takes: transactions, keyless: %s}, {topic: %q, takes: transactions, format: avro, expect: payment.avsc}]", p.json, keyless, p.avro)
}

// write writes a file of the configuration.
func (p *poisoned) write(name, text string) {
	p.t.Helper()
	path := filepath.Join(p.service.dir, "config", name)
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		p.t.Fatal(err)
	}
	write(p.t, path, text)
}

// noise is what begins neither JSON nor the frame of a schema's number.
func (p *poisoned) noise() []byte {
	b := []byte{0x8f}
	for range 40 {
		b = append(b, byte(p.random.Uint32()))
	}
	return b
}

// fill writes n records, half of them into each topic, before the service runs;
// one in a thousand is of one of the kinds in turn, if there are any.
func (p *poisoned) fill(n int, kinds []poison) {
	p.t.Helper()
	type sent struct {
		r    *kgo.Record
		sick *sick
	}
	var bad []sent
	var failed error
	for i := range n {
		p.n++
		id, customer := fmt.Sprint("p-", p.n), fmt.Sprint("c-", p.n%997)
		s := &sick{id: id}
		if len(kinds) > 0 && i%oneIn == oneIn/2 {
			s.poison = kinds[i/oneIn%len(kinds)]
		}
		r := &kgo.Record{Topic: p.json, Key: []byte(customer)}
		if s.avro || s.name == "" && i%2 == 1 {
			r.Topic, r.Value = p.avro, framed(p.t, p.id, nil, avroPayment(p.t, p.schema, id, customer, 1250, nil))
		} else {
			r.Value = []byte(strings.Replace(payment(id, customer, 1250), `"m-0"`, fmt.Sprintf(`"m-%d"`, p.n%p.merchants), 1))
		}
		if s.name == "" {
			p.good = append(p.good, id)
		} else {
			s.good = r.Value
			keyless := false
			if r.Value, keyless = s.record(p, s.good, id); keyless {
				r.Key = nil
			}
			bad = append(bad, sent{r, s})
		}
		p.client.Produce(context.Background(), r, func(_ *kgo.Record, err error) { failed = errors.Join(failed, err) })
	}
	if err := errors.Join(p.client.Flush(context.Background()), failed); err != nil {
		p.t.Fatal(err)
	}
	for _, b := range bad {
		p.bad[fmt.Sprintf("%s/%d/%d", b.r.Topic, b.r.Partition, b.r.Offset)] = b.sick
	}
}

// rate reads n more decisions, and tells how many there were in a second: from
// when the first was taken to when the last was published.
func (p *poisoned) rate(n int) float64 {
	p.t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), 3*time.Minute)
	defer cancel()
	first, last := uint64(math.MaxUint64), time.Time{}
	for seen := 0; seen < n; {
		fetches := p.decisions.PollFetches(ctx)
		if err := fetches.Err(); err != nil {
			p.t.Fatalf("%v after %d of %d", err, seen, n)
		}
		fetches.EachRecord(func(r *kgo.Record) {
			seen++
			record, err := strconv.ParseUint(header(r, kafka.HeaderRecord), 10, 64)
			if err != nil {
				p.t.Fatal(err)
			}
			if first = min(first, record); r.Timestamp.After(last) {
				last = r.Timestamp
			}
		})
	}
	j, _, err := journal.OpenReadOnly(filepath.Join(p.service.dir, "data", "journal"), journal.Options{})
	if err != nil {
		p.t.Fatal(err)
	}
	reader := j.ReadFrom(first)
	defer reader.Close()
	sequence, body, err := reader.Next(ctx)
	var r node.Record
	if err = errors.Join(err, r.Decode(sequence, body)); err != nil {
		p.t.Fatal(err)
	}
	return float64(n) / last.Sub(r.Arrival.Time()).Seconds()
}

// letters are the dead letters of both topics.
func (p *poisoned) letters() (list []*kgo.Record) {
	for _, topic := range []string{p.json, p.avro} {
		list = append(list, p.broker.Committed(p.t, topic+".dlq")...)
	}
	return list
}

// buried compares the dead letters with the poison.
func (p *poisoned) buried() {
	p.t.Helper()
	var got, want []string
	for _, r := range p.letters() {
		at := header(r, kafka.HeaderTopic) + "/" + header(r, kafka.HeaderPartition) + "/" + header(r, kafka.HeaderOffset)
		got = append(got, at+" "+header(r, kafka.HeaderException))
		if s := p.bad[at]; s != nil && !strings.Contains(header(r, kafka.HeaderMessage), s.says) {
			p.t.Errorf("%s: %s", s.name, header(r, kafka.HeaderMessage))
		}
	}
	for at, s := range p.bad {
		want = append(want, at+" "+s.reason)
	}
	if diff := cmp.Diff(want, got, cmpSorted); diff != "" {
		p.t.Errorf("dead letters: %.3000s", diff)
	}
}

// decided says whether exactly these payments have a decision, one each.
func (p *poisoned) decided(ids []string) {
	p.t.Helper()
	var got []string
	for _, line := range p.service.published("decisions", "transaction_id") {
		got = append(got, line[strings.LastIndex(line, " ")+1:])
	}
	if diff := cmp.Diff(ids, got, cmpSorted); diff != "" {
		p.t.Errorf("decided: %.3000s", diff)
	}
}

// mend does for each kind of poison what a person would: a corrected value is
// put beside the letter; keyless records are taken from now on; the registry knows
// the schema. For those that are too large there is the mapping.
func (p *poisoned) mend() {
	p.t.Helper()
	for _, topic := range []string{p.json, p.avro} {
		for line := range strings.Lines(p.dlq(topic, "list", "--json")) {
			var l struct {
				ID, Topic string
				Partition int32
				Offset    int64
			}
			if err := json.Unmarshal([]byte(line), &l); err != nil {
				p.t.Fatal(err)
			}
			s := p.bad[fmt.Sprintf("%s/%d/%d", l.Topic, l.Partition, l.Offset)]
			if s == nil || !s.edited {
				continue
			}
			file := filepath.Join(p.t.TempDir(), "mended")
			write(p.t, file, string(s.good))
			p.dlq(topic, "edit", l.ID, "--file", file, "--who", "anna")
		}
	}
	p.published.Store(true)
	p.service.kill() // that it knows no such schema, it would remember for half a minute
	path := filepath.Join(p.service.dir, "config", "tidegate.yaml")
	body, err := os.ReadFile(path)
	if err != nil {
		p.t.Fatal(err)
	}
	write(p.t, path, string(bytes.Replace(body, []byte(p.inputs("refuse")), []byte(p.inputs("take")), 1)))
	p.service.start()
}

func (p *poisoned) dlq(topic, command string, arguments ...string) string {
	p.t.Helper()
	at := []string{"dlq", command, "--config", filepath.Join(p.service.dir, "config", "tidegate.yaml"), "--topic", topic}
	out, err := exec.Command(binary, append(at, arguments...)...).CombinedOutput()
	if err != nil {
		p.t.Fatalf("%s: %v: %s", command, err, out)
	}
	return string(out)
}
