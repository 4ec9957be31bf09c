package doctor

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kmsg"

	"github.com/tidegate/tidegate/config"
	"github.com/tidegate/tidegate/stream/kafka"
)

// Right is one that the service needs; with exactly those it works.
// docs/kafka.md lists them.
type Right struct {
	Resource  string // topic, group or transactional id
	Name      string // of a topic; what the id begins with
	Operation string // Read or Write: each includes Describe
	For       string
}

func (r Right) String() string { return r.Operation + " on " + r.Resource + " " + r.Name }

// rights of a configuration.
func (c *cluster) rights() []Right {
	k := c.Config.Kafka
	var list []Right
	for _, t := range k.Written() {
		list = append(list, Right{"topic", t.Name, "Write", "publishing"})
	}
	for _, in := range k.Inputs {
		list = append(list, Right{"topic", in.Topic, "Read", "reading " + in.Takes})
		if in.Retry.Attempts > 0 {
			list = append(list, Right{"topic", k.Retries(in.Topic).Name, "Read", "trying again"})
		}
	}
	list = append(list,
		Right{"topic", kafka.DefaultPositions, "Write", "keeping the position in the journal"},
		Right{"topic", kafka.DefaultPositions, "Read", "keeping the position in the journal"},
		Right{"group", idPrefix, "Read", "keeping the position in the journal"},
	)
	if k.Delivery != config.AtLeastOnce {
		list = append(list, Right{"transactional id", idPrefix, "Write", "publishing once"})
	}
	return list
}

// idPrefix is what transactional id and group begin with; the journal's UUID
// follows.
const idPrefix = "tidegate-"

// access names each right that is missing.
func (c *cluster) access(ctx context.Context) {
	var missing, unknown, away []string
	for _, r := range c.rights() {
		have, err := c.may(ctx, r)
		switch {
		case errors.Is(err, kerr.UnknownTopicOrPartition):
			away = append(away, r.Name)
		case err != nil:
			unknown = append(unknown, fmt.Sprintf("%s: %v", r, err))
		case !have:
			missing = append(missing, fmt.Sprintf("%s (%s)", r, r.For))
		}
	}
	if len(away) > 0 {
		slices.Sort(away)
		unknown = append(unknown, "rights on "+strings.Join(slices.Compact(away), ", ")+", which are not there")
	}
	if len(unknown) > 0 {
		c.note("access", Skip, "", "can't be told: %s", strings.Join(unknown, ", "))
	}
	switch {
	case len(missing) > 0:
		c.note("access", Fail, "grant these to our user: kafka-acls.sh --add; docs/kafka.md has the list", "missing: %s", strings.Join(missing, ", "))
	case len(unknown) == 0:
		c.note("access", OK, "", "%d rights, as needed", len(c.rights()))
	}
}

func (c *cluster) may(ctx context.Context, r Right) (bool, error) {
	switch r.Resource {
	case "topic":
		return c.mayTopic(ctx, r)
	case "group":
		return c.mayGroup(ctx)
	}
	return c.mayTransact(ctx)
}

func (c *cluster) mayTopic(ctx context.Context, r Right) (bool, error) {
	have, err := c.describe(ctx, r.Name)
	if errors.Is(err, kerr.TopicAuthorizationFailed) {
		return false, nil
	}
	operation := kadm.OpWrite
	if r.Operation == "Read" {
		operation = kadm.OpRead
	}
	return slices.Contains(have.AuthorizedOperations, operation), err
}

// mayGroup sends the heartbeat of a member that does not exist, which the
// brokers refuse, after they have looked at the rights.
func (c *cluster) mayGroup(ctx context.Context) (bool, error) {
	beat := kmsg.NewPtrHeartbeatRequest()
	beat.Group, beat.MemberID = c.id(), "tidegate-doctor"
	answer, err := beat.RequestWith(ctx, c.client)
	if err == nil {
		err = kerr.ErrorForCode(answer.ErrorCode)
	}
	return refused(err, kerr.GroupAuthorizationFailed, kerr.UnknownMemberID, kerr.GroupIDNotFound, kerr.IllegalGeneration)
}

// mayTransact asks to add offsets to a transaction of a producer that does not
// exist. The publisher that may be at work is not touched.
func (c *cluster) mayTransact(ctx context.Context) (bool, error) {
	add := kmsg.NewPtrAddOffsetsToTxnRequest()
	add.TransactionalID, add.Group, add.ProducerID = c.id(), c.id(), 1<<62
	answer, err := add.RequestWith(ctx, c.client)
	if err == nil {
		err = kerr.ErrorForCode(answer.ErrorCode)
	}
	return refused(err, kerr.TransactionalIDAuthorizationFailed, kerr.GroupAuthorizationFailed, kerr.InvalidProducerIDMapping)
}

// refused tells a refusal for want of a right from one for what the request
// asks, which is what was meant.
func refused(err, missing error, meant ...error) (bool, error) {
	if errors.Is(err, missing) {
		return false, nil
	}
	if err == nil || slices.ContainsFunc(meant, func(m error) bool { return errors.Is(err, m) }) {
		return true, nil
	}
	return false, err
}

// id is the journal's, or where there is none yet one like it.
func (c *cluster) id() string {
	if c.journal == "" {
		return idPrefix + "00000000-0000-4000-8000-000000000000"
	}
	return idPrefix + c.journal
}
