package kafka

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"runtime/debug"
	"sync"
	"sync/atomic"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/tidegate/tidegate"
)

// Group is a stateless pipeline from topics to topics that any number of
// processes share: they are members of one consumer group, and what a record
// becomes is in one transaction with how far its partition is read. Members may
// come, go and die: each record's results are there once for consumers with
// read_committed. Whatever needs state is a pipeline of package stream.
type Group struct {
	options GroupOptions
	f       func(r *kgo.Record, emit func(Message)) error
	batches atomic.Uint64
}

// GroupOptions of a group. Name, Member, Topics and Report are needed.
type GroupOptions struct {
	Name   string // of the group
	Member string // this process's own name among the members, the same again after a restart
	Topics []string
	// Begin is where topics are begun in which the group has no position, and
	// partitions that end before it. Without it the group only begins topics that
	// never held a record, and stops at others: its offsets may have expired
	// (offsets.retention.minutes after the last member left). Before a partition's
	// end it waits. It is a person's word for one start, and no setting.
	Begin   *Start
	Version string                // of the pipeline, for dead letters
	Mask    func(b []byte) []byte // what may not be kept of a dead letter; nil keeps all
	Retry   Retry                 // of failures that pass; the topics of retries are read, too, under the group's name with -retry
	Timeout time.Duration         // of a transaction; 0 is 30 s
	Report  func(error)           // told of failures, each of which is tried again
	Client  []kgo.Opt             // brokers, TLS, SASL and the like
	Now     func() time.Time      // of failures; nil is time.Now
}

