package kafka

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/tidegate/tidegate"
)

// Publisher sends the journal's messages to Kafka, in order per key, each
// once, and goes on where it stopped: after an outage of the brokers and after
// a restart.
type Publisher struct {
	options   Options
	source    Source
	file      FilePosition
	claimed   bool // this process has committed a position
	published atomic.Uint64
	refusals  refusals
	stats     struct{ messages, transactions, failures, refused atomic.Uint64 }
}

// Options of a publisher. Brokers, Journal, Incarnation, Instance, Local and
// Report are needed.
type Options struct {
	Brokers     []string
	Journal     string // UUID; transactional id and group are made of it
	Incarnation uint64 // from 1
	Instance    string // this process's own name, unlike any before
	Local       string // file that holds the position, too
	Topics      []Topic
	Positions   string // topic of the group's offset; "" is DefaultPositions
	// Accept is a person's word for where to go on: with this record, should
	// the publisher have to stop at its start. 0 is none.
	Accept uint64
	// AtLeastOnce sends without transactions, as soon as something is there, and
	// commits the position behind it: what was sent just before a failure is sent
	// again, and a process that was replaced is not fenced.
	AtLeastOnce bool
	Report      func(error)   // told of failures, each of which is tried again
	Renew       time.Duration // how often the position is committed anew; 0 is a day
	// Timeout is how long a transaction may take, also as the brokers see it:
	// consumers of what is committed wait for one that was left open. 0 is 30 s.
	Timeout time.Duration
	Client  []kgo.Opt // TLS, SASL and the like
	// Committed is told how long each transaction took, from its beginning to
	// its end; nil is nobody.
	Committed func(time.Duration)
}

// DefaultPositions is the topic that publishers commit their offset for.
const DefaultPositions = "tidegate-positions"

// PositionsTopic is the topic of positions as it is created. Its records bear
// the brokers' time, by which their clock can be told.
func PositionsTopic(name string) Topic {
	return Topic{Name: name, Partitions: 1, Configs: map[string]string{"cleanup.policy": "compact", "message.timestamp.type": "LogAppendTime"}}
}

// A batch is what goes into one transaction. Three brokers take about 50 ms to
// end one and begin the next and one broker 2 to 25, so a short wait for more
// costs little, and a backlog is sent in large batches: 16384 decisions are
// some 30 MB.
const (
	batchMessages = 16384
	batchWait     = 30 * time.Millisecond
	// What a stop leaves the transaction under way.
	grace = 3 * time.Second
)

// NewPublisher makes a publisher; Run does the work.
func NewPublisher(source Source, o Options) (*Publisher, error) {
	o = o.withDefaults()
	p := &Publisher{options: o, source: source, file: FilePosition{o.Local, o.Journal, o.Incarnation}}
	p.refusals = refusals{limit: batchMessages, reasons: map[mark]refusal{}, topics: map[string]bool{}}
	at, err := p.file.load()
	p.published.Store(at.record)
	return p, err
}

func (o Options) withDefaults() Options {
	if o.Positions == "" {
		o.Positions = DefaultPositions
	}
	if o.Renew == 0 {
		o.Renew = 24 * time.Hour
	}
	if o.Timeout == 0 {
		o.Timeout = 30 * time.Second
	}
	o.Topics = append([]Topic{PositionsTopic(o.Positions)}, o.Topics...)
	return o
}

// Run publishes until ctx is over, and then returns nil. Its error says why
// it must not go on.
func (p *Publisher) Run(ctx context.Context) error {
	return persist(ctx, p.session, p.stats.transactions.Load, func(err error) {
		p.stats.failures.Add(1)
		p.options.Report(&tidegate.Error{Code: tidegate.CodeUnavailable, Message: "Kafka does not take the messages; trying again", Cause: err})
	})
}

// session publishes from one opening of the producer to its first failure.
func (p *Publisher) session(ctx context.Context) error {
	s, err := p.open(ctx)
	if err != nil {
		return err
	}
	defer s.client.Close()
	// While a batch is committed the next is collected.
	collecting, stop := context.WithCancel(ctx)
	batches := make(chan collected, 1)
	var crew sync.WaitGroup
	defer crew.Wait()
	defer stop()
	collect := func(into []Message) {
		// What is committed meanwhile, or just was, renews the position.
		limit, renew := p.refusals.limit, time.Now().Add(p.options.Renew)
		crew.Go(func() { batches <- p.collect(collecting, into, limit, renew) })
	}
	collect(nil)
	for {
		c := <-batches
		if c.err != nil {
			return c.err
		}
		spare := s.batch
		if s.batch = c.messages; len(c.messages) > 0 {
			s.next = c.last + 1
		}
		p.refusals.replaceAll(s.batch, time.Now())
		collect(spare[:0])
		if err := p.commit(ctx, s); err != nil {
			return err
		}
	}
}

