package dlq

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/tidegate/tidegate"
	"github.com/tidegate/tidegate/stream/kafka"
)

// Replay says how letters are sent again.
type Replay struct {
	Who     string
	At      time.Time
	To      string // topic; "" is the original
	Again   bool   // also those that were replayed before
	Mapping string // name of Map, for the record
	// Map makes the value to send of a letter's; nil sends it as it is. What it
	// refuses stays where it is, and is told to Refused.
	Map     func(value []byte) ([]byte, error)
	Refused func(Letter, error)
}

// HeaderReplayed of a record that was sent again: the letter, and by whom.
const HeaderReplayed = kafka.HeaderReplayed

// These go into one transaction at most.
const (
	lettersAtOnce = 100
	bytesAtOnce   = 8 << 20 // and what one letter brings above it
)

// Replay sends the letters that a filter selects, each in a transaction with
// the record that it was sent: so each once, whatever happens in between, and
// however many do so at the same time.
func (l *Letters) Replay(ctx context.Context, f Filter, r Replay) (sent int, err error) {
	client, err := kgo.NewClient(append([]kgo.Opt{
		kgo.ClientID("tidegate-dlq"),
		kgo.TransactionalID("tidegate-dlq-" + l.topic),
		kgo.RequiredAcks(kgo.AllISRAcks()),
		kgo.ProducerBatchMaxBytes(kafka.LargestMessage), // a topic that brought a large record takes it back
		kgo.MetadataMinAge(250 * time.Millisecond),
	}, l.options...)...)
	if err != nil {
		return 0, err
	}
	defer client.Close()
	// From here on another who replays is fenced, and what it did is decided.
	if _, _, err := client.ProducerID(ctx); err != nil {
		return 0, err
	}
	var batch []Letter
	bytes := 0
	flush := func() error {
		n, err := l.sendAll(ctx, client, batch, r)
		sent += n
		batch, bytes = batch[:0], 0
		return err
	}
	err = l.Each(ctx, f, func(letter Letter) error {
		switch {
		case letter.Purged(), letter.Replayed() && !r.Again:
			return nil
		case letter.Truncated && letter.Edited == nil:
			r.refuse(letter, tidegate.Errorf(tidegate.CodeTooLarge, "its value was cut: put the whole one beside it with edit"))
			return nil
		}
		if letter.Edited != nil {
			letter.Value = letter.Edited
		}
		if r.Map != nil {
			var err error
			if letter.Value, err = r.Map(letter.Value); err != nil {
				r.refuse(letter, err)
				return nil
			}
		}
		batch, bytes = append(batch, letter), bytes+len(letter.Value)
		if len(batch) < lettersAtOnce && bytes < bytesAtOnce {
			return nil
		}
		return flush()
	})
	if err == nil && len(batch) > 0 {
		err = flush()
	}
	return sent, err
}

// sendAll sends letters in one transaction, unless the brokers refuse one of them,
// as one that is larger than its topic takes: then in two, so that this one alone
// stays.
func (l *Letters) sendAll(ctx context.Context, client *kgo.Client, batch []Letter, r Replay) (sent int, err error) {
	err = l.send(ctx, client, batch, r)
	switch n := len(batch); {
	case err == nil:
		return n, nil
	case !kafka.Permanent(err):
		return 0, err
	case n == 1:
		r.refuse(batch[0], err)
		return 0, nil
	default:
		if sent, err = l.sendAll(ctx, client, batch[:n/2], r); err != nil {
			return sent, err
		}
		rest, err := l.sendAll(ctx, client, batch[n/2:], r)
		return sent + rest, err
	}
}

func (r *Replay) refuse(l Letter, err error) {
	if r.Refused != nil {
		r.Refused(l, err)
	}
}

// smallBatch is what every topic takes by default. The client's own limit is that
// of the largest message, which would make large batches of small ones, too.
const smallBatch = 800_000

