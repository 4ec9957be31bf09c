package kafka

import (
	"context"
	"errors"
	"time"

	"github.com/tidegate/tidegate"
)

const (
	retryMin = 100 * time.Millisecond
	retryMax = 5 * time.Second
)

// persist runs sessions until ctx is over, and then returns nil, or until one
// ends with a [stopError]: then it must not go on. Any other failure is told and
// tried again, after a while that grows as long as nothing succeeds.
func persist(ctx context.Context, session func(context.Context) error, done func() uint64, failed func(error)) error {
	wait := retryMin
	for {
		before := done()
		err := session(ctx)
		var stop *stopError
		switch {
		case ctx.Err() != nil:
			return nil
		case errors.As(err, &stop):
			return err
		}
		failed(err)
		var refused *refusedError
		if errors.As(err, &refused) {
			continue // the next session sends it otherwise
		}
		if done() > before {
			wait = retryMin
		}
		select {
		case <-time.After(wait):
		case <-ctx.Done():
			return nil
		}
		wait = min(2*wait, retryMax)
	}
}

// refused is the error of a client that does not take its options.
func refused(err error) error {
	return &stopError{&tidegate.Error{Code: tidegate.CodeConfig, Message: "the Kafka client refuses its configuration", Cause: err}}
}
