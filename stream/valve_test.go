package stream

import (
	"slices"
	"testing"

	"github.com/tidegate/tidegate/stream/internal/vectors"
)

func TestWatermarkValveAgainstFlink(t *testing.T) {
	vectors.Run(t, "watermark_valve", func(t *testing.T, v vectors.Case) {
		checkMerger(t, v, newValve(v.Config.Channels))
	})
}

func TestTwoInputsAgainstFlink(t *testing.T) {
	vectors.Run(t, "watermark_two_input", func(t *testing.T, v vectors.Case) {
		checkMerger(t, v, newPair(v.Config.Channels))
	})
}

func checkMerger(t *testing.T, v vectors.Case, m merger) {
	var got, want []string
	w, idle := m.combined()
	for at, in := range v.Input {
		var told bool
		if in.Watermark != nil {
			told = m.watermark(in.Channel, Millis(*in.Watermark))
		} else {
			told = m.status(in.Channel, in.Status == "idle")
		}
		changes := timeChanges(t, m.combined, &w, &idle, at)
		if told && changes == nil { // idle once more, after an unannounced return
			changes = []string{vectors.Canonical(t, map[string]any{"status": "idle", "at": at})}
		}
		got = append(got, changes...)
	}
	for _, o := range v.Output {
		want = append(want, vectors.Canonical(t, o))
	}
	if !slices.Equal(got, want) {
		t.Errorf("got %v\nwant %v", got, want)
	}
}

// timeChanges writes what has changed in an event time as the vectors do.
func timeChanges(t *testing.T, now func() (Millis, bool), w *Millis, idle *bool, at int) (changes []string) {
	newW, newIdle := now()
	if *idle && !newIdle {
		changes = append(changes, vectors.Canonical(t, map[string]any{"status": "active", "at": at}))
	}
	if newW != *w {
		changes = append(changes, vectors.Canonical(t, map[string]any{"watermark": newW, "at": at}))
	}
	if newIdle && !*idle {
		changes = append(changes, vectors.Canonical(t, map[string]any{"status": "idle", "at": at}))
	}
	*w, *idle = newW, newIdle
	return changes
}

func TestWatermarkGeneratorAgainstFlink(t *testing.T) {
	vectors.Run(t, "watermark_generator", func(t *testing.T, v vectors.Case) {
		var got, want []string
		s := newSplits(v.Config.Splits, Millis(v.Config.Bound), Millis(v.Config.IdleTimeout))
		w, idle, now := s.out, s.idle, Millis(0)
		for at, in := range v.Input {
			switch {
			case in.Event != nil:
				s.event(in.Event.Split, Millis(in.Event.TS))
			case in.ProcessingTime != nil:
				now = Millis(*in.ProcessingTime)
			case in.Periodic:
				s.tick(now)
			}
			got = append(got, timeChanges(t, func() (Millis, bool) { return s.out, s.idle }, &w, &idle, at)...)
		}
		for _, o := range v.Output {
			want = append(want, vectors.Canonical(t, o))
		}
		if !slices.Equal(got, want) {
			t.Errorf("got %v\nwant %v", got, want)
		}
	})
}
