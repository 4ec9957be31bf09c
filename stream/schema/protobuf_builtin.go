package schema

import (
	"fmt"
	"maps"

	"google.golang.org/protobuf/reflect/protoreflect"
)

// confluentDecimal is what Kafka Connect's Protobuf converter writes decimals as.
const confluentDecimal = "confluent.type.Decimal"

// builtin are the files that a schema may import without a reference: Confluent's
// registry knows them itself. Connect's converter has notes on fields by the first.
var builtin = func() map[string]string {
	meta := `syntax = "proto3"; package confluent; import "google/protobuf/descriptor.proto";
		message Meta { string doc = 1; map<string, string> params = 2; repeated string tags = 3; }`
	for _, of := range [][2]string{{"File", "file"}, {"Message", "message"}, {"Field", "field"}, {"Enum", "enum"}, {"EnumValue", "enum_value"}} {
		meta += fmt.Sprintf("extend google.protobuf.%sOptions { Meta %s_meta = 1088; }\n", of[0], of[1])
	}
	return map[string]string{
		"confluent/meta.proto":         meta,
		"confluent/type/decimal.proto": `syntax = "proto3"; package confluent.type; message Decimal { bytes value = 1; uint32 precision = 2; int32 scale = 3; }`,
	}
}()

// sources are the files of a schema, under a name for its own.
func sources(name string, s Schema) map[string]string {
	files := maps.Clone(builtin)
	protobufReferences(s, files, 0)
	files[name] = s.Text
	return files
}

// exactly is a decimal's text; "" of a message that is none.
func exactly(m protoreflect.Message) string {
	d := m.Descriptor()
	if d.FullName() != confluentDecimal {
		return ""
	}
	value, scale := d.Fields().ByName("value"), d.Fields().ByName("scale")
	if value == nil || value.Kind() != protoreflect.BytesKind || value.IsList() || scale == nil || scale.Kind() != protoreflect.Int32Kind || scale.IsList() {
		return ""
	}
	return decimal(m.Get(value).Bytes(), int(m.Get(scale).Int()))
}
