package schema_test

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/hamba/avro/v2"
	"github.com/twmb/franz-go/pkg/sr"
	"github.com/twmb/franz-go/pkg/sr/srfake"
	"go.uber.org/goleak"

	"github.com/tidegate/tidegate"
	"github.com/tidegate/tidegate/stream/kafka"
	"github.com/tidegate/tidegate/stream/kafka/kafkatest"
	"github.com/tidegate/tidegate/stream/schema"
)

func TestMain(m *testing.M) {
	// A connection that is kept for a while is none that was forgotten.
	goleak.VerifyTestMain(m, goleak.IgnoreTopFunction("internal/poll.runtime_pollWait"), goleak.IgnoreAnyFunction("net/http.(*persistConn).writeLoop"))
}

const payments = `{"type": "record", "name": "Payment", "namespace": "bank", "fields": [
	{"name": "transaction_id", "type": "string"},
	{"name": "amount", "type": {"type": "bytes", "logicalType": "decimal", "precision": 12, "scale": 2}},
	{"name": "customer", "type": ["null", "bank.Customer"], "default": null},
	{"name": "timestamp", "type": {"type": "long", "logicalType": "timestamp-millis"}}]}`

const customers = `{"type": "record", "name": "Customer", "namespace": "bank", "fields": [{"name": "customer_id", "type": "string"}]}`

// register registers schemas and gives the last one's number.
func register(t *testing.T, url, subject string, s sr.Schema) int {
	t.Helper()
	client, err := sr.NewClient(sr.URLs(url), sr.HTTPClient(&http.Client{Timeout: 2 * time.Minute}))
	if err != nil {
		t.Fatal(err)
	}
	got, err := client.CreateSchema(t.Context(), subject, s)
	if err != nil {
		t.Fatal(err)
	}
	return got.ID
}

func framed(_ testing.TB, id int, index []int, body []byte) []byte {
	var header sr.ConfluentHeader
	b, err := header.AppendEncode(nil, id, index)
	if err != nil {
		panic(err)
	}
	return append(b, body...)
}

func open(t *testing.T, url string, o schema.Options) schema.Decoder {
	t.Helper()
	registry, err := schema.NewRegistry(schema.RegistryOptions{URL: url})
	if err != nil {
		t.Fatal(err)
	}
	o.Registry = registry
	d, err := schema.New(o)
	if err != nil {
		t.Fatal(err)
	}
	return d
}

func decodes(t *testing.T, d schema.Decoder, value []byte, want string) {
	t.Helper()
	got, err := d.Decode(t.Context(), value)
	if err != nil || string(got) != want {
		t.Errorf("%s, %v\nwant %s", got, err, want)
	}
	if len(got) > 0 && !json.Valid(got) {
		t.Errorf("not JSON: %s", got)
	}
}

func refuses(t *testing.T, d schema.Decoder, value []byte, code tidegate.Code, want string) {
	t.Helper()
	got, err := d.Decode(t.Context(), value)
	if tidegate.CodeOf(err) != code || err == nil || !strings.Contains(err.Error(), want) {
		t.Errorf("%s, %v\nwant %s: %s", got, err, code, want)
	}
}

