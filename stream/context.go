package stream

// Context is what a [Processor] is given for one record, or one timer, of a
// key. It is valid during the call.
type Context[K comparable, Out any] struct {
	Collector[Out]
	Key K
	keyContext
}

// SetTimer asks for OnTimer when the watermark reaches a time. There is at
// most one timer of a key and a time.
func (c *Context[K, Out]) SetTimer(at Millis) { c.schedule().set(EventTime, at) }

// DeleteTimer takes SetTimer back.
func (c *Context[K, Out]) DeleteTimer(at Millis) { c.schedule().remove(EventTime, at) }

// SetProcessingTimer asks for OnTimer when the clock reaches a time.
func (c *Context[K, Out]) SetProcessingTimer(at Millis) { c.schedule().set(ProcessingTime, at) }

// DeleteProcessingTimer takes SetProcessingTimer back.
func (c *Context[K, Out]) DeleteProcessingTimer(at Millis) { c.schedule().remove(ProcessingTime, at) }

// KeyedContext is a [Context] of any type: what gives access to a key's state.
type KeyedContext interface{ keyed() *keyContext }

// keyContext is the way to a key's state, whatever the type of the key.
type keyContext struct {
	row interface {
		contents(slot int) any
		write() *row
	}
	at      Millis
	agenda  int  // slot of the timers
	timed   bool // timers were set or deleted
	changed bool // state was
}

func (c *keyContext) keyed() *keyContext { return c }

func (c *keyContext) schedule() *schedule {
	c.timed = true
	p := &c.row.write().parts[c.agenda]
	a, _ := (*p).(*agenda)
	if a == nil {
		a = &agenda{}
		*p = a
	}
	return &a.schedule
}

// place is where a state's contents are, for changing them.
func (c *keyContext) place(slot int) *any {
	c.changed = true
	return &c.row.write().parts[slot]
}
