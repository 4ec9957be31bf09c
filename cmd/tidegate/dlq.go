package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"os/exec"
	"os/user"
	"slices"
	"strings"
	"text/tabwriter"
	"time"
	"unicode/utf8"

	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/tidegate/tidegate"
	"github.com/tidegate/tidegate/bench/replay"
	"github.com/tidegate/tidegate/stream/kafka"
	"github.com/tidegate/tidegate/stream/kafka/dlq"
	"github.com/tidegate/tidegate/wire"
)

type dlqCommands struct {
	List   dlqListCommand   `cmd:"" help:"List dead letters."`
	Show   dlqShowCommand   `cmd:"" help:"Show one with all that is known of it."`
	Edit   dlqEditCommand   `cmd:"" help:"Put a corrected value beside one, to be sent in its place."`
	Replay dlqReplayCommand `cmd:"" help:"Send them again, each once."`
	Purge  dlqPurgeCommand  `cmd:"" help:"Take them away."`
}

// dlqTopic is what all of them need.
type dlqTopic struct {
	Topic   string   `help:"The topic whose dead letters are meant, without .dlq." default:"transactions"`
	Config  string   `help:"Configuration with the brokers." type:"path" placeholder:"FILE"`
	Brokers []string `help:"Brokers, instead of the configuration's." placeholder:"HOST:PORT"`
}

func (c *dlqTopic) open(ctx context.Context) (*dlq.Letters, error) {
	cfg, err := (&serveCommand{Config: c.Config}).load()
	if err != nil {
		return nil, err
	}
	brokers := cfg.Kafka.Brokers
	if len(c.Brokers) > 0 {
		brokers = c.Brokers
	}
	if len(brokers) == 0 {
		return nil, tidegate.Errorf(tidegate.CodeConfig, "no brokers: name a tidegate.yaml that has some with --config, or --brokers")
	}
	options, err := cfg.Kafka.Options()
	if err != nil {
		return nil, err
	}
	letters, err := dlq.Open(ctx, strings.TrimSuffix(c.Topic, ".dlq"), append(options, kgo.SeedBrokers(brokers...))...)
	return letters, explainedToPerson(err)
}

// explainedToPerson says what to do about an error, to somebody whose rights
// are not those of the service, which doctor looks at.
func explainedToPerson(err error) error {
	for _, is := range []error{kerr.TopicAuthorizationFailed, kerr.TransactionalIDAuthorizationFailed, kerr.ClusterAuthorizationFailed} {
		if errors.Is(err, is) {
			return &tidegate.Error{Code: tidegate.CodeForbidden, Message: "our user lacks a right: docs/kafka.md, Dead letters, has the list", Cause: is}
		}
	}
	if errors.Is(err, kerr.UnknownTopicOrPartition) {
		return &tidegate.Error{Code: tidegate.CodeNotFound, Message: "the topic to send to is not there", Cause: kerr.UnknownTopicOrPartition}
	}
	if errors.Is(err, kerr.ProducerFenced) || errors.Is(err, kerr.InvalidProducerEpoch) {
		return tidegate.Errorf(tidegate.CodeConflict, "somebody else sends dead letters of this topic at the same time: what they have sent is sent once; do it again for the rest")
	}
	return kafka.Explain(err)
}

// with opens the letters for a while.
func (c *dlqTopic) with(ctx context.Context, do func(*dlq.Letters) error) error {
	letters, err := c.open(ctx)
	if err != nil {
		return err
	}
	defer letters.Close()
	return explainedToPerson(do(letters))
}

// dlqFilter selects letters.
type dlqFilter struct {
	Code  string        `help:"Only those with this reason, as malformed or conflict." placeholder:"CODE"`
	Error string        `help:"Only those whose error holds this text." placeholder:"TEXT"`
	Key   string        `help:"Only those of this key." placeholder:"KEY"`
	Since time.Time     `help:"Only those that failed at this time or later, as 2026-01-02T15:04:05Z." placeholder:"TIME"`
	Until time.Time     `help:"Only those that failed before this time." placeholder:"TIME"`
	Last  time.Duration `help:"Only those that failed within this while, as 24h." placeholder:"WHILE"`
}

func (c *dlqFilter) filter(ids []string) dlq.Filter {
	f := dlq.Filter{IDs: ids, Code: c.Code, Error: c.Error, Key: c.Key, Since: c.Since, Until: c.Until}
	// Every filter leaves fewer: what is purged must not be more for another one.
	if last := time.Now().Add(-c.Last); c.Last != 0 && last.After(f.Since) {
		f.Since = last
	}
	return f
}

// who is the person for the record.
type who struct {
	Who string `help:"Your name, for the record. Default: that of the login." placeholder:"NAME"`
}

func (c *who) name() string {
	if c.Who != "" {
		return c.Who
	}
	name := "unknown"
	if u, err := user.Current(); err == nil {
		name = u.Username
	}
	if host, err := os.Hostname(); err == nil {
		name += "@" + host
	}
	return name
}

