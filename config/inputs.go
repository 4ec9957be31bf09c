package config

import (
	"slices"
	"strings"
	"time"

	"github.com/tidegate/tidegate/internal/yamlfile"
)

// KafkaInput is a topic that is read.
type KafkaInput struct {
	Topic   string `yaml:"topic"`
	Takes   string `yaml:"takes"`   // transactions, events or labels; the topic's own name if it is one of these
	Tenant  string `yaml:"tenant"`  // of everything in it
	Source  string `yaml:"source"`  // of everything in it; else as the records say
	Start   string `yaml:"start"`   // earliest, latest or a time in RFC 3339: where it begins the first time
	Lost    string `yaml:"lost"`    // stop or skip: when records were deleted before they were read
	Keyless string `yaml:"keyless"` // refuse or take: records without a key, which have no order
}

func (in *KafkaInput) check(document yamlfile.Document, at string) error {
	if in.Topic == "" {
		return document.Errorf(at, "an input needs a topic")
	}
	if in.Takes == "" {
		in.Takes = in.Topic
	}
	for _, choice := range []struct {
		name    string
		value   *string
		allowed []string // the first is the default
	}{
		{"takes", &in.Takes, []string{"transactions", "events", "labels"}},
		{"lost", &in.Lost, []string{"stop", "skip"}},
		{"keyless", &in.Keyless, []string{"refuse", "take"}},
	} {
		if *choice.value == "" {
			*choice.value = choice.allowed[0]
		}
		if !slices.Contains(choice.allowed, *choice.value) {
			return document.Errorf(at, "input %s: %s is %q: write %s", in.Topic, choice.name, *choice.value, strings.Join(choice.allowed, " or "))
		}
	}
	switch in.Start {
	case "":
		in.Start = "earliest"
	case "earliest", "latest":
	default:
		if _, err := time.Parse(time.RFC3339, in.Start); err != nil {
			return document.Errorf(at, "input %s: start is %q: write earliest, latest or a time as 2026-01-02T15:04:05Z", in.Topic, in.Start)
		}
	}
	return nil
}
