package schema_test

import (
	"strings"
	"testing"

	"github.com/tidegate/tidegate"
	"github.com/tidegate/tidegate/stream/schema"
)

// withSchema is what Debezium's PostgreSQL connector writes through Connect's
// JSON converter, cut to the members that matter: numeric(12,2) is a Decimal in
// base64, timestamps are microseconds.
const withSchema = `{
  "schema": {"type": "struct", "name": "bank.public.payments.Envelope", "fields": [
    {"type": "struct", "optional": true, "name": "bank.public.payments.Value", "field": "before", "fields": []},
    {"type": "struct", "optional": true, "name": "bank.public.payments.Value", "field": "after", "fields": [
      {"type": "string", "optional": false, "field": "transaction_id"},
      {"type": "bytes", "optional": false, "name": "org.apache.kafka.connect.data.Decimal", "version": 1, "parameters": {"scale": "2", "connect.decimal.precision": "12"}, "field": "amount"},
      {"type": "int64", "optional": true, "name": "io.debezium.time.MicroTimestamp", "version": 1, "field": "timestamp"},
      {"type": "int32", "optional": true, "name": "io.debezium.time.Date", "version": 1, "field": "booked"},
      {"type": "string", "optional": true, "name": "io.debezium.time.ZonedTimestamp", "version": 1, "field": "seen"},
      {"type": "int64", "optional": true, "name": "io.debezium.time.NanoTimestamp", "version": 1, "field": "missing"}]}]},
  "payload": {
    "before": null,
    "after": {"transaction_id": "t-1", "amount": "BNI=", "timestamp": 1773489600005000, "booked": 20526, "seen": "2026-03-14T12:00:00Z", "missing": null},
    "source": {"version": "3.0.0.Final", "connector": "postgresql", "name": "bank", "ts_ms": 1773489601000, "db": "bank", "schema": "public", "table": "payments", "lsn": 24023128},
    "op": "c", "ts_ms": 1773489602000}}`

// bare is the same converter with schemas.enable=false.
const bare = `{"before": {"customer_id": "c-1", "n": 12345678901234567890}, "after": {"customer_id": "c-1", "n": 2}, "source": {"ts_ms": 1773489601000, "table": "logins"}, "op": "OP", "ts_ms": 1773489602000, "transaction": null}`

func debezium(t *testing.T, d schema.Debezium) schema.Decoder {
	t.Helper()
	decoder, err := schema.New(schema.Options{Format: schema.JSON, Debezium: &d})
	if err != nil {
		t.Fatal(err)
	}
	return decoder
}

func TestDebezium(t *testing.T) {
	decodes(t, debezium(t, schema.Debezium{}), []byte(withSchema),
		`{"timestamp":"2026-03-14T12:00:00.005Z","payload":{"amount":"12.34","booked":"2026-03-14","missing":null,"seen":"2026-03-14T12:00:00Z","transaction_id":"t-1"}}`)
	all := debezium(t, schema.Debezium{Operations: "crud", Type: schema.TypeOfTable})
	const after, before = `"payload":{"customer_id":"c-1","n":2}}`, `"payload":{"customer_id":"c-1","n":12345678901234567890}}`
	for op, want := range map[string]string{
		"c": `{"timestamp":1773489601000,"event_type":"logins.created",` + after,
		"u": `{"timestamp":1773489601000,"event_type":"logins.updated",` + after,
		"r": `{"timestamp":1773489601000,"event_type":"logins.read",` + after,
		"d": `{"timestamp":1773489601000,"event_type":"logins.deleted",` + before,
		"t": "",
	} {
		decodes(t, all, []byte(strings.Replace(bare, "OP", op, 1)), want)
	}
	some := debezium(t, schema.Debezium{Type: "login"})
	decodes(t, some, []byte(strings.Replace(bare, "OP", "c", 1)), `{"timestamp":1773489601000,"event_type":"login",`+after)
	decodes(t, some, []byte(strings.Replace(bare, "OP", "u", 1)), "")                     // not of interest
	for _, tombstone := range []string{"", "null", `{"schema": null, "payload": null}`} { // what follows a deletion
		decodes(t, some, []byte(tombstone), "")
	}
	decodes(t, some, []byte(`{"op":"c","after":{"a":1},"source":null,"ts_ms":5}`), `{"timestamp":5,"event_type":"login","payload":{"a":1}}`)
	for value, want := range map[string]string{
		`{"op":"c"`:                               "malformed: the value is not JSON",
		`{"customer_id":"c-1"}`:                   "malformed: the value is no change event",
		`[1]`:                                     "malformed: the value is no change event",
		`{"op":"x","after":{}}`:                   "malformed: the value is no change event: it has no op that is known",
		`{"op":"c","after":null,"ts_ms":1}`:       "invalid: /after: the change has no row",
		`{"op":"d","after":{},"ts_ms":1}`:         "invalid: /before: the change has no row",
		`{"op":"c","after":{"a":1}}`:              "invalid: /ts_ms: the change has no time",
		`{"payload":{"op":"c","after":"secret"}}`: "invalid: /after: the change has no row",
	} {
		code, text, _ := strings.Cut(want, ": ")
		d := all
		refuses(t, d, []byte(value), tidegate.Code(code), text)
	}
}
