package kafka

import (
	"context"
	"errors"
	"strings"
	"sync"
	"time"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/kmsg"
)

// session is a producer from InitProducerID to its first failure. It is never
// mended: the next one asks Kafka what became of its last transaction.
type session struct {
	client    *kgo.Client
	plain     bool   // no transactions: at least once
	id        string // of the transactions, and of the group
	own       claim
	positions kadm.TopicDetail
	epochBump bool // KIP-890: offsets join a transaction by themselves
	batch     []Message
	next      uint64    // the record after the batch
	renewed   time.Time // when the position was committed
}

// open begins a session as doc.go tells.
func (p *Publisher) open(ctx context.Context) (_ *session, err error) {
	opening, cancel := context.WithTimeout(ctx, p.options.Timeout)
	defer cancel()
	topics := p.options.Topics
	for topic := range p.refusals.topics {
		topics = append(topics, DeadLetterTopic(topic))
	}
	s, err := connect(opening, p.options, topics)
	if err != nil {
		return nil, err
	}
	defer func() {
		if err != nil {
			s.client.Close()
		}
	}()
	if s.next, err = p.position(opening, s); err != nil {
		return nil, err
	}
	s.own.before = s.next - 1
	if err := p.source.Seek(s.next); err != nil {
		return nil, sourceError(ctx, err)
	}
	return s, p.commit(ctx, s) // a claim: no messages
}

// connect makes the producer, which fences whoever had its id before, and the
// topics; the first of them is that of the positions.
func connect(ctx context.Context, o Options, topics []Topic) (s *session, err error) {
	if o.Journal == "" || o.Instance == "" || strings.ContainsAny(o.Journal+o.Instance, " \t\r\n") {
		return nil, stopped("the names %q and %q stand in the offset's metadata: they can't be empty or have spaces", o.Journal, o.Instance)
	}
	s = &session{plain: o.AtLeastOnce, id: "tidegate-" + o.Journal, own: claim{journal: o.Journal, incarnation: o.Incarnation, instance: o.Instance}}
	options := []kgo.Opt{
		kgo.SeedBrokers(o.Brokers...),
		kgo.ClientID("tidegate-publisher"),
		kgo.MetadataMinAge(250 * time.Millisecond), // a topic that was just created, a leader that moved
		kgo.RecordDeliveryTimeout(o.Timeout),
		kgo.ProducerBatchMaxBytesFn(BatchBytes),
		kgo.ProducerBatchCompression(kgo.Lz4Compression(), kgo.NoCompression()),
		kgo.RequiredAcks(kgo.AllISRAcks()),
		kgo.MaxBufferedRecords(2 * batchMessages),
	}
	if !s.plain {
		options = append(options, kgo.TransactionalID(s.id), kgo.TransactionTimeout(o.Timeout))
	}
	s.client, err = kgo.NewClient(append(options, o.Client...)...)
	if err != nil {
		return nil, refused(err)
	}
	client, own := s.client, s
	defer func() {
		if err != nil {
			client.Close()
			err = own.lacking(err, topics[0].Name)
		}
	}()
	if _, _, err := s.client.ProducerID(ctx); err != nil {
		return nil, err
	}
	return s, s.describe(ctx, topics)
}

// lacking names the right that is missing for what is no message.
func (s *session) lacking(err error, positions string) error {
	return lacking(err, right{"Write", "transactional id", s.id}, right{"Read", "group", s.id}, right{"Read", "topic", positions})
}

// describe creates the topics and learns what the requests below need to know.
func (s *session) describe(ctx context.Context, topics []Topic) error {
	admin := kadm.NewClient(s.client)
	if err := createMissing(ctx, admin, topics); err != nil {
		return err
	}
	positions := topics[0].Name
	for {
		details, err := admin.ListTopics(ctx, positions)
		if err != nil {
			return err
		}
		s.positions = details[positions]
		if s.positions.Err == nil {
			break
		}
		if errors.Is(s.positions.Err, kerr.TopicAuthorizationFailed) { // which does not pass
			return s.positions.Err
		}
		// A topic that was just created takes a moment to be everywhere.
		if err := pause(ctx, s.positions.Err); err != nil {
			return err
		}
	}
	versions, err := kmsg.NewPtrApiVersionsRequest().RequestWith(ctx, s.client)
	if err != nil {
		return err
	}
	for _, f := range versions.FinalizedFeatures {
		if f.Name == "transaction.version" {
			s.epochBump = f.MaxVersionLevel >= 2
		}
	}
	return nil
}

// position asks Kafka where to go on.
func (p *Publisher) position(ctx context.Context, s *session) (uint64, error) {
	first, end := p.source.Bounds()
	file, err := p.file.load()
	if err != nil {
		return 0, &stopError{err}
	}
	at, err := s.committed(ctx)
	if err == nil && p.claimed && at != nil && at.instance != s.own.instance {
		return 0, stopped("another process publishes this journal")
	}
	var next uint64
	if err == nil {
		next, err = resume(s.own, at, file, first, end)
	}
	if err == nil && at != nil && next > file.record+1 {
		// Who was before has committed this, and did not live to write it down. It is
		// written before anything is committed: the file is a transaction behind at most.
		err = p.file.Save(next - 1)
	}
	var stop *stopError
	if errors.As(err, &stop) && !p.claimed && p.options.Accept > 0 {
		return max(p.options.Accept, first), nil
	}
	return next, err
}

