package streamtest

import (
	"context"
	"fmt"
	"io"

	"github.com/tidegate/tidegate/stream"
)

// Source is a source whose records the test sends.
type Source[T any] struct {
	partitions []*partition[T]
}

// NewSource makes a source of a number of partitions.
func NewSource[T any](partitions int) *Source[T] {
	s := &Source[T]{}
	for range partitions {
		s.partitions = append(s.partitions, &partition[T]{})
	}
	return s
}

// Send queues a record in a partition. The driver's next step handles it.
func (s *Source[T]) Send(partition int, v T, at stream.Millis) {
	p := s.partitions[partition]
	p.sent = append(p.sent, stream.Record[T]{Value: v, Time: at})
}

// End says that a partition has no more records.
func (s *Source[T]) End(partition int) { s.partitions[partition].ended = true }

// Partitions are named 0, 1, 2, …. A pipeline that starts from a checkpoint
// reads on after the last record that the checkpoint covers.
func (s *Source[T]) Partitions(context.Context) ([]stream.Partition[T], error) {
	var all []stream.Partition[T]
	for i, p := range s.partitions {
		p.next = 0
		all = append(all, stream.Partition[T]{Name: fmt.Sprint(i), Reader: p})
	}
	return all, nil
}

// Recorded is true: tests choose their times freely.
func (s *Source[T]) Recorded() bool { return true }

type partition[T any] struct {
	sent  []stream.Record[T]
	next  int
	ended bool
}

func (p *partition[T]) Seek(_ context.Context, position int64) error {
	p.next = int(position)
	return nil
}

func (p *partition[T]) Read(_ context.Context, batch []stream.Message[T]) (n int, err error) {
	for n < len(batch) && p.next < len(p.sent) {
		r := p.sent[p.next]
		p.next++
		batch[n] = stream.Message[T]{Value: r.Value, Meta: stream.Meta{Time: r.Time, Next: int64(p.next)}}
		n++
	}
	if p.ended && p.next == len(p.sent) {
		return n, io.EOF
	}
	return n, nil
}

func (p *partition[T]) Close() error { return nil }

// Only is the source of one of the partitions alone, for a pipeline that reads
// them as sources of their own.
func (s *Source[T]) Only(partition int) *Source[T] {
	return &Source[T]{s.partitions[partition : partition+1]}
}
