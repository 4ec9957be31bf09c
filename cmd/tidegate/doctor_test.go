package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/tidegate/tidegate/doctor"
	"github.com/tidegate/tidegate/stream/kafka/kafkatest"
)

// examine runs tidegate doctor --json.
func examine(t *testing.T, config, data string, flags ...string) (report doctor.Report, code int) {
	t.Helper()
	cmd := exec.Command(binary, append([]string{"doctor", "--json", "--timeout", "2m", "--config", filepath.Join(config, "tidegate.yaml"), "--data", data}, flags...)...)
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, _ := cmd.Output()
	if err := json.Unmarshal(out, &report); err != nil {
		t.Fatalf("%v\n%s\n%s", err, out, &stderr)
	}
	return report, cmd.ProcessState.ExitCode()
}

// said is what the report has on a name; the zero Check where there is nothing.
func said(r doctor.Report, name string) doctor.Check {
	for _, c := range r.Checks {
		if c.Name == name {
			return c
		}
	}
	return doctor.Check{}
}

// right is a row of docs/kafka.md.
type right struct{ resource, name, operation string }

func documentedRights(t *testing.T) (list []right) {
	t.Helper()
	page, err := os.ReadFile("../../docs/kafka.md")
	if err != nil {
		t.Fatal(err)
	}
	for _, m := range regexp.MustCompile(`(?m)^\| (topic|group|transactional id) \| (\S+) \| (Read|Write) \|`).FindAllStringSubmatch(string(page), -1) {
		list = append(list, right{m[1], m[2], m[3]})
	}
	return list
}

func (r right) acl(topics map[string]string) *kadm.ACLBuilder {
	b := kadm.NewACLs().Allow("User:tidegate").AllowHosts("*").Operations(map[string]kadm.ACLOperation{"Read": kadm.OpRead, "Write": kadm.OpWrite}[r.operation])
	switch r.resource {
	case "topic":
		return b.Topics(r.topic(topics)).ResourcePatternType(kadm.ACLPatternLiteral)
	case "group":
		return b.Groups(r.name).ResourcePatternType(kadm.ACLPatternPrefixed)
	}
	return b.TransactionalIDs(r.name).ResourcePatternType(kadm.ACLPatternPrefixed)
}

// topic is the test's own name of a topic.
func (r right) topic(topics map[string]string) string {
	if name, ok := topics[r.name]; ok {
		return name
	}
	return r.name
}

// next is the value of a topic's next record.
func next(t *testing.T, client *kgo.Client) string {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
	defer cancel()
	for {
		fetches := client.PollRecords(ctx, 1)
		if records := fetches.Records(); len(records) > 0 {
			return string(records[0].Value)
		}
		if ctx.Err() != nil {
			t.Fatal(fetches.Err())
		}
	}
}