// collected is a batch, and the record that it ends with.
type collected struct {
	messages []Message
	last     uint64
	err      error
}

// collect waits for a first record, and a short while for more. There are no
// messages when there was none until the position must be renewed.
func (p *Publisher) collect(ctx context.Context, batch []Message, limit int, renew time.Time) (c collected) {
	c.messages = batch
	first, cancel := context.WithDeadline(ctx, renew)
	defer cancel()
	if err := p.next(first, &c); err != nil {
		if first.Err() == nil || ctx.Err() != nil {
			c.err = sourceError(ctx, err)
		}
		return c
	}
	wait := batchWait
	if p.options.AtLeastOnce {
		wait = 0 // others come while these are on their way
	}
	more, cancel := context.WithTimeout(ctx, wait)
	defer cancel()
	for len(c.messages) < limit {
		if err := p.next(more, &c); err != nil {
			if more.Err() == nil {
				c.err = sourceError(ctx, err)
			}
			break
		}
	}
	return c
}

// next adds a record's messages, marked.
func (p *Publisher) next(ctx context.Context, c *collected) error {
	record, longer, err := p.source.Next(ctx, c.messages)
	if err != nil {
		return err
	}
	for i := len(c.messages); i < len(longer); i++ {
		longer[i].mark = mark{record, i - len(c.messages)}
	}
	c.messages, c.last = longer, record
	return nil
}

// sourceError stops the publisher: a journal that can't be read is not better
// after another try.
func sourceError(ctx context.Context, err error) error {
	if ctx.Err() != nil {
		return err
	}
	return &stopError{&tidegate.Error{Code: tidegate.CodeOf(err), Message: "publishing has stopped: the journal can't be read", Cause: err}}
}

// commit puts the session's batch and position into Kafka, and then the
// position into the file.
func (p *Publisher) commit(ctx context.Context, s *session) error {
	// A stop does not cut a transaction short, within reason: consumers would
	// wait for what it leaves open.
	ctx, cancel := linger(ctx, grace)
	defer cancel()
	ctx, cancel = context.WithTimeout(ctx, p.options.Timeout)
	defer cancel()
	began := time.Now()
	if err := s.commit(ctx); err != nil {
		var refused *refusedError
		if errors.As(err, &refused) {
			p.refusals.note(refused, s.batch)
		}
		return err
	}
	if p.options.Committed != nil {
		p.options.Committed(time.Since(began))
	}
	p.claimed = true
	p.refusals.passed(s.batch)
	p.stats.refused.Store(p.refusals.count)
	p.published.Store(s.next - 1)
	p.stats.transactions.Add(1)
	p.stats.messages.Add(uint64(len(s.batch)))
	s.own.before = s.next - 1
	// Kafka has it. A file that stays behind would look like a restored backup,
	// so nothing more is published until it can be written.
	return p.file.Save(s.next - 1)
}

// linger gives a context that is over a while after its parent.
func linger(parent context.Context, while time.Duration) (context.Context, context.CancelFunc) {
	ctx, cancel := context.WithCancel(context.WithoutCancel(parent))
	timer := time.AfterFunc(1<<62, cancel)
	stop := context.AfterFunc(parent, func() { timer.Reset(while) })
	return ctx, func() {
		stop()
		timer.Stop()
		cancel()
	}
}

// Published is the sequence number of the last record that is in Kafka.
func (p *Publisher) Published() uint64 { return p.published.Load() }

// Stats count what was done since the start.
type Stats struct {
	Messages     uint64
	Transactions uint64
	Failures     uint64 // of sessions; each was opened again
	Refused      uint64 // messages that Kafka would not take, and that are dead letters now
}

func (p *Publisher) Stats() Stats {
	return Stats{p.stats.messages.Load(), p.stats.transactions.Load(), p.stats.failures.Load(), p.stats.refused.Load()}
}
