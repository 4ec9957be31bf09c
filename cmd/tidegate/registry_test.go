package main

import (
	"encoding/json"
	"math/big"
	"net/http"
	"testing"
	"time"

	"github.com/hamba/avro/v2"
	"github.com/twmb/franz-go/pkg/sr"
)

// paymentAvro is the schema of payments in tests. Further fields may stand
// behind it.
func paymentAvro(more string) string {
	return `{"type": "record", "name": "Payment", "namespace": "bank", "fields": [
	{"name": "transaction_id", "type": "string"},
	{"name": "customer_id", "type": "string"},
	{"name": "amount", "type": {"type": "bytes", "logicalType": "decimal", "precision": 12, "scale": 2}},
	{"name": "currency", "type": "string"},
	{"name": "timestamp", "type": {"type": "long", "logicalType": "timestamp-millis"}}` + more + `]}`
}

// register registers a schema and gives its number.
func register(t testing.TB, url, subject string, kind sr.SchemaType, text string) int {
	t.Helper()
	client, err := sr.NewClient(sr.URLs(url), sr.HTTPClient(&http.Client{Timeout: 2 * time.Minute}))
	if err != nil {
		t.Fatal(err)
	}
	got, err := client.CreateSchema(t.Context(), subject, sr.Schema{Schema: text, Type: kind})
	if err != nil {
		t.Fatal(err)
	}
	return got.ID
}

// framed is a value as serializers write it: its schema's number, for Protobuf
// the message's place in the file, and the body.
func framed(t testing.TB, id int, index []int, body []byte) []byte {
	t.Helper()
	var header sr.ConfluentHeader
	b, err := header.AppendEncode(nil, id, index)
	if err != nil {
		t.Fatal(err)
	}
	return append(b, body...)
}

// avroPayment is a payment of so many cents by a schema of [paymentAvro].
func avroPayment(t testing.TB, schema avro.Schema, id, customer string, cents int64, more map[string]any) []byte {
	t.Helper()
	fields := map[string]any{"transaction_id": id, "customer_id": customer, "amount": big.NewRat(cents, 100), "currency": "EUR", "timestamp": time.Now()}
	for name, v := range more {
		fields[name] = v
	}
	b, err := avro.Marshal(schema, fields)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// quoted is a text in JSON, which is one in YAML, too.
func quoted(s string) string {
	b, _ := json.Marshal(s) // of a string: it can't fail
	return string(b)
}
