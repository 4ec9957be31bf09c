package kafka

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"time"

	"github.com/tidegate/tidegate"
	"github.com/tidegate/tidegate/stream"
)

// Sink writes a pipeline's results into Kafka, exactly once, in two phases with
// its checkpoints: what belongs to a checkpoint is first made durable in a file
// beside it, and when the checkpoint is, sent in one transaction that also
// commits the checkpoint's number as the offset of the sink's own group. A start
// reads that number: what it covers is in Kafka, what it does not is sent from
// the file. Consumers with read_committed see each record once, after the
// checkpoint that covers it.
type Sink[T any] struct {
	options SinkOptions
	encode  func(stream.Record[T], *Message) error
	out     outbox
	sent    FilePosition // bears witness that there is a number in Kafka
	session *session
	claimed bool // this process has committed a number
}

// SinkOptions of a sink. Name, Dir, Brokers,
// Instance and Report are needed.
type SinkOptions struct {
	Name    string // of transactional id and group: one pipeline's sink for ever
	Dir     string // of the pipeline's data: what is prepared is kept here
	Options        // Brokers and Instance; Topics, Positions, Renew, Timeout, Client and Report as the publisher's
}

// ExactlyOnce is a sink of a pipeline with checkpoints. encode sets topic, key,
// value and headers of a message; a record that it refuses, or that is too large,
// goes to the pipeline's dead letters.
func ExactlyOnce[T any](o SinkOptions, encode func(stream.Record[T], *Message) error) *Sink[T] {
	o.Options = o.Options.withDefaults()
	o.Journal, o.Incarnation = o.Name, 1
	return &Sink[T]{options: o, encode: encode, out: outbox{dir: o.Dir, name: o.Name},
		sent: FilePosition{filepath.Join(o.Dir, o.Name+"-sent"), o.Name, 1}}
}

// Write keeps records until the next checkpoint.
func (s *Sink[T]) Write(_ context.Context, records []stream.Record[T]) error {
	var refused *stream.Refused
	for i, r := range records {
		var m Message
		err := s.encode(r, &m)
		if err == nil && len(m.Key)+len(m.Value) > int(BatchBytes(m.Topic))-1024 {
			err = tidegate.Errorf(tidegate.CodeTooLarge, "%d bytes are more than a topic takes", len(m.Value))
		}
		if err != nil {
			if refused == nil {
				refused = &stream.Refused{Err: err}
			}
			refused.Indexes = append(refused.Indexes, i)
			continue
		}
		if err := s.out.add(m); err != nil {
			return err
		}
	}
	if refused != nil {
		return refused
	}
	return nil
}

// Prepare makes what was written durable under the number of a checkpoint.
func (s *Sink[T]) Prepare(_ context.Context, checkpoint uint64) error {
	return s.out.prepare(checkpoint)
}

// Commit sends what was prepared up to a checkpoint. While Kafka is away it
// waits, and with it the pipeline when its room is used up.
func (s *Sink[T]) Commit(ctx context.Context, checkpoint uint64) error {
	return s.insist(ctx, func(ctx context.Context) error { return s.commit(ctx, checkpoint) })
}

// Recover fences whoever wrote before, and brings Kafka to the checkpoint that
// the pipeline starts from.
func (s *Sink[T]) Recover(ctx context.Context, checkpoint uint64) error {
	if err := os.MkdirAll(s.options.Dir, 0o755); err != nil {
		return err
	}
	if err := s.out.forget(checkpoint); err != nil {
		return err
	}
	return s.insist(ctx, func(ctx context.Context) error {
		if s.session == nil {
			if err := s.open(ctx); err != nil {
				return err
			}
		}
		if sent := s.session.next; sent > checkpoint {
			return stopped("the sink %s has published checkpoint %d, and the pipeline begins at %d: its state is older than its results", s.options.Name, sent, checkpoint)
		}
		if err := s.commit(ctx, checkpoint); err != nil {
			return err
		}
		// A claim: who was replaced must find out.
		s.session.batch, s.session.next = nil, checkpoint
		return s.end(ctx)
	})
}

// Close ends the connection. What is prepared and not sent is sent by the next
// start.
func (s *Sink[T]) Close() error {
	if s.session != nil {
		s.session.client.Close()
		s.session = nil
	}
	return s.out.close()
}

// insist tries until it works, ctx is over, or going on would be a guess.
func (s *Sink[T]) insist(ctx context.Context, try func(context.Context) error) error {
	done := false
	err := persist(ctx, func(ctx context.Context) error {
		err := try(ctx)
		if done = err == nil; done {
			return &stopError{errDone}
		}
		if s.session != nil { // it is never mended
			s.session.client.Close()
			s.session = nil
		}
		return err
	}, func() uint64 { return 0 }, func(err error) {
		s.options.Report(&tidegate.Error{Code: tidegate.CodeUnavailable, Message: "Kafka does not take the results; trying again", Cause: err})
	})
	switch {
	case done:
		return nil
	case err == nil:
		return ctx.Err()
	}
	return err
}

var errDone = errors.New("done")

// commit sends the files up to a checkpoint that are not in Kafka yet.
func (s *Sink[T]) commit(ctx context.Context, checkpoint uint64) error {
	numbers, err := s.out.prepared()
	if err != nil {
		return &stopError{err}
	}
	for _, number := range numbers {
		if number > checkpoint {
			break
		}
		if s.session == nil {
			if err := s.open(ctx); err != nil {
				return err
			}
		}
		if number > s.session.next {
			if s.session.batch, err = s.out.read(number); err != nil {
				return &stopError{err}
			}
			s.session.next = number
			if err := s.end(ctx); err != nil {
				return err
			}
		}
		if err := s.out.remove(number); err != nil {
			return &stopError{err}
		}
	}
	if s.session != nil && time.Since(s.session.renewed) > s.options.Renew {
		s.session.batch = nil
		return s.end(ctx) // offsets of groups without members expire
	}
	return nil
}

func (s *Sink[T]) end(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, s.options.Timeout)
	defer cancel()
	if err := s.session.commit(ctx); err != nil {
		return err
	}
	s.claimed = true
	return s.sent.Save(s.session.next)
}

// open begins a session, and learns which checkpoint is in Kafka.
func (s *Sink[T]) open(ctx context.Context) error {
	o := s.options.Options
	ctx, cancel := context.WithTimeout(ctx, o.Timeout)
	defer cancel()
	sent, err := s.sent.Record()
	if err != nil {
		return &stopError{err}
	}
	session, err := connect(ctx, o, o.Topics)
	if err != nil {
		return err
	}
	at, err := session.committed(ctx)
	switch {
	case err == nil && at == nil && sent > 0:
		err = stopped("Kafka has no position of the sink %s, which has published checkpoint %d: the group's offset has expired or was deleted, or these are other brokers", s.options.Name, sent)
	case err == nil && at != nil && s.claimed && at.instance != o.Instance:
		err = stopped("another process runs the pipeline of the sink %s", s.options.Name)
	case err == nil && at != nil && at.journal != s.options.Name:
		err = stopped("Kafka's position is that of the sink %s, and this is %s", at.journal, s.options.Name)
	case err == nil && at != nil && at.next < sent:
		err = stopped("Kafka's position of the sink %s is checkpoint %d, before what was published, checkpoint %d: the brokers have lost something, or somebody set the group's offset", s.options.Name, at.next, sent)
	case err == nil && at != nil:
		session.next = at.next
	}
	if err != nil {
		session.client.Close()
		return err
	}
	s.session = session
	return nil
}
