package main

import (
	"encoding/json"
	"fmt"
	"math/big"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"strings"
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

// inFront is the address of a registry behind which another stands: refuse tells
// the status with which a schema's number is answered, and 0 lets it through.
func inFront(t testing.TB, registry string, refuse func(id string) int) string {
	t.Helper()
	to, err := url.Parse(registry)
	if err != nil {
		t.Fatal(err)
	}
	through := httputil.NewSingleHostReverseProxy(&url.URL{Scheme: to.Scheme, Host: to.Host})
	front := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if _, id, ok := strings.Cut(r.URL.Path, "/schemas/ids/"); ok {
			if status := refuse(id); status != 0 {
				w.Header().Set("Content-Type", "application/vnd.schemaregistry.v1+json")
				w.WriteHeader(status)
				fmt.Fprintf(w, `{"error_code": %d03, "message": "not now"}`, status) // 40403: no such schema
				return
			}
		}
		through.ServeHTTP(w, r)
	}))
	t.Cleanup(front.Close)
	return front.URL + to.Path
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
