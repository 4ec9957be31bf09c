package config

import (
	"fmt"
	"maps"
	"slices"

	"github.com/tidegate/tidegate/internal/yamlfile"
	"github.com/tidegate/tidegate/stream/kafka"
	"github.com/tidegate/tidegate/stream/schema"
)

// Kafka names the brokers, who we are to them, the topics that are published
// and those that are read. Without brokers none is.
type Kafka struct {
	Brokers        []string   `yaml:"brokers"`
	Rack           string     `yaml:"rack"` // of this machine: partitions are read from a follower in it
	TLS            kafka.TLS  `yaml:"tls"`
	SASL           kafka.SASL `yaml:"sasl"`
	DecisionsTopic string     `yaml:"decisions_topic"`
	AlertsTopic    string     `yaml:"alerts_topic"`
	Topics         Topics     `yaml:"topics"`

	// Delivery is exactly-once, in transactions, or at-least-once: sooner to be
	// seen, and twice after a failure.
	Delivery string `yaml:"delivery"`
	// TransactionTimeout is how long a transaction may take: so long consumers
	// wait for one that a dead process left open.
	TransactionTimeout yamlfile.Duration `yaml:"transaction_timeout"`

	Outputs  Outputs      `yaml:"outputs"`
	Registry Registry     `yaml:"registry"` // of schemas
	Inputs   []KafkaInput `yaml:"inputs"`

	document yamlfile.Document // as of Config
}

// Topics says how topics are made, and what doctor expects of those that are
// there.
type Topics struct {
	Partitions        int32             `yaml:"partitions"`
	Replication       int16             `yaml:"replication"`         // 0: three, or as many as there are brokers
	MinInsyncReplicas int16             `yaml:"min_insync_replicas"` // 0: one less than replicas
	Retention         yamlfile.Duration `yaml:"retention"`           // of decisions and alerts
	DeadLetters       yamlfile.Duration `yaml:"dead_letters"`        // retention of those
}

// Deliveries.
const (
	ExactlyOnce = "exactly-once"
	AtLeastOnce = "at-least-once"
)

func defaultKafka() Kafka {
	const day = 24 * 3600e9
	return Kafka{
		DecisionsTopic: "decisions", AlertsTopic: "fraud-alerts", Delivery: ExactlyOnce, TransactionTimeout: 30e9, Outputs: Outputs{Format: string(schema.JSON), Compression: "lz4"},
		Topics: Topics{Partitions: 6, Retention: yamlfile.Duration(7 * day), DeadLetters: yamlfile.Duration(30 * day)},
	}
}

// Security is how we and the brokers know each other.
func (k *Kafka) Security() kafka.Security { return kafka.Security{TLS: k.TLS, SASL: k.SASL} }

func (k *Kafka) check(document yamlfile.Document) error {
	loopback := true
	for _, broker := range k.Brokers {
		loopback = loopback && Loopback(broker)
	}
	if member, message := k.Security().Wrong(loopback); message != "" {
		return document.Errorf("$.kafka."+member, "%s", message)
	}
	if err := k.Registry.check(document); err != nil {
		return err
	}
	if err := k.checkOutputs(document); err != nil {
		return err
	}
	if err := checkTopic(document, "$.kafka.decisions_topic", k.DecisionsTopic); err != nil {
		return err
	}
	if err := checkTopic(document, "$.kafka.alerts_topic", k.AlertsTopic); err != nil {
		return err
	}
	if k.DecisionsTopic == k.AlertsTopic {
		return document.Errorf("$.kafka", "decisions_topic and alerts_topic are both %s: give alerts a topic of their own", k.AlertsTopic)
	}
	topics, own := map[string]bool{}, map[string]bool{kafka.DefaultPositions: true}
	for _, t := range k.Written() {
		own[t.Name] = true
	}
	for i := range k.Inputs {
		in, at := &k.Inputs[i], fmt.Sprintf("$.kafka.inputs[%d]", i)
		if err := in.check(document, at); err != nil {
			return err
		}
		if own[in.Topic] {
			return document.Errorf(at, "input %s: Tidegate writes this topic: what it reads must be another", in.Topic)
		}
		if topics[in.Topic] {
			return document.Errorf(at, "topic %s is read twice", in.Topic)
		}
		if topics[in.Topic] = true; in.registered() && k.Registry.URL == "" {
			return document.Errorf(at+".format", "input %s: format %s needs kafka.registry.url", in.Topic, in.Format)
		}
	}
	if err := k.checkWritten(document); err != nil {
		return err
	}
	t := k.Topics
	switch {
	case k.Delivery != ExactlyOnce && k.Delivery != AtLeastOnce:
		return document.Errorf("$.kafka.delivery", "kafka.delivery is %q: write exactly-once or at-least-once", k.Delivery)
	case k.TransactionTimeout < 1e9 || k.TransactionTimeout > 15*60e9: // more is refused by brokers' default
		return document.Errorf("$.kafka.transaction_timeout", "kafka.transaction_timeout must be from 1s to 15m")
	case t.Partitions < 1:
		return document.Errorf("$.kafka.topics.partitions", "kafka.topics.partitions must be 1 or more")
	case t.Replication < 0:
		return document.Errorf("$.kafka.topics.replication", "kafka.topics.replication must be 1 or more, or 0 for three where there are three brokers")
	case t.MinInsyncReplicas < 0 || t.Replication > 0 && t.MinInsyncReplicas > t.Replication:
		return document.Errorf("$.kafka.topics.min_insync_replicas", "kafka.topics.min_insync_replicas must not be more than replication, or nothing could be written")
	}
	return nil
}