// NewGroup makes a member; Run does the work. The topics are there already, with
// those of dead letters and of retries: [DeadLetterTopic], [RetryTopic] and
// [EnsureTopics]. f emits what becomes of a record; one that is tried again comes
// from the topic of retries, and [Tried] gives it as it was.
// If f returns an error or panics the record goes to the dead letters of its
// topic, or is tried again if [GroupOptions.Retry] says so, and what it emitted is
// forgotten. So does a record whose results the brokers never take.
func NewGroup(o GroupOptions, f func(r *kgo.Record, emit func(Message)) error) *Group {
	if o.Timeout == 0 {
		o.Timeout = 30 * time.Second
	}
	if o.Mask == nil {
		o.Mask = func(b []byte) []byte { return b }
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	return &Group{options: o, f: f}
}

// Run is a member until ctx is over, and then returns nil.
func (g *Group) Run(ctx context.Context) error {
	if g.options.Retry.Attempts < 2 {
		return g.run(ctx, g.options)
	}
	retries := g.options
	retries.Name, retries.Topics = retries.Name+"-retry", nil
	for _, t := range g.options.Topics {
		retries.Topics = append(retries.Topics, RetryTopic(t).Name)
	}
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	ended := make(chan error, 2)
	for _, o := range []GroupOptions{g.options, retries} {
		go func() {
			defer stop() // neither goes on without the other
			ended <- g.run(ctx, o)
		}()
	}
	return errors.Join(<-ended, <-ended)
}

func (g *Group) run(ctx context.Context, o GroupOptions) error {
	b := &groupBatch{limit: groupLimit}
	session := func(ctx context.Context) error { return g.session(ctx, o, b) }
	return persist(ctx, session, g.batches.Load, func(err error) {
		o.Report(&tidegate.Error{Code: tidegate.CodeUnavailable, Message: "group " + o.Name + " starts anew", Cause: err})
	})
}

func (g *Group) session(ctx context.Context, o GroupOptions, b *groupBatch) error {
	if err := o.begin(ctx); err != nil {
		return err
	}
	s, err := kgo.NewGroupTransactSession(append([]kgo.Opt{
		kgo.ClientID("tidegate-group"),
		kgo.ConsumerGroup(o.Name), kgo.ConsumeTopics(o.Topics...),
		kgo.TransactionalID("tidegate-" + o.Name + "-" + o.Member),
		kgo.TransactionTimeout(o.Timeout), kgo.RecordDeliveryTimeout(o.Timeout),
		kgo.FetchIsolationLevel(kgo.ReadCommitted()),
		kgo.RecheckPreferredReplicaInterval(followFor),
		kgo.ConsumeResetOffset(kgo.NewOffset().AtStart()),
		kgo.ProducerBatchMaxBytesFn(BatchBytes), kgo.RequiredAcks(kgo.AllISRAcks()),
		kgo.ProducerBatchCompression(kgo.Lz4Compression(), kgo.NoCompression()),
		kgo.MetadataMinAge(250 * time.Millisecond),
	}, o.Client...)...)
	if err != nil {
		return refused(err)
	}
	defer s.Close()
	for {
		fetches := s.PollRecords(ctx, b.limit)
		if ctx.Err() != nil {
			return ctx.Err()
		}
		if err := fetches.Err(); err != nil {
			return err
		}
		if err := allDue(ctx, fetches); err != nil {
			return err
		}
		// A stop while a transaction is under way lets it end.
		ending, cancel := linger(ctx, grace)
		committed, err := g.transact(ending, s, fetches, b)
		cancel()
		if err != nil {
			return err
		}
		if committed {
			g.batches.Add(1)
		}
	}
}

// transact commits what becomes of the records together with the positions after
// them. It is false when members came or went since the poll, and who has the
// partitions now reads the records again, and when the brokers refuse a result.
func (g *Group) transact(ctx context.Context, s *kgo.GroupTransactSession, fetches kgo.Fetches, b *groupBatch) (committed bool, err error) {
	if err := s.Begin(); err != nil {
		return false, err
	}
	var mu sync.Mutex
	var first error
	fetches.EachRecord(func(r *kgo.Record) {
		for _, m := range g.handle(r, b.refusal(r)) {
			s.Produce(ctx, &kgo.Record{Topic: m.Topic, Key: m.Key, Value: m.Value, Headers: m.Headers}, func(_ *kgo.Record, err error) {
				mu.Lock()
				defer mu.Unlock()
				if err != nil && first == nil {
					first = fmt.Errorf("writing to topic %s: %w", m.Topic, lacking(err, right{"Write", "topic", m.Topic}))
				}
			})
		}
	})
	// End would commit the positions also of records whose results failed.
	flushed := s.Client().Flush(ctx)
	if err = cmp.Or(first, flushed); err == nil {
		b.passed()
		return s.End(ctx, kgo.TryCommit)
	}
	_, aborted := s.End(ctx, kgo.TryAbort)
	if Permanent(err) && b.divide(fetches, err) {
		return false, aborted
	}
	return false, errors.Join(err, aborted)
}

// allDue waits until all records are.
func allDue(ctx context.Context, fetches kgo.Fetches) error {
	var last *kgo.Record
	var latest time.Time
	fetches.EachRecord(func(r *kgo.Record) {
		if _, _, due := Tried(r); due.After(latest) {
			last, latest = r, due
		}
	})
	if last == nil {
		return nil
	}
	_, err := Await(ctx, []*kgo.Record{last})
	return err
}

// handle is what becomes of a record; refused is why its results can't be written.
func (g *Group) handle(r *kgo.Record, refused error) (messages []Message) {
	letter := DeadLetter{Record: r, At: g.options.Now(), Version: g.options.Version}
	if refused != nil {
		letter.Record, _, _ = Tried(r)
		letter.Code, letter.Error = string(tidegate.CodeTooLarge), "Kafka refuses what becomes of it: "+refused.Error()
		return []Message{letter.Message(g.options.Mask)}
	}
	defer func() {
		if cause := recover(); cause != nil {
			letter.Code, letter.Error, letter.Stack = string(tidegate.CodeInternal), fmt.Sprint("panic: ", cause), string(debug.Stack())
			messages = []Message{g.options.Retry.next(letter, g.options.Mask)}
		}
	}()
	if err := g.f(r, func(m Message) { messages = append(messages, m) }); err != nil {
		letter.Code, letter.Error = string(tidegate.CodeOf(err)), err.Error()
		return []Message{g.options.Retry.next(letter, g.options.Mask)}
	}
	return messages
}
