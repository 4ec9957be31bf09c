package stream

// merger combines the event times of several inputs into one. Its methods
// return whether the combined watermark or the combined status changed.
type merger interface {
	watermark(input int, w Millis) bool
	status(input int, idle bool) bool
	combined() (w Millis, idle bool)
}

// valve combines the channels of one input, as of a union: the watermark is
// the minimum over the channels that are active and have caught up. A channel
// that comes back from idleness behind the watermark doesn't hold it back; it
// counts again from when it reaches it. When the last channel goes idle, the
// watermark moves to the furthest of all, because nothing is awaited any more.
// (Apache Flink: StatusWatermarkValve.)
type valve struct {
	channels []channel
	out      Millis
	idle     bool
}

type channel struct {
	watermark Millis
	idle      bool
	aligned   bool
}

func newValve(channels int) *valve {
	v := &valve{channels: make([]channel, channels), out: MinTime}
	for i := range v.channels {
		v.channels[i] = channel{watermark: MinTime, aligned: true}
	}
	return v
}

func (v *valve) combined() (Millis, bool) { return v.out, v.idle }

func (v *valve) watermark(i int, w Millis) bool {
	c := &v.channels[i]
	if v.idle || c.idle || w <= c.watermark {
		return false
	}
	c.watermark = w
	if w >= v.out {
		c.aligned = true
	}
	return v.advance()
}

func (v *valve) status(i int, idle bool) bool {
	c := &v.channels[i]
	switch {
	case idle == c.idle:
		return false
	case !idle:
		c.idle = false
		c.aligned = c.watermark >= v.out
		wasIdle := v.idle
		v.idle = false
		return wasIdle
	}
	c.idle, c.aligned = true, false
	for _, other := range v.channels {
		if !other.idle {
			return c.watermark == v.out && v.advance()
		}
	}
	v.idle = true
	if c.watermark == v.out {
		for _, other := range v.channels {
			v.out = max(v.out, other.watermark)
		}
	}
	return true
}

// advance moves the watermark to the minimum of the aligned channels.
func (v *valve) advance() bool {
	lowest, found := MaxTime, false
	for _, c := range v.channels {
		if c.aligned {
			lowest, found = min(lowest, c.watermark), true
		}
	}
	if !found || lowest <= v.out {
		return false
	}
	v.out = lowest
	return true
}

// pair combines the inputs of an operator that has several, as a join: the
// minimum over those that are not idle, whether or not they have caught up; the
// furthest when all are. (Apache Flink: CombinedWatermarkStatus.)
type pair struct {
	channels []channel
	out      Millis
	allIdle  bool
	idle     bool // as last told: only a change of a status tells it
}

func newPair(inputs int) *pair {
	p := &pair{channels: make([]channel, inputs), out: MinTime}
	for i := range p.channels {
		p.channels[i].watermark = MinTime
	}
	return p
}

func (p *pair) combined() (Millis, bool) { return p.out, p.idle }

func (p *pair) watermark(i int, w Millis) bool {
	c := &p.channels[i]
	c.idle = false
	c.watermark = max(c.watermark, w)
	return p.update()
}

func (p *pair) status(i int, idle bool) bool {
	wasIdle := p.allIdle
	p.channels[i].idle = idle
	changed := p.update()
	if p.allIdle != wasIdle {
		p.idle, changed = p.allIdle, true
	}
	return changed
}

// update moves the watermark and says whether it did.
func (p *pair) update() bool {
	lowest, furthest := MaxTime, MinTime
	p.allIdle = true
	for _, c := range p.channels {
		furthest = max(furthest, c.watermark)
		if !c.idle {
			lowest, p.allIdle = min(lowest, c.watermark), false
		}
	}
	if p.allIdle {
		lowest = furthest
	}
	if lowest <= p.out {
		return false
	}
	p.out = lowest
	return true
}
