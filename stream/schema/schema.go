// Package schema makes JSON of records in other formats: Avro, Protobuf and
// JSON with schemas from a registry, and Debezium's change events. It reads
// the wire format of Confluent's serializers: a zero byte, the schema's number
// in four bytes, for Protobuf the place of the message in its file, the value.
//
//	registry, err := schema.NewRegistry(schema.RegistryOptions{URL: "http://registry:8081"})
//	decoder, err := schema.New(schema.Options{Format: schema.Avro, Registry: registry, Subject: "transactions-value"})
//	err = decoder.Check(ctx)
//	json, err := decoder.Decode(ctx, record.Value)
//
// # Errors
//
// What passes is of [tidegate.CodeUnavailable]: the registry is away, or does
// not know us. Everything else is the record's own: bytes that are not what
// they say, the number of a schema that nobody has registered, a schema that
// breaks what is expected.
//
// # What becomes of values
//
// Names stay as they are. Avro's decimals are exact text, its timestamps RFC
// 3339 in UTC, its dates "2026-03-14", its unions the value of the branch, its
// bytes base64. Protobuf's fields keep the names of the .proto file; integers
// are numbers, enums names, and a field that was not set is left out, but for
// numbers and booleans without presence, which are then 0 and false.
package schema

import (
	"context"

	"github.com/tidegate/tidegate"
)

// Decoder makes JSON of the values of a topic. It may be used by any number of
// goroutines.
type Decoder interface {
	// Decode gives the JSON of a record's value, nil for one that says nothing,
	// as a tombstone.
	Decode(ctx context.Context, value []byte) ([]byte, error)
	// Check compares what is expected with the newest schema of the subject.
	// Its error says what breaks. A subject without a schema is fine.
	Check(ctx context.Context) error
}

// Format is what a topic's values are in.
type Format string

const (
	JSON       Format = "json"        // without a registry
	JSONSchema Format = "json_schema" // with the wire format's header
	Avro       Format = "avro"
	Protobuf   Format = "protobuf"
)

// Options of a decoder.
type Options struct {
	Format   Format
	Registry *Registry // not for JSON
	Subject  string    // as "transactions-value"; "" has nothing to check
	// Expect is a schema in the format's own language with the members that
	// are read: records of a schema that breaks it are refused. "" is none. For
	// JSON it is a JSON Schema that every value must match.
	Expect string
	// Debezium takes change events apart; nil has none.
	Debezium *Debezium
}

// New makes a decoder.
func New(o Options) (Decoder, error) {
	var d Decoder
	switch o.Format {
	case JSON:
		plain, err := newPlain(o.Expect)
		if err != nil {
			return nil, err
		}
		d = plain
	case JSONSchema, Avro, Protobuf:
		if o.Registry == nil {
			return nil, tidegate.Errorf(tidegate.CodeConfig, "format %s needs a schema registry", o.Format)
		}
		r := &registered{format: languages[o.Format], registry: o.Registry, subject: o.Subject, programs: map[int]*program{}}
		if o.Expect != "" {
			expected, err := r.format.compile(Schema{Text: o.Expect})
			if err != nil {
				return nil, &tidegate.Error{Code: tidegate.CodeConfig, Message: "the expected schema can't be read", Cause: err}
			}
			if r.expect, err = expected.shape(nil); err != nil {
				return nil, err
			}
		}
		d = r
	default:
		return nil, tidegate.Errorf(tidegate.CodeConfig, "format %q is unknown: json, json_schema, avro or protobuf", o.Format)
	}
	if o.Debezium != nil {
		d = &unwrapped{Debezium: *o.Debezium, inner: d}
	}
	return d, nil
}

// maxJSON bounds what a value may become: a few bytes of Avro can say "a
// billion nulls".
const maxJSON = 8 << 20

// maxDepth bounds how deep values are nested, as recursive schemas allow.
const maxDepth = 64

func malformed(format string, args ...any) error {
	return tidegate.Errorf(tidegate.CodeMalformed, format, args...)
}