// checkWritten refuses decisions or alerts among what is written for another
// reason: the dead letters, with what is done with them, the retries, the positions.
func (k *Kafka) checkWritten(document yamlfile.Document) error {
	taken := map[string]bool{kafka.DefaultPositions: true}
	for _, t := range k.Written()[len(k.Published()):] {
		taken[t.Name] = true
		taken[t.Name+".log"] = true
	}
	for _, own := range []struct{ member, topic string }{{"decisions_topic", k.DecisionsTopic}, {"alerts_topic", k.AlertsTopic}} {
		if taken[own.topic] {
			return document.Errorf("$.kafka."+own.member, "%s is %s, which Tidegate needs for something else: give it a topic of its own", own.member, own.topic)
		}
	}
	return nil
}

// InputTopics are the names of the topics that are read.
func (k *Kafka) InputTopics() (names []string) {
	for _, in := range k.Inputs {
		names = append(names, in.Topic)
	}
	return names
}

// LabelsTopic is where labels are read from, or would be: the dead letters of
// those that came over HTTP go beside it.
func (k *Kafka) LabelsTopic() string {
	for _, in := range k.Inputs {
		if in.Takes == "labels" {
			return in.Topic
		}
	}
	return "labels"
}

// Written are all topics that the publisher writes to: those of [Kafka.Published],
// the dead letters of what the brokers refuse of those, and the dead letters and
// retries of what is read and of labels.
func (k *Kafka) Written() []kafka.Topic {
	topics, labels := k.Published(), k.LabelsTopic()
	topics = append(topics, k.DeadLetters(k.DecisionsTopic), k.DeadLetters(k.AlertsTopic))
	for _, in := range k.Inputs {
		topics = append(topics, k.DeadLetters(in.Topic))
		if in.Retry.Attempts > 0 {
			topics = append(topics, k.Retries(in.Topic))
		}
	}
	if !slices.ContainsFunc(k.Inputs, func(in KafkaInput) bool { return in.Topic == labels }) {
		topics = append(topics, k.DeadLetters(labels))
	}
	return topics
}

// Published are the topics that decisions and alerts go to.
func (k *Kafka) Published() []kafka.Topic {
	retention := kafka.Retention(k.Topics.Retention.Std())
	return []kafka.Topic{k.topic(k.DecisionsTopic, retention), k.topic(k.AlertsTopic, retention)}
}

// DeadLetters is where what can't be used of a topic goes.
func (k *Kafka) DeadLetters(topic string) kafka.Topic {
	t := kafka.DeadLetterTopic(topic)
	maps.Copy(t.Configs, kafka.Retention(k.Topics.DeadLetters.Std()))
	return k.topic(t.Name, t.Configs)
}

// Retries is where records of a topic wait to be tried again. They are kept as
// long as dead letters are.
func (k *Kafka) Retries(topic string) kafka.Topic {
	t := k.DeadLetters(topic)
	t.Name = kafka.RetryTopic(topic).Name
	return t
}

func (k *Kafka) topic(name string, configs map[string]string) kafka.Topic {
	return kafka.Topic{Name: name, Partitions: k.Topics.Partitions, Replication: k.Topics.Replication, MinInsync: k.Topics.MinInsyncReplicas, Configs: configs}
}
