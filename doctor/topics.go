package doctor

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kerr"

	"github.com/tidegate/tidegate/stream/kafka"
)

// topics compares those that there are with those that there should be. Of
// those that are read it asks no more than to be there: they are others'.
func (c *cluster) topics(ctx context.Context) {
	for _, t := range c.expected() {
		c.topic(ctx, t.On(len(c.brokers)))
	}
	for _, in := range c.Config.Kafka.Inputs {
		have, err := c.describe(ctx, in.Topic)
		if err != nil {
			k := c.Config.Kafka.Topics
			c.topic(ctx, kafka.Topic{Name: in.Topic, Partitions: k.Partitions, Replication: k.Replication, MinInsync: k.MinInsyncReplicas}.On(len(c.brokers)))
			continue
		}
		fails, warnings := shape(have, kafka.Topic{})
		if settings, err := c.configs(ctx, in.Topic); err == nil {
			if n, err := strconv.Atoi(settings["min.insync.replicas"]); err == nil && n > len(have.Partitions[0].Replicas) {
				fails = append(fails, finding{fmt.Sprintf("min.insync.replicas is %d: nobody can write it with acks=all", n), "whose topic it is lowers min.insync.replicas, or adds replicas"})
			}
		}
		c.verdict("topic "+in.Topic, have, fails, warnings, "")
	}
}

// expected are the topics that Tidegate has a part in.
func (c *cluster) expected() []kafka.Topic {
	return append(c.Config.Kafka.Written(), kafka.PositionsTopic(kafka.DefaultPositions))
}

func (c *cluster) topic(ctx context.Context, want kafka.Topic) {
	name := "topic " + want.Name
	have, err := c.describe(ctx, want.Name)
	switch {
	case errors.Is(err, kerr.UnknownTopicOrPartition):
		c.create(ctx, name, want)
		return
	case errors.Is(err, kerr.TopicAuthorizationFailed):
		c.note(name, Fail, "see access, below", "we may not even know whether it is there")
		return
	case err != nil:
		c.note(name, Fail, "see brokers, above", "%v", kafka.Explain(err))
		return
	}
	fails, warnings := shape(have, want)
	settings, err := c.configs(ctx, want.Name)
	if err != nil {
		c.verdict(name, have, fails, warnings, ", settings not seen (DescribeConfigs on it, which only doctor wants)")
		return
	}
	wrong := differing(settings, want, len(have.Partitions[0].Replicas))
	if len(wrong) > 0 && c.Fix {
		if err := c.alter(ctx, want.Name, wrong); err != nil {
			c.note(name, Fail, "grant AlterConfigs on "+name+" to who runs doctor --fix", "%v", err)
			return
		}
		c.note(name, Fixed, "", "%s", described(wrong, settings))
		wrong = nil
		if len(fails)+len(warnings) == 0 {
			return
		}
	}
	if len(wrong) > 0 {
		warnings = append(warnings, finding{described(wrong, settings), "run doctor --fix, or change kafka.topics in tidegate.yaml"})
	}
	c.verdict(name, have, fails, warnings, "")
}

// describe asks the brokers, and not what the client remembers; the topic comes
// with what we may do with it (KIP-430).
func (c *cluster) describe(ctx context.Context, topic string) (kadm.TopicDetail, error) {
	details, err := c.admin.ListTopics(kadm.WithAuthorizedOps(ctx), topic)
	if err == nil {
		err = details[topic].Err
	}
	if err == nil && len(details[topic].Partitions) == 0 {
		err = kerr.UnknownTopicOrPartition
	}
	return details[topic], err
}

func (c *cluster) create(ctx context.Context, name string, want kafka.Topic) {
	if !c.Fix {
		c.note(name, Fail, "run doctor --fix, as somebody who may create topics", "it is not there")
		return
	}
	if err := want.Create(ctx, c.admin); err != nil {
		do := "grant Create on " + name + " to who runs doctor --fix, or create it in your own way"
		if errors.Is(err, kerr.InvalidReplicationFactor) {
			do = "start more brokers, or lower kafka.topics.replication"
		}
		c.note(name, Fail, do, "it can't be created: %v", err)
		return
	}
	// It takes a moment to be known everywhere.
	for _, err := c.describe(ctx, want.Name); err != nil && ctx.Err() == nil; _, err = c.describe(ctx, want.Name) {
		select {
		case <-time.After(50 * time.Millisecond):
		case <-ctx.Done():
		}
	}
	c.note(name, Fixed, "", "created: %d partitions, %d replicas, min.insync.replicas %d", want.Partitions, want.Replication, want.MinInsync)
}

