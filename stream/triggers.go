package stream

import (
	"math"
	"time"
)

// Never is the trigger that never fires: the default of [Global].
func Never() Trigger { return never{} }

type never struct{}

func (never) OnElement(*TriggerContext, Element) Decision      { return Continue }
func (never) OnTimer(*TriggerContext, Domain, Millis) Decision { return Continue }
func (never) Clear(*TriggerContext)                            {}
func (never) OnMerge(*TriggerContext, []TriggerState)          {}

// AtWatermark fires a window when the watermark passes its end, and again for
// every late record within the allowed lateness: the default of windows of
// event time.
func AtWatermark() Trigger { return atEnd{EventTime} }

// AtProcessingTime fires a window when the clock passes its end.
func AtProcessingTime() Trigger { return atEnd{ProcessingTime} }

type atEnd struct{ domain Domain }

func (t atEnd) OnElement(c *TriggerContext, _ Element) Decision {
	end := c.Window.MaxTimestamp()
	if t.domain == EventTime && end <= c.Watermark {
		return Fire
	}
	c.SetTimer(t.domain, end)
	return Continue
}

func (t atEnd) OnTimer(c *TriggerContext, d Domain, at Millis) Decision {
	if d == t.domain && (d == ProcessingTime || at == c.Window.MaxTimestamp()) {
		return Fire
	}
	return Continue
}

func (t atEnd) Clear(c *TriggerContext) { c.DeleteTimer(t.domain, c.Window.MaxTimestamp()) }

func (t atEnd) OnMerge(c *TriggerContext, _ []TriggerState) {
	end, now := c.Window.MaxTimestamp(), c.Watermark
	if t.domain == ProcessingTime {
		now = c.Now
	}
	if end > now {
		c.SetTimer(t.domain, end)
	}
}

// OnCount fires after every n records. The contents stay: see [Purging].
func OnCount(n int) Trigger { return onCount{int64(n)} }

type onCount struct{ n int64 }

func (t onCount) OnElement(c *TriggerContext, _ Element) Decision {
	count, _ := c.Load(0)
	if count+1 < t.n {
		c.Store(0, count+1)
		return Continue
	}
	c.Forget(0)
	return Fire
}

func (onCount) OnTimer(*TriggerContext, Domain, Millis) Decision { return Continue }
func (onCount) Clear(c *TriggerContext)                          { c.Forget(0) }

func (onCount) OnMerge(c *TriggerContext, merged []TriggerState) {
	var sum int64
	for _, s := range merged {
		count, _ := s.Load(0)
		sum += count
	}
	c.Store(0, sum)
}

// Every fires a window of event time at each multiple of interval that the
// watermark passes, and at its end.
func Every(interval time.Duration) Trigger { return every{EventTime, millis(interval)} }

// EveryByClock fires a window at each multiple of interval that the clock passes.
func EveryByClock(interval time.Duration) Trigger { return every{ProcessingTime, millis(interval)} }

type every struct {
	domain   Domain
	interval Millis
}

func (t every) OnElement(c *TriggerContext, e Element) Decision {
	at := e.Time
	if t.domain == ProcessingTime {
		at = c.Now
	} else if end := c.Window.MaxTimestamp(); end <= c.Watermark {
		return Fire
	} else {
		c.SetTimer(EventTime, end)
	}
	if _, ok := c.Load(0); !ok {
		t.next(c, at-at%t.interval)
	}
	return Continue
}

func (t every) next(c *TriggerContext, from Millis) {
	at := min(later(from, t.interval), c.Window.MaxTimestamp())
	if t.domain == EventTime && c.Watermark == MaxTime && c.Window == GlobalSpan {
		at = c.Window.MaxTimestamp() // the stream has ended: a global window would fire for ever
	}
	c.Store(0, int64(at))
	c.SetTimer(t.domain, at)
}

func (t every) OnTimer(c *TriggerContext, d Domain, at Millis) Decision {
	if d != t.domain {
		return Continue
	}
	if at == c.Window.MaxTimestamp() {
		return Fire
	}
	if due, ok := c.Load(0); ok && Millis(due) == at {
		t.next(c, at)
		return Fire
	}
	return Continue
}

