package streamtest

import (
	"context"
	"sync"

	"github.com/tidegate/tidegate/stream"
)

// Sink collects what it is given.
type Sink[T any] struct {
	mu      sync.Mutex
	records []stream.Record[T]
}

// Write keeps the records.
func (s *Sink[T]) Write(_ context.Context, records []stream.Record[T]) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.records = append(s.records, records...)
	return nil
}

// Close does nothing.
func (s *Sink[T]) Close() error { return nil }

// Take returns the records since the last Take.
func (s *Sink[T]) Take() []stream.Record[T] {
	s.mu.Lock()
	defer s.mu.Unlock()
	taken := s.records
	s.records = nil
	return taken
}

// Values returns the values of the records since the last Take.
func (s *Sink[T]) Values() []T {
	var values []T
	for _, r := range s.Take() {
		values = append(values, r.Value)
	}
	return values
}
