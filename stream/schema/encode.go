package schema

import (
	"bytes"
	"context"
	"encoding/binary"
	"encoding/json"
	"errors"
	"net/http"

	"github.com/hamba/avro/v2"
	"github.com/twmb/franz-go/pkg/sr"
	"google.golang.org/protobuf/reflect/protoreflect"

	"github.com/tidegate/tidegate"
)

// Encoder frames JSON values with the number of their schema, for [JSONSchema]
// as they are, for [Avro] and [Protobuf] written by it. One goroutine uses it.
type Encoder struct {
	registry *Registry
	subject  string
	schema   sr.Schema
	avro     avro.Schema                    // of Avro
	message  protoreflect.MessageDescriptor // of Protobuf: the first of the schema
	header   []byte                         // once it is registered
}

// NewEncoder makes an encoder of a schema for a subject.
func NewEncoder(registry *Registry, format Format, subject, text string) (*Encoder, error) {
	e := &Encoder{registry: registry, subject: subject, schema: sr.Schema{Schema: text, Type: sr.TypeJSON}}
	var err error
	switch {
	case registry == nil:
		return nil, tidegate.Errorf(tidegate.CodeConfig, "format %s needs a schema registry", format)
	case format == Avro:
		e.avro, err = avro.Parse(text)
		e.schema.Type = sr.TypeAvro
	case format == Protobuf:
		e.message, err = writtenMessage(text)
		e.schema.Type = sr.TypeProtobuf
	case format != JSONSchema:
		return nil, tidegate.Errorf(tidegate.CodeConfig, "values can't be written as %s: write json_schema, avro or protobuf", format)
	}
	if err != nil {
		return nil, &tidegate.Error{Code: tidegate.CodeConfig, Message: "the schema of subject " + subject + " can't be read", Cause: err}
	}
	return e, nil
}

// Register lets the registry have the schema, unless it has it, and learns its
// number. An error of [tidegate.CodeUnavailable] passes; one of
// [tidegate.CodeConflict] says that the registry holds it for incompatible with
// what it has.
func (e *Encoder) Register(ctx context.Context) error {
	id, err := e.registry.client.RegisterSchema(ctx, e.subject, e.schema, -1, -1)
	if err != nil {
		var answer *sr.ResponseError
		if errors.As(err, &answer) && (answer.StatusCode == http.StatusConflict || answer.StatusCode == http.StatusUnprocessableEntity) {
			return &tidegate.Error{Code: tidegate.CodeConflict, Message: "the schema registry does not take our schema of subject " + e.subject, Cause: err}
		}
		return fault(err, "our schema of subject "+e.subject)
	}
	e.header = binary.BigEndian.AppendUint32([]byte{0}, uint32(id))
	if e.message != nil {
		e.header, err = protobufHeader(id)
	}
	return err
}

// Subject is what the schema is registered as.
func (e *Encoder) Subject() string { return e.subject }

// Encode makes the value of a record of a JSON value. It is called after
// Register.
func (e *Encoder) Encode(value []byte) ([]byte, error) {
	if e.header == nil {
		return nil, tidegate.Errorf(tidegate.CodeInternal, "the schema of subject %s is not registered yet", e.subject)
	}
	header := e.header[:len(e.header):len(e.header)]
	switch {
	case e.avro != nil:
		return appendAvro(header, e.avro, value)
	case e.message != nil:
		return appendProtobuf(header, e.message, value)
	}
	return append(header, value...), nil
}

// decoded is a JSON value whose numbers are as they stand.
func decoded(value []byte) (v any, err error) {
	d := json.NewDecoder(bytes.NewReader(value))
	d.UseNumber()
	if d.Decode(&v) != nil {
		return nil, malformed("the value is not JSON")
	}
	return v, nil
}
