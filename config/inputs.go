package config

import (
	"slices"
	"strings"
	"time"

	"github.com/tidegate/tidegate/internal/yamlfile"
	"github.com/tidegate/tidegate/stream/schema"
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

	Format     string `yaml:"format"`     // of the values
	Subject    string `yaml:"subject"`    // whose newest schema is checked; "" is the topic's, with -value
	Expect     string `yaml:"expect"`     // file with the schema that must not be broken
	Debezium   bool   `yaml:"debezium"`   // values are change events
	Operations string `yaml:"operations"` // of Debezium: those of c, u, d, r that count; "" is cr
	EventType  string `yaml:"event_type"` // of Debezium: of what comes out; table makes it of the table's name

	Retry Retry `yaml:"retry"`
}

// Retry is for records that fail while the registry is away: they wait in a
// topic of their own. Without attempts their partition waits with them.
type Retry struct {
	Attempts int               `yaml:"attempts"` // with the first
	Backoff  yamlfile.Duration `yaml:"backoff"`  // between two; 0 is a minute
}

func (in *KafkaInput) check(document yamlfile.Document, at string) error {
	if in.Topic == "" {
		return document.Errorf(at, "an input needs a topic")
	}
	if err := checkTopic(document, at+".topic", in.Topic); err != nil {
		return err
	}
	if err := checkTenant(document, at+".tenant", in.Tenant); err != nil {
		return err
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
		{"format", &in.Format, []string{string(schema.JSON), string(schema.JSONSchema), string(schema.Avro), string(schema.Protobuf)}},
	} {
		if *choice.value == "" {
			*choice.value = choice.allowed[0]
		}
		if !slices.Contains(choice.allowed, *choice.value) {
			return document.Errorf(at, "input %s: %s is %q: write %s", in.Topic, choice.name, *choice.value, strings.Join(choice.allowed, " or "))
		}
	}
	if in.Subject == "" {
		in.Subject = in.Topic + "-value"
	}
	switch {
	case !in.Debezium && (in.Operations != "" || in.EventType != ""):
		return document.Errorf(at, "input %s: operations and event_type are for debezium: true", in.Topic)
	case strings.Trim(in.Operations, "cudr") != "":
		return document.Errorf(at+".operations", "input %s: operations are some of the letters c, u, d, r", in.Topic)
	case in.Debezium && in.Takes == "events" && in.EventType == "":
		return document.Errorf(at, "input %s: events need an event_type: a name, or table to make it of the table's", in.Topic)
	}
	switch r := &in.Retry; {
	case *r == (Retry{}):
	case !in.registered():
		return document.Errorf(at+".retry", "input %s: retry is for formats with a registry: nothing else that fails passes for one record and not for all", in.Topic)
	case r.Attempts < 2 || r.Attempts > 1000 || r.Backoff < 0:
		return document.Errorf(at+".retry", "input %s: retry has from 2 to 1000 attempts, and a backoff as 1m", in.Topic)
	case r.Backoff == 0:
		r.Backoff = yamlfile.Duration(time.Minute)
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
