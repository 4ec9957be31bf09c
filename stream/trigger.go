package stream

import "math"

// Decision is what a trigger wants done with a window.
type Decision uint8

// A window is left alone, fired (its result is emitted), purged (its contents
// are forgotten, not the window), or fired and then purged.
const (
	Continue     Decision = 0
	Fire         Decision = 1 << 0
	Purge        Decision = 1 << 1
	FireAndPurge          = Fire | Purge
)

// Element is what triggers and evictors see of a record.
type Element struct {
	Time    Millis
	Measure float64 // by the function given to [Windowed.Measure]; 0 without one
}

// Trigger decides when a window's result is emitted. Its state and timers
// belong to one window of one key and are reached through the context, so
// that one Trigger serves all windows.
type Trigger interface {
	// OnElement is called for every record, after it was added to the window.
	OnElement(c *TriggerContext, e Element) Decision
	// OnTimer is called when a timer comes due: one that the trigger set, or
	// the one at which the window ends.
	OnTimer(c *TriggerContext, d Domain, at Millis) Decision
	// Clear forgets the trigger's state and deletes its timers.
	Clear(c *TriggerContext)
}

// MergingTrigger is a trigger that can be used for windows that merge.
type MergingTrigger interface {
	Trigger
	// OnMerge is called for the new window, whose state is empty, with the
	// states of the windows that it is made of.
	OnMerge(c *TriggerContext, merged []TriggerState)
}

// TriggerState are the numbers that a trigger remembers of a window.
type TriggerState []int64

const unset = math.MinInt64

// Load is the number under i, if there is one.
func (s TriggerState) Load(i int) (int64, bool) {
	if i >= len(s) || s[i] == unset {
		return 0, false
	}
	return s[i], true
}

// TriggerContext is a window as its trigger sees it. It is valid during the call.
type TriggerContext struct {
	Window    Span
	Watermark Millis // of the operator
	Now       Millis // processing time

	schedule *schedule
	offset   int // of the numbers of the trigger being called; wrapped triggers have theirs behind
	domain   Domain
	cleanup  Millis // when the window is forgotten: a timer that is always set
}

// Load is the number that the trigger stored under i.
func (c *TriggerContext) Load(i int) (int64, bool) { return c.schedule.state().Load(c.offset + i) }

// Store remembers a number other than the smallest int64.
func (c *TriggerContext) Store(i int, v int64) { c.schedule.store(c.offset+i, v) }

// Forget forgets the number under i.
func (c *TriggerContext) Forget(i int) {
	if _, ok := c.Load(i); ok {
		c.schedule.store(c.offset+i, unset)
	}
}

// SetTimer asks for OnTimer at a time. A timer that is set already stays one.
func (c *TriggerContext) SetTimer(d Domain, at Millis) {
	if c.isCleanup(d, at) {
		c.schedule.silent = false
		return
	}
	c.schedule.set(d, at)
}

// DeleteTimer takes SetTimer back. The timer at which the window is forgotten
// stays, but the trigger is not asked then, unless another record comes.
func (c *TriggerContext) DeleteTimer(d Domain, at Millis) {
	if c.isCleanup(d, at) {
		c.schedule.silent = true
		return
	}
	c.schedule.remove(d, at)
}

func (c *TriggerContext) isCleanup(d Domain, at Millis) bool {
	return d == c.domain && at == c.cleanup && at != MaxTime
}

// mergeable says whether a trigger, and what it wraps, can merge.
func mergeable(t Trigger) bool {
	if p, ok := t.(purging); ok {
		return mergeable(p.Trigger)
	}
	_, ok := t.(MergingTrigger)
	return ok
}
