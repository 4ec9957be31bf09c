package stream_test

import (
	"testing"

	"github.com/tidegate/tidegate/stream"
	"github.com/tidegate/tidegate/stream/internal/vectors"
	"github.com/tidegate/tidegate/stream/streamtest"
)

// timerProbe does what a vector's elements say and tells what it sees.
type timerProbe struct{ repeat, until stream.Millis }

func (timerProbe) Process(c *stream.Context[string, map[string]any], e event) error {
	for _, a := range e.Actions {
		at := stream.Millis(a.Time)
		switch a.Op {
		case "register":
			c.SetTimer(at)
		case "delete":
			c.DeleteTimer(at)
		case "register_processing":
			c.SetProcessingTimer(at)
		case "delete_processing":
			c.DeleteProcessingTimer(at)
		}
	}
	c.Emit(map[string]any{"key": c.Key, "element": e.ID, "ts": int64(c.Time()), "current_watermark": int64(c.Watermark())})
	return nil
}

func (p timerProbe) OnTimer(c *stream.Context[string, map[string]any], t stream.Timer) error {
	out := map[string]any{"key": c.Key, "timer": int64(t.At), "current_watermark": int64(c.Watermark())}
	if t.Domain == stream.EventTime {
		out["domain"], out["ts"] = "event", int64(c.Time())
	} else {
		out["domain"] = "processing"
	}
	c.Emit(out)
	if next := t.At + p.repeat; p.repeat > 0 && next <= p.until {
		if t.Domain == stream.EventTime {
			c.SetTimer(next)
		} else {
			c.SetProcessingTimer(next)
		}
	}
	return nil
}

func TestTimersAgainstFlink(t *testing.T) {
	vectors.Run(t, "timers", func(t *testing.T, v vectors.Case) {
		clock := &streamtest.Clock{}
		p := stream.New("timers", stream.Options{Clock: clock})
		src, in := eventSource(p, 1)
		out := &streamtest.Sink[map[string]any]{}
		probe := timerProbe{stream.Millis(v.Config.Repeat), stream.Millis(v.Config.Until)}
		stream.To(stream.Process(stream.KeyBy(in, eventKey), probe).Named("probe"), out)
		b := &bench{Driver: streamtest.Drive(t, p), clock: clock, src: src}
		// A watermark is passed on after the timers, also one that repeats the last.
		var told stream.Millis = stream.MinTime
		b.take = func() []map[string]any { return out.Values() }
		forward := func(in vectors.Input) []map[string]any {
			if in.Watermark == nil {
				return nil
			}
			w, _ := b.EventTime("probe")
			if w < told || w != stream.Millis(*in.Watermark) {
				t.Errorf("watermark %d is passed on as %d", *in.Watermark, w)
			}
			told = w
			return []map[string]any{{"watermark": int64(w)}}
		}
		b.feedWith(t, v, forward)
	})
}
