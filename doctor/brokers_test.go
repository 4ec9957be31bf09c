package doctor_test

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/tidegate/tidegate/config"
	"github.com/tidegate/tidegate/doctor"
	"github.com/tidegate/tidegate/stream/kafka"
	"github.com/tidegate/tidegate/stream/kafka/kafkatest"
)

// settings of a topic, those that doctor has a word on.
func settings(t *testing.T, admin *kadm.Client, topic string) map[string]string {
	t.Helper()
	all, err := admin.DescribeTopicConfigs(t.Context(), topic)
	if err != nil || all[0].Err != nil {
		t.Fatal(err, all)
	}
	some := map[string]string{}
	for _, c := range all[0].Configs {
		switch c.Key {
		case "min.insync.replicas", "retention.ms", "cleanup.policy", "message.timestamp.type", "max.message.bytes":
			some[c.Key] = c.MaybeValue()
		}
	}
	return some
}

// alter sets name=value on a topic.
func alter(t *testing.T, admin *kadm.Client, topic string, pairs ...string) {
	t.Helper()
	var list []kadm.AlterConfig
	for _, pair := range pairs {
		name, value, _ := strings.Cut(pair, "=")
		list = append(list, kadm.AlterConfig{Op: kadm.SetConfig, Name: name, Value: &value})
	}
	if answers, err := admin.AlterTopicConfigs(t.Context(), list, topic); err != nil || answers[0].Err != nil {
		t.Fatal(err, answers)
	}
}

func eventually(t *testing.T, what string, done func() bool) {
	t.Helper()
	for end := time.Now().Add(patience); !done(); time.Sleep(50 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatal("in vain: ", what)
		}
	}
}