type dlqListCommand struct {
	dlqTopic
	dlqFilter
	All  bool `help:"Also those that were replayed or purged."`
	JSON bool `name:"json" help:"A line of JSON each."`
}

func (c *dlqListCommand) Run(ctx context.Context) error { return c.list(ctx, os.Stdout) }

func (c *dlqListCommand) list(ctx context.Context, w io.Writer) error {
	return c.with(ctx, func(letters *dlq.Letters) error {
		f := c.filter(nil)
		f.Open = !c.All
		table := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
		if !c.JSON {
			fmt.Fprintln(table, "ID\tFAILED\tCODE\tATTEMPT\tORIGIN\tKEY\tSTATE\tERROR")
		}
		err := letters.Each(ctx, f, func(l dlq.Letter) error {
			if c.JSON {
				return json.NewEncoder(w).Encode(shown(&l))
			}
			_, err := fmt.Fprintf(table, "%s\t%s\t%s\t%d\t%s/%d/%d\t%.24s\t%s\t%.80s\n", l.ID, l.FailedAt.UTC().Format("2006-01-02T15:04:05Z"), l.Code, l.Attempt,
				l.Topic, l.Partition, l.Offset, l.Key, stateOf(&l), oneLine(l.Error))
			return err
		})
		return errors.Join(err, table.Flush())
	})
}

func stateOf(l *dlq.Letter) string {
	switch {
	case l.Purged():
		return "purged"
	case l.Replayed():
		return "replayed"
	case l.Edited != nil:
		return "edited"
	}
	return "open"
}

func oneLine(s string) string { return strings.Join(strings.Fields(s), " ") }

// shownLetter is a letter as JSON. Bytes that are no text are in base64.
type shownLetter struct {
	ID        string         `json:"id"`
	State     string         `json:"state"`
	Code      string         `json:"code"`
	Error     string         `json:"error"`
	Stack     string         `json:"stack,omitempty"`
	FailedAt  time.Time      `json:"failed_at"`
	Attempt   int            `json:"attempt"`
	Version   string         `json:"version"`
	Topic     string         `json:"topic"`
	Partition int32          `json:"partition"`
	Offset    int64          `json:"offset"`
	Truncated bool           `json:"truncated,omitempty"`
	Key       any            `json:"key"`
	Headers   map[string]any `json:"headers,omitempty"`
	Value     any            `json:"value"`
	Edited    any            `json:"edited,omitempty"`
	Done      []dlq.Entry    `json:"done,omitempty"`
}

func shown(l *dlq.Letter) shownLetter {
	s := shownLetter{ID: l.ID, State: stateOf(l), Code: l.Code, Error: l.Error, Stack: l.Stack, FailedAt: l.FailedAt.UTC(), Attempt: l.Attempt, Version: l.Version,
		Topic: l.Topic, Partition: l.Partition, Offset: l.Offset, Truncated: l.Truncated, Key: textOr64(l.Key), Value: textOr64(l.Value), Edited: textOr64(l.Edited), Done: l.Done}
	for _, h := range l.Headers {
		if s.Headers == nil {
			s.Headers = map[string]any{}
		}
		s.Headers[h.Key] = textOr64(h.Value)
	}
	return s
}

func textOr64(b []byte) any {
	switch {
	case b == nil:
		return nil
	case utf8.Valid(b):
		return string(b)
	}
	return map[string][]byte{"base64": b}
}

type dlqShowCommand struct {
	dlqTopic
	ID string `arg:"" help:"As dlq list shows it."`
}

func (c *dlqShowCommand) Run(ctx context.Context) error {
	return c.with(ctx, func(letters *dlq.Letters) error {
		letter, err := one(ctx, letters, c.ID)
		if err != nil {
			return err
		}
		e := json.NewEncoder(os.Stdout)
		e.SetIndent("", "  ")
		return e.Encode(shown(&letter))
	})
}

func one(ctx context.Context, letters *dlq.Letters, id string) (found dlq.Letter, err error) {
	err = letters.Each(ctx, dlq.Filter{IDs: []string{id}}, func(l dlq.Letter) error {
		found = l
		return nil
	})
	if err == nil && found.ID == "" {
		err = tidegate.Errorf(tidegate.CodeNotFound, "there is no letter %s", id)
	}
	return found, err
}

// named refuses ids of letters that are not there, and says of which nothing
// will be sent because it was done before.
func named(ctx context.Context, letters *dlq.Letters, ids []string, again bool) error {
	if len(ids) == 0 {
		return nil
	}
	missing := map[string]bool{}
	for _, id := range ids {
		missing[id] = true
	}
	err := letters.Each(ctx, dlq.Filter{IDs: ids}, func(l dlq.Letter) error {
		delete(missing, l.ID)
		if l.Purged() {
			fmt.Fprintf(os.Stderr, "tidegate: %s was purged\n", l.ID)
		} else if l.Replayed() && !again {
			fmt.Fprintf(os.Stderr, "tidegate: %s was replayed before: --again sends it again\n", l.ID)
		}
		return nil
	})
	if err == nil && len(missing) > 0 {
		err = tidegate.Errorf(tidegate.CodeNotFound, "there is no letter %s", strings.Join(slices.Sorted(maps.Keys(missing)), ", "))
	}
	return err
}

