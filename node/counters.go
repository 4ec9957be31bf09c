package node

import (
	"maps"
	"sync"
	"sync/atomic"

	"github.com/tidegate/tidegate"
	"github.com/tidegate/tidegate/stream/state"
)

// Counters of a node since it was opened.
type Counters struct {
	Outcomes   [4]atomic.Uint64 // by tidegate.Outcome
	Alerts     atomic.Uint64
	Suppressed atomic.Uint64
	Degraded   atomic.Uint64
	retries    atomic.Uint64
	conflicts  atomic.Uint64
	unanswered atomic.Uint64
	events     atomic.Uint64
	labels     atomic.Uint64
	letters    letters

	checkpointErrors atomic.Uint64
	checkpointed     atomic.Uint64
	lastCheckpoint   atomic.Pointer[state.CheckpointStats]
	patterns         patternCounters
}

func (c *Counters) decided(d *tidegate.Decision) {
	c.Outcomes[d.Outcome].Add(1)
	c.Alerts.Add(uint64(len(d.Alerts)))
	for _, r := range d.Rules {
		if r.Alert == tidegate.Suppressed {
			c.Suppressed.Add(1)
		}
	}
	if len(d.Degraded) > 0 {
		c.Degraded.Add(1)
	}
}

// Retries, Conflicts, Unanswered, Events and Labels are totals.
func (c *Counters) Retries() uint64    { return c.retries.Load() }
func (c *Counters) Conflicts() uint64  { return c.conflicts.Load() }
func (c *Counters) Unanswered() uint64 { return c.unanswered.Load() }
func (c *Counters) Events() uint64     { return c.events.Load() }
func (c *Counters) Labels() uint64     { return c.labels.Load() }

// DeadLetters counts inputs that could not be used.
func (c *Counters) DeadLetters() (total uint64) {
	for _, n := range c.DeadLetterReasons() {
		total += n
	}
	return total
}

// DeadLetterReasons counts them by reason.
func (c *Counters) DeadLetterReasons() map[string]uint64 {
	c.letters.mu.Lock()
	defer c.letters.mu.Unlock()
	return maps.Clone(c.letters.byReason)
}

// letters are dead letters by reason: there are as many reasons as codes.
type letters struct {
	mu       sync.Mutex
	byReason map[string]uint64
}

func (c *Counters) buried(reason string) {
	c.letters.mu.Lock()
	defer c.letters.mu.Unlock()
	if c.letters.byReason == nil {
		c.letters.byReason = map[string]uint64{}
	}
	c.letters.byReason[reason]++
}

// CheckpointStats tells of the checkpoints since the node was opened.
type CheckpointStats struct {
	Written uint64
	Failed  uint64
	Last    state.CheckpointStats
}

func (c *Counters) checkpoint(s state.CheckpointStats) {
	c.checkpointed.Add(1)
	c.lastCheckpoint.Store(&s)
}

func (c *Counters) checkpoints() CheckpointStats {
	s := CheckpointStats{Written: c.checkpointed.Load(), Failed: c.checkpointErrors.Load()}
	if last := c.lastCheckpoint.Load(); last != nil {
		s.Last = *last
	}
	return s
}
