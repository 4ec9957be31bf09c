package kafka_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"net"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kfake"
	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/tidegate/tidegate/stream/kafka"
	"github.com/tidegate/tidegate/stream/kafka/kafkatest"
)

// rig is a journal, its topics and the publishers that a test starts.
type rig struct {
	t       *testing.T
	broker  *kafkatest.Broker
	journal *journal
	options kafka.Options // with Client, publishers have no network that can be cut
	started int
}

// newRig is one on the broker that tests share, at the same time.
func newRig(t *testing.T) *rig {
	t.Parallel()
	return rigOn(t, kafkatest.Start(t))
}

// rigOn has topics whose names begin with prefix, for one of several in a test.
func rigOn(t *testing.T, broker *kafkatest.Broker, prefix ...string) *rig {
	name := strings.Join(prefix, "")
	r := &rig{t: t, broker: broker, journal: newJournal(broker.Topic(t, name+"decisions", 3), broker.Topic(t, name+"alerts", 2))}
	r.options = kafka.Options{
		Brokers: broker.Addresses, Journal: fmt.Sprintf("%016x-%s", rand.Uint64(), t.Name()), Incarnation: 1,
		Local: filepath.Join(t.TempDir(), "published"), Positions: broker.Topic(t, name+"positions", 1),
		Report: func(err error) { t.Log(err) },
	}
	return r
}

// running is a publisher under way.
type running struct {
	*kafka.Publisher
	cancel context.CancelFunc
	ended  chan error
	net    *network
}

// start runs a publisher as a process of its own would.
func (r *rig) start(change ...func(*kafka.Options)) *running {
	r.t.Helper()
	return r.startOn(&reader{journal: r.journal}, change...)
}

func (r *rig) startOn(source kafka.Source, change ...func(*kafka.Options)) *running {
	r.t.Helper()
	r.started++
	p := &running{ended: make(chan error, 1), net: &network{}}
	o := r.options
	o.Instance = fmt.Sprintf("instance-%d", r.started)
	if o.Client == nil {
		o.Client = []kgo.Opt{kgo.Dialer(p.net.dial)}
	}
	for _, f := range change {
		f(&o)
	}
	var err error
	if p.Publisher, err = kafka.NewPublisher(source, o); err != nil {
		r.t.Fatal(err)
	}
	var ctx context.Context
	ctx, p.cancel = context.WithCancel(context.Background())
	go func() { p.ended <- p.Run(ctx) }()
	r.t.Cleanup(func() { p.stop() })
	return p
}

func (p *running) stop() error {
	p.cancel()
	err := <-p.ended
	p.ended <- err
	return err
}

// goesOn ends the test if the publisher has ended, with the reason.
func (r *rig) goesOn(p *running) {
	r.t.Helper()
	select {
	case err := <-p.ended:
		p.ended <- err
		r.t.Fatalf("the publisher ended: %v", err)
	default:
	}
}

// caughtUp waits until all of the journal is in Kafka.
func (r *rig) caughtUp(p *running) {
	r.t.Helper()
	eventually(r.t, "everything is published", func() bool {
		r.goesOn(p)
		end, _ := r.journal.end()
		return p.Published() == end
	})
}

func (r *rig) check() {
	r.t.Helper()
	seen := map[string][]*kgo.Record{}
	for _, topic := range []string{r.journal.decisions, r.journal.alerts} {
		seen[topic] = r.broker.Committed(r.t, topic)
	}
	r.journal.check(r.t, seen)
}

// refused waits for the publisher to end by itself.
func (r *rig) refused(p *running, reason string) {
	r.t.Helper()
	select {
	case err := <-p.ended:
		p.ended <- err
		if err == nil || !strings.Contains(err.Error(), reason) {
			r.t.Errorf("it ended with %v, not because of %q", err, reason)
		}
	case <-time.After(patience):
		r.t.Fatalf("the publisher goes on in spite of %q", reason)
	}
}

// network is a publisher's, and can be cut, as when its process is killed: no
// goodbye, and what is on its way may arrive or not.
type network struct {
	mu    sync.Mutex
	conns []net.Conn
	down  bool
}

func (n *network) dial(ctx context.Context, kind, address string) (net.Conn, error) {
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.down {
		return nil, errors.New("the network is down")
	}
	conn, err := (&net.Dialer{}).DialContext(ctx, kind, address)
	if err == nil {
		n.conns = append(n.conns, conn)
	}
	return conn, err
}

func (n *network) cut() {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.down = true
	for _, c := range n.conns {
		c.Close()
	}
}

func (n *network) mend() {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.down = false
}

// trickle appends records until the test ends what it returns.
func (r *rig) trickle() (end func()) {
	stop, stopped := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(stopped)
		for {
			select {
			case <-stop:
				return
			case <-time.After(time.Duration(rand.IntN(20)) * time.Millisecond):
				r.journal.append(1 + rand.IntN(8))
			}
		}
	}()
	return func() {
		close(stop)
		<-stopped
	}
}

