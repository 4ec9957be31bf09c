package kafka_test

import (
	"os"
	"path/filepath"
	"sync"
	"testing"

	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/tidegate/tidegate/stream/kafka"
)

// ends keeps what a file holds when Kafka has ended a transaction and the client
// has not heard of it yet: what is left of a process that is killed there.
type ends struct {
	file string
	mu   sync.Mutex
	list [][]byte
}

// OnBrokerE2E is called before whoever waits for the answer gets it. 26 is EndTxn
// in Kafka's protocol.
func (e *ends) OnBrokerE2E(_ kgo.BrokerMetadata, key int16, _ kgo.BrokerE2E) {
	if key != 26 {
		return
	}
	body, _ := os.ReadFile(e.file) // there may be none yet
	e.mu.Lock()
	defer e.mu.Unlock()
	e.list = append(e.list, body)
}

// TestPublisherKilledTwice: a publisher is killed between a transaction's end and
// its file, and the next one as well, which has only claimed the journal: the
// third goes on, and takes neither for a restored backup.
func TestPublisherKilledTwice(t *testing.T) {
	r := newRig(t)
	left := func(what string, do func(p *running), choose func(list [][]byte) []byte) {
		t.Helper()
		seen := &ends{file: r.options.Local}
		p := r.start(func(o *kafka.Options) { o.Client = append(o.Client, kgo.WithHooks(seen)) })
		do(p)
		if err := p.stop(); err != nil {
			t.Fatal(what, ": ", err)
		}
		r.options.Local = filepath.Join(t.TempDir(), "published")
		if err := os.WriteFile(r.options.Local, choose(seen.list), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	left("a transaction", func(p *running) {
		r.journal.append(100)
		r.caughtUp(p)
		r.journal.append(100)
		r.caughtUp(p)
	}, func(list [][]byte) []byte { return list[len(list)-1] })
	left("a claim", func(p *running) {
		eventually(t, "it has claimed the journal", func() bool {
			r.goesOn(p)
			return p.Stats().Transactions > 0
		})
	}, func(list [][]byte) []byte { return list[0] })
	r.journal.append(100)
	r.caughtUp(r.start())
	r.check()
}
