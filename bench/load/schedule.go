package load

import (
	"math/rand/v2"
	"sync"
	"time"
)

// schedule says when the requests of an open loop are due. They are one stream
// over all connections, as of a gateway with a pool of them: the next free
// connection takes the next request, and one that finds none free is late.
type schedule struct {
	interval float64 // mean, in seconds
	poisson  bool

	mu  sync.Mutex
	at  time.Time
	rng *rand.Rand
}

// newSchedule is nil in the closed loop.
func newSchedule(o Options, start time.Time) *schedule {
	if o.Rate <= 0 {
		return nil
	}
	return &schedule{interval: 1 / o.Rate, poisson: o.Poisson, at: start, rng: rand.New(rand.NewPCG(1, 1))}
}

func (s *schedule) next() time.Time {
	s.mu.Lock()
	defer s.mu.Unlock()
	due := s.at
	step := s.interval
	if s.poisson {
		step *= s.rng.ExpFloat64()
	}
	s.at = due.Add(time.Duration(step * 1e9))
	return due
}
