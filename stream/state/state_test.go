package state_test

import (
	"errors"
	"sync/atomic"
	"testing"

	"pgregory.net/rapid"

	"github.com/tidegate/tidegate/stream/state"
	"github.com/tidegate/tidegate/stream/state/statetest"
)

// TestModel holds the store to a plain map over a backend that is one.
func TestModel(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		backend := statetest.NewMap()
		var failing atomic.Bool
		calls := atomic.Int32{}
		fail := func() error {
			if failing.Load() && calls.Add(1)%7 == 0 {
				return errors.New("disk full")
			}
			return nil
		}
		backend.Fail = fail
		statetest.Check(t, statetest.Disk{
			Open: func() (state.Backend, error) {
				backend = backend.Clone()
				backend.Fail = fail
				return backend, nil
			},
			Fail: failing.Store,
		})
	})
}
