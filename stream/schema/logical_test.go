package schema_test

import (
	"testing"

	"github.com/hamba/avro/v2"
	"github.com/twmb/franz-go/pkg/sr"
	"github.com/twmb/franz-go/pkg/sr/srfake"
	"google.golang.org/protobuf/encoding/protowire"

	"github.com/tidegate/tidegate/stream/schema"
)

// Logical types of Avro 1.12, and Debezium's decimal without a scale of its own.
func TestAvroLogicalTypes(t *testing.T) {
	fake := srfake.New()
	defer fake.Close()
	const text = `{"type":"record","name":"Payment","fields":[
		{"name":"nanos","type":{"type":"long","logicalType":"timestamp-nanos"}},
		{"name":"local","type":{"type":"long","logicalType":"local-timestamp-nanos"}},
		{"name":"id","type":{"type":"string","logicalType":"uuid"}},
		{"name":"bare","type":{"type":"fixed","name":"UUID","size":16,"logicalType":"uuid"}},
		{"name":"amount","type":["null",{"type":"record","name":"VariableScaleDecimal","namespace":"io.debezium.data","fields":[{"name":"scale","type":"int"},{"name":"value","type":"bytes"}]}]},
		{"name":"again","type":"io.debezium.data.VariableScaleDecimal"}]}`
	w := avro.NewWriter(nil, 100)
	w.WriteLong(1773489600123456789)
	w.WriteLong(1773489600000000000)
	w.WriteString("f81d4fae-7dec-11d0-a765-00a0c91e6bf6")
	_, _ = w.Write([]byte("\xf8\x1d\x4f\xae\x7d\xec\x11\xd0\xa7\x65\x00\xa0\xc9\x1e\x6b\xf6")) // RFC 4122's example
	w.WriteLong(1)
	w.WriteInt(2)
	w.WriteBytes([]byte{0x04, 0xd2}) // 1234
	w.WriteInt(0)
	w.WriteBytes([]byte{0xff}) // -1
	id := register(t, fake.URL(), "s", sr.Schema{Schema: text, Type: sr.TypeAvro})
	d := open(t, fake.URL(), schema.Options{Format: schema.Avro, Expect: text, Subject: "s"})
	decodes(t, d, framed(t, id, nil, w.Buffer()), `{"nanos":"2026-03-14T12:00:00.123456789Z","local":"2026-03-14T12:00:00Z",`+
		`"id":"f81d4fae-7dec-11d0-a765-00a0c91e6bf6","bare":"f81d4fae-7dec-11d0-a765-00a0c91e6bf6","amount":"12.34","again":"-1"}`)
	if err := d.Check(t.Context()); err != nil {
		t.Error(err)
	}
	if err := open(t, fake.URL(), schema.Options{Format: schema.Avro, Subject: "s", Expect: `{"type":"record","name":"P","fields":[{"name":"again","type":"string"},{"name":"nanos","type":"string"}]}`}).Check(t.Context()); err != nil {
		t.Error("they are text: ", err)
	}
}

// The wrappers are values that may be missing, and integers among them numbers
// like all others.
func TestProtobufWrappers(t *testing.T) {
	fake := srfake.New()
	defer fake.Close()
	const text = `syntax = "proto3"; import "google/protobuf/wrappers.proto";
		message P {
			google.protobuf.Int64Value a = 1; google.protobuf.UInt64Value b = 2; google.protobuf.Int64Value c = 3; google.protobuf.Int64Value d = 4;
			google.protobuf.StringValue e = 5; google.protobuf.BoolValue f = 6; google.protobuf.Int32Value g = 7;
			oneof of { string card = 8; int64 iban = 9; P other = 10; }
		}`
	id := register(t, fake.URL(), "s", sr.Schema{Schema: text, Type: sr.TypeProtobuf})
	wrapped := func(b []byte, n protowire.Number, v uint64) []byte {
		return protowire.AppendBytes(protowire.AppendTag(b, n, protowire.BytesType), protowire.AppendVarint(protowire.AppendTag(nil, 1, protowire.VarintType), v))
	}
	b := wrapped(wrapped(nil, 1, 1<<63), 2, 1<<63) // the least, and one that no signed one can hold
	b = protowire.AppendBytes(protowire.AppendTag(b, 4, protowire.BytesType), nil)
	b = wrapped(wrapped(b, 6, 1), 7, 5)
	b = protowire.AppendBytes(protowire.AppendTag(b, 10, protowire.BytesType), protowire.AppendVarint(protowire.AppendTag(nil, 9, protowire.VarintType), 0))
	decodes(t, open(t, fake.URL(), schema.Options{Format: schema.Protobuf}), framed(t, id, []int{0}, b),
		`{"a":-9223372036854775808,"b":9223372036854775808,"d":0,"f":true,"g":5,"other":{"iban":0}}`)
}

