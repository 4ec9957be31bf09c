package main

import (
	"bytes"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/tidegate/tidegate"
	"github.com/tidegate/tidegate/stream/kafka/kafkatest"
	"github.com/tidegate/tidegate/wire"
)

// TestConsumer: the program prints what is committed, once a group, and nothing
// of what a transaction gave up.
func TestConsumer(t *testing.T) {
	broker := kafkatest.Start(t)
	topic := broker.Topic(t, "fraud-alerts", 2)
	producer := broker.Client(t, kgo.TransactionalID(topic))
	eur, _ := tidegate.ParseCurrency("EUR")
	send := func(end kgo.TransactionEndTry, ids ...string) {
		t.Helper()
		if err := producer.BeginTransaction(); err != nil {
			t.Fatal(err)
		}
		for _, id := range ids {
			a := tidegate.Alert{ID: id, TransactionID: "tx-" + id, CustomerID: "c-1", Amount: tidegate.Money{Minor: 1250, Currency: eur}, HasAmount: true,
				Outcome: tidegate.Decline, Severity: tidegate.High, Reason: tidegate.Reason{Code: "VELOCITY", Text: "too many"}, EventTime: 1773489600000}
			if err := producer.ProduceSync(t.Context(), &kgo.Record{Topic: topic, Key: []byte("c-1"), Value: wire.AppendAlert(nil, &a)}).FirstErr(); err != nil {
				t.Fatal(err)
			}
		}
		if err := producer.EndTransaction(t.Context(), end); err != nil {
			t.Fatal(err)
		}
	}
	binary := filepath.Join(t.TempDir(), "alert-consumer")
	if out, err := exec.Command("go", "build", "-o", binary, ".").CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	read := func(count string) []string {
		t.Helper()
		var errs bytes.Buffer
		c := exec.Command(binary, "-brokers", broker.Addresses[0], "-topic", topic, "-group", topic, "-count", count)
		c.Stderr = &errs
		out, err := c.Output()
		if err != nil {
			t.Fatalf("%v: %s", err, errs.String())
		}
		return strings.Split(strings.TrimSpace(string(out)), "\n")
	}
	send(kgo.TryAbort, "given-up")
	send(kgo.TryCommit, "1", "2")
	want := "2026-03-14T12:00:00Z high     decline   VELOCITY customer c-1, transaction tx-1, 12.50 EUR: too many"
	if got := read("2"); len(got) != 2 || got[0] != want {
		t.Errorf("%q", got)
	}
	send(kgo.TryCommit, "3")
	if got := read("1"); len(got) != 1 || !strings.Contains(got[0], "tx-3") {
		t.Errorf("%q", got)
	}
}