func (t every) Clear(c *TriggerContext) {
	if due, ok := c.Load(0); ok {
		c.DeleteTimer(t.domain, Millis(due))
		c.Forget(0)
	}
}

func (t every) OnMerge(c *TriggerContext, merged []TriggerState) {
	first, found := int64(math.MaxInt64), false
	for _, s := range merged {
		if due, ok := s.Load(0); ok {
			first, found = min(first, due), true
		}
	}
	if found {
		c.Store(0, first)
		c.SetTimer(t.domain, Millis(first))
	}
}

// OnDelta fires when the measure of a record exceeds that of the record that
// fired last, or of the first, by more than threshold. Its windows can't merge.
func OnDelta(threshold float64) Trigger { return onDelta{threshold} }

type onDelta struct{ threshold float64 }

func (t onDelta) OnElement(c *TriggerContext, e Element) Decision {
	bits, ok := c.Load(0)
	if ok && !(e.Measure-math.Float64frombits(uint64(bits)) > t.threshold) {
		return Continue
	}
	c.Store(0, int64(math.Float64bits(e.Measure+0))) // +0 turns -0, whose bits mean unset, into 0
	if ok {
		return Fire
	}
	return Continue
}

func (onDelta) OnTimer(*TriggerContext, Domain, Millis) Decision { return Continue }
func (onDelta) Clear(c *TriggerContext)                          { c.Forget(0) }

// Purging purges the window whenever the trigger fires.
func Purging(t Trigger) Trigger { return purging{t} }

type purging struct{ Trigger }

func (t purging) OnElement(c *TriggerContext, e Element) Decision {
	return purge(t.Trigger.OnElement(c, e))
}

func (t purging) OnTimer(c *TriggerContext, d Domain, at Millis) Decision {
	return purge(t.Trigger.OnTimer(c, d, at))
}

func (t purging) OnMerge(c *TriggerContext, merged []TriggerState) {
	t.Trigger.(MergingTrigger).OnMerge(c, merged)
}

func purge(d Decision) Decision {
	if d&Fire != 0 {
		return FireAndPurge
	}
	return d
}

// Timeout fires when t does, and also when the clock is d past the first
// record since the last firing, so that an incomplete window isn't held back
// for ever.
func Timeout(t Trigger, d time.Duration) Trigger {
	return timeout{inner: t, after: millis(d), clear: true}
}

// TimeoutSinceLast is a [Timeout] counted from the last record. With keep,
// the state of t outlives a timeout.
func TimeoutSinceLast(t Trigger, d time.Duration, keep bool) Trigger {
	return timeout{inner: t, after: millis(d), sinceLast: true, clear: !keep}
}

// TimeoutKeeping is a [Timeout] that leaves the state of t as it is.
func TimeoutKeeping(t Trigger, d time.Duration) Trigger { return timeout{inner: t, after: millis(d)} }

type timeout struct {
	inner     Trigger
	after     Millis
	sinceLast bool
	clear     bool
}

func (t timeout) OnElement(c *TriggerContext, e Element) Decision {
	c.offset++
	decision := t.inner.OnElement(c, e)
	c.offset--
	if decision&Fire != 0 {
		t.Clear(c)
		return decision
	}
	due, pending := c.Load(0)
	if pending && t.sinceLast {
		c.DeleteTimer(ProcessingTime, Millis(due))
		pending = false
	}
	if !pending {
		at := later(c.Now, t.after)
		c.Store(0, int64(at))
		c.SetTimer(ProcessingTime, at)
	}
	return decision
}

func (t timeout) OnTimer(c *TriggerContext, d Domain, at Millis) Decision {
	c.offset++
	decision := t.inner.OnTimer(c, d, at)
	c.offset--
	if t.clear {
		t.Clear(c)
	}
	return decision | Fire
}

func (t timeout) Clear(c *TriggerContext) {
	if due, ok := c.Load(0); ok {
		c.DeleteTimer(ProcessingTime, Millis(due))
		c.Forget(0)
	}
	c.offset++
	t.inner.Clear(c)
	c.offset--
}
