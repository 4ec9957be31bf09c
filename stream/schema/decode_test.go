package schema_test

import (
	"math"
	"math/big"
	"strings"
	"testing"
	"time"

	"github.com/hamba/avro/v2"
	"github.com/twmb/franz-go/pkg/sr"
	"github.com/twmb/franz-go/pkg/sr/srfake"
	"google.golang.org/protobuf/encoding/protowire"

	"github.com/tidegate/tidegate"
	"github.com/tidegate/tidegate/stream/schema"
)

func ratOf(n, d int64) *big.Rat { return big.NewRat(n, d) }

const moneyProto = `syntax = "proto3"; package bank; message Money { int64 minor = 1; string currency = 2; }`

const paymentProto = `syntax = "proto3";
package bank;
import "money.proto";
import "google/protobuf/timestamp.proto";
message Payment {
  string transaction_id = 1;
  bank.Money amount = 2;
  google.protobuf.Timestamp timestamp = 3;
  repeated int32 codes = 4;
  map<string, bool> flags = 5;
  Channel channel = 6;
  bool recurring = 7;
  optional double risk = 8;
  bytes token = 9;
  uint64 large = 10;
}
enum Channel { CHANNEL_UNSPECIFIED = 0; ECOM = 1; }
message Outer { message Inner { string code = 1; } }
`

// message is bank.Payment, written by hand.
var message = func() (b []byte) {
	text := func(b []byte, n protowire.Number, s string) []byte {
		return protowire.AppendString(protowire.AppendTag(b, n, protowire.BytesType), s)
	}
	number := func(b []byte, n protowire.Number, v uint64) []byte {
		return protowire.AppendVarint(protowire.AppendTag(b, n, protowire.VarintType), v)
	}
	b = text(b, 1, "t-\"1\"")
	b = text(b, 2, string(text(number(nil, 1, 1234), 2, "EUR")))
	b = text(b, 3, string(number(number(nil, 1, 1773489600), 2, 5e6)))
	b = text(b, 4, "\x01\x02")
	b = text(b, 5, string(number(text(nil, 1, "z"), 2, 1)))
	b = text(b, 5, string(number(text(nil, 1, "a"), 2, 0)))
	b = number(b, 6, 1)
	b = text(b, 9, "\xff\xfe")
	return number(b, 10, 1<<63)
}()

const messageJSON = `{"transaction_id":"t-\"1\"","amount":{"minor":1234,"currency":"EUR"},"timestamp":"2026-03-14T12:00:00.005Z","codes":[1,2],"flags":{"a":false,"z":true},"channel":"ECOM","recurring":false,"token":"//4=","large":9223372036854775808}`

// inner is bank.Outer.Inner.
var inner = []byte("\x0a\x01x")

// single is a decoder of one schema, and the frame of its number.
func single(t testing.TB, format schema.Format, kind sr.SchemaType, text string) (schema.Decoder, func([]byte) []byte) {
	t.Helper()
	fake := srfake.New()
	t.Cleanup(fake.Close)
	fake.SeedSchema("s", 1, 7, sr.Schema{Schema: text, Type: kind})
	return decoder(t, format, fake.URL())
}

// decoder asks a registry for the schema of number 7.
func decoder(t testing.TB, format schema.Format, url string) (schema.Decoder, func([]byte) []byte) {
	t.Helper()
	registry, err := schema.NewRegistry(schema.RegistryOptions{URL: url})
	if err != nil {
		t.Fatal(err)
	}
	d, err := schema.New(schema.Options{Format: format, Registry: registry})
	if err != nil {
		t.Fatal(err)
	}
	index := map[bool][]int{true: {0}}[format == schema.Protobuf]
	return d, func(body []byte) []byte { return framed(t, 7, index, body) }
}

// every type of Avro, in a value that another encoder wrote.
const everyType = `{"type": "record", "name": "All", "fields": [
	{"name": "null", "type": "null"}, {"name": "boolean", "type": "boolean"}, {"name": "int", "type": "int"}, {"name": "long", "type": "long"},
	{"name": "float", "type": "float"}, {"name": "double", "type": "double"}, {"name": "bytes", "type": "bytes"}, {"name": "string", "type": "string"},
	{"name": "enum", "type": {"type": "enum", "name": "E", "symbols": ["A", "B"]}},
	{"name": "array", "type": {"type": "array", "items": "int"}}, {"name": "map", "type": {"type": "map", "values": ["null", "E"]}},
	{"name": "fixed", "type": {"type": "fixed", "name": "F", "size": 2}},
	{"name": "date", "type": {"type": "int", "logicalType": "date"}}, {"name": "micros", "type": {"type": "long", "logicalType": "timestamp-micros"}},
	{"name": "connect", "type": {"type": "long", "connect.name": "io.debezium.time.MicroTimestamp"}},
	{"name": "uuid", "type": {"type": "string", "logicalType": "uuid"}},
	{"name": "list", "type": ["null", {"type": "record", "name": "L", "fields": [{"name": "next", "type": ["null", "L"]}]}]}]}`

