package intake_test

import (
	"context"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/prometheus/client_golang/prometheus"

	"github.com/tidegate/tidegate"
	"github.com/tidegate/tidegate/api"
	"github.com/tidegate/tidegate/bench/generate"
	"github.com/tidegate/tidegate/intake"
	"github.com/tidegate/tidegate/stream/kafka/kafkatest"
	"github.com/tidegate/tidegate/wire"
)

// TestSameAsREST: payments, events and labels have the very same results
// whether they come from topics or over HTTP: every decision with its feature
// values, byte for byte.
func TestSameAsREST(t *testing.T) {
	t.Parallel()
	broker := kafkatest.Start(t)
	topics := map[string]string{}
	var inputs []intake.Topic
	for i, kind := range []string{"transactions", "events", "labels"} {
		topics[kind] = broker.Topic(t, kind, 1) // one partition: all records have one order
		inputs = append(inputs, intake.Topic{Name: topics[kind], Takes: intake.Kind(i)})
	}
	overHTTP, overKafka := openNode(t, t.TempDir()), openNode(t, t.TempDir())
	face := api.New(overHTTP.Node, api.Options{Log: slog.New(slog.DiscardHandler), Clock: time.Now, BodyLimit: 64 << 10, InFlight: 8, Registry: prometheus.NewRegistry(), EventClock: true, ReloadErrors: func() error { return nil }})
	in := read(t, overKafka, broker, inputs...)
	client := broker.Client(t)

	stream := generate.New(generate.Options{Seed: 5, Customers: 40, Merchants: 10, Transactions: 600})
	var ids []string
	sent := map[string]uint64{}
	// In each phase one kind: across topics there is no order.
	for range 4 {
		phase := map[string][]string{}
		for range 160 {
			item, ok := stream.Next()
			if !ok {
				break
			}
			id := item.Event.Text[tidegate.TransactionID]
			ids = append(ids, id)
			phase["transactions"] = append(phase["transactions"], string(generate.AppendJSON(nil, &item.Event)))
			if len(ids)%3 == 0 {
				phase["events"] = append(phase["events"], fmt.Sprintf(`{"event_id":"e-%s","event_type":"transaction.outcome","timestamp":%q,"payload":{"transaction_id":%q,"final":"declined","by":"issuer"}}`, id, item.Event.Time, id))
			}
			if item.Fraud = len(ids)%10 == 0; item.Fraud {
				phase["labels"] = append(phase["labels"], string(generate.AppendLabelJSON(nil, &item, item.Event.Time)))
			}
		}
		for _, kind := range []string{"transactions", "events", "labels"} {
			path := map[string]string{"transactions": "/v1/authorize", "events": "/v1/events", "labels": "/v1/labels"}[kind]
			for _, body := range phase[kind] {
				w := httptest.NewRecorder()
				face.ServeHTTP(w, httptest.NewRequest(http.MethodPost, path, strings.NewReader(body)))
				if w.Code >= 300 {
					t.Fatalf("%s: %d %s", body, w.Code, w.Body)
				}
			}
			send(t, client, topics[kind], "all", phase[kind]...)
			sent[kind] += uint64(len(phase[kind]))
			in.caughtUp(topics[kind], sent[kind])
		}
	}
	face.Drain()
	fraud := 0
	for _, id := range ids {
		want, got := decisionOf(t, overHTTP, id), decisionOf(t, overKafka, id)
		if diff := cmp.Diff(want, got); diff != "" {
			t.Fatalf("over HTTP (-) and from Kafka (+): %s", diff)
		}
		if !strings.Contains(want, `"outcome":"approve"`) {
			fraud++
		}
	}
	if fraud == 0 || sent["labels"] == 0 || sent["events"] == 0 || overKafka.Counters().DeadLetters() > 0 {
		t.Errorf("%d not approved, %v sent, %d dead letters", fraud, sent, overKafka.Counters().DeadLetters())
	}
}

// decisionOf is what a node decided, without where and when it wrote it down.
func decisionOf(t *testing.T, n *openedNode, id string) string {
	t.Helper()
	r, values, err := n.Decision(context.Background(), tidegate.DefaultTenant, id)
	if err != nil {
		t.Fatal(id, err)
	}
	r.Decision.Sequence, r.Decision.ArrivalTime, r.Decision.DecidedInUS = 0, 0, 0
	text := wire.AppendDecision(nil, &r.Decision, wire.Features{Variables: values.Variables, Num: values.Num, Text: values.Text, Warming: values.Warming})
	for i := range r.Decision.Alerts {
		text = wire.AppendAlert(append(text, '\n'), &r.Decision.Alerts[i])
	}
	return string(text)
}