// Every format through a schema registry that others wrote: by number, with
// references, with messages in messages.
func TestAgainstARegistry(t *testing.T) {
	url := kafkatest.Registry(t)
	t.Run("Avro", func(t *testing.T) {
		register(t, url, "customer", sr.Schema{Schema: customers, Type: sr.TypeAvro})
		id := register(t, url, "payments-value", sr.Schema{Schema: payments, Type: sr.TypeAvro, References: []sr.SchemaReference{{Name: "bank.Customer", Subject: "customer", Version: 1}}})
		d := open(t, url, schema.Options{Format: schema.Avro, Subject: "payments-value"})
		if err := d.Check(t.Context()); err != nil {
			t.Error(err)
		}
		decodes(t, d, framed(t, id, nil, payment(t)), `{"transaction_id":"t-1","amount":"-12.34","customer":{"customer_id":"c-ü"},"timestamp":"2026-03-14T12:00:00.005Z"}`)
		refuses(t, d, framed(t, 999999, nil, payment(t)), tidegate.CodeInvalid, "no schema has the number 999999")
		refuses(t, d, framed(t, id, nil, payment(t)[:7]), tidegate.CodeMalformed, "ends before it should")
	})
	t.Run("Protobuf", func(t *testing.T) {
		register(t, url, "money", sr.Schema{Schema: moneyProto, Type: sr.TypeProtobuf})
		id := register(t, url, "proto-value", sr.Schema{Schema: paymentProto, Type: sr.TypeProtobuf, References: []sr.SchemaReference{{Name: "money.proto", Subject: "money", Version: 1}}})
		d := open(t, url, schema.Options{Format: schema.Protobuf, Subject: "proto-value"})
		if err := d.Check(t.Context()); err != nil {
			t.Error(err)
		}
		decodes(t, d, framed(t, id, []int{1, 0}, inner), `{"code":"x"}`)
		decodes(t, d, framed(t, id, []int{0}, message), messageJSON)
	})
	t.Run("JSON Schema", func(t *testing.T) {
		id := register(t, url, "json-value", sr.Schema{Schema: `{"type": "object", "required": ["transaction_id"], "properties": {"transaction_id": {"type": "string"}, "n": {"type": "integer"}}}`, Type: sr.TypeJSON})
		d := open(t, url, schema.Options{Format: schema.JSONSchema, Subject: "json-value"})
		if err := d.Check(t.Context()); err != nil {
			t.Error(err)
		}
		decodes(t, d, framed(t, id, nil, []byte(`{"transaction_id": "t", "n": 12345678901234567890}`)), `{"transaction_id": "t", "n": 12345678901234567890}`)
		refuses(t, d, framed(t, id, nil, []byte(`{"transaction_id": "t", "n": "secret"}`)), tidegate.CodeInvalid, "/n: the value does not match its schema")
		refuses(t, d, framed(t, id, nil, []byte(`{"n`)), tidegate.CodeMalformed, "not JSON")
	})
	t.Run("a subject without a schema", func(t *testing.T) {
		if err := open(t, url, schema.Options{Format: schema.Avro, Subject: "nothing-value"}).Check(t.Context()); err != nil {
			t.Error(err)
		}
	})
}

// payment is one written by another Avro encoder.
func payment(t testing.TB) []byte {
	t.Helper()
	cache := &avro.SchemaCache{}
	if _, err := avro.ParseWithCache(customers, "", cache); err != nil {
		t.Fatal(err)
	}
	s, err := avro.ParseWithCache(payments, "", cache)
	if err != nil {
		t.Fatal(err)
	}
	body, err := avro.Marshal(s, map[string]any{
		"transaction_id": "t-1", "amount": ratOf(-1234, 100),
		"customer":  map[string]any{"bank.Customer": map[string]any{"customer_id": "c-ü"}},
		"timestamp": time.UnixMilli(1773489600005),
	})
	if err != nil {
		t.Fatal(err)
	}
	return body
}

