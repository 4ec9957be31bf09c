package intake

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"runtime/debug"
	"sync"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/tidegate/tidegate"
	"github.com/tidegate/tidegate/node"
	"github.com/tidegate/tidegate/stream/kafka"
	"github.com/tidegate/tidegate/wire"
)

// decode makes an input of a record, if it can't be used a dead letter, if it is
// to be tried again one that says so, and of one that says nothing a place that
// was read. Its error passes.
func (t *taker) decode(ctx context.Context, p kafka.Place, r *kgo.Record) (in node.Input, err error) {
	origin := node.Origin{Partition: partition(p), Offset: r.Offset}
	in, err = t.parse(ctx, r)
	if errors.Is(err, errNothing) {
		return node.Input{Origin: origin}, nil
	}
	if err != nil {
		if tidegate.CodeOf(err) == tidegate.CodeMalformed && t.topic.Translate == nil && t.topic.Garbled != nil {
			t.topic.Garbled(err)
		}
		letter := t.letter(r, err)
		if tidegate.CodeOf(err) == tidegate.CodeUnavailable {
			if !t.again(letter, r) {
				return in, err
			}
			t.tell(err)
		}
		in = node.Input{Letter: letter}
	}
	in.Origin = origin
	return in, nil
}

func (t *taker) parse(ctx context.Context, r *kgo.Record) (in node.Input, err error) {
	defer func() {
		if cause := recover(); cause != nil {
			err = &panicked{fmt.Sprint(cause), string(debug.Stack())}
		}
	}()
	if r.Key == nil && !t.topic.Keyless {
		return in, tidegate.Errorf(tidegate.CodeInvalid, "the record has no key: without one it has no order with others of its customer")
	}
	body := r.Value
	if t.topic.Translate != nil {
		if body, err = t.topic.Translate(ctx, r); err != nil {
			return in, err
		}
		if body == nil {
			return in, errNothing
		}
	}
	if len(body) == 0 {
		return in, tidegate.Errorf(tidegate.CodeMalformed, "the record has no value")
	}
	o := wire.Options{Tenant: t.topic.Tenant, MaxBody: t.o.MaxBody, PANKey: t.o.PANKey, Attributes: t.o.Node.Attributes(), Computed: t.o.Node.Computes}
	guard := t.o.Node.Clock()
	o.MaxAhead = guard.MaxAhead
	now := tidegate.MillisOf(t.o.Clock())
	switch t.topic.Takes {
	case Labels:
		l := &tidegate.Label{}
		if _, err := wire.DecodeLabel(body, o, l); err != nil {
			return in, err
		}
		if !guard.Off {
			if err := wire.CheckReported(l, now, guard.MaxAhead); err != nil {
				return in, err
			}
		}
		if t.topic.Source != "" {
			l.Source = t.topic.Source
		}
		in.Label = l
		return in, nil
	case Events:
		o.Kind = wire.OtherEvent
	default:
		o.Kind = wire.Transaction
	}
	e := freeEvents.Get().(*tidegate.Event)
	if err := wire.DecodeEvent(body, o, e); err != nil {
		return in, err
	}
	if t.topic.Source != "" {
		e.Source = t.topic.Source
	}
	// An event from Kafka may be old: it waited there for us.
	if !guard.Off {
		if err := wire.CheckClock(e, now, o); err != nil {
			return in, err
		}
	}
	if t.topic.Takes == Events {
		in.Event = e
	} else {
		in.Transaction = e
	}
	return in, nil
}

// Events are used again once they were taken: the node keeps none.
var freeEvents = sync.Pool{New: func() any { return new(tidegate.Event) }}

// release gives the events of inputs back that were taken, or never will be.
func release(inputs []node.Input) {
	for i := range inputs {
		if tx := inputs[i].Transaction; tx != nil {
			freeEvents.Put(tx)
		}
	}
}

// errNothing says that a record is no input, as a tombstone: it is passed over.
var errNothing = errors.New("the record says nothing")

// panicked is the error of a decoder that did not return.
type panicked struct{ cause, stack string }

func (p *panicked) Error() string { return "panic: " + p.cause }

// maxLetter bounds what a dead letter keeps of a value: what the journal takes
// in one record, and the dead letters' topic in one message.
const maxLetter = 8 << 20

// letter keeps a record with the reason why it can't be used, without what may
// not be kept.
func (t *taker) letter(r *kgo.Record, err error) *node.DeadLetter {
	r, _, _ = kafka.Tried(r)
	tenant := t.topic.Tenant
	if tenant == "" {
		tenant = tidegate.DefaultTenant
	}
	l := &node.DeadLetter{
		Tenant: tenant, Reason: string(tidegate.CodeOf(err)), Topic: r.Topic, Partition: r.Partition, Offset: r.Offset,
		Key: masked(r.Key), Value: masked(r.Value), Error: string(masked([]byte(err.Error()))), Time: tidegate.MillisOf(r.Timestamp),
	}
	if t.o.Node.Clock().Off {
		l.FailedAt = tidegate.MillisOf(t.o.Clock())
	}
	var p *panicked
	var poison *node.Poison
	switch {
	case errors.As(err, &p):
		l.Stack = p.stack
	case errors.As(err, &poison):
		l.Stack = poison.Stack
	}
	for _, h := range r.Headers {
		l.Headers = append(l.Headers, node.Header{Key: h.Key, Value: masked(h.Value)})
	}
	if len(l.Value) > maxLetter {
		l.Headers = append(l.Headers, node.Header{Key: kafka.HeaderTruncated, Value: fmt.Append(nil, len(l.Value))})
		l.Value = l.Value[:maxLetter]
	}
	return l
}

// again says in the letter of a record whose failure passes that it is to be
// tried again; after the last try it is a dead letter. It is false for a record
// that waits where it is: there are no tries, or what it holds may not be kept
// as it is.
func (t *taker) again(l *node.DeadLetter, r *kgo.Record) bool {
	_, tries, _ := kafka.Tried(r)
	if t.topic.Retry.Attempts < 2 || !bytes.Equal(l.Value, r.Value) || !bytes.Equal(l.Key, r.Key) {
		return false
	}
	if tries+1 < t.topic.Retry.Attempts {
		t.retries.Add(1)
		l.Tries, l.NotBefore = tries+1, tidegate.MillisOf(t.o.Clock().Add(t.topic.Retry.Backoff))
	}
	return true
}

// tell reports that records wait to be tried again, or are dead letters after the
// last try: not of each record.
func (t *taker) tell(err error) {
	const quiet = time.Minute
	now, last := t.o.Clock().UnixMilli(), t.told.Load()
	if now-last >= quiet.Milliseconds() && t.told.CompareAndSwap(last, now) {
		t.o.Report(&tidegate.Error{Code: tidegate.CodeOf(err), Message: "records of topic " + t.topic.Name + " are tried again later, from " + kafka.RetryTopic(t.topic.Name).Name, Cause: err})
	}
}

func masked(b []byte) []byte {
	if b == nil {
		return nil // a null stays one
	}
	return wire.Mask(bytes.Clone(b))
}