func TestPublisherSendsAllInOrder(t *testing.T) {
	r := newRig(t)
	r.journal.append(10_000) // a backlog of more than one batch
	p := r.start()
	end := r.trickle()
	time.Sleep(300 * time.Millisecond)
	end()
	r.caughtUp(p)
	if err := p.stop(); err != nil {
		t.Error(err)
	}
	r.check()
	t.Logf("%+v", p.Stats())
}

func TestPublisherGoesOnAfterARestart(t *testing.T) {
	r := newRig(t)
	for range 3 {
		r.journal.append(100)
		p := r.start()
		r.caughtUp(p)
		p.stop()
		r.journal.append(50) // while nobody publishes
	}
	p := r.start()
	r.caughtUp(p)
	r.check()
}

// TestPublisherTopicDeleted: a topic that somebody deletes is made again, and
// what comes after goes there; the others miss nothing.
func TestPublisherTopicDeleted(t *testing.T) {
	r := newRig(t)
	r.journal.append(500)
	p := r.start(func(o *kafka.Options) { o.Topics = []kafka.Topic{{Name: r.journal.alerts, Partitions: 2}} })
	r.caughtUp(p)
	if _, err := kadm.NewClient(r.broker.Client(t)).DeleteTopic(t.Context(), r.journal.alerts); err != nil {
		t.Fatal(err)
	}
	r.journal.append(500)
	r.caughtUp(p)
	p.stop()
	if n := len(r.broker.Committed(t, r.journal.decisions)); n != 1000 {
		t.Errorf("%d decisions", n)
	}
	if n := len(r.broker.Committed(t, r.journal.alerts)); n != 100 {
		t.Errorf("%d alerts after 100 were deleted with their topic", n)
	}
}

// bequeath lets the next publisher have a file of its own with the position of now:
// who was killed writes none any more, and one that is abandoned still might.
func (r *rig) bequeath() {
	r.t.Helper()
	body, err := os.ReadFile(r.options.Local)
	r.options.Local = filepath.Join(r.t.TempDir(), "published")
	if err == nil {
		err = os.WriteFile(r.options.Local, body, 0o600)
	}
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		r.t.Fatal(err)
	}
}

// abandoned starts publishers, abandons each at a random instant after it has
// published something, and starts the last.
func (r *rig) abandoned(rounds int, published func(kafka.Stats) bool) *running {
	r.t.Helper()
	for range rounds {
		p := r.start()
		eventually(r.t, "it publishes", func() bool {
			r.goesOn(p)
			return published(p.Stats())
		})
		time.Sleep(time.Duration(rand.IntN(150)) * time.Millisecond)
		p.net.cut()
		p.cancel()
		r.bequeath()
	}
	return r.start()
}

// TestPublisherKilled abandons publishers at random instants, within and
// between transactions, and lets another one go on.
func TestPublisherKilled(t *testing.T) {
	r := newRig(t)
	end := r.trickle()
	p := r.abandoned(rounds(t), func(s kafka.Stats) bool { return s.Transactions > 0 })
	end()
	r.caughtUp(p)
	r.check()
}

// TestPublisherAtLeastOnce: without transactions, publishers abandoned at random
// instants lose nothing, and repeat only what came last: whoever passes over
// records that are not newer than their key's last has each once, in order.
func TestPublisherAtLeastOnce(t *testing.T) {
	r := newRig(t)
	r.options.AtLeastOnce = true
	end := r.trickle()
	p := r.abandoned(5, func(s kafka.Stats) bool { return s.Messages > 0 })
	end()
	r.caughtUp(p)
	seen := map[string][]*kgo.Record{}
	for _, topic := range []string{r.journal.decisions, r.journal.alerts} {
		newest := map[string]int{}
		for _, record := range r.broker.Committed(t, topic) {
			n, err := strconv.Atoi(string(record.Headers[0].Value))
			if err != nil {
				t.Fatal(err)
			}
			if key := string(record.Key); n > newest[key] {
				newest[key] = n
				seen[topic] = append(seen[topic], record)
			}
		}
	}
	r.journal.check(t, seen)
	p.stop()

	r.options.AtLeastOnce = false // and it goes on exactly once from there
	before := len(r.broker.Committed(t, r.journal.decisions))
	r.journal.append(100)
	r.caughtUp(r.start())
	if n := len(r.broker.Committed(t, r.journal.decisions)); n != before+100 {
		t.Errorf("%d decisions after %d and 100", n, before)
	}
}

// TestPublisherFenced: two processes believe that the journal is theirs.
func TestPublisherFenced(t *testing.T) {
	r := newRig(t)
	r.journal.append(100)
	old := r.start()
	r.caughtUp(old)
	replaced := r.start()
	eventually(t, "it has taken over", func() bool { return replaced.Stats().Transactions > 0 })
	end := r.trickle()
	r.refused(old, "another process publishes this journal")
	end()
	r.caughtUp(replaced)
	r.check()
}