// While the registry is away, records wait; what it knew is still known, and
// what it has not got is asked for once in a while.
func TestRegistryAway(t *testing.T) {
	var asked, away atomic.Int64
	fake := srfake.New()
	defer fake.Close()
	fake.Intercept(func(w http.ResponseWriter, r *http.Request) bool {
		asked.Add(1)
		if away.Load() > 0 {
			w.WriteHeader(int(away.Load()))
		}
		return away.Load() > 0
	})
	now := time.Unix(0, 0)
	registry, err := schema.NewRegistry(schema.RegistryOptions{URL: fake.URL(), Clock: func() time.Time { return now }})
	if err != nil {
		t.Fatal(err)
	}
	d, err := schema.New(schema.Options{Format: schema.Avro, Registry: registry, Subject: "s"})
	if err != nil {
		t.Fatal(err)
	}
	id := register(t, fake.URL(), "s", sr.Schema{Schema: customers, Type: sr.TypeAvro})
	value := framed(t, id, nil, []byte("\x06c-1"))
	for _, status := range []int64{500, 503, 401, 429} { // none of them is about the record
		now = now.Add(time.Minute)
		away.Store(status)
		refuses(t, d, value, tidegate.CodeUnavailable, fmt.Sprint("answers ", status))
		if err := d.Check(t.Context()); tidegate.CodeOf(err) != tidegate.CodeUnavailable {
			t.Error(err)
		}
	}
	away.Store(0)
	now = now.Add(time.Minute)
	decodes(t, d, value, `{"customer_id":"c-1"}`)
	away.Store(500)
	asked.Store(0)
	decodes(t, d, value, `{"customer_id":"c-1"}`)
	if asked.Load() != 0 {
		t.Error("a schema is asked for that is known")
	}
	away.Store(0)
	for range 10 {
		refuses(t, d, framed(t, 77, nil, nil), tidegate.CodeInvalid, "no schema has the number 77")
	}
	if n := asked.Swap(0); n != 1 {
		t.Errorf("%d requests for a number that nobody has", n)
	}
	now = now.Add(time.Minute)
	refuses(t, d, framed(t, 77, nil, nil), tidegate.CodeInvalid, "no schema has the number 77")
	if asked.Load() != 1 {
		t.Error("it is never asked for again")
	}
	fake.Close()
	refuses(t, d, framed(t, 78, nil, nil), tidegate.CodeUnavailable, "the schema registry is away")
	if _, err := d.Decode(t.Context(), framed(t, 78, nil, nil)); strings.Contains(kafka.Explain(err).Error(), "kafka.brokers") {
		t.Error("it is taken for the brokers: ", kafka.Explain(err))
	}
	for _, broken := range []string{"\x00\x00\x00", "{\"a\":1}"} {
		refuses(t, d, []byte(broken), tidegate.CodeMalformed, "zero byte")
	}
	decodes(t, d, nil, "")
}