// finding is what is wrong, and what to do.
type finding struct{ found, do string }

// shape compares what can't be mended on the way.
func shape(have kadm.TopicDetail, want kafka.Topic) (fails, warnings []finding) {
	offline, behind, replicas := 0, 0, len(have.Partitions[0].Replicas)
	for _, p := range have.Partitions {
		if p.Leader < 0 || p.Err != nil {
			offline++
		}
		if len(p.ISR) < len(p.Replicas) {
			behind++
		}
		replicas = min(replicas, len(p.Replicas))
	}
	if offline > 0 {
		fails = append(fails, finding{fmt.Sprintf("%d partitions have no leader", offline), "bring the brokers back that have them"})
	}
	if behind > 0 {
		warnings = append(warnings, finding{fmt.Sprintf("%d partitions lack replicas in sync", behind), "find out which broker is away or slow"})
	}
	if replicas < int(want.Replication) {
		warnings = append(warnings, finding{fmt.Sprintf("%d replicas, and %d are wanted", replicas, want.Replication), "kafka-reassign-partitions.sh adds replicas"})
	}
	if want.Partitions > 0 && len(have.Partitions) < int(want.Partitions) {
		warnings = append(warnings, finding{fmt.Sprintf("%d partitions, and %d are wanted", len(have.Partitions), want.Partitions), "more partitions move keys, so order is lost once: kafka-topics.sh --alter --partitions, when nothing is under way; or change kafka.topics.partitions"})
	}
	return fails, warnings
}

func (c *cluster) verdict(name string, have kadm.TopicDetail, fails, warnings []finding, more string) {
	status, all := OK, append(fails, warnings...)
	switch {
	case len(fails) > 0:
		status = Fail
	case len(warnings) > 0:
		status = Warn
	}
	found := []string{fmt.Sprintf("%d partitions, %d replicas%s", len(have.Partitions), len(have.Partitions[0].Replicas), more)}
	var do []string
	for _, f := range all {
		found, do = append(found, f.found), append(do, f.do)
	}
	c.note(name, status, strings.Join(do, "; "), "%s", strings.Join(found, "; "))
}

func (c *cluster) configs(ctx context.Context, topic string) (map[string]string, error) {
	described, err := c.admin.DescribeTopicConfigs(ctx, topic)
	if err == nil && len(described) > 0 {
		err = described[0].Err
	}
	if err != nil {
		return nil, err
	}
	settings := map[string]string{}
	for _, setting := range described[0].Configs {
		settings[setting.Key] = setting.MaybeValue()
	}
	return settings, nil
}

// differing are the settings that are not as they should be. More than the
// wanted replicas in sync, and a longer retention, are fine.
func differing(have map[string]string, want kafka.Topic, replicas int) map[string]string {
	least := min(int(want.MinInsync), max(1, replicas-1))
	wrong := map[string]string{}
	if n, err := strconv.Atoi(have["min.insync.replicas"]); err != nil || n < least || n > 1 && n >= replicas {
		wrong["min.insync.replicas"] = strconv.Itoa(least)
	}
	for name, value := range want.Configs {
		is, err := strconv.ParseInt(have[name], 10, 64)
		should, err2 := strconv.ParseInt(value, 10, 64)
		enough := err == nil && err2 == nil && (is >= should || is == -1)
		if have[name] != value && !enough {
			wrong[name] = value
		}
	}
	return wrong
}

func described(wrong, have map[string]string) string {
	var list []string
	for _, name := range slices.Sorted(maps.Keys(wrong)) {
		list = append(list, fmt.Sprintf("%s: %s for %s", name, wrong[name], have[name]))
	}
	return strings.Join(list, ", ")
}

func (c *cluster) alter(ctx context.Context, topic string, settings map[string]string) error {
	var configs []kadm.AlterConfig
	for name, value := range settings {
		configs = append(configs, kadm.AlterConfig{Op: kadm.SetConfig, Name: name, Value: &value})
	}
	answers, err := c.admin.AlterTopicConfigs(ctx, configs, topic)
	if err == nil && len(answers) > 0 {
		err = answers[0].Err
	}
	return err
}
