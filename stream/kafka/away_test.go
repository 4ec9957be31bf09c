package kafka_test

import (
	"testing"
	"time"

	"github.com/tidegate/tidegate/stream/kafka"
	"github.com/tidegate/tidegate/stream/kafka/kafkatest"
)

// TestBrokerAway: the only broker crashes, hangs for longer than a transaction may
// take, so that it is in doubt, and has a full disk, which ends it. A publisher
// and a pipeline are at work all the while, and another publisher starts when
// there is no broker.
//
// A clean stop is not among them. While the only replica stops, Kafka 4.3.1 may
// record a transaction as committed and write its markers nowhere, for it takes
// partitions without a leader for deleted ones: docs/kafka.md, hanging
// transactions. After a crash that is rare, and mended here as it says there.
func TestBrokerAway(t *testing.T) {
	t.Parallel()
	broker := kafkatest.StartOwn(t)
	for _, fault := range []struct {
		name string
		away func(t testing.TB)
	}{
		{"killed", broker.Kill},
		{"paused", broker.Pause},
		{"disk full", func(t testing.TB) { broker.FillDisk(t, 1) }},
	} {
		t.Run(fault.name, func(t *testing.T) {
			const timeout = 3 * time.Second
			r, late, line := rigOn(t, broker), rigOn(t, broker, "late-"), newPipeline(t, broker)
			line.Timeout = timeout
			shorter := func(o *kafka.Options) { o.Timeout = timeout }
			p := r.start(shorter)
			end := r.trickle()
			c := line.process()
			stop := line.flow()
			eventually(t, "both are at work", func() bool { return p.Stats().Transactions > 3 && line.results() > 0 })
			fault.away(t)
			late.journal.append(10)
			second := late.start(shorter)
			eventually(t, "none works", func() bool {
				r.journal.append(100) // a full disk is found by writing to it
				return p.Stats().Failures > 1 && second.Stats().Failures > 0
			})
			if fault.name == "disk full" {
				broker.Kill(t)
			}
			broker.Resume(t)
			broker.EndHanging(t)
			end()
			stop()
			r.caughtUp(p)
			p.stop()
			r.check()
			late.caughtUp(second)
			late.check()
			if c.ProcessState != nil {
				t.Fatal("the pipeline ended")
			}
			line.complete()
			t.Logf("%+v; the pipeline: %d records\n%s", p.Stats(), line.sent, line.stderr.String())
		})
	}
}