// A new optional field passes. What breaks the reader is refused, with every
// reason: by the check at the start, and record by record.
func TestEvolution(t *testing.T) {
	fake := srfake.New()
	defer fake.Close()
	field := func(list ...string) string {
		return `{"type": "record", "name": "P", "fields": [` + strings.Join(list, ",") + `]}`
	}
	const id, amount = `{"name": "id", "type": "string"}`, `{"name": "amount", "type": "double"}`
	expect := field(id, amount, `{"name": "note", "type": ["null", "string"], "default": null}`)
	for name, c := range map[string]struct {
		format        schema.Format
		kind          sr.SchemaType
		expect, later string
		breaks        string
	}{
		"Avro, the same":                {schema.Avro, sr.TypeAvro, expect, expect, ""},
		"Avro, a new optional field":    {schema.Avro, sr.TypeAvro, expect, field(id, amount, `{"name": "device", "type": ["null", "string"], "default": null}`), ""},
		"Avro, a wider number":          {schema.Avro, sr.TypeAvro, field(id, `{"name": "amount", "type": "int"}`), field(id, `{"name": "amount", "type": "long"}`), ""},
		"Avro, another type":            {schema.Avro, sr.TypeAvro, expect, field(id, `{"name": "amount", "type": "boolean"}`), "amount is boolean, and number is expected"},
		"Avro, a field is gone":         {schema.Avro, sr.TypeAvro, expect, field(amount), "id is not there"},
		"Avro, a field becomes null":    {schema.Avro, sr.TypeAvro, expect, field(`{"name": "id", "type": ["null", "string"]}`, amount), "id may be missing"},
		"Avro, a record for a field":    {schema.Avro, sr.TypeAvro, expect, field(`{"name": "id", "type": {"type": "record", "name": "X", "fields": []}}`, `{"name": "amount", "type": ["null", "string"]}`), "amount is text, and number is expected; id is object, and text is expected"},
		"Protobuf, a new field":         {schema.Protobuf, sr.TypeProtobuf, `syntax="proto3"; message P {string id=1; double amount=2;}`, `syntax="proto3"; message P {string id=1; double amount=2; string device=3;}`, ""},
		"Protobuf, another type":        {schema.Protobuf, sr.TypeProtobuf, `syntax="proto3"; message P {string id=1; double amount=2;}`, `syntax="proto3"; message P {string id=1; bool amount=2;}`, "amount is boolean, and number is expected"},
		"Protobuf, a field is gone":     {schema.Protobuf, sr.TypeProtobuf, `syntax="proto3"; message P {string id=1; double amount=2;}`, `syntax="proto3"; message P {double amount=2;}`, "id is not there"},
		"Protobuf, an optional is gone": {schema.Protobuf, sr.TypeProtobuf, `syntax="proto3"; message P {string id=1; optional double amount=2;}`, `syntax="proto3"; message P {string id=1;}`, ""},
		"JSON, a new optional member":   {schema.JSONSchema, sr.TypeJSON, `{"type":"object","required":["id"],"properties":{"id":{"type":"string"}}}`, `{"type":"object","required":["id"],"properties":{"id":{"type":"string"},"device":{"type":"string"}}}`, ""},
		"JSON, no longer required":      {schema.JSONSchema, sr.TypeJSON, `{"type":"object","required":["id"],"properties":{"id":{"type":"string"}}}`, `{"type":"object","properties":{"id":{"type":"string"}}}`, "id may be missing"},
		"JSON, another type deep down":  {schema.JSONSchema, sr.TypeJSON, `{"type":"object","properties":{"a":{"type":"array","items":{"type":"object","properties":{"b":{"type":"string"}}}}}}`, `{"type":"object","properties":{"a":{"type":"array","items":{"type":"object","properties":{"b":{"type":"number"}}}}}}`, "a[].b is number, and text is expected"},
	} {
		t.Run(name, func(t *testing.T) {
			subject := strings.ReplaceAll(name, " ", "-")
			number := register(t, fake.URL(), subject, sr.Schema{Schema: c.later, Type: c.kind})
			d := open(t, fake.URL(), schema.Options{Format: c.format, Subject: subject, Expect: c.expect})
			err := d.Check(t.Context())
			if c.breaks == "" {
				if err != nil {
					t.Error(err)
				}
				return
			}
			if err == nil || tidegate.CodeOf(err) != tidegate.CodeInvalid || !strings.HasSuffix(err.Error(), "breaks what is expected: "+c.breaks) {
				t.Errorf("%v\nwant %s", err, c.breaks)
			}
			refuses(t, d, framed(t, number, nil, nil), tidegate.CodeInvalid, c.breaks)
		})
	}
}

// Partitions decode at the same time; a schema is fetched once.
func TestDecodersAreShared(t *testing.T) {
	fake := srfake.New()
	defer fake.Close()
	id := register(t, fake.URL(), "s", sr.Schema{Schema: customers, Type: sr.TypeAvro})
	var asked atomic.Int64
	fake.Intercept(func(http.ResponseWriter, *http.Request) bool { asked.Add(1); return false })
	d := open(t, fake.URL(), schema.Options{Format: schema.Avro})
	errs := make(chan error, 8)
	for range cap(errs) {
		go func() {
			got, err := d.Decode(context.Background(), framed(t, id, nil, []byte("\x06c-1")))
			if diff := cmp.Diff(`{"customer_id":"c-1"}`, string(got)); diff != "" && err == nil {
				err = fmt.Errorf("%s", diff)
			}
			errs <- err
		}()
	}
	for range cap(errs) {
		if err := <-errs; err != nil {
			t.Error(err)
		}
	}
	if asked.Load() != 1 {
		t.Errorf("asked %d times", asked.Load())
	}
}
