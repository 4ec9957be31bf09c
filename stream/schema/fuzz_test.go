package schema_test

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"sync/atomic"
	"testing"

	"github.com/twmb/franz-go/pkg/sr"

	"github.com/tidegate/tidegate"
	"github.com/tidegate/tidegate/stream/schema"
)

// check is what holds of any decoder and any bytes: it gives JSON, nothing, or
// an error that is the record's own, and the same each time.
func check(t *testing.T, d schema.Decoder, value []byte) {
	got, err := d.Decode(t.Context(), value)
	again, err2 := d.Decode(t.Context(), value)
	if string(got) != string(again) || (err == nil) != (err2 == nil) {
		t.Errorf("%q: %s, %v, and then %s, %v", value, got, err, again, err2)
	}
	if err == nil && got != nil && !json.Valid(got) {
		t.Errorf("%q: not JSON: %s", value, got)
	}
	switch code := tidegate.CodeOf(err); {
	case err == nil, code == tidegate.CodeMalformed, code == tidegate.CodeInvalid, code == tidegate.CodeTooLarge:
	default:
		t.Errorf("%q: %v", value, err)
	}
}

func FuzzAvro(f *testing.F) {
	d, frame := single(f, schema.Avro, sr.TypeAvro, everyType)
	f.Add([]byte("\x01\x03\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01\x00\x00\xc0\x3f\x00\x00\x00\x00\x00\x00\xf8\x7f\x04\xff\x00\x06a\"\n\x02\x03\x02\x02\x02\x04\x00\x02\x02k\x02\x00\x00\x01\x02\x02\x02\x02\x02u\x02\x02\x00"))
	f.Fuzz(func(t *testing.T, b []byte) { check(t, d, frame(b)) })
}

func FuzzProtobuf(f *testing.F) {
	d, frame := single(f, schema.Protobuf, sr.TypeProtobuf, `syntax="proto3"; import "google/protobuf/struct.proto"; import "google/protobuf/timestamp.proto";
message P {string a=1; P p=2; repeated sint64 n=3; map<string, P> m=4; google.protobuf.Struct s=5; google.protobuf.Timestamp t=6; E e=7; oneof o {fixed64 x=8; float y=9;}} enum E {A=0;}`)
	f.Add([]byte("\x0a\x01a\x12\x00\x1a\x02\x01\x02\x22\x05\x0a\x01k\x12\x00"), []byte{0})
	f.Fuzz(func(t *testing.T, b, header []byte) {
		check(t, d, frame(b))
		check(t, d, append(append(frame(nil)[:5], header...), b...))
	})
}

func FuzzJSONSchema(f *testing.F) {
	d, frame := single(f, schema.JSONSchema, sr.TypeJSON, `{"type":"object","properties":{"a":{"type":"array","items":{"type":"integer"}},"b":{"type":"string","maxLength":3}}}`)
	f.Add([]byte(`{"a": [1, 2], "b": "x"}`))
	f.Fuzz(func(t *testing.T, b []byte) { check(t, d, frame(b)) })
}

func FuzzDebezium(f *testing.F) {
	d, err := schema.New(schema.Options{Format: schema.JSON, Debezium: &schema.Debezium{Operations: "crud", Type: schema.TypeOfTable}})
	if err != nil {
		f.Fatal(err)
	}
	f.Add([]byte(withSchema))
	f.Add([]byte(bare))
	f.Fuzz(func(t *testing.T, b []byte) { check(t, d, b) })
}

// FuzzWritten: whatever JSON there is, it is refused, or written so that it can be
// read.
func FuzzWritten(f *testing.F) {
	f.Add([]byte(`{"id":"x","score":1,"n":1,"large":1,"yes":true,"at":"2026-03-14T12:00:00Z","list":[{"code":"A"}],"evidence":{"a":[1]},"names":[],"counts":{"k":3}}`))
	type pair struct {
		e *schema.Encoder
		d schema.Decoder
	}
	var pairs []pair
	for format, text := range map[schema.Format]string{schema.Avro: written, schema.Protobuf: writtenProto} {
		e, fake, _ := encoder(f, format, text)
		d, _ := decoder(f, format, fake.URL())
		pairs = append(pairs, pair{e, d})
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		for _, p := range pairs {
			if value, err := p.e.Encode(b); err == nil {
				if body, err := p.d.Decode(t.Context(), value); err != nil || !json.Valid(body) {
					t.Errorf("%q: %x: %q, %v", b, value, body, err)
				}
			}
		}
	})
}

// FuzzSchemas is for what a registry gives: any text, or any change of one.
func FuzzSchemas(f *testing.F) {
	f.Add(everyType, uint8(0), []byte("\x00"))
	f.Add(paymentProto, uint8(1), []byte("\x00"))
	f.Add(`{"type":"object","properties":{"a":{"$ref":"#/properties/a"}}}`, uint8(2), []byte("{}"))
	kinds := []struct {
		format schema.Format
		kind   sr.SchemaType
	}{{schema.Avro, sr.TypeAvro}, {schema.Protobuf, sr.TypeProtobuf}, {schema.JSONSchema, sr.TypeJSON}}
	// The fake registry refuses what is no schema; a real one may be wrong.
	var answer atomic.Pointer[[]byte]
	registry := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/vnd.schemaregistry.v1+json")
		_, _ = w.Write(*answer.Load()) // else the client is told by a short body
	}))
	f.Cleanup(registry.Close)
	f.Fuzz(func(t *testing.T, text string, which uint8, value []byte) {
		k := kinds[int(which)%len(kinds)]
		body, err := json.Marshal(map[string]string{"schema": text, "schemaType": k.kind.String()})
		if err != nil {
			t.Fatal(err)
		}
		answer.Store(&body)
		d, frame := decoder(t, k.format, registry.URL)
		check(t, d, frame(value))
	})
}
