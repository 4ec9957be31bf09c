package kafka_test

import (
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kadm"

	"github.com/tidegate/tidegate/stream/kafka"
	"github.com/tidegate/tidegate/stream/kafka/kafkatest"
)

// TestPublisherExpired: a broker that forgets offsets after a minute, the shortest
// there is, forgets by its own clock that of a publisher that was away, which then
// stops instead of guessing; and not that of one that renews it. It waits for that
// minute, and does nothing meanwhile.
func TestPublisherExpired(t *testing.T) {
	t.Parallel()
	broker := kafkatest.StartSet(t, "offsets.retention.minutes=1", "offsets.retention.check.interval.ms=1000")
	away, quiet := rigOn(t, broker, "away-"), rigOn(t, broker, "quiet-")
	away.options.Journal += "-away"
	for _, r := range []*rig{away, quiet} {
		r.journal.append(100)
	}
	q := quiet.start(func(o *kafka.Options) { o.Renew = 5 * time.Second })
	quiet.caughtUp(q)
	p := away.start()
	away.caughtUp(p)
	p.stop()

	admin := kadm.NewClient(broker.Client(t))
	known := func(r *rig) bool {
		offsets, err := admin.FetchOffsets(t.Context(), "tidegate-"+r.options.Journal)
		at, ok := offsets.Lookup(r.options.Positions, 0)
		return err == nil && ok && at.Err == nil && at.At >= 0
	}
	if !known(away) || !known(quiet) {
		t.Fatal("there is no position")
	}
	for end := time.Now().Add(5 * time.Minute); known(away); time.Sleep(time.Second) {
		if time.Now().After(end) {
			t.Fatal("the position does not expire")
		}
	}
	away.refused(away.start(), "Kafka has no position")

	// Whoever has renewed it goes on, also after a restart.
	if !known(quiet) {
		t.Error("a position that was renewed has expired")
	}
	q.stop()
	quiet.journal.append(20)
	quiet.caughtUp(quiet.start())
	quiet.check()

	// A person has looked at it and says where to go on.
	away.journal.append(20)
	away.caughtUp(away.start(func(o *kafka.Options) { o.Accept = 101 }))
	away.check()
}
