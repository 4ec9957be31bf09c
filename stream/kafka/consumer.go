package kafka

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/tidegate/tidegate"
)

// Consumer reads a topic for somebody who keeps the positions, with what they
// count for: a journal. Each partition has a goroutine of its own, and is
// paused while that is behind. It reads what is committed.
type Consumer struct {
	options ConsumerOptions
	taker   Taker
	taken   atomic.Uint64         // records
	errors  atomic.Uint64         // after which reading began again
	away    atomic.Pointer[error] // why it is not read now; nil before the first look, points to nil while it is

	mu       sync.Mutex
	lanes    map[Place]*lane // of the session that is running, or was last
	measured []Lag           // before there was one
}

// Taker takes what a [Consumer] reads, and knows how far that is.
type Taker interface {
	// Position tells where to go on with a partition. known says that there is
	// such a position; named, that a topic of that name was read before, if
	// not this partition of it.
	Position(p Place) (next int64, known, named bool)
	// Begin keeps where the reading of a partition begins. It is called before
	// the first Take, again where records were lost and [ConsumerOptions.SkipLost]
	// allows to go on after them, and where nothing but the ends of transactions
	// was behind the last Take for [ConsumerOptions.Refresh]; never beside a Take.
	Begin(ctx context.Context, p Place, next int64, why string) error
	// Take takes records of a partition, in order, and returns when there is
	// room for more. It is called by one goroutine a partition. Its error ends
	// the consumer.
	Take(ctx context.Context, p Place, records []*kgo.Record) error
}

// Place is a partition of a topic, which is named by its id, too: one that is
// deleted and made again is another.
type Place struct {
	Topic  string
	ID     [16]byte
	Number int32
}

func (p Place) String() string { return fmt.Sprintf("%s/%d", p.Topic, p.Number) }

// ConsumerOptions of a consumer. Topic, Client and Report are needed.
type ConsumerOptions struct {
	Topic string
	// Start is where a topic is begun that was never read. A new partition of
	// one that was, and one that was made again, are read from their beginning.
	Start Start
	// SkipLost goes on where records were deleted before they were read. Else
	// the consumer stops and says so.
	SkipLost bool
	Refresh  time.Duration // how often to look for new partitions, and when a partition is quiet; 0 is 10 s
	Report   func(error)   // told of failures, each of which is tried again
	Client   []kgo.Opt     // brokers, rack, TLS, SASL and the like
}

// Start is a place in a topic; the zero value is its beginning.
type Start struct {
	Latest bool
	At     time.Time // the first record with this timestamp or a later one
}

func (s Start) String() string {
	switch {
	case s.Latest:
		return "latest"
	case !s.At.IsZero():
		return s.At.UTC().Format(time.RFC3339)
	}
	return "earliest"
}

// NewConsumer makes a consumer; Run does the work.
func NewConsumer(taker Taker, o ConsumerOptions) *Consumer {
	if o.Refresh == 0 {
		o.Refresh = 10 * time.Second
	}
	return &Consumer{options: o, taker: taker}
}

// Run reads until ctx is over, and then returns nil. Its error says why it
// must not go on.
func (c *Consumer) Run(ctx context.Context) error {
	return persist(ctx, c.session, c.taken.Load, func(err error) {
		if errors.Is(err, errGrown) {
			return
		}
		c.errors.Add(1)
		err = lacking(err, right{"Read", "topic", c.options.Topic})
		c.away.Store(&err)
		c.options.Report(&tidegate.Error{Code: tidegate.CodeUnavailable, Message: "topic " + c.options.Topic + " can't be read; trying again", Cause: err})
	})
}

var (
	errGrown     = errors.New("the topic has more partitions now")
	errRecreated = errors.New("the topic was deleted and made again: it is read from its beginning")
)

// session reads from one look at the topic to the first failure, or until the
// topic changes.
func (c *Consumer) session(ctx context.Context) (err error) {
	client, err := kgo.NewClient(append([]kgo.Opt{
		kgo.ClientID("tidegate-reader"),
		kgo.ConsumeResetOffset(kgo.NoResetOffset()),
		kgo.FetchIsolationLevel(kgo.ReadCommitted()),
		kgo.KeepControlRecords(),
		kgo.FetchMaxPartitionBytes(1 << 20),
		kgo.FetchMaxBytes(16 << 20),
		kgo.FetchMaxWait(500 * time.Millisecond),
		kgo.MetadataMinAge(250 * time.Millisecond),
		kgo.RecheckPreferredReplicaInterval(followFor),
	}, c.options.Client...)...)
	if err != nil {
		return refused(err)
	}
	defer client.Close()
	topic, starts, err := c.describe(ctx, client)
	if err != nil {
		return err
	}
	c.away.Store(new(error))
	ctx, cancel := context.WithCancelCause(ctx)
	var crew sync.WaitGroup
	defer crew.Wait()
	defer cancel(nil)
	lanes := make(map[int32]*lane, len(starts))
	from := map[int32]kgo.Offset{}
	c.mu.Lock()
	c.lanes = map[Place]*lane{}
	for place, next := range starts {
		l := newLane(place, next, client)
		lanes[place.Number], c.lanes[place] = l, l
		from[place.Number] = kgo.NewOffset().At(next)
	}
	c.mu.Unlock()
	for _, l := range lanes {
		crew.Go(func() {
			if err := c.follow(ctx, l); err != nil {
				cancel(err)
			}
		})
	}
	crew.Go(func() { cancel(c.watch(ctx, kadm.NewClient(client), topic)) })
	client.AddConsumePartitions(map[string]map[int32]kgo.Offset{c.options.Topic: from})
	if err := c.poll(ctx, client, topic, lanes); err != nil {
		cancel(err)
	}
	return context.Cause(ctx)
}