type dlqEditCommand struct {
	dlqTopic
	who
	ID   string `arg:"" help:"As dlq list shows it."`
	File string `help:"The corrected value. Default: opens $EDITOR with what is there." placeholder:"FILE"`
}

func (c *dlqEditCommand) Run(ctx context.Context) error {
	return c.with(ctx, func(letters *dlq.Letters) error {
		letter, err := one(ctx, letters, c.ID)
		if err != nil {
			return err
		}
		var value []byte
		if c.File != "" {
			value, err = os.ReadFile(c.File)
		} else {
			value, err = edited(&letter)
		}
		if err != nil {
			return err
		}
		if err := letters.Edit(ctx, c.ID, c.name(), time.Now().UTC(), value); err != nil {
			return err
		}
		if letter.Replayed() {
			fmt.Fprintf(os.Stderr, "tidegate: %s was replayed before: replay --again sends what you have made of it\n", c.ID)
		}
		return nil
	})
}

// edited is what a person makes of a letter's value in their editor.
func edited(l *dlq.Letter) (_ []byte, err error) {
	editor := os.Getenv("EDITOR")
	if editor == "" {
		return nil, tidegate.Errorf(tidegate.CodeInvalid, "EDITOR is not set: give the value with --file")
	}
	f, err := os.CreateTemp("", "letter-*.json")
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, os.Remove(f.Name())) }()
	value := l.Value
	if l.Edited != nil {
		value = l.Edited
	}
	_, err = f.Write(value)
	if err = errors.Join(err, f.Close()); err != nil {
		return nil, err
	}
	command := exec.Command("sh", "-c", editor+` "$1"`, "sh", f.Name())
	command.Stdin, command.Stdout, command.Stderr = os.Stdin, os.Stdout, os.Stderr
	if err := command.Run(); err != nil {
		return nil, err
	}
	return os.ReadFile(f.Name())
}

type dlqReplayCommand struct {
	dlqTopic
	dlqFilter
	who
	IDs     []string `arg:"" optional:"" help:"Which ones; without any, all that the filters leave."`
	To      string   `help:"Topic to send to, instead of the original." placeholder:"TOPIC"`
	Mapping string   `help:"A mapping of the configuration (mappings/NAME.yaml, format jsonl) that makes a payment of each." placeholder:"NAME"`
	Again   bool     `help:"Also those that were replayed before."`
}

func (c *dlqReplayCommand) Run(ctx context.Context) error {
	r := dlq.Replay{Who: c.name(), At: time.Now().UTC(), To: c.To, Again: c.Again, Mapping: c.Mapping, Refused: func(l dlq.Letter, err error) {
		fmt.Fprintf(os.Stderr, "tidegate: %s stays: %v\n", l.ID, err)
	}}
	if c.Mapping != "" {
		cfg, err := (&serveCommand{Config: c.Config}).load()
		if err != nil {
			return err
		}
		_, scorer, err := compiled(&cfg)
		if err != nil {
			return err
		}
		mapping, err := loadMapping(&cfg, c.Mapping, scorer)
		if err != nil {
			return err
		}
		r.Map = func(value []byte) ([]byte, error) {
			var row replay.Row
			if err := mapping.Line(value, &row); err != nil {
				return nil, err
			}
			return wire.AppendEvent(nil, &row.Event), nil
		}
	}
	return c.with(ctx, func(letters *dlq.Letters) error {
		if err := named(ctx, letters, c.IDs, c.Again); err != nil {
			return err
		}
		sent, err := letters.Replay(ctx, c.filter(c.IDs), r)
		fmt.Printf("%d sent\n", sent)
		return err
	})
}

type dlqPurgeCommand struct {
	dlqTopic
	dlqFilter
	who
	IDs []string `arg:"" optional:"" help:"Which ones; without any, all that the filters leave."`
	All bool     `help:"Really all, where there is neither an id nor a filter."`
}

func (c *dlqPurgeCommand) Run(ctx context.Context) error {
	if len(c.IDs) == 0 && c.dlqFilter == (dlqFilter{}) && !c.All {
		return tidegate.Errorf(tidegate.CodeInvalid, "name letters or filter them, or say --all")
	}
	return c.with(ctx, func(letters *dlq.Letters) error {
		if err := named(ctx, letters, c.IDs, true); err != nil {
			return err
		}
		purged, err := letters.Purge(ctx, c.filter(c.IDs), c.name(), time.Now().UTC())
		fmt.Printf("%d purged\n", purged)
		return err
	})
}
