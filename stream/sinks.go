package stream

import (
	"context"
	"encoding/json"
	"io"
)

// ToFunc is a sink that calls a function with each record, one at a time.
func ToFunc[T any](f func(ctx context.Context, r Record[T]) error) Sink[T] { return funcSink[T]{f} }

type funcSink[T any] struct {
	f func(context.Context, Record[T]) error
}

func (s funcSink[T]) Write(ctx context.Context, records []Record[T]) error {
	for _, r := range records {
		if err := s.f(ctx, r); err != nil {
			return err
		}
	}
	return nil
}

func (s funcSink[T]) Close() error { return nil }

// ToChannel is a sink that sends the values into a channel, which it closes at
// the end. Whoever reads it sets the pace.
func ToChannel[T any](c chan<- T) Sink[T] { return channelSink[T]{c} }

type channelSink[T any] struct{ c chan<- T }

func (s channelSink[T]) Write(ctx context.Context, records []Record[T]) error {
	for _, r := range records {
		select {
		case s.c <- r.Value:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	return nil
}

func (s channelSink[T]) Close() error {
	close(s.c)
	return nil
}

// Print is a sink that writes a line of JSON for each record.
func Print[T any](w io.Writer) Sink[T] { return printer[T]{w} }

type printer[T any] struct{ w io.Writer }

func (s printer[T]) Write(_ context.Context, records []Record[T]) error {
	e := json.NewEncoder(s.w)
	var refused *Refused
	for i, r := range records {
		err := e.Encode(r.Value)
		if _, unsupported := err.(*json.UnsupportedValueError); unsupported {
			if refused == nil {
				refused = &Refused{Err: err}
			}
			refused.Indexes = append(refused.Indexes, i)
		} else if err != nil {
			return err
		}
	}
	if refused != nil {
		return refused
	}
	return nil
}

func (s printer[T]) Close() error { return nil }

// Blackhole is a sink that forgets.
func Blackhole[T any]() Sink[T] {
	return ToFunc(func(context.Context, Record[T]) error { return nil })
}