// TestBrokers takes three brokers through what doctor finds and mends, from
// nothing to a node that is lost.
func TestBrokers(t *testing.T) {
	t.Parallel()
	broker := kafkatest.StartThree(t)
	admin := kadm.NewClient(broker.Client(t))
	c := configured(t, func(c *config.Config) {
		c.Kafka.Brokers = broker.Addresses
		c.Kafka.Topics.Partitions = 4
		c.Kafka.Inputs = []config.KafkaInput{{Topic: "transactions", Takes: "transactions", Start: "earliest"}}
	})
	look := func() doctor.Report { t.Helper(); return examine(t, doctor.Options{Config: c}) }
	fix := func() doctor.Report { t.Helper(); return examine(t, doctor.Options{Config: c, Fix: true}) }
	all := []string{"decisions", "fraud-alerts", "decisions.dlq", "fraud-alerts.dlq", "transactions.dlq", "labels.dlq", kafka.DefaultPositions, "transactions"}

	// TLS was expected, and they speak none.
	tls := c
	tls.Kafka.TLS.Enabled = true
	says(t, examine(t, doctor.Options{Config: tls}), "brokers", doctor.Fail, "", "kafka.tls.enabled")

	// Nothing is there; then all is.
	r := look()
	says(t, r, "brokers", doctor.OK, "3 reached", "")
	says(t, r, "versions", doctor.OK, "Kafka 4.", "")
	says(t, r, "broker settings", doctor.OK, "long enough", "")
	says(t, r, "clock of the brokers", doctor.Skip, "is there and may be written", "")
	for _, topic := range all {
		says(t, r, "topic "+topic, doctor.Fail, "it is not there", "doctor --fix")
	}
	r = fix()
	for _, topic := range all {
		says(t, r, "topic "+topic, doctor.Fixed, "3 replicas, min.insync.replicas 2", "")
	}
	says(t, r, "topic decisions", doctor.Fixed, "created: 4 partitions", "")
	r = look()
	for _, topic := range all {
		says(t, r, "topic "+topic, doctor.OK, "3 replicas", "")
	}

	// The clock is compared with the brokers', in both directions.
	says(t, r, "clock of the brokers", doctor.OK, "as ours", "")
	for ahead, found := range map[time.Duration]string{5 * time.Minute: "behind ours", -5 * time.Minute: "ahead of ours"} {
		wrong := doctor.Examine(t.Context(), doctor.Options{Config: c, Clock: func() time.Time { return time.Now().Add(ahead) }})
		says(t, wrong, "clock of the brokers", doctor.Warn, found, "NTP")
	}

	// Settings that somebody made worse are mended; more than is needed stays.
	want := map[string]map[string]string{}
	for _, topic := range all {
		want[topic] = settings(t, admin, topic)
	}
	alter(t, admin, "decisions", "min.insync.replicas=1", "retention.ms=1000")
	alter(t, admin, "fraud-alerts", "min.insync.replicas=3", "cleanup.policy=compact") // one node away, and nothing can be written
	alter(t, admin, kafka.DefaultPositions, "cleanup.policy=delete", "message.timestamp.type=CreateTime")
	alter(t, admin, "transactions.dlq", "max.message.bytes=1000", "retention.ms=-1")
	want["transactions.dlq"]["retention.ms"] = "-1"
	alter(t, admin, "labels.dlq", "retention.ms=9000000000000")
	want["labels.dlq"]["retention.ms"] = "9000000000000"
	r = look()
	says(t, r, "topic decisions", doctor.Warn, "min.insync.replicas: 2 for 1, retention.ms: 604800000 for 1000", "doctor --fix")
	says(t, r, "topic fraud-alerts", doctor.Warn, "cleanup.policy: delete for compact, min.insync.replicas: 2 for 3", "doctor --fix")
	says(t, r, "topic "+kafka.DefaultPositions, doctor.Warn, "cleanup.policy: compact for delete", "doctor --fix")
	says(t, r, "topic transactions.dlq", doctor.Warn, "max.message.bytes: ", "doctor --fix")
	says(t, r, "topic labels.dlq", doctor.OK, "", "")
	says(t, r, "clock of the brokers", doctor.Skip, "does not bear the brokers' time", "doctor --fix")
	r = fix()
	says(t, r, "topic decisions", doctor.Fixed, "min.insync.replicas: 2 for 1", "")
	says(t, r, "topic "+kafka.DefaultPositions, doctor.Fixed, "message.timestamp.type: LogAppendTime for CreateTime", "")
	got := map[string]map[string]string{}
	eventually(t, "the settings are as they were", func() bool { // whichever broker is asked
		for _, topic := range all {
			got[topic] = settings(t, admin, topic)
		}
		return cmp.Equal(want, got)
	})
	r = look()
	for _, topic := range all {
		says(t, r, "topic "+topic, doctor.OK, "", "")
	}

	// What is read is others': doctor says what keeps them from writing it.
	alter(t, admin, "transactions", "min.insync.replicas=4")
	for _, r := range []doctor.Report{look(), fix()} {
		says(t, r, "topic transactions", doctor.Fail, "min.insync.replicas is 4", "whose topic it is")
	}
	alter(t, admin, "transactions", "min.insync.replicas=2")

	// Too few partitions and replicas need a person.
	if _, err := admin.DeleteTopic(t.Context(), "fraud-alerts"); err != nil {
		t.Fatal(err)
	}
	eventually(t, "a small topic is there", func() bool {
		one := "1"
		_, err := admin.CreateTopic(t.Context(), 1, 1, map[string]*string{"min.insync.replicas": &one}, "fraud-alerts")
		return err == nil
	})
	for _, r := range []doctor.Report{look(), fix(), look()} {
		says(t, r, "topic fraud-alerts", doctor.Warn, "1 replicas, and 3 are wanted; 1 partitions, and 4 are wanted", "kafka-reassign-partitions.sh")
	}

	// A transaction that nobody will end is told from one under way.
	says(t, r, "transactions", doctor.OK, "none hangs in decisions, ", "")
	working := broker.Client(t, kgo.TransactionalID("at work"), kgo.DefaultProduceTopic("decisions"), kgo.RecordPartitioner(kgo.ManualPartitioner()))
	if err := working.BeginTransaction(); err != nil {
		t.Fatal(err)
	}
	if err := working.ProduceSync(t.Context(), kgo.StringRecord("under way")).FirstErr(); err != nil {
		t.Fatal(err)
	}
	says(t, look(), "transactions", doctor.OK, "none hangs", "")
	hang(t, broker, "decisions", 1, kafka.Committed)
	hang(t, broker, "decisions", 2, kafka.Aborted)
	hang(t, broker, "decisions", 3, "")
	says(t, look(), "transactions", doctor.Fail, "in partition 1 of decisions at offset 2 since 20", "doctor --fix")
	r = fix()
	for _, ended := range []string{"1 of decisions at offset 2 since 20", ": commit", "2 of decisions at offset 2 since 20", ": abort"} {
		says(t, r, "transactions", doctor.Fixed, ended, "")
	}
	says(t, look(), "transactions", doctor.Fail, "in partition 3 of decisions at offset 0 since 20", "kafka-transactions.sh abort --topic decisions --partition 3 --start-offset 0")
	broker.EndHanging(t)
	eventually(t, "it is ended", func() bool {
		return slices.ContainsFunc(look().Checks, func(c doctor.Check) bool { return c.Name == "transactions" && c.Status == doctor.OK })
	})
	if err := working.EndTransaction(t.Context(), kgo.TryCommit); err != nil {
		t.Error("the one that was under way was ended, too: ", err)
	}
	hung := 0
	for _, r := range broker.Committed(t, "decisions") {
		if string(r.Value) == "hanging" {
			hung++
		}
	}
	if hung != 2 { // one before and one after each end
		t.Errorf("%d records are committed of the transaction that was", hung)
	}

	// A node is lost: with it the only replica of that topic, and one of the others'.
	details, err := admin.ListTopics(t.Context(), "fraud-alerts")
	if err != nil {
		t.Fatal(err)
	}
	broker.KillNode(t, int(details["fraud-alerts"].Partitions[0].Leader))
	eventually(t, "the others miss it", func() bool {
		details, err := admin.ListTopics(context.Background(), "fraud-alerts")
		return err == nil && details["fraud-alerts"].Partitions[0].Leader < 0
	})
	r = look()
	says(t, r, "brokers", doctor.OK, "2 reached", "")
	says(t, r, "topic fraud-alerts", doctor.Fail, "1 partitions have no leader", "bring the brokers back")
	says(t, r, "topic decisions", doctor.Warn, "4 partitions lack replicas in sync", "which broker is away")
}