// With exactly the rights that docs/kafka.md lists the service works, with one
// less doctor names the one that is missing, and no secret is told on the way. At
// least once it works without the right to transactions.
func TestLeastPrivilege(t *testing.T) {
	beside(t)
	broker := kafkatest.StartSecure(t)
	admin := kadm.NewClient(broker.Client(t))
	topics := map[string]string{"decisions": "least-decisions", "fraud-alerts": "least-alerts", "transactions": "least-transactions", "transactions.dlq": "least-transactions.dlq",
		"decisions.dlq": "least-decisions.dlq", "fraud-alerts.dlq": "least-alerts.dlq"}
	settings := func(sasl, user string) string {
		return fmt.Sprintf("kafka:\n  brokers: %s\n  tls: {enabled: true, ca: %q}\n  sasl: {mechanism: %s, user: %s, password_file: %q}\n  decisions_topic: %s\n  alerts_topic: %s\n  topics: {partitions: 3, retention: 2d}\n  inputs: [{topic: %s, takes: transactions}]\n",
			broker.Addresses, broker.File("ca.pem"), sasl, user, broker.File(user+".password"), topics["decisions"], topics["fraud-alerts"], topics["transactions"])
	}
	data := filepath.Join(t.TempDir(), "data")
	theirs, ours := configDir(t, settings("SCRAM-SHA-256", "admin")), configDir(t, settings("SCRAM-SHA-512", "tidegate"), "policy.yaml", "deadline: 20ms", "deadline: 5s")

	// Nothing is there, and then all that doctor may make is.
	report, code := examine(t, theirs, data)
	if c := said(report, "topic least-decisions"); code != 69 || c.Status != doctor.Fail || !strings.Contains(c.Do, "doctor --fix") {
		t.Errorf("code %d, %+v", code, c)
	}
	report, code = examine(t, theirs, data, "--fix")
	if c := said(report, "topic least-decisions"); code != 0 || c.Status != doctor.Fixed || c.Found != "created: 3 partitions, 1 replicas, min.insync.replicas 1" {
		t.Fatalf("code %d, %+v", code, report)
	}

	rights := documentedRights(t)
	grant := func(r right) {
		t.Helper()
		if answers, err := admin.CreateACLs(t.Context(), r.acl(topics)); err != nil || answers[0].Err != nil {
			t.Fatal(err, answers)
		}
	}
	for _, r := range rights {
		grant(r)
	}
	report, code = examine(t, ours, data)
	if code != 0 || said(report, "access").Status != doctor.OK || said(report, "clock of the brokers").Status == doctor.Fail {
		t.Fatalf("code %d, %+v", code, report)
	}
	s := serve(t, ours, data)
	if status, body := s.post("/v1/authorize", payment("t-1", "c-1", 500)); status != 200 {
		t.Fatalf("%d %s", status, body)
	}
	client := broker.Client(t, consumeCommitted(topics["decisions"])...)
	if got := next(t, client); !strings.Contains(got, `"t-1"`) {
		t.Errorf("what is published: %s", got)
	}
	read := []*kgo.Record{
		{Topic: topics["transactions"], Key: []byte("c-1"), Value: []byte("broken")},
		{Topic: topics["transactions"], Key: []byte("c-1"), Value: []byte(payment("t-2", "c-1", 500))},
	}
	if err := client.ProduceSync(t.Context(), read...).FirstErr(); err != nil {
		t.Fatal(err)
	}
	if got := next(t, client); !strings.Contains(got, `"t-2"`) {
		t.Errorf("what is decided of a topic: %s", got)
	}
	letters := broker.Client(t, consumeCommitted(topics["transactions.dlq"])...)
	if got := next(t, letters); got != "broken" {
		t.Errorf("dead letters: %s", got)
	}
	refuseDecision(t, admin, s, topics, broker.Client(t, consumeCommitted(topics["decisions.dlq"])...))
	if code := s.signalled(syscall.SIGTERM); code != 0 {
		t.Errorf("exit code %d", code)
	}
	for _, said := range append(s.banner, s.stderr.String()) {
		if strings.Contains(said, broker.Secret(t, "tidegate.password")) {
			t.Errorf("the password is told: %s", said)
		}
	}

	for _, r := range rights {
		if _, err := admin.DeleteACLs(t.Context(), r.acl(topics)); err != nil {
			t.Fatal(err)
		}
		report, code := examine(t, ours, data)
		missing := fmt.Sprintf("missing: %s on %s %s (", r.operation, r.resource, r.topic(topics))
		if c := said(report, "access"); code != 69 || c.Status != doctor.Fail || !strings.HasPrefix(c.Found, missing) || strings.Contains(c.Found, ",") {
			t.Errorf("without %v: code %d, %+v", r, code, c)
		}
		grant(r)
	}

	// At least once needs no transactions, and nothing else that is not listed.
	least := configDir(t, settings("SCRAM-SHA-512", "tidegate")+"  delivery: at-least-once\n")
	for _, r := range rights {
		if r.resource == "transactional id" {
			if _, err := admin.DeleteACLs(t.Context(), r.acl(topics)); err != nil {
				t.Fatal(err)
			}
		}
	}
	if report, code = examine(t, least, data); code != 0 || said(report, "access").Status != doctor.OK {
		t.Errorf("at least once: code %d, %+v", code, said(report, "access"))
	}
	s = serve(t, least, data)
	if status, body := s.post("/v1/authorize", payment("t-3", "c-1", 500)); status != 200 {
		t.Fatalf("%d %s", status, body)
	}
	for !strings.Contains(next(t, client), `"t-3"`) { // behind those that went before the limit did
	}
	if code := s.signalled(syscall.SIGTERM); code != 0 {
		t.Errorf("exit code %d", code)
	}
}

// refuseDecision has the topic of decisions take only small records, until one is
// a dead letter: published with no more rights than are granted.
func refuseDecision(t *testing.T, admin *kadm.Client, s *server, topics map[string]string, letters *kgo.Client) {
	t.Helper()
	limit := func(change kadm.AlterConfig) {
		t.Helper()
		change.Name = "max.message.bytes"
		if answers, err := admin.AlterTopicConfigs(t.Context(), []kadm.AlterConfig{change}, topics["decisions"]); err != nil || answers[0].Err != nil {
			t.Fatal(err, answers)
		}
	}
	small := "200"
	limit(kadm.AlterConfig{Op: kadm.SetConfig, Value: &small})
	defer limit(kadm.AlterConfig{Op: kadm.DeleteConfig})
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
	defer cancel()
	for n := 0; ; n++ { // the broker minds the limit a little later
		id := fmt.Sprint("large-", n)
		if status, body := s.post("/v1/authorize", payment(id, "c-1", 500)); status != 200 {
			t.Fatalf("%d %s", status, body)
		}
		waiting, stop := context.WithTimeout(ctx, 2*time.Second)
		records := letters.PollRecords(waiting, 1).Records()
		stop()
		if len(records) > 0 {
			if got := string(records[0].Value); !strings.Contains(got, `"large-`) {
				t.Errorf("what is refused: %s", got)
			}
			return
		}
		if ctx.Err() != nil {
			t.Fatal("no decision was refused, or none of those could be published")
		}
	}
}
