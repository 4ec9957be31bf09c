package stream

import (
	"sync"
	"sync/atomic"
)

// gate lets a checkpoint stop the world between two records. Whoever changes
// state is inside of it; waiting for anything, such as input or room in a
// sink, happens outside, so that a pause never has to wait for it.
type gate struct {
	pausing atomic.Bool
	mu      sync.Mutex
	changed sync.Cond
	inside  int
}

func newGate() *gate {
	g := &gate{}
	g.changed.L = &g.mu
	return g
}

// enter waits until no pause is on.
func (g *gate) enter() {
	g.mu.Lock()
	for g.pausing.Load() {
		g.changed.Wait()
	}
	g.inside++
	g.mu.Unlock()
}

func (g *gate) leave() {
	g.mu.Lock()
	if g.inside--; g.inside == 0 {
		g.changed.Broadcast()
	}
	g.mu.Unlock()
}

// between is called between two records, or two firings, from inside.
func (g *gate) between() {
	if g.pausing.Load() {
		g.leave()
		g.enter()
	}
}

// pause returns when nobody is inside. One pause is on at a time.
func (g *gate) pause() {
	g.mu.Lock()
	g.pausing.Store(true)
	for g.inside > 0 {
		g.changed.Wait()
	}
	g.mu.Unlock()
}

func (g *gate) resume() {
	g.mu.Lock()
	g.pausing.Store(false)
	g.changed.Broadcast()
	g.mu.Unlock()
}
