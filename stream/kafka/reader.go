package kafka

import (
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"maps"
	"slices"
	"sync"
	"time"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/tidegate/tidegate"
	"github.com/tidegate/tidegate/stream"
)

// Records is a stream's source: all partitions of a topic, each from the
// position that its checkpoint knows, else from the beginning. It reads what
// is committed, and from a topic of retries what is due.
type Records[T any] struct {
	topic   string
	decode  func(r *kgo.Record, v *T) error
	options []kgo.Opt
	begin   Start
	refresh time.Duration
}

// ErrChanged is the cause of the error that ends a pipeline whose topic got more
// partitions, or was deleted and made again: run it once more, and it goes on
// from its checkpoint with what there is now.
var ErrChanged = errors.New("the topic has changed")

// NewRecords is a source of a topic, each record decoded by a function. v is
// zero; the record stays valid. options are brokers, TLS, SASL and the like.
func NewRecords[T any](topic string, decode func(r *kgo.Record, v *T) error, options ...kgo.Opt) *Records[T] {
	return &Records[T]{topic: topic, decode: decode, options: options, refresh: 10 * time.Second}
}

// Begin is where partitions are begun whose position no checkpoint knows.
func (s *Records[T]) Begin(at Start) *Records[T] {
	s.begin = at
	return s
}

// Refresh is how often to look whether the topic has changed; 10 s if it is not
// called.
func (s *Records[T]) Refresh(every time.Duration) *Records[T] {
	s.refresh = every
	return s
}

func (s Start) kgo() kgo.Offset {
	switch {
	case s.Latest:
		return kgo.NewOffset().AtEnd()
	case !s.At.IsZero():
		return kgo.NewOffset().AfterMilli(s.At.UnixMilli())
	}
	return kgo.NewOffset().AtStart()
}

// Partitions are those that the topic has now. A partition's name holds the
// topic's id: one that is deleted and made again is another, read from its
// beginning.
func (s *Records[T]) Partitions(ctx context.Context) ([]stream.Partition[T], error) {
	client, err := kgo.NewClient(s.options...)
	if err != nil {
		return nil, &tidegate.Error{Code: tidegate.CodeConfig, Message: "the Kafka client refuses its configuration", Cause: err}
	}
	defer client.Close()
	details, err := kadm.NewClient(client).ListTopics(ctx, s.topic)
	if err == nil {
		err = details.Error()
	}
	if err != nil {
		return nil, &tidegate.Error{Code: tidegate.CodeUnavailable, Message: "topic " + s.topic + " can't be read", Cause: err}
	}
	topic := details[s.topic]
	var all []stream.Partition[T]
	for _, number := range slices.Sorted(maps.Keys(topic.Partitions)) {
		all = append(all, stream.Partition[T]{
			Name:   fmt.Sprintf("%s/%d@%s", s.topic, number, hex.EncodeToString(topic.ID[:])),
			Reader: &partition[T]{source: s, number: number, start: s.begin.kgo(), watches: len(all) == 0, topic: topic},
		})
	}
	return all, nil
}

// partition reads one, with a client of its own: what is not taken here is
// not asked for, so a slow partition holds back no other and takes no memory.
type partition[T any] struct {
	source  *Records[T]
	number  int32
	start   kgo.Offset
	next    int64
	client  *kgo.Client
	pending []*kgo.Record

	watches bool // for the others, too
	topic   kadm.TopicDetail
	watch   watch
}

func (p *partition[T]) Seek(_ context.Context, position int64) error {
	p.start, p.next = kgo.NewOffset().At(position), position
	return nil
}

// Read waits for records, and gives at most as many as fit into batch.
func (p *partition[T]) Read(ctx context.Context, batch []stream.Message[T]) (int, error) {
	if err := p.open(); err != nil {
		return 0, err
	}
	for len(p.pending) == 0 {
		fetches, err := p.poll(ctx)
		if err != nil {
			return 0, err
		}
		for _, e := range fetches.Errors() {
			return 0, p.fault(e.Err)
		}
		p.pending = fetches.Records()
	}
	due, err := Await(ctx, p.pending[:min(len(p.pending), len(batch))])
	if err != nil {
		return 0, err
	}
	n := len(due)
	for i, r := range due {
		if r.Offset < p.next {
			return 0, tidegate.Errorf(tidegate.CodeCorrupt, "%s/%d: offset %d comes after %d", p.source.topic, p.number, r.Offset, p.next-1)
		}
		m := stream.Message[T]{Meta: stream.Meta{Next: r.Offset + 1, Time: stream.Millis(r.Timestamp.UnixMilli()), Key: r.Key, Raw: r.Value}}
		for _, h := range r.Headers {
			m.Headers = append(m.Headers, stream.Header{Key: h.Key, Value: h.Value})
		}
		m.Err = p.source.decode(r, &m.Value)
		batch[i], p.next = m, m.Next
	}
	p.pending = p.pending[n:]
	return n, nil
}

func (p *partition[T]) open() (err error) {
	if p.client != nil {
		return nil
	}
	p.client, err = kgo.NewClient(append([]kgo.Opt{
		kgo.ConsumePartitions(map[string]map[int32]kgo.Offset{p.source.topic: {p.number: p.start}}),
		// A position that is no longer there is an error, and no reason to
		// skip or to repeat.
		kgo.ConsumeResetOffset(kgo.NoResetOffset()),
		kgo.FetchIsolationLevel(kgo.ReadCommitted()),
		kgo.FetchMaxPartitionBytes(1 << 20),
		kgo.RecheckPreferredReplicaInterval(followFor),
	}, p.source.options...)...)
	if err == nil && p.watches {
		p.watch.start(kadm.NewClient(p.client), p.topic, p.source.refresh)
	}
	return err
}

// poll waits for records, or until the topic has changed.
func (p *partition[T]) poll(ctx context.Context) (kgo.Fetches, error) {
	polling, cancel := context.WithCancel(ctx)
	defer cancel()
	if p.watches {
		defer context.AfterFunc(p.watch.changed, cancel)()
	}
	fetches := p.client.PollFetches(polling)
	switch {
	case ctx.Err() != nil:
		return nil, ctx.Err()
	case polling.Err() != nil:
		return nil, p.fault(ErrChanged)
	}
	return fetches, nil
}

// watch looks whether a topic changes.
type watch struct {
	changed context.Context
	stop    context.CancelFunc
	done    sync.WaitGroup
}

func (w *watch) start(admin *kadm.Client, topic kadm.TopicDetail, every time.Duration) {
	var change context.CancelFunc
	w.changed, change = context.WithCancel(context.Background())
	var ctx context.Context
	ctx, w.stop = context.WithCancel(context.Background())
	w.done.Go(func() {
		tick := time.NewTicker(every)
		defer tick.Stop()
		for {
			select {
			case <-tick.C:
			case <-ctx.Done():
				change()
				return
			}
			now, err := list(ctx, admin, topic.Topic)
			if err == nil && (now.ID != topic.ID || len(now.Partitions) > len(topic.Partitions)) {
				change()
			}
		}
	})
}

func (w *watch) close() {
	if w.stop != nil {
		w.stop()
		w.done.Wait()
	}
}

func (p *partition[T]) fault(err error) error {
	return &tidegate.Error{Code: tidegate.CodeUnavailable, Message: fmt.Sprintf("%s/%d can't be read on from offset %d", p.source.topic, p.number, p.next), Cause: err}
}

func (p *partition[T]) Close() error {
	p.watch.close()
	if p.client != nil {
		p.client.Close()
	}
	return nil
}