// What Connect's Protobuf converter writes imports files that nobody registers, and
// has decimals of its own.
func TestProtobufOfConnect(t *testing.T) {
	fake := srfake.New()
	defer fake.Close()
	const text = `syntax = "proto3"; package bank;
		import "confluent/meta.proto"; import "confluent/type/decimal.proto";
		option (confluent.file_meta).doc = "payments";
		message Payment {
			option (confluent.message_meta) = {doc: "one", tags: ["a"]};
			string id = 1 [(confluent.field_meta) = {params: {key: "connect.type", value: "string"}}];
			confluent.type.Decimal amount = 2; repeated confluent.type.Decimal parts = 3; confluent.type.Decimal none = 4;
		}`
	id := register(t, fake.URL(), "s", sr.Schema{Schema: text, Type: sr.TypeProtobuf})
	d := open(t, fake.URL(), schema.Options{Format: schema.Protobuf, Subject: "s", Expect: `syntax = "proto3"; message P { string amount = 1; }`})
	if err := d.Check(t.Context()); err != nil {
		t.Error("a decimal is text: ", err)
	}
	amount := "\x0a\x02\x04\xd2\x10\x0c\x18\x02" // 1234, 12 digits, 2 behind the point
	decodes(t, d, framed(t, id, []int{0}, []byte("\x0a\x01x\x12\x08"+amount+"\x1a\x08"+amount+"\x1a\x03\x0a\x01\xff")), `{"id":"x","amount":"12.34","parts":["12.34","-1"]}`)
}

// With the schema of Connect's converter values are what they mean, also in
// structs and arrays.
func TestDebeziumNested(t *testing.T) {
	const value = `{"schema":{"type":"struct","fields":[{"field":"after","type":"struct","fields":[
		{"field":"amount","type":"struct","name":"io.debezium.data.VariableScaleDecimal","fields":[{"field":"scale","type":"int32"},{"field":"value","type":"bytes"}]},
		{"field":"none","type":"struct","optional":true,"name":"io.debezium.data.VariableScaleDecimal","fields":[]},
		{"field":"terms","type":"struct","fields":[{"field":"due","type":"int32","name":"io.debezium.time.Date"},{"field":"note","type":"string"}]},
		{"field":"parts","type":"array","items":{"type":"bytes","name":"org.apache.kafka.connect.data.Decimal","parameters":{"scale":"2"}}},
		{"field":"odd","type":"array","items":{"type":"bytes","name":"org.apache.kafka.connect.data.Decimal","parameters":{"scale":"2"}}}]}]},
		"payload":{"op":"c","ts_ms":5,"after":{"amount":{"scale":3,"value":"BNI="},"none":null,"terms":{"note":"<a>","due":20526},"parts":["BNI=",null],"odd":"x"}}}`
	decodes(t, debezium(t, schema.Debezium{}), []byte(value),
		`{"timestamp":5,"payload":{"amount":"1.234","none":null,"odd":"x","parts":["12.34",null],"terms":{"due":"2026-03-14","note":"\u003ca\u003e"}}}`)
}
