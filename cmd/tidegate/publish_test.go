package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/tidegate/tidegate/examples"
	"github.com/tidegate/tidegate/node"
	"github.com/tidegate/tidegate/stream/journal"
	"github.com/tidegate/tidegate/stream/kafka/kafkatest"
)

// TestServePublishesOnce kills the service at random instants while payments
// come in, and takes its broker away in between: it answers all the while, and
// what read_committed consumers see is the journal, each record once.
func TestServePublishesOnce(t *testing.T) {
	beside(t)
	broker := kafkatest.StartOwn(t)
	s := newPublishing(t, broker)
	s.start()
	payments := s.pay()
	for range 5 {
		payments.more(20)
		time.Sleep(time.Duration(rand.IntN(300)) * time.Millisecond)
		s.kill()
		s.start()
	}
	broker.Kill(t)
	payments.more(200) // answered without a broker
	s.kill()
	s.start() // and it starts without one
	payments.more(200)
	broker.Resume(t)
	payments.more(50)
	payments.end()

	decisions, alerts := s.recorded(payments)
	if len(alerts) == 0 {
		t.Error("no alerts: the test is too gentle")
	}
	var gotDecisions, gotAlerts []string
	for range 600 {
		gotDecisions, gotAlerts = s.published("decisions", "transaction_id"), s.published("alerts", "alert_id")
		if len(gotDecisions) >= len(decisions) && len(gotAlerts) >= len(alerts) {
			break
		}
		time.Sleep(200 * time.Millisecond)
	}
	if diff := cmp.Diff(decisions, gotDecisions); diff != "" {
		t.Errorf("decisions of the journal (-) and in Kafka (+):\n%.3000s", diff)
	}
	if diff := cmp.Diff(alerts, gotAlerts); diff != "" {
		t.Errorf("alerts of the journal (-) and in Kafka (+):\n%.3000s", diff)
	}
	t.Logf("%d decisions, %d alerts", len(decisions), len(alerts))
}

// publishing is the service as a process of its own.
type publishing struct {
	t       testing.TB
	broker  *kafkatest.Broker
	topics  map[string]string
	dir     string
	address string
	process *exec.Cmd

	environment []string // of the process; nil is the test's own
}

var publishings atomic.Int32 // so far: a benchmark has several

// newPublishing writes its configuration; more are further members of kafka.
func newPublishing(t testing.TB, broker *kafkatest.Broker, more ...string) *publishing {
	number := publishings.Add(1)
	s := &publishing{t: t, broker: broker, dir: t.TempDir(), topics: map[string]string{
		"decisions": broker.Topic(t, fmt.Sprint("decisions-", number), 3), "alerts": broker.Topic(t, fmt.Sprint("alerts-", number), 1)}}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	s.address = listener.Addr().String()
	configuration := filepath.Join(s.dir, "config")
	yaml := fmt.Sprintf("listen: %s\ndata: %s\nkafka: {brokers: %s, decisions_topic: %q, alerts_topic: %q%s}\n",
		s.address, filepath.Join(s.dir, "data"), strings.ReplaceAll(fmt.Sprintf("%q", broker.Addresses), " ", ", "), s.topics["decisions"], s.topics["alerts"], strings.Join(append([]string{""}, more...), ", "))
	err = errors.Join(listener.Close(), os.CopyFS(configuration, examples.Issuer()), os.WriteFile(filepath.Join(configuration, "tidegate.yaml"), []byte(yaml), 0o644))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.kill)
	return s
}

func (s *publishing) start(arguments ...string) {
	s.t.Helper()
	s.process = exec.Command(binary, append([]string{"serve", "--config", filepath.Join(s.dir, "config", "tidegate.yaml")}, arguments...)...)
	s.process.Stderr = &lines{t: s.t}
	s.process.Env = s.environment
	if err := s.process.Start(); err != nil {
		s.t.Fatal(err)
	}
	for range 3000 {
		response, err := http.Get("http://" + s.address + "/readyz")
		if err == nil {
			response.Body.Close()
			if response.StatusCode == http.StatusOK {
				return
			}
		}
		time.Sleep(20 * time.Millisecond)
	}
	s.t.Fatal("the service does not become ready")
}

// kill is SIGKILL: nothing is tidied up.
func (s *publishing) kill() {
	if s.process.ProcessState == nil {
		_ = s.process.Process.Kill()
		_ = s.process.Wait() // says that it was killed
	}
}

// lines passes a process's output on to the test's log.
type lines struct {
	t testing.TB
}

func (l *lines) Write(b []byte) (int, error) {
	for line := range strings.Lines(string(b)) {
		if strings.Contains(line, "level=ERROR") || strings.Contains(line, "tidegate:") {
			l.t.Log(strings.TrimSpace(line))
		}
	}
	return len(b), nil
}

// payments come in until end, each repeated until it is answered.
type payments struct {
	t        testing.TB
	answered atomic.Int64
	stop     context.CancelFunc
	wait     sync.WaitGroup
}