func TestAvroTypes(t *testing.T) {
	at := time.Date(2026, 3, 14, 12, 0, 0, 5e6, time.UTC)
	value, err := avro.Marshal(avro.MustParse(everyType), map[string]any{
		"null": nil, "boolean": true, "int": -2, "long": int64(math.MinInt64), "float": float32(1.5), "double": math.NaN(),
		"bytes": []byte{0xff, 0}, "string": "a\"\n\u00fc", "enum": "B", "array": []any{1, 1, 2}, "map": map[string]any{"k": map[string]any{"E": "A"}},
		"fixed": [2]byte{1, 2}, "date": at, "micros": at, "connect": at.UnixMicro(), "uuid": "u",
		"list": map[string]any{"L": map[string]any{"next": map[string]any{"L": map[string]any{"next": nil}}}},
	})
	if err != nil {
		t.Fatal(err)
	}
	d, frame := single(t, schema.Avro, sr.TypeAvro, everyType)
	decodes(t, d, frame(value), `{"null":null,"boolean":true,"int":-2,"long":-9223372036854775808,"float":1.5,"double":null,"bytes":"/wA=","string":"a\"\nü",`+
		`"enum":"B","array":[1,1,2],"map":{"k":"A"},"fixed":"AQI=","date":"2026-03-14","micros":"2026-03-14T12:00:00.005Z","connect":"2026-03-14T12:00:00.005Z","uuid":"u",`+
		`"list":{"next":{"next":null}}}`)
}

// Bytes that are not what they say are malformed, whatever they are.
func TestDamagedValues(t *testing.T) {
	d, frame := single(t, schema.Avro, sr.TypeAvro, `{"type":"record","name":"R","fields":[{"name":"a","type":{"type":"array","items":"null"}},{"name":"u","type":["null","string"]},{"name":"e","type":{"type":"enum","name":"E","symbols":["A"]}}]}`)
	decodes(t, d, frame([]byte("\x00\x00\x00")), `{"a":[],"u":null,"e":"A"}`)
	for name, value := range map[string]string{
		"nothing":           "",
		"cut":               "\x00\x02\x08ab",
		"a branch":          "\x00\x04\x00",
		"a symbol":          "\x00\x00\x02",
		"more behind":       "\x00\x00\x00\x00",
		"a billion nulls":   "\x80\xa8\xd6\xb9\x07\x00\x00\x00",
		"a negative length": "\x00\x02\x05\x00",
	} {
		t.Run(name, func(t *testing.T) { refuses(t, d, frame([]byte(value)), tidegate.CodeMalformed, "") })
	}
	d, frame = single(t, schema.Protobuf, sr.TypeProtobuf, `syntax="proto3"; message P {string a=1; P p=2;}`)
	refuses(t, d, frame([]byte("\x0a\x05ab")), tidegate.CodeMalformed, "not the message P")
	refuses(t, d, append(frame(nil)[:5], 0x7f), tidegate.CodeMalformed, "which message")
	refuses(t, d, framed(t, 7, []int{5}, nil), tidegate.CodeMalformed, "no such message")
	d, frame = single(t, schema.JSONSchema, sr.TypeJSON, `{"type":"object"}`)
	refuses(t, d, frame([]byte(`[]`)), tidegate.CodeInvalid, "does not match")
	d, frame = single(t, schema.Avro, sr.TypeAvro, `{"type":"nonsense"}`)
	refuses(t, d, frame(nil), tidegate.CodeInvalid, "no Avro schema")
}

// Plain JSON needs no registry, and may have a schema of its own.
func TestPlainJSON(t *testing.T) {
	d, err := schema.New(schema.Options{Format: schema.JSON})
	if err != nil {
		t.Fatal(err)
	}
	decodes(t, d, []byte(`{"a": 1}`), `{"a": 1}`)
	decodes(t, d, nil, "")
	refuses(t, d, []byte(`{"a": `), tidegate.CodeMalformed, "not JSON")
	d, err = schema.New(schema.Options{Format: schema.JSON, Expect: `{"type":"object","required":["a/b"],"properties":{"a/b":{"type":"array","items":{"type":"integer"}}}}`})
	if err != nil {
		t.Fatal(err)
	}
	decodes(t, d, []byte(`{"a/b": [1]}`), `{"a/b": [1]}`)
	refuses(t, d, []byte(`{"a/b": [1, "4111"]}`), tidegate.CodeInvalid, "/a~1b/1: the value does not match")
	for _, o := range []schema.Options{{Format: "xml"}, {Format: schema.Avro}, {Format: schema.JSON, Expect: "{"}, {Format: schema.JSON, Expect: `{"$ref":"file:///etc/passwd"}`}} {
		if _, err := schema.New(o); tidegate.CodeOf(err) != tidegate.CodeConfig {
			t.Errorf("%+v: %v", o, err)
		}
	}
}

// Decimals are exact.
func TestAvroDecimals(t *testing.T) {
	const text = `{"type":"bytes","logicalType":"decimal","precision":30,"scale":3}`
	d, frame := single(t, schema.Avro, sr.TypeAvro, text)
	for _, want := range []string{"0.000", "0.001", "-0.001", "1.000", "-128.000", "127.999", "123456789012345678.901", "-99999999999999999999.999"} {
		r, _ := new(big.Rat).SetString(want)
		body, err := avro.Marshal(avro.MustParse(text), r)
		if err != nil {
			t.Fatal(err)
		}
		decodes(t, d, frame(body), `"`+want+`"`)
	}
	refuses(t, d, frame(append([]byte("\xd0\x0f"), strings.Repeat("\x01", 1000)...)), tidegate.CodeMalformed, "decimal is too long")
}