// committed fetches the group's offset; nil when there is none.
func (s *session) committed(ctx context.Context) (_ *claim, err error) {
	defer func() { err = s.lacking(err, s.positions.Topic) }()
	admin := kadm.NewClient(s.client)
	for {
		offsets, err := admin.FetchOffsets(kadm.RequireStable(ctx), s.id)
		if errors.Is(err, kerr.GroupIDNotFound) {
			return nil, nil
		}
		if err != nil && !errors.Is(err, kerr.UnstableOffsetCommit) {
			return nil, err
		}
		at, ok := offsets.Lookup(s.positions.Topic, 0)
		switch {
		case err == nil && !ok, err == nil && at.Err == nil && at.At < 0:
			return nil, nil
		case err == nil && at.Err == nil:
			c, err := parseClaim(at.At, at.Metadata)
			return &c, err
		case err == nil && !errors.Is(at.Err, kerr.UnstableOffsetCommit):
			return nil, at.Err
		}
		// What our predecessor left open is being aborted, or committed.
		if err := pause(ctx, kerr.UnstableOffsetCommit); err != nil {
			return nil, err
		}
	}
}

// pause waits a moment for what passes by itself; cause is the error when ctx
// ends first.
func pause(ctx context.Context, cause error) error {
	select {
	case <-time.After(20 * time.Millisecond):
		return nil
	case <-ctx.Done():
		return errors.Join(cause, ctx.Err())
	}
}

// commit runs a transaction: the batch, and the position after it.
func (s *session) commit(ctx context.Context) (err error) {
	defer func() { err = s.lacking(err, s.positions.Topic) }()
	if s.plain {
		return s.send(ctx)
	}
	if err := s.client.BeginTransaction(); err != nil {
		return err
	}
	if err := s.produce(ctx); err != nil {
		return err
	}
	if err := s.commitPosition(ctx); err != nil {
		return err
	}
	if err := s.client.EndTransaction(ctx, kgo.TryCommit); err != nil {
		return err
	}
	s.renewed = time.Now()
	return nil
}

// send is what commit is without a transaction: a failure between the batch and
// its position sends the batch again.
func (s *session) send(ctx context.Context) error {
	if len(s.batch) > 0 {
		if err := s.produce(ctx); err != nil {
			return err
		}
	}
	var offsets kadm.Offsets
	offsets.Add(kadm.Offset{Topic: s.positions.Topic, At: int64(s.next), LeaderEpoch: -1, Metadata: s.own.metadata()})
	committed, err := kadm.NewClient(s.client).CommitOffsets(ctx, s.id, offsets)
	if err == nil {
		err = committed.Error()
	}
	if err != nil {
		return err
	}
	s.renewed = time.Now()
	return nil
}

func (s *session) produce(ctx context.Context) error {
	if len(s.batch) == 0 {
		// A transaction needs a record, or the client never begins it.
		own := s.own
		own.next = s.next
		err := s.client.ProduceSync(ctx, &kgo.Record{Topic: s.positions.Topic, Key: []byte(own.journal), Value: []byte(own.metadata())}).FirstErr()
		return lacking(err, right{"Write", "topic", s.positions.Topic})
	}
	var mu sync.Mutex
	var failed error
	var refused refusedError
	for _, m := range s.batch {
		s.client.Produce(ctx, &kgo.Record{Topic: m.Topic, Key: m.Key, Value: m.Value, Headers: m.Headers}, func(_ *kgo.Record, err error) {
			if err == nil {
				return
			}
			mu.Lock()
			defer mu.Unlock()
			if Permanent(err) {
				refused.marks, refused.err = append(refused.marks, m.mark), err
			} else if failed == nil {
				failed = lacking(err, right{"Write", "topic", m.Topic})
			}
		})
	}
	if err := s.client.Flush(ctx); err != nil {
		return err
	}
	if refused.err != nil {
		return &refused
	}
	return failed
}

// commitPosition adds the group's offset to the transaction. The client can
// do that only for what it consumes itself, so these are its requests.
func (s *session) commitPosition(ctx context.Context) error {
	id, epoch, err := s.client.ProducerID(ctx)
	if err != nil {
		return err
	}
	if !s.epochBump {
		add := kmsg.NewPtrAddOffsetsToTxnRequest()
		add.TransactionalID, add.ProducerID, add.ProducerEpoch, add.Group = s.id, id, epoch, s.id
		added, err := add.RequestWith(ctx, s.client)
		if err == nil {
			err = kerr.ErrorForCode(added.ErrorCode)
		}
		if err != nil {
			return err
		}
	}
	partition := kmsg.NewTxnOffsetCommitRequestTopicPartition()
	metadata := s.own.metadata()
	partition.Offset, partition.Metadata = int64(s.next), &metadata
	topic := kmsg.NewTxnOffsetCommitRequestTopic()
	topic.Topic, topic.TopicID = s.positions.Topic, s.positions.ID
	topic.Partitions = append(topic.Partitions, partition)
	commit := kmsg.NewPtrTxnOffsetCommitRequest()
	commit.TransactionalID, commit.ProducerID, commit.ProducerEpoch, commit.Group = s.id, id, epoch, s.id
	commit.Topics = append(commit.Topics, topic)
	committed, err := commit.RequestWith(ctx, s.client)
	if err != nil {
		return err
	}
	for _, t := range committed.Topics {
		for _, p := range t.Partitions {
			if err := kerr.ErrorForCode(p.ErrorCode); err != nil {
				return err
			}
		}
	}
	return nil
}

// BatchBytes is what goes into one batch for a topic: what topics allow by
// default, or what dead letters and retries may be.
func BatchBytes(topic string) int32 {
	if strings.HasSuffix(topic, deadLetterSuffix) || strings.HasSuffix(topic, retrySuffix) {
		return LargestMessage
	}
	return 1000012
}
