package node

import (
	"maps"
	"sync"

	"github.com/tidegate/tidegate/scoring/patterns"
)

// PatternCounts are totals of one event pattern since the node was opened.
type PatternCounts struct {
	Completed  uint64 // matches, by an event or by the end of a window
	TimedOut   uint64 // partial matches that ran out of time, as far as it was seen: at the entity's next event, or by a timer
	Stale      uint64 // events older than their entity's newest, offered to nothing
	Dropped    uint64 // partial matches given up for the limit
	SkipFailed uint64 // skip strategies without a target
}

// patternCounters counts by the name of the pattern. The writer adds, others read.
type patternCounters struct {
	mu   sync.Mutex
	byID map[string]PatternCounts
}

// name lets every pattern that is looked for have its totals.
func (c *patternCounters) name(set *patterns.Set) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.byID == nil {
		c.byID = map[string]PatternCounts{}
	}
	for _, p := range set.Patterns() {
		if _, ok := c.byID[p.ID]; !ok {
			c.byID[p.ID] = PatternCounts{}
		}
	}
}

func (c *patternCounters) add(found []patterns.Found) {
	for i := range found {
		f := &found[i]
		if len(f.Completed) == 0 && f.TimedOut == 0 && !f.Stale && f.Dropped == 0 && !f.Failed {
			continue
		}
		c.mu.Lock()
		n := c.byID[f.Pattern.ID]
		n.Completed += uint64(len(f.Completed))
		n.TimedOut += uint64(f.TimedOut)
		n.Dropped += uint64(f.Dropped)
		if f.Stale {
			n.Stale++
		}
		if f.Failed {
			n.SkipFailed++
		}
		c.byID[f.Pattern.ID] = n
		c.mu.Unlock()
	}
}

// Patterns are the totals of all patterns that were looked for.
func (c *Counters) Patterns() map[string]PatternCounts {
	c.patterns.mu.Lock()
	defer c.patterns.mu.Unlock()
	return maps.Clone(c.patterns.byID)
}
