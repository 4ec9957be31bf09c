package kafka

import (
	"context"
	"errors"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kerr"

	"github.com/tidegate/tidegate"
)

// Topic is one that is created when it does not exist. What is 0 or missing
// is as the brokers' defaults say.
type Topic struct {
	Name        string
	Partitions  int32
	Replication int16
	Configs     map[string]string // as "retention.ms"
}

// createMissing creates those of the topics that do not exist, and leaves the
// others as they are.
func createMissing(ctx context.Context, admin *kadm.Client, topics []Topic) error {
	names := make([]string, len(topics))
	for i, t := range topics {
		names[i] = t.Name
	}
	there, err := admin.ListTopics(ctx, names...)
	if err != nil {
		return &tidegate.Error{Code: tidegate.CodeUnavailable, Message: "the brokers do not list their topics", Cause: err}
	}
	for _, t := range topics {
		if !errors.Is(there[t.Name].Err, kerr.UnknownTopicOrPartition) {
			continue
		}
		configs := map[string]*string{}
		for name, value := range t.Configs {
			configs[name] = &value
		}
		_, err := admin.CreateTopic(ctx, orDefault(t.Partitions), orDefault(t.Replication), configs, t.Name)
		if err != nil && !errors.Is(err, kerr.TopicAlreadyExists) {
			return &tidegate.Error{Code: tidegate.CodeUnavailable, Message: "topic " + t.Name + " does not exist and can't be created", Cause: err}
		}
	}
	return nil
}

// orDefault is -1, the brokers' default, for 0.
func orDefault[N int16 | int32](n N) N {
	if n == 0 {
		return -1
	}
	return n
}