// TestPublisherZombie: the old one was cut off while the new one took over,
// and comes back.
func TestPublisherZombie(t *testing.T) {
	r := newRig(t)
	old := r.start()
	end := r.trickle()
	eventually(t, "it publishes", func() bool { return old.Stats().Transactions > 3 })
	old.net.cut()
	replaced := r.start()
	eventually(t, "it has taken over", func() bool { return replaced.Stats().Transactions > 3 })
	old.net.mend()
	r.refused(old, "another process publishes this journal")
	end()
	r.caughtUp(replaced)
	r.check()
}

// TestPublisherStops shows with real offsets what resume_test.go has in a table.
func TestPublisherStops(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		spoil  func(*rig, *kadm.Client) error
		change func(*kafka.Options)
		reason string
	}{
		"offset deleted": {
			spoil: func(r *rig, admin *kadm.Client) error {
				_, err := admin.DeleteGroup(context.Background(), "tidegate-"+r.options.Journal)
				return err
			},
			reason: "Kafka has no position",
		},
		"offset set by hand": {
			spoil: func(r *rig, admin *kadm.Client) error {
				offsets := kadm.Offsets{}
				offsets.Add(kadm.Offset{Topic: r.options.Positions, At: 50})
				return admin.CommitAllOffsets(context.Background(), "tidegate-"+r.options.Journal, offsets)
			},
			reason: "was not written by a publisher",
		},
		"journal restored": {
			change: func(o *kafka.Options) { o.Incarnation = 2 },
			reason: "restored from a backup",
		},
		"journal too short": {
			spoil:  func(r *rig, _ *kadm.Client) error { r.journal.last = 60; return nil },
			reason: "beyond the journal's end, record 60",
		},
	} {
		t.Run(name, func(t *testing.T) {
			r := newRig(t)
			r.journal.append(100)
			p := r.start()
			r.caughtUp(p)
			p.stop()
			if c.spoil != nil {
				if err := c.spoil(r, kadm.NewClient(r.broker.Client(t))); err != nil {
					t.Fatal(err)
				}
			}
			if c.change == nil {
				c.change = func(*kafka.Options) {}
			}
			r.refused(r.start(c.change), c.reason)

			// A person has looked at it and says where to go on.
			r.journal.last = 120
			p = r.start(c.change, func(o *kafka.Options) { o.Accept = 101 })
			r.caughtUp(p)
			r.check()
		})
	}
}

// TestPublisherRenews: the offsets of a group without members expire. Each is
// committed anew once in a while, and not twice, however fast the machine is.
func TestPublisherRenews(t *testing.T) {
	r := newRig(t)
	r.journal.append(5)
	const renew = 200 * time.Millisecond
	p := r.start(func(o *kafka.Options) { o.Renew = renew })
	eventually(t, "it renews", func() bool { return p.Stats().Transactions > 1 })
	began, before := time.Now(), p.Stats()
	eventually(t, "it goes on", func() bool { return p.Stats().Transactions >= before.Transactions+10 })
	after := p.Stats()
	if most := 2 + after.Failures - before.Failures + uint64(time.Since(began)/renew); after.Transactions-before.Transactions > most {
		t.Errorf("%d transactions, and at most %d can be due", after.Transactions-before.Transactions, most)
	}
	p.stop()
	r.check()
	if n := len(r.broker.Committed(t, r.options.Positions)); n < 4 {
		t.Errorf("%d positions recorded", n)
	}
}

// TestPublisherHistory: what was imported is not for publishing.
func TestPublisherHistory(t *testing.T) {
	r := newRig(t)
	r.journal.append(30)
	if err := (kafka.FilePosition{Path: r.options.Local, Journal: r.options.Journal}).Save(20); err != nil {
		t.Fatal(err)
	}
	p := r.start()
	r.caughtUp(p)
	if n := len(r.broker.Committed(t, r.journal.decisions)); n != 10 {
		t.Errorf("%d decisions published of the 10 after history", n)
	}
}

// TestPublisherDevelopment: the broker inside the process will do, too.
func TestPublisherDevelopment(t *testing.T) {
	t.Parallel()
	cluster, err := kfake.NewCluster(kfake.NumBrokers(1))
	if err != nil {
		t.Fatal(err)
	}
	r := rigOn(t, &kafkatest.Broker{Addresses: cluster.ListenAddrs()})
	t.Cleanup(cluster.Close)
	r.journal.append(200)
	for range 3 {
		p := r.start()
		r.caughtUp(p)
		p.stop()
		r.journal.append(100)
	}
	p := r.start()
	r.caughtUp(p)
	p.stop()
	r.check()
}
