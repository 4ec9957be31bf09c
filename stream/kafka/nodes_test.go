package kafka_test

import (
	"path/filepath"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kadm"

	"github.com/tidegate/tidegate/stream/kafka"
	"github.com/tidegate/tidegate/stream/kafka/kafkatest"
)

// TestNodes: on three nodes with TLS, SASL and ACLs, leaders and coordinators
// are moved by an operator, and then with nodes that crash and come back. Two are
// enough to go on, for a publisher and a pipeline that have no more rights than
// they need.
func TestNodes(t *testing.T) {
	t.Parallel()
	broker := kafkatest.StartThreeSecure(t)
	r, line := rigOn(t, broker.Broker), newPipeline(t, broker.Broker)
	line.Secrets = filepath.Dir(broker.File("ca.pem"))
	var err error
	if r.options.Client, err = asTidegate(line.Secrets); err != nil {
		t.Fatal(err)
	}
	if err := kafka.EnsureTopics(t.Context(), broker.Client(t), kafka.PositionsTopic(kafka.DefaultPositions)); err != nil {
		t.Fatal(err)
	}
	broker.Grant(t,
		kadm.NewACLs().Topics(r.journal.decisions, r.journal.alerts, line.Out, r.options.Positions, kafka.DefaultPositions).ResourcePatternType(kadm.ACLPatternLiteral).Operations(kadm.OpWrite),
		kadm.NewACLs().Topics(line.In, r.options.Positions, kafka.DefaultPositions).ResourcePatternType(kadm.ACLPatternLiteral).Operations(kadm.OpRead),
		kadm.NewACLs().TransactionalIDs("tidegate-").ResourcePatternType(kadm.ACLPatternPrefixed).Operations(kadm.OpWrite),
		kadm.NewACLs().Groups("tidegate-").ResourcePatternType(kadm.ACLPatternPrefixed).Operations(kadm.OpRead),
	)
	p := r.start()
	end := r.trickle()
	line.process()
	stop := line.flow()
	began := time.Now()
	during := func(what string, fault func()) {
		t.Helper()
		published, results := p.Stats().Transactions, line.results()
		fault()
		eventually(t, "the publisher goes on: "+what, func() bool { return p.Stats().Transactions > published+5 })
		eventually(t, "the pipeline goes on: "+what, func() bool { return line.results() > results })
		t.Log(time.Since(began).Round(time.Millisecond), what)
	}
	during("nothing", func() {})
	during("leaders move", func() { broker.Move(t, r.journal.decisions, r.journal.alerts, r.options.Positions, line.In, line.Out) })
	during("coordinators move", func() { broker.Move(t, "__transaction_state", "__consumer_offsets") })
	for node := 1; node <= 2; node++ {
		during("a node crashes", func() { broker.KillNode(t, node) })
		broker.Resume(t)
	}
	end()
	stop()
	r.caughtUp(p)
	p.stop()
	r.check()
	line.complete()
	t.Logf("%+v, %d records through the pipeline", p.Stats(), line.sent)
}
