package kafka

import (
	"context"
	"sync"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"
)

// lane is a partition's bounded queue between the client and the goroutine
// that takes. When it is full the client stops to ask for more of this
// partition, and goes on when half of it is taken.
type lane struct {
	place  Place
	client *kgo.Client
	some   chan struct{} // one signal: there is something

	mu      sync.Mutex
	queue   []*kgo.Record
	bytes   int
	paused  bool
	next    int64 // after what was taken
	end     int64 // of what is committed, as of the last answer
	newest  time.Time
	arrived int64 // after the last that came
}

// A lane holds this much and what one answer brings above it.
const (
	laneRecords = 4096
	laneBytes   = 2 << 20
	laneBatch   = 512 // records taken at once
)

func newLane(p Place, next int64, client *kgo.Client) *lane {
	return &lane{place: p, client: client, some: make(chan struct{}, 1), next: next, end: next, arrived: next}
}

func (l *lane) put(records []*kgo.Record, end int64) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.end = max(l.end, end)
	for _, r := range records {
		if r.Offset < l.arrived {
			continue // an answer from before a leader moved
		}
		l.arrived = r.Offset + 1
		if r.Attrs.IsControl() {
			continue // the end of a transaction, which has an offset and is nothing to take
		}
		l.queue = append(l.queue, r)
		l.bytes += size(r)
	}
	if !l.paused && l.full(1) {
		l.paused = true
		l.client.PauseFetchPartitions(l.name())
	}
	if len(l.queue) > 0 {
		select {
		case l.some <- struct{}{}:
		default:
		}
	}
}

// get waits for records; none when there were none for a while.
func (l *lane) get(ctx context.Context, while time.Duration) ([]*kgo.Record, error) {
	quiet := time.NewTimer(while)
	defer quiet.Stop()
	for {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		if records := l.cut(); len(records) > 0 {
			return records, nil
		}
		select {
		case <-l.some:
		case <-quiet.C:
			return nil, nil
		case <-ctx.Done():
		}
	}
}

// passed is how far a partition has come beyond what was taken, where all that
// came is taken: the ends of transactions have offsets too.
func (l *lane) passed() (next int64, further bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.arrived, len(l.queue) == 0 && l.arrived > l.next
}

func (l *lane) pass(next int64) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.next = next
}

func (l *lane) cut() []*kgo.Record {
	l.mu.Lock()
	defer l.mu.Unlock()
	n := min(len(l.queue), laneBatch)
	return l.queue[:n:n]
}

// took forgets what was taken from the front.
func (l *lane) took(records []*kgo.Record) {
	l.mu.Lock()
	defer l.mu.Unlock()
	last := records[len(records)-1]
	l.next, l.newest = last.Offset+1, last.Timestamp
	for i, r := range records { // which is the front of the queue itself
		l.bytes -= size(r)
		l.queue[i] = nil
	}
	if l.queue = l.queue[len(records):]; len(l.queue) == 0 {
		l.queue = nil
	}
	if l.paused && !l.full(2) {
		l.paused = false
		l.client.ResumeFetchPartitions(l.name())
	}
}

// full says whether a part of the room is used: 1 all, 2 half.
func (l *lane) full(part int) bool {
	return len(l.queue) >= laneRecords/part || l.bytes >= laneBytes/part
}

func (l *lane) name() map[string][]int32 {
	return map[string][]int32{l.place.Topic: {l.place.Number}}
}

func size(r *kgo.Record) int { return len(r.Key) + len(r.Value) + 64 }

// lag tells how far behind the taker is. Where all that came is taken, what has
// come counts: the last offsets may be those of transactions' ends.
func (l *lane) lag() Lag {
	l.mu.Lock()
	defer l.mu.Unlock()
	lag := Lag{Place: l.place, Next: l.next, Since: l.newest, Paused: l.paused}
	if len(l.queue) > 0 {
		lag.Since = l.queue[0].Timestamp
		lag.Records = max(0, l.end-l.next)
	} else {
		lag.Records = max(0, l.end-l.arrived)
	}
	return lag
}
