package kafka

import (
	"context"

	"github.com/twmb/franz-go/pkg/kgo"
)

// Source is where a publisher reads: durable records in order. It has one
// user at a time.
type Source interface {
	// Seek makes Next go on with a record, or the first one after it that has
	// messages. It is called before the first Next and after a failure.
	Seek(record uint64) error
	// Next appends the messages of the next durable record that has any, and
	// returns its sequence number. It waits until there is one or ctx is over;
	// with an error it has consumed nothing.
	Next(ctx context.Context, to []Message) (record uint64, messages []Message, err error)
	// Bounds are the first record kept and the last durable one.
	Bounds() (first, end uint64)
}

// Message is one record for a topic.
type Message struct {
	Topic   string
	Key     []byte
	Value   []byte
	Headers []kgo.RecordHeader

	mark mark // set by the publisher
}
