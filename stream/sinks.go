package stream

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
)

// ToFunc is a sink that calls a function with each record, one at a time. A
// record at which it panics goes to the dead letters; an error stops the
// pipeline.
func ToFunc[T any](f func(ctx context.Context, r Record[T]) error) Sink[T] { return funcSink[T]{f} }

type funcSink[T any] struct {
	f func(context.Context, Record[T]) error
}

func (s funcSink[T]) Write(ctx context.Context, records []Record[T]) error {
	var refused refusals
	for i, r := range records {
		poison, err := s.call(ctx, r)
		if err != nil {
			return err
		}
		refused.add(i, poison)
	}
	return refused.err()
}

func (s funcSink[T]) call(ctx context.Context, r Record[T]) (poison, err error) {
	defer func() {
		if cause := recover(); cause != nil {
			poison = fmt.Errorf("panic: %v", cause)
		}
	}()
	return nil, s.f(ctx, r)
}

func (s funcSink[T]) Close() error { return nil }

// refusals are the records of a batch that could not be written, and why not
// the first of them.
type refusals struct{ refused *Refused }

func (r *refusals) add(i int, cause error) {
	if cause == nil {
		return
	}
	if r.refused == nil {
		r.refused = &Refused{Err: cause}
	}
	r.refused.Indexes = append(r.refused.Indexes, i)
}

func (r *refusals) err() error {
	if r.refused == nil {
		return nil
	}
	return r.refused
}

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
	var refused refusals
	for i, r := range records {
		line, err := marshal(r.Value)
		if err != nil {
			refused.add(i, err)
			continue
		}
		if _, err := s.w.Write(append(line, '\n')); err != nil {
			return err
		}
	}
	return refused.err()
}

// marshal makes an error of a panic, which is the value's fault.
func marshal(v any) (b []byte, err error) {
	defer func() {
		if cause := recover(); cause != nil {
			err = fmt.Errorf("panic: %v", cause)
		}
	}()
	return json.Marshal(v)
}

func (s printer[T]) Close() error { return nil }

// Blackhole is a sink that forgets.
func Blackhole[T any]() Sink[T] {
	return ToFunc(func(context.Context, Record[T]) error { return nil })
}
