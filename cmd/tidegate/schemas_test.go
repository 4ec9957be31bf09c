package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/hamba/avro/v2"
	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/sr"
	"google.golang.org/protobuf/encoding/protowire"

	"github.com/tidegate/tidegate/api"
	"github.com/tidegate/tidegate/stream/kafka"
	"github.com/tidegate/tidegate/stream/kafka/kafkatest"
)

// TestServeSchemas: payments in Avro and Protobuf through a schema registry, and
// as the change events of a database's table, have the decisions that they have
// over HTTP. A new optional field passes; a schema that breaks what is expected
// is refused: its records while the topic is read, and at the start the topic,
// with the reason, while everything else goes on; until one is registered that
// does not.
func TestServeSchemas(t *testing.T) {
	beside(t)
	broker, registry := kafkatest.Start(t), kafkatest.Registry(t)
	r := &schemaRig{T: t, client: broker.Client(t), topics: map[string]string{}, registry: registry}
	for _, name := range []string{"avro", "protobuf", "changes", "broken"} {
		r.topics[name] = broker.Topic(t, name, 1)
	}
	first := r.register("avro", sr.TypeAvro, paymentAvro(""))
	message := r.register("protobuf", sr.TypeProtobuf, paymentProto)
	broken := r.register("broken", sr.TypeAvro, strings.Replace(paymentAvro(""), `"customer_id"`, `"client"`, 1))
	r.s = newPublishing(t, broker, "registry: {url: "+quoted(registry)+"}", "inputs: ["+strings.Join([]string{
		fmt.Sprintf("{topic: %q, takes: transactions, format: avro, expect: payment.avsc}", r.topics["avro"]),
		fmt.Sprintf("{topic: %q, takes: transactions, format: protobuf, expect: payment.proto}", r.topics["protobuf"]),
		fmt.Sprintf("{topic: %q, takes: transactions, debezium: true}", r.topics["changes"]),
		fmt.Sprintf("{topic: %q, takes: transactions, format: avro, expect: payment.avsc}", r.topics["broken"]),
	}, ", ")+"]")
	write(t, filepath.Join(r.s.dir, "config", "payment.avsc"), paymentAvro(""))
	write(t, filepath.Join(r.s.dir, "config", "payment.proto"), paymentProto)
	r.s.start()
	// The publisher makes them beside all else, and the dead letters are looked at.
	waitFor(t, "the topics of dead letters are there", func() bool {
		there, err := kadm.NewClient(r.client).ListTopics(t.Context(), r.topics["avro"]+".dlq", r.topics["changes"]+".dlq", r.topics["broken"]+".dlq")
		return err == nil && there.Error() == nil
	})

	schema := avro.MustParse(paymentAvro(""))
	r.put("avro", "c-1", framed(t, first, nil, avroPayment(t, schema, "avro-1", "c-1", 1234, nil)))
	r.put("protobuf", "c-2", framed(t, message, []int{0}, protoPayment("proto-1", "c-2", "12.34", "EUR")))
	r.put("changes", "c-3", change("c", "", row("change-1", "c-3")))
	r.put("changes", "c-3", change("u", row("change-1", "c-3"), row("change-1", "c-3"))) // of no interest
	r.put("changes", "c-3", change("d", row("change-1", "c-3"), ""))
	r.put("changes", "c-3", nil) // the tombstone after it
	r.put("changes", "c-4", change("r", "", row("change-2", "c-4")))
	for _, c := range []struct{ id, customer string }{{"avro-1", "c-1"}, {"proto-1", "c-2"}, {"change-1", "c-3"}, {"change-2", "c-4"}} {
		r.decided(c.id, c.customer, "")
	}

	t.Run("evolution", func(t *testing.T) {
		more := paymentAvro(`, {"name": "channel", "type": ["null", "string"], "default": null}`)
		second := r.register("avro", sr.TypeAvro, more)
		r.put("avro", "c-5", framed(t, second, nil, avroPayment(t, avro.MustParse(more), "avro-2", "c-5", 1234, map[string]any{"channel": "ecom"})))
		other := strings.Replace(paymentAvro(""), `"customer_id"`, `"client"`, 1)
		r.put("avro", "c-6", framed(t, r.register("avro", sr.TypeAvro, other), nil, avroPayment(t, avro.MustParse(other), "avro-3", "c-6", 1234, map[string]any{"client": "c-6"})))
		r.put("avro", "c-7", framed(t, first, nil, avroPayment(t, schema, "avro-4", "c-7", 1234, nil)))
		r.decided("avro-2", "c-5", `,"channel":"ecom"`)
		r.decided("avro-4", "c-7", "")
		waitFor(t, "the record of the schema that breaks is a dead letter", func() bool {
			letters := broker.Committed(t, r.topics["avro"]+".dlq")
			return len(letters) == 1 && strings.Contains(header(letters[0], kafka.HeaderMessage), "breaks what is expected: customer_id is not there")
		})
		if letters := broker.Committed(t, r.topics["changes"]+".dlq"); len(letters) > 0 {
			t.Error("dead letters of changes that are of no interest")
		}
	})

	t.Run("refused at start", func(t *testing.T) {
		r.put("broken", "c-8", framed(t, broken, nil, avroPayment(t, schema, "waits", "c-8", 1234, nil))) // names are not in the bytes
		const reason = "breaks what is expected: customer_id is not there"
		states := r.states()
		if s := states[r.topics["broken"]]; s.State != "refused" || !strings.Contains(s.Reason, reason) {
			t.Error(s)
		}
		if s := states[r.topics["avro"]]; s.State != "reading" || s.Reason != "" {
			t.Error(s)
		}
		metrics := r.s.metrics()
		for topic, is := range map[string]string{"broken": "0", "avro": "1"} {
			if line := fmt.Sprintf("tidegate_input_reading{topic=%q} %s", r.topics[topic], is); !strings.Contains(metrics, line) {
				t.Error("no ", line)
			}
		}
		if !r.s.authorize([]byte(payment("rest-1", "c-9", 100))) {
			t.Error("REST does not go on")
		}
		out, err := exec.Command(binary, "doctor", "--config", filepath.Join(r.s.dir, "config", "tidegate.yaml"), "--data", t.TempDir()).CombinedOutput()
		var exit *exec.ExitError
		for _, want := range []string{"fail schema of " + r.topics["broken"], reason, "ok schema of " + r.topics["protobuf"]} {
			if !strings.Contains(oneLine(string(out)), want) || !errors.As(err, &exit) {
				t.Errorf("%v: doctor does not say %q:\n%s", err, want, out)
			}
		}
		if n := len(broker.Committed(t, r.topics["broken"]+".dlq")); n > 0 {
			t.Errorf("%d records of a topic that is not read are dead letters", n)
		}
		mended := r.register("broken", sr.TypeAvro, paymentAvro(""))
		r.put("broken", "c-10", framed(t, mended, nil, avroPayment(t, schema, "mended", "c-10", 1234, nil)))
		r.decided("mended", "c-10", "")
		if s := r.states()[r.topics["broken"]]; s.State != "reading" {
			t.Error(s)
		}
	})
}

