package stream

import (
	"context"
	"fmt"
	"io"
	"time"
)

// FromSlice is a source of some values.
func FromSlice[T any](values ...T) Source[T] {
	return Generate(func(i int64) (v T, ok bool) {
		if i >= int64(len(values)) {
			return v, false
		}
		return values[i], true
	})
}

// Generate is a source of values made by a function of their number, from 0,
// until it returns false. It can be read again from any position.
func Generate[T any](f func(i int64) (T, bool)) Source[T] { return generated[T]{f: f} }

// GenerateAt is [Generate] with a rate: so many records a second by the clock.
func GenerateAt[T any](rate float64, clock Clock, f func(i int64) (T, bool)) Source[T] {
	return generated[T]{f: f, rate: rate, clock: clock}
}

type generated[T any] struct {
	f     func(i int64) (T, bool)
	rate  float64
	clock Clock
}

func (g generated[T]) Partitions(context.Context) ([]Partition[T], error) {
	return []Partition[T]{{Name: "0", Reader: &generator[T]{generated: g}}}, nil
}

// Recorded is true: what is generated need not be of now.
func (g generated[T]) Recorded() bool { return true }

type generator[T any] struct {
	generated[T]
	next  int64
	sent  int64  // since it began
	began Millis // by the clock
}

func (g *generator[T]) Seek(_ context.Context, position int64) error {
	g.next = position
	return nil
}

func (g *generator[T]) Read(ctx context.Context, batch []Message[T]) (n int, err error) {
	allowed := len(batch)
	if g.rate > 0 {
		if allowed = g.await(ctx, len(batch)); allowed == 0 {
			return 0, ctx.Err()
		}
	}
	for n < allowed {
		v, ok := g.f(g.next)
		if !ok {
			return n, io.EOF
		}
		g.next++
		batch[n] = Message[T]{Value: v, Meta: Meta{Next: g.next}}
		n++
	}
	g.sent += int64(n)
	return n, nil
}

// await waits until the rate allows at least one record.
func (g *generator[T]) await(ctx context.Context, most int) int {
	if g.sent == 0 && g.began == 0 {
		g.began = g.clock.Now()
	}
	for ctx.Err() == nil {
		due := int64(g.rate*float64(g.clock.Now()-g.began)/1000) + 1 - g.sent
		if due > 0 {
			return int(min(due, int64(most)))
		}
		g.clock.Sleep(ctx.Done(), max(time.Millisecond, time.Duration(float64(time.Second)/g.rate)))
	}
	return 0
}

func (g *generator[T]) Close() error { return nil }

// FromChannel is a source of what comes from a channel, until it is closed.
// It has no positions: what was taken from the channel after the last
// checkpoint is not there again after a restart.
func FromChannel[T any](c <-chan T) Source[T] { return channelSource[T]{c} }

type channelSource[T any] struct{ c <-chan T }

func (s channelSource[T]) Partitions(context.Context) ([]Partition[T], error) {
	return []Partition[T]{{Name: "0", Reader: s}}, nil
}

func (s channelSource[T]) Seek(context.Context, int64) error { return nil }
func (s channelSource[T]) Close() error                      { return nil }

func (s channelSource[T]) Read(ctx context.Context, batch []Message[T]) (int, error) {
	select {
	case v, ok := <-s.c:
		if !ok {
			return 0, io.EOF
		}
		batch[0] = Message[T]{Value: v}
	case <-ctx.Done():
		return 0, ctx.Err()
	}
	for n := 1; n < len(batch); n++ {
		select {
		case v, ok := <-s.c:
			if !ok {
				return n, io.EOF
			}
			batch[n] = Message[T]{Value: v}
		default:
			return n, nil
		}
	}
	return len(batch), nil
}

// sources are several sources as one.
type sources[T any] []Source[T]

// Sources is one source with the partitions of several, which it names after
// their places.
func Sources[T any](all ...Source[T]) Source[T] { return sources[T](all) }

func (s sources[T]) Partitions(ctx context.Context) (all []Partition[T], err error) {
	for i, src := range s {
		partitions, err := src.Partitions(ctx)
		if err != nil {
			return nil, err
		}
		for _, p := range partitions {
			p.Name = fmt.Sprintf("%d/%s", i, p.Name)
			all = append(all, p)
		}
	}
	return all, nil
}

// Recorded is true if all of them are.
func (s sources[T]) Recorded() bool {
	for _, src := range s {
		if r, ok := src.(Recorded); !ok || !r.Recorded() {
			return false
		}
	}
	return true
}
