package stream_test

import (
	"testing"
	"time"

	"github.com/tidegate/tidegate/stream"
)

// TestEveryEnds fires a window a finite number of times, also one for all time
// when the stream ends, and one whose end the clock has passed long ago.
func TestEveryEnds(t *testing.T) {
	for name, c := range map[string]struct {
		windows stream.Windows
		trigger stream.Trigger
		want    int
	}{
		"global, at the end of the stream": {stream.Global(), stream.Every(10 * time.Millisecond), 2},
		"behind the clock":                 {stream.Tumbling(10 * time.Millisecond), stream.EveryByClock(3 * time.Millisecond), 1},
	} {
		got := drive(t, func(in stream.Stream[string]) stream.Stream[stream.Result[string, int64]] {
			w := stream.Window(stream.KeyBy(in, identity), c.windows).Trigger(c.trigger)
			return stream.Aggregate(w, stream.Count[string]())
		}, sent[string]{"a", 5})
		if len(got) > c.want {
			t.Errorf("%s: %v", name, got)
		}
	}
}