// schemaRig is the service between topics of several formats.
type schemaRig struct {
	*testing.T
	s        *publishing
	client   *kgo.Client
	topics   map[string]string
	registry string
}

func (r *schemaRig) register(topic string, kind sr.SchemaType, text string) int {
	r.Helper()
	return register(r.T, r.registry, r.topics[topic]+"-value", kind, text)
}

func (r *schemaRig) put(topic, key string, value []byte) {
	r.Helper()
	if err := r.client.ProduceSync(r.Context(), &kgo.Record{Topic: r.topics[topic], Key: []byte(key), Value: value}).FirstErr(); err != nil {
		r.Fatal(err)
	}
}

func (r *schemaRig) get(path string, to any) bool {
	r.Helper()
	response, err := http.Get("http://" + r.s.address + path)
	if err != nil {
		r.Fatal(err)
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	if err == nil && response.StatusCode == http.StatusOK {
		err = json.Unmarshal(body, to)
	}
	if err != nil {
		r.Fatal(err)
	}
	return response.StatusCode == http.StatusOK
}

// decided waits for a decision, and compares it with the one that the same
// payment has over HTTP for a customer who is as new; more are further members.
func (r *schemaRig) decided(id, customer, more string) {
	r.Helper()
	var got, want map[string]any
	waitFor(r, id+" is decided", func() bool { return r.get("/v1/decisions/"+id, &got) })
	again := fmt.Sprintf(`{"timestamp":%q,"transaction_id":"%s-again","customer_id":"%s-again","amount":"12.34","currency":"EUR"%s}`,
		time.Now().UTC().Format(time.RFC3339Nano), id, customer, more)
	waitFor(r, "the same over HTTP is decided", func() bool { return r.s.authorize([]byte(again)) }) // or late, once more
	if !r.get("/v1/decisions/"+id+"-again", &want) {
		r.Fatal("the same over HTTP is not there")
	}
	for _, d := range []map[string]any{got, want} {
		for _, own := range []string{"transaction_id", "event_time", "decided_in_us"} {
			delete(d, own)
		}
		delete(d["features"].(map[string]any), "at_night")   // an hour may begin in between,
		delete(d["features"].(map[string]any), "on_weekend") // and a day
	}
	if diff := cmp.Diff(want, got); diff != "" {
		r.Errorf("%s over HTTP (-) and from Kafka (+): %s", id, diff)
	}
}

func (r *schemaRig) states() map[string]api.InputStatus {
	r.Helper()
	var ready struct{ Inputs []api.InputStatus }
	if !r.get("/readyz", &ready) {
		r.Error("the service is not ready")
	}
	states := map[string]api.InputStatus{}
	for _, in := range ready.Inputs {
		states[in.Topic] = in
	}
	return states
}

const paymentProto = `syntax = "proto3";
package bank;
import "google/protobuf/timestamp.proto";
message Payment {
  string transaction_id = 1;
  string customer_id = 2;
  string amount = 3;
  string currency = 4;
  google.protobuf.Timestamp timestamp = 5;
}
`

// protoPayment is a bank.Payment of now, written by hand.
func protoPayment(values ...string) (b []byte) {
	for i, v := range values {
		b = protowire.AppendString(protowire.AppendTag(b, protowire.Number(i+1), protowire.BytesType), v)
	}
	at := protowire.AppendVarint(protowire.AppendTag(nil, 1, protowire.VarintType), uint64(time.Now().Unix()))
	return protowire.AppendBytes(protowire.AppendTag(b, 5, protowire.BytesType), at)
}

// row is one of a table of payments, as Debezium's JSON converter writes it: the
// decimal 12.34 is its unscaled value 1234, 0x04d2, in base64.
func row(id, customer string) string {
	return fmt.Sprintf(`{"transaction_id":%q,"customer_id":%q,"amount":"BNI=","currency":"EUR","timestamp":%d}`, id, customer, time.Now().UnixMicro())
}

// change is a change event with its schema around it.
func change(op, before, after string) []byte {
	for _, row := range []*string{&before, &after} {
		if *row == "" {
			*row = "null"
		}
	}
	fields := `[{"field":"transaction_id","type":"string"},{"field":"customer_id","type":"string"},
		{"field":"amount","type":"bytes","name":"org.apache.kafka.connect.data.Decimal","version":1,"parameters":{"scale":"2","connect.decimal.precision":"12"}},
		{"field":"currency","type":"string"},{"field":"timestamp","type":"int64","name":"io.debezium.time.MicroTimestamp","version":1}]`
	return fmt.Appendf(nil, `{"schema":{"type":"struct","fields":[{"field":"before","type":"struct","optional":true,"fields":%s},{"field":"after","type":"struct","optional":true,"fields":%s}]},
		"payload":{"before":%s,"after":%s,"source":{"connector":"postgresql","db":"bank","table":"payments","ts_ms":%d},"op":%q,"ts_ms":%d}}`,
		fields, fields, before, after, time.Now().UnixMilli(), op, time.Now().UnixMilli())
}