// followFor is how long a partition is read from a follower before its leader is
// asked again. The client does not ask sooner, not even when the follower is lost.
const followFor = 5 * time.Second

// poll hands what comes to the lanes.
func (c *Consumer) poll(ctx context.Context, client *kgo.Client, topic kadm.TopicDetail, lanes map[int32]*lane) error {
	for {
		fetches := client.PollFetches(ctx)
		if err := ctx.Err(); err != nil {
			return err
		}
		for _, f := range fetches {
			for _, t := range f.Topics {
				if t.TopicID != [16]byte{} && t.TopicID != [16]byte(topic.ID) {
					return errRecreated
				}
				for i := range t.Partitions {
					p := &t.Partitions[i]
					if p.Err != nil {
						return c.fault(p.Partition, p.Err)
					}
					if l := lanes[p.Partition]; l != nil {
						l.put(p.Records, p.LastStableOffset)
					}
				}
			}
		}
	}
}

// follow takes what comes of one partition.
func (c *Consumer) follow(ctx context.Context, l *lane) error {
	for {
		records, err := l.get(ctx, c.options.Refresh)
		if err != nil {
			return err
		}
		if len(records) == 0 {
			c.pass(ctx, l)
			continue
		}
		if err := c.taker.Take(ctx, l.place, records); err != nil {
			if ctx.Err() != nil {
				return ctx.Err()
			}
			return &stopError{err}
		}
		l.took(records)
		c.taken.Add(uint64(len(records)))
	}
}

// pass keeps how far a quiet partition has come when only the ends of
// transactions are behind what was taken. Else they would look like records
// that were lost, once the topic's retention has deleted them.
func (c *Consumer) pass(ctx context.Context, l *lane) {
	next, further := l.passed()
	if !further {
		return
	}
	// What goes wrong here has lost nothing, and is tried again.
	if err := c.taker.Begin(ctx, l.place, next, "the ends of transactions"); err == nil {
		l.pass(next)
	}
}

// watch looks whether the topic is still the one that is read.
func (c *Consumer) watch(ctx context.Context, admin *kadm.Client, topic kadm.TopicDetail) error {
	tick := time.NewTicker(c.options.Refresh)
	defer tick.Stop()
	for {
		select {
		case <-tick.C:
		case <-ctx.Done():
			return ctx.Err()
		}
		now, err := list(ctx, admin, topic.Topic)
		err = lacking(err, right{"Read", "topic", topic.Topic})
		if ctx.Err() == nil {
			c.away.Store(&err)
		}
		switch {
		case err != nil: // the brokers are away, which polling waits out, or the topic is
		case now.ID != topic.ID:
			return errRecreated
		case len(now.Partitions) > len(topic.Partitions):
			return errGrown
		}
	}
}

func (c *Consumer) fault(partition int32, err error) error {
	if errors.Is(err, kerr.UnknownTopicID) {
		return errRecreated
	}
	return fmt.Errorf("partition %d: %w", partition, err)
}

// Reading says whether the topic was there when it was last looked for; if not,
// why is the reason, or nil before the first look has ended.
func (c *Consumer) Reading() (reading bool, why error) {
	if last := c.away.Load(); last != nil {
		return *last == nil, *last
	}
	return false, nil
}

// Taken counts records since the start, Failures how often reading began again.
func (c *Consumer) Taken() uint64    { return c.taken.Load() }
func (c *Consumer) Failures() uint64 { return c.errors.Load() }

// Lag is how far the taker is behind a partition's end.
type Lag struct {
	Place
	Next    int64
	Records int64     // committed and not yet taken
	Since   time.Time // timestamp of the first that came and is not taken, or else of the last that was; zero before there is one
	Paused  bool
}

// Lags tells of each partition.
func (c *Consumer) Lags() []Lag {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.lanes == nil {
		return slices.Clone(c.measured)
	}
	list := make([]Lag, 0, len(c.lanes))
	for _, l := range c.lanes {
		list = append(list, l.lag())
	}
	return list
}