// send is one transaction.
func (l *Letters) send(ctx context.Context, client *kgo.Client, batch []Letter, r Replay) error {
	if err := client.BeginTransaction(); err != nil {
		return err
	}
	var mu sync.Mutex
	var failed error
	together := 0 // bytes since the last flush, which may come into one batch
	put := func(record *kgo.Record) {
		if together += len(record.Value); together > smallBatch {
			_ = client.Flush(ctx) // of ctx, which the last one tells
			together = len(record.Value)
		}
		client.Produce(ctx, record, func(_ *kgo.Record, err error) {
			mu.Lock()
			failed = errors.Join(failed, err)
			mu.Unlock()
		})
	}
	for i := range batch {
		letter := &batch[i]
		to := r.To
		if to == "" {
			to = letter.Topic
		}
		if to == "" {
			to = l.topic
		}
		record := &kgo.Record{Topic: to, Key: letter.Key, Value: letter.Value, Headers: append([]kgo.RecordHeader{}, letter.Headers...)}
		record.Headers = append(record.Headers,
			kgo.RecordHeader{Key: kafka.HeaderAttempt, Value: fmt.Append(nil, letter.Attempt)},
			kgo.RecordHeader{Key: HeaderReplayed, Value: fmt.Appendf(nil, "%s %s by %s", l.letters, letter.ID, r.Who)})
		put(record)
		entry, err := l.entry(Entry{Letter: letter.ID, Action: "replay", Who: r.Who, At: r.At, To: to, Mapping: r.Mapping})
		if err != nil {
			return errors.Join(err, client.EndTransaction(ctx, kgo.TryAbort))
		}
		put(entry)
	}
	if err := errors.Join(client.Flush(ctx), failed); err != nil {
		return errors.Join(err, client.EndTransaction(ctx, kgo.TryAbort))
	}
	return client.EndTransaction(ctx, kgo.TryCommit)
}

func (l *Letters) entry(e Entry) (*kgo.Record, error) {
	value, err := json.Marshal(e)
	return &kgo.Record{Topic: l.log, Key: []byte(e.Letter), Value: value}, err
}

// Edit puts a value beside a letter, to be sent in its place.
func (l *Letters) Edit(ctx context.Context, id, who string, at time.Time, value []byte) error {
	if len(value) == 0 {
		return tidegate.Errorf(tidegate.CodeInvalid, "the value is empty: nothing is put beside letter %s", id)
	}
	found := false
	if err := l.Each(ctx, Filter{IDs: []string{id}}, func(letter Letter) error {
		found = !letter.Purged()
		return nil
	}); err != nil {
		return err
	}
	if !found {
		return tidegate.Errorf(tidegate.CodeNotFound, "%s has no letter %s", l.letters, id)
	}
	entry, err := l.entry(Entry{Letter: id, Action: "edit", Who: who, At: at, Value: value})
	if err != nil {
		return err
	}
	client, err := kgo.NewClient(append([]kgo.Opt{kgo.ClientID("tidegate-dlq"), kgo.ProducerBatchMaxBytes(kafka.LargestMessage)}, l.options...)...)
	if err != nil {
		return err
	}
	defer client.Close()
	if err = client.ProduceSync(ctx, entry).FirstErr(); kafka.Permanent(err) {
		return &tidegate.Error{Code: tidegate.CodeTooLarge, Message: fmt.Sprintf("%s does not take a value of %d bytes: raise its max.message.bytes, which must be half as much again", l.log, len(value)), Cause: err}
	}
	return err
}

// Purge takes letters away: they are not listed as open or replayed any more,
// and what lies before the first that is left of a partition is deleted. The
// rest goes with the topic's retention.
func (l *Letters) Purge(ctx context.Context, f Filter, who string, at time.Time) (purged int, err error) {
	var entries []*kgo.Record
	keep := map[int32]int64{} // the first letter that is left
	gone := map[int32]int64{} // after the last that is not
	err = l.Each(ctx, Filter{}, func(letter Letter) error {
		partition, offset, err := place(letter.ID)
		if err != nil {
			return err
		}
		if !letter.Purged() {
			if !f.takes(&letter) {
				if _, ok := keep[partition]; !ok {
					keep[partition] = offset
				}
				return nil
			}
			entry, err := l.entry(Entry{Letter: letter.ID, Action: "purge", Who: who, At: at})
			if err != nil {
				return err
			}
			entries = append(entries, entry)
		}
		gone[partition] = offset + 1
		return nil
	})
	if err != nil || len(gone) == 0 {
		return 0, err
	}
	if len(entries) > 0 {
		if err := l.client.ProduceSync(ctx, entries...).FirstErr(); err != nil {
			return 0, err
		}
	}
	// Also those that were purged before: deleting may have failed then.
	offsets := kadm.Offsets{}
	for partition, end := range gone {
		if first, ok := keep[partition]; ok {
			end = min(end, first)
		}
		offsets.Add(kadm.Offset{Topic: l.letters, Partition: partition, At: end})
	}
	deleted, err := kadm.NewClient(l.client).DeleteRecords(ctx, offsets)
	if err == nil {
		err = deleted.Error()
	}
	return len(entries), err
}
