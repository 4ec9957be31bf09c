package kafka

import (
	"context"
	"errors"
	"maps"
	"strconv"
	"time"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/tidegate/tidegate"
)

// Topic is one that is created when it does not exist.
type Topic struct {
	Name        string
	Partitions  int32             // 0 is as the brokers' default says
	Replication int16             // 0 is three, or as many as there are brokers
	MinInsync   int16             // replicas that must have a record before it counts; 0 is one less than there are
	Configs     map[string]string // as "retention.ms"
}

// Retention are the settings that keep a topic's records for a while, and all of
// them: a compacted topic would have the last of each key alone.
func Retention(d time.Duration) map[string]string {
	return map[string]string{"cleanup.policy": "delete", "retention.ms": strconv.FormatInt(d.Milliseconds(), 10)}
}

// On is the topic with what a cluster of so many brokers makes of what is 0.
func (t Topic) On(brokers int) Topic {
	if t.Replication == 0 {
		t.Replication = int16(min(3, max(1, brokers)))
	}
	if t.MinInsync == 0 {
		t.MinInsync = max(1, t.Replication-1)
	}
	return t
}

// createMissing creates those of the topics that do not exist, and leaves the
// others as they are.
func createMissing(ctx context.Context, admin *kadm.Client, topics []Topic) error {
	names := make([]string, len(topics))
	for i, t := range topics {
		names[i] = t.Name
	}
	cluster, err := admin.Metadata(ctx, names...)
	if err != nil {
		return &tidegate.Error{Code: tidegate.CodeUnavailable, Message: "the brokers do not list their topics", Cause: err}
	}
	for _, t := range topics {
		if !errors.Is(cluster.Topics[t.Name].Err, kerr.UnknownTopicOrPartition) {
			continue
		}
		if err := t.On(len(cluster.Brokers)).Create(ctx, admin); err != nil && !errors.Is(err, kerr.TopicAlreadyExists) {
			return &tidegate.Error{Code: tidegate.CodeUnavailable, Message: "topic " + t.Name + " does not exist and can't be created", Cause: lacking(err, right{"Create", "topic", t.Name})}
		}
	}
	return nil
}

// Create creates the topic. What is 0 is as the brokers' defaults say.
func (t Topic) Create(ctx context.Context, admin *kadm.Client) error {
	configs := map[string]*string{}
	if t.MinInsync > 0 {
		configs["min.insync.replicas"] = kadm.StringPtr(strconv.Itoa(int(t.MinInsync)))
	}
	for name, value := range maps.All(t.Configs) {
		configs[name] = &value
	}
	_, err := admin.CreateTopic(ctx, orDefault(t.Partitions), orDefault(t.Replication), configs, t.Name)
	return err
}

// orDefault is -1, the brokers' default, for 0.
func orDefault[N int16 | int32](n N) N {
	if n == 0 {
		return -1
	}
	return n
}

// EnsureTopics creates those of the topics that do not exist, and waits until
// they can be used.
func EnsureTopics(ctx context.Context, client *kgo.Client, topics ...Topic) error {
	admin := kadm.NewClient(client)
	if err := createMissing(ctx, admin, topics); err != nil {
		return err
	}
	for _, t := range topics {
		for {
			_, err := list(ctx, admin, t.Name)
			if err == nil {
				break
			}
			if errors.Is(err, kerr.TopicAuthorizationFailed) { // which does not pass
				return lacking(err, right{"Read", "topic", t.Name})
			}
			if err := pause(ctx, err); err != nil {
				return err
			}
		}
	}
	return nil
}
