package main

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"net/http"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/hamba/avro/v2"
	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/sr"

	"github.com/tidegate/tidegate/stream/kafka"
	"github.com/tidegate/tidegate/stream/kafka/kafkatest"
)

// TestServeRetries kills the service while records wait to be tried again whose
// schema the registry can't give for now: the payments behind them are decided,
// they are when it can, once each, and those whose tries are used up are dead
// letters, once each.
func TestServeRetries(t *testing.T) {
	beside(t)
	broker, registry := kafkatest.Start(t), kafkatest.Registry(t)
	patient, brief := broker.Topic(t, "patient", 2), broker.Topic(t, "brief", 2)
	schema := avro.MustParse(paymentAvro(""))
	ids := map[string]int{}
	for _, topic := range []string{patient, brief} {
		ids[topic] = register(t, registry, topic+"-value", sr.TypeAvro, strings.Replace(paymentAvro(""), `"bank"`, quoted(strings.ToLower(topic[:5])), 1))
	}
	away := register(t, registry, patient+"-away", sr.TypeAvro, strings.Replace(paymentAvro(""), `"bank"`, `"away"`, 1))
	var back atomic.Bool
	front := inFront(t, registry, func(id string) int {
		if !back.Load() && id == strconv.Itoa(away) {
			return http.StatusServiceUnavailable
		}
		return 0
	})
	input := "{topic: %q, takes: transactions, format: avro, retry: {attempts: %d, backoff: 300ms}}"
	s := newPublishing(t, broker, "registry: {url: "+quoted(front)+"}", "inputs: ["+fmt.Sprintf(input, patient, 1000)+", "+fmt.Sprintf(input, brief, 3)+"]")
	s.start()

	client := broker.Client(t)
	var good, waiting, letters []string
	send := func(n int) {
		t.Helper()
		var failed error
		for i := range n {
			topic := []string{patient, brief}[i%2]
			id, schemaID := fmt.Sprint("r-", len(good)+len(waiting)+len(letters)), ids[topic]
			switch {
			case i%8 == 2:
				waiting, schemaID = append(waiting, id), away
			case i%8 == 5:
				letters, schemaID = append(letters, id), away
			default:
				good = append(good, id)
			}
			r := &kgo.Record{Topic: topic, Key: fmt.Append(nil, "c-", i%5), Value: framed(t, schemaID, nil, avroPayment(t, schema, id, fmt.Sprint("c-", i%5), 1250, nil))}
			client.Produce(context.Background(), r, func(_ *kgo.Record, err error) { failed = errors.Join(failed, err) })
		}
		if err := errors.Join(client.Flush(context.Background()), failed); err != nil {
			t.Fatal(err)
		}
	}
	for range max(4, kafkaRounds(t)/10) {
		send(40)
		time.Sleep(time.Duration(rand.IntN(700)) * time.Millisecond)
		s.kill()
		s.start()
	}
	send(40)
	decided := func() (list []string) {
		for _, line := range s.published("decisions", "transaction_id") {
			list = append(list, line[strings.LastIndex(line, " ")+1:])
		}
		return list
	}
	waitFor(t, "those that need not wait are decided", func() bool { return len(decided()) >= len(good) })
	waitFor(t, "the tries of the others are used up", func() bool { return len(broker.Committed(t, brief+".dlq")) >= len(letters) })
	back.Store(true)
	waitFor(t, "those that waited are decided", func() bool { return len(decided()) >= len(good)+len(waiting) })
	if diff := cmp.Diff(append(good, waiting...), decided(), cmpSorted); diff != "" {
		t.Errorf("decided: %s", diff)
	}
	places := map[string]bool{}
	for _, r := range broker.Committed(t, brief+".dlq") {
		if header(r, kafka.HeaderException) != "unavailable" || header(r, kafka.HeaderAttempt) != "3" || header(r, kafka.HeaderTopic) != brief {
			t.Error(r.Headers)
		}
		places[header(r, kafka.HeaderPartition)+"/"+header(r, kafka.HeaderOffset)] = true
	}
	if len(places) != len(letters) {
		t.Errorf("%d letters of %d", len(places), len(letters))
	}
	tries := map[string]int{}
	for _, r := range broker.Committed(t, patient+".retry") {
		tries[header(r, kafka.HeaderPartition)+"/"+header(r, kafka.HeaderOffset)+" "+header(r, kafka.HeaderTries)]++
	}
	for what, n := range tries {
		if n != 1 {
			t.Errorf("%s: tried %d times", what, n)
		}
	}
	if n := len(broker.Committed(t, patient+".dlq")); n > 0 {
		t.Errorf("%d dead letters where there are tries left", n)
	}
	if line := fmt.Sprintf("tidegate_input_retries_total{topic=%q} ", patient+".retry"); !strings.Contains(s.metrics(), line) {
		t.Error("no ", line)
	}
	t.Logf("%d decided at once, %d in %d tries, %d letters", len(good), len(waiting), len(tries), len(letters))
}