// What is no Kafka of the kind that is expected is told from one that is away.
func TestNotTheBrokers(t *testing.T) {
	t.Parallel()
	secure := kafkatest.StartSecure(t)
	for name, c := range map[string]struct {
		change    func(*config.Kafka)
		found, do string
	}{
		"away":                     {func(k *config.Kafka) { k.Brokers = []string{"127.0.0.1:1"} }, "refused", "is the broker up"},
		"TLS, plaintext expected":  {func(k *config.Kafka) { k.Brokers = secure.Addresses }, "", "kafka.tls.enabled"},
		"another authority":        {func(k *config.Kafka) { k.Brokers, k.TLS.Enabled = secure.Addresses, true }, "certificate", "kafka.tls.ca"},
		"a user that nobody knows": {func(k *config.Kafka) { secured(k, secure, "nobody") }, "SASL_AUTHENTICATION_FAILED", "look at kafka.sasl"},
		"a password file not there": {func(k *config.Kafka) {
			secured(k, secure, "admin")
			k.SASL.PasswordFile += ".away"
		}, "password.away", "mend kafka in tidegate.yaml"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			ctx, cancel := context.WithTimeout(t.Context(), patience)
			defer cancel()
			r := doctor.Examine(ctx, doctor.Options{Config: configured(t, func(cfg *config.Config) { c.change(&cfg.Kafka) }), Clock: time.Now})
			says(t, r, "brokers", doctor.Fail, c.found, c.do)
			if r.Sound {
				t.Error("sound")
			}
		})
	}
}

func secured(k *config.Kafka, secure *kafkatest.Secure, user string) {
	k.Brokers = secure.Addresses
	k.TLS = kafka.TLS{Enabled: true, CA: secure.File("ca.pem")}
	k.SASL = kafka.SASL{Mechanism: kafka.Scram512, User: user, PasswordFile: secure.File("admin.password")}
}

// Whoever may create and alter nothing is told what --fix needs.
func TestFixWithoutRights(t *testing.T) {
	t.Parallel()
	secure := kafkatest.StartSecure(t)
	as := func(user string) config.Config {
		return configured(t, func(c *config.Config) {
			secured(&c.Kafka, secure, user)
			c.Kafka.SASL.PasswordFile = secure.File(user + ".password")
		})
	}
	examine(t, doctor.Options{Config: as("admin"), Fix: true})
	secure.Grant(t, kadm.NewACLs().Topics("decisions").ResourcePatternType(kadm.ACLPatternLiteral).Operations(kadm.OpWrite, kadm.OpDescribeConfigs))
	alter(t, kadm.NewClient(secure.Client(t)), "decisions", "retention.ms=1000")
	r := examine(t, doctor.Options{Config: as("tidegate"), Fix: true})
	says(t, r, "topic decisions", doctor.Fail, "TOPIC_AUTHORIZATION_FAILED", "grant AlterConfigs on topic decisions")
	says(t, r, "topic fraud-alerts", doctor.Fail, "may not even know", "see access")
	says(t, r, "broker settings", doctor.Skip, "DescribeConfigs on the cluster", "")
	says(t, r, "access", doctor.Fail, fmt.Sprintf("Write on topic %s", "fraud-alerts"), "grant these")
}