func (s *publishing) pay() *payments {
	ctx, stop := context.WithCancel(context.Background())
	p := &payments{t: s.t, stop: stop}
	s.t.Cleanup(p.end)
	for client := range 4 {
		p.wait.Go(func() {
			for i := 0; ctx.Err() == nil; i++ {
				body := fmt.Appendf(nil, `{"timestamp":%q,"transaction_id":"t-%d-%d","customer_id":"c-%d","amount":"42.00","currency":"EUR","merchant_id":"m-1","merchant_country":"DE","channel":"ecom"}`,
					time.Now().UTC().Format("2006-01-02T15:04:05.000Z"), client, i, i%11)
				for !s.authorize(body) && ctx.Err() == nil {
					time.Sleep(10 * time.Millisecond)
				}
				p.answered.Add(1)
				time.Sleep(2 * time.Millisecond) // the machine has others to serve
			}
		})
	}
	return p
}

func (s *publishing) authorize(body []byte) bool {
	response, err := http.Post("http://"+s.address+"/v1/authorize", "application/json", bytes.NewReader(body))
	if err != nil {
		return false
	}
	defer response.Body.Close()
	_, err = io.Copy(io.Discard, response.Body)
	return err == nil && response.StatusCode == http.StatusOK
}

// more waits until n more are answered.
func (p *payments) more(n int64) {
	p.t.Helper()
	for enough, tries := p.answered.Load()+n, 0; p.answered.Load() < enough; tries++ {
		if tries > 6000 {
			p.t.Fatal("payments are not answered")
		}
		time.Sleep(10 * time.Millisecond)
	}
}

func (p *payments) end() {
	p.stop()
	p.wait.Wait()
}

// recorded is what the journal holds, in its order by record: all that was
// answered, unless payments are nil.
func (s *publishing) recorded(p *payments) (decisions, alerts []string) {
	s.t.Helper()
	j, _, err := journal.OpenReadOnly(filepath.Join(s.dir, "data", "journal"), journal.Options{})
	if err != nil {
		s.t.Fatal(err)
	}
	reader := j.ReadFrom(1)
	defer reader.Close()
	for {
		sequence, body, err := reader.Next(context.Background())
		if errors.Is(err, io.EOF) {
			break
		}
		var r node.Record
		if err == nil {
			err = r.Decode(sequence, body)
		}
		if err != nil {
			s.t.Fatal(err)
		}
		if r.Kind != node.KindDecision {
			continue
		}
		decisions = append(decisions, fmt.Sprintf("%06d %s %s", sequence, r.Decision.CustomerID, r.Decision.TransactionID))
		for _, a := range r.Decision.Alerts {
			alerts = append(alerts, fmt.Sprintf("%06d %s %s", sequence, r.Decision.CustomerID, a.ID))
		}
	}
	if p != nil && int64(len(decisions)) < p.answered.Load()-4 {
		s.t.Errorf("%d answered, %d in the journal", p.answered.Load(), len(decisions))
	}
	return decisions, alerts
}

// published is what a topic holds, in the same form, merged by record. It
// fails if a customer's records are not in order.
func (s *publishing) published(topic, id string) []string {
	s.t.Helper()
	last := map[string]int{}
	byRecord := map[int][]string{}
	highest := 0
	for _, r := range s.broker.Committed(s.t, s.topics[topic]) {
		record, err := strconv.Atoi(header(r, "tidegate.record"))
		members := map[string]any{}
		if err = errors.Join(err, json.Unmarshal(r.Value, &members)); err != nil {
			s.t.Fatal(err)
		}
		customer := string(r.Key)
		if record < last[customer] {
			s.t.Errorf("%s: record %d of %s comes after %d", topic, record, customer, last[customer])
		}
		last[customer], highest = record, max(highest, record)
		byRecord[record] = append(byRecord[record], fmt.Sprintf("%06d %s %v", record, customer, members[id]))
	}
	var list []string
	for record := range highest + 1 {
		list = append(list, byRecord[record]...)
	}
	return list
}

func header(r *kgo.Record, name string) string {
	for _, h := range r.Headers {
		if h.Key == name {
			return string(h.Value)
		}
	}
	return ""
}

// TestServeCreatesTopics: a broker that creates none by itself has them after
// the first start.
func TestServeCreatesTopics(t *testing.T) {
	beside(t)
	broker := kafkatest.Start(t)
	s := newPublishing(t, broker)
	admin := kadm.NewClient(broker.Client(t))
	if _, err := admin.DeleteTopics(t.Context(), s.topics["decisions"], s.topics["alerts"]); err != nil {
		t.Fatal(err)
	}
	s.start()
	for range 600 {
		there, err := admin.ListTopics(t.Context(), s.topics["decisions"], s.topics["alerts"])
		if err == nil && there.Error() == nil && len(there) == 2 {
			return
		}
		time.Sleep(100 * time.Millisecond)
	}
	t.Error("the topics are not there")
}

// consumeCommitted reads a topic from its beginning, what is committed of it.
func consumeCommitted(topic string) []kgo.Opt {
	return []kgo.Opt{kgo.ConsumeTopics(topic), kgo.FetchIsolationLevel(kgo.ReadCommitted()), kgo.ConsumeResetOffset(kgo.NewOffset().AtStart())}
}
