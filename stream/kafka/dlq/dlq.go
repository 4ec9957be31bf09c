// Package dlq works on the dead letters of a topic: it lists and shows them,
// keeps a corrected value beside one, sends them again, each once, and takes
// them away. What was done, by whom and when is in a topic of its own, named
// after the dead letters' with ".log" behind it: the letters themselves are
// never changed.
//
//	letters, err := dlq.Open(ctx, "transactions", options)
//	err = letters.Each(ctx, filter, func(l dlq.Letter) error { … })
//	done, err := letters.Replay(ctx, filter, dlq.Replay{Who: "anna"})
package dlq

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/tidegate/tidegate"
	"github.com/tidegate/tidegate/stream/kafka"
)

// Letters are the dead letters of a topic. It has one user at a time.
type Letters struct {
	topic   string // the original
	letters string
	log     string
	options []kgo.Opt
	client  *kgo.Client
}

// logRetention is longer than that of dead letters: as long as one is there,
// so is what was done to it.
const logRetention = 90 * 24 * time.Hour

// Open finds the dead letters of a topic, and makes the topic that remembers
// what is done with them. options are brokers, TLS, SASL and the like.
func Open(ctx context.Context, topic string, options ...kgo.Opt) (*Letters, error) {
	name := kafka.DeadLetterTopic(topic).Name
	l := &Letters{topic: topic, letters: name, log: name + ".log", options: options}
	var err error
	if l.client, err = kgo.NewClient(append([]kgo.Opt{kgo.ClientID("tidegate-dlq"), kgo.MetadataMinAge(250 * time.Millisecond)}, options...)...); err != nil {
		return nil, &tidegate.Error{Code: tidegate.CodeConfig, Message: "the Kafka client refuses its configuration", Cause: err}
	}
	there, err := kadm.NewClient(l.client).ListTopics(ctx, l.letters)
	if err == nil && errors.Is(there[l.letters].Err, kerr.UnknownTopicOrPartition) {
		err = tidegate.Errorf(tidegate.CodeNotFound, "there is no topic %s: nothing of %s has failed yet, or its name is another", l.letters, topic)
	} else if err == nil {
		configs := kafka.Retention(logRetention)
		configs["max.message.bytes"] = strconv.Itoa(kafka.LargestMessage) // what a letter is edited to is kept there
		err = kafka.EnsureTopics(ctx, l.client, kafka.Topic{Name: l.log, Partitions: 1, Configs: configs})
	}
	if err != nil {
		l.client.Close()
		return nil, err
	}
	return l, nil
}

// Close ends the connection.
func (l *Letters) Close() { l.client.Close() }

// Letter is a dead letter and what was done with it.
type Letter struct {
	ID        string // partition and offset in the topic of dead letters, as "0-17"
	Topic     string // the original, with partition and offset; -1 where there is none
	Partition int32
	Offset    int64
	Code      string
	Error     string
	Stack     string
	FailedAt  time.Time
	Version   string // of the pipeline
	Attempt   int
	Truncated bool
	Key       []byte
	Value     []byte             // as it came, but for what was masked
	Headers   []kgo.RecordHeader // the record's own
	Edited    []byte             // the value that was put beside it; nil if none was
	Done      []Entry            // in order
}

// Replayed and Purged tell what was done.
func (l *Letter) Replayed() bool { return l.did("replay") }
func (l *Letter) Purged() bool   { return l.did("purge") }

func (l *Letter) did(action string) bool {
	for _, e := range l.Done {
		if e.Action == action {
			return true
		}
	}
	return false
}

// Entry records what somebody did with a letter.
type Entry struct {
	Letter  string    `json:"letter"`
	Action  string    `json:"action"` // edit, replay or purge
	Who     string    `json:"who"`
	At      time.Time `json:"at"`
	To      string    `json:"to,omitempty"`      // topic, of a replay
	Mapping string    `json:"mapping,omitempty"` // that a replay went through
	Value   []byte    `json:"value,omitempty"`   // of an edit
}

// Filter selects letters; what is zero selects all.
type Filter struct {
	IDs          []string
	Code         string // as "malformed"
	Error        string // a part of it
	Key          string
	Since, Until time.Time // of the failure
	Open         bool      // neither replayed nor purged
}

func (f *Filter) takes(l *Letter) bool {
	named := len(f.IDs) == 0
	for _, id := range f.IDs {
		named = named || id == l.ID
	}
	return named && (f.Code == "" || f.Code == l.Code) &&
		(f.Error == "" || strings.Contains(l.Error, f.Error)) &&
		(f.Key == "" || f.Key == string(l.Key)) &&
		(f.Since.IsZero() || !l.FailedAt.Before(f.Since)) &&
		(f.Until.IsZero() || l.FailedAt.Before(f.Until)) &&
		(!f.Open || !l.Replayed() && !l.Purged())
}

// Each calls a function with the letters that a filter selects, oldest first
// within a partition.
func (l *Letters) Each(ctx context.Context, f Filter, do func(Letter) error) error {
	done, err := l.entries(ctx)
	if err != nil {
		return err
	}
	return l.scan(ctx, l.letters, spanOf(f.IDs), func(r *kgo.Record) error {
		letter := parse(r)
		letter.note(done[letter.ID])
		if !f.takes(&letter) {
			return nil
		}
		return do(letter)
	})
}

// entries reads what was done, by letter.
func (l *Letters) entries(ctx context.Context) (map[string][]Entry, error) {
	done := map[string][]Entry{}
	return done, l.scan(ctx, l.log, nil, func(r *kgo.Record) error {
		var e Entry
		if err := json.Unmarshal(r.Value, &e); err != nil {
			return &tidegate.Error{Code: tidegate.CodeCorrupt, Message: fmt.Sprintf("%s/%d offset %d is none of ours", l.log, r.Partition, r.Offset), Cause: err}
		}
		done[e.Letter] = append(done[e.Letter], e)
		return nil
	})
}

func (l *Letter) note(done []Entry) {
	l.Done = done
	for _, e := range done {
		if e.Action == "edit" {
			l.Edited = e.Value
		}
	}
}

// parse takes a dead letter apart. What other tools wrote has fewer headers.
func parse(r *kgo.Record) Letter {
	l := Letter{ID: fmt.Sprintf("%d-%d", r.Partition, r.Offset), Key: r.Key, Value: r.Value, FailedAt: r.Timestamp, Partition: -1, Offset: -1, Attempt: 1}
	for _, h := range r.Headers {
		text := string(h.Value)
		number, _ := strconv.ParseInt(text, 10, 64)
		switch h.Key {
		case kafka.HeaderException:
			l.Code = text
		case kafka.HeaderMessage:
			l.Error = text
		case kafka.HeaderStacktrace:
			l.Stack = text
		case kafka.HeaderTopic:
			l.Topic = text
		case kafka.HeaderPartition:
			l.Partition = int32(number)
		case kafka.HeaderOffset:
			l.Offset = number
		case kafka.HeaderVersion:
			l.Version = text
		case kafka.HeaderAttempt:
			l.Attempt = int(number)
		case kafka.HeaderTruncated:
			l.Truncated = true
		case kafka.HeaderFailedAt:
			if at, err := time.Parse(time.RFC3339Nano, text); err == nil {
				l.FailedAt = at
			}
		default:
			if !kafka.OwnHeader(h.Key) {
				l.Headers = append(l.Headers, h)
			}
		}
	}
	return l
}
