package schema

import (
	"fmt"
	"strconv"

	"github.com/hamba/avro/v2"

	"github.com/tidegate/tidegate"
)

// avroLanguage is Avro 1.12. Values are read by the schema that they were
// written with; what is expected is compared by shape.
type avroLanguage struct{}

func (avroLanguage) compile(s Schema) (reader, error) {
	cache := &avro.SchemaCache{}
	if err := avroReferences(s, cache, 0); err != nil {
		return nil, err
	}
	parsed, err := avro.ParseWithCache(s.Text, "", cache)
	if err != nil {
		return nil, &tidegate.Error{Code: tidegate.CodeInvalid, Message: "schema " + strconv.Itoa(s.ID) + " is no Avro schema", Cause: err}
	}
	return avroReader{parsed}, nil
}

// avroReferences parses first what a schema refers to.
func avroReferences(s Schema, cache *avro.SchemaCache, depth int) error {
	for _, r := range s.References {
		if depth > maxDepth {
			break
		}
		if err := avroReferences(r, cache, depth+1); err != nil {
			return err
		}
		if _, err := avro.ParseWithCache(r.Text, "", cache); err != nil {
			return &tidegate.Error{Code: tidegate.CodeInvalid, Message: "schema " + strconv.Itoa(r.ID) + " is no Avro schema", Cause: err}
		}
	}
	return nil
}

type avroReader struct{ schema avro.Schema }

func (a avroReader) append(dst, value []byte) ([]byte, error) {
	// Its own tail, so that what was not read is seen.
	r := avroValue{Reader: avro.NewReader(nil, 0).Reset(value)}
	dst = r.value(dst, a.schema, 0)
	switch {
	case r.wrong != "":
		return nil, malformed("the value is not what its schema says: %s", r.wrong)
	case r.Error != nil:
		return nil, malformed("the value ends before it should, or is not what its schema says")
	}
	if r.Peek(); r.Error == nil {
		return nil, malformed("the value goes on behind its end")
	}
	return dst, nil
}

// avroValue is one value under way.
type avroValue struct {
	*avro.Reader
	wrong string
}

func (r *avroValue) fail(why string, dst []byte) []byte {
	if r.wrong == "" {
		r.wrong = why
	}
	return dst
}

func (r *avroValue) ok() bool { return r.wrong == "" && r.Error == nil }

func (r *avroValue) value(dst []byte, s avro.Schema, depth int) []byte {
	switch {
	case !r.ok():
		return dst
	case depth > maxDepth:
		return r.fail("nested too deep", dst)
	case len(dst) > maxJSON:
		return r.fail("too large", dst)
	}
	switch s := s.(type) {
	case *avro.RefSchema:
		return r.value(dst, s.Schema(), depth+1)
	case *avro.RecordSchema:
		if s.FullName() == variableDecimal {
			return r.variableDecimal(dst, s, depth)
		}
		return r.record(dst, s, depth)
	case *avro.ArraySchema:
		return r.blocks(dst, '[', ']', func(dst []byte) []byte { return r.value(dst, s.Items(), depth+1) })
	case *avro.MapSchema:
		return r.blocks(dst, '{', '}', func(dst []byte) []byte {
			return r.value(append(appendText(dst, r.ReadString()), ':'), s.Values(), depth+1)
		})
	case *avro.UnionSchema:
		types, i := s.Types(), r.ReadLong()
		if i < 0 || i >= int64(len(types)) {
			return r.fail("a union has no such branch", dst)
		}
		return r.value(dst, types[i], depth+1)
	case *avro.EnumSchema:
		symbols, i := s.Symbols(), r.ReadInt()
		if i < 0 || int(i) >= len(symbols) {
			return r.fail("an enum has no such symbol", dst)
		}
		return appendText(dst, symbols[i])
	case *avro.FixedSchema:
		bytes := make([]byte, s.Size())
		r.Read(bytes)
		if logical(s) == "uuid" && len(bytes) == 16 {
			return fmt.Appendf(dst, `"%x-%x-%x-%x-%x"`, bytes[:4], bytes[4:6], bytes[6:8], bytes[8:10], bytes[10:])
		}
		return r.bytes(dst, bytes, s.Logical())
	case *avro.NullSchema:
		return append(dst, "null"...)
	case *avro.PrimitiveSchema:
		return r.primitive(dst, s)
	}
	return r.fail("a type that is not known", dst)
}

func (r *avroValue) record(dst []byte, s *avro.RecordSchema, depth int) []byte {
	dst = append(dst, '{')
	for i, field := range s.Fields() {
		if i > 0 {
			dst = append(dst, ',')
		}
		dst = append(appendText(dst, field.Name()), ':')
		dst = r.value(dst, field.Type(), depth+1)
	}
	return append(dst, '}')
}

// variableDecimal is a number with as many digits behind the point as it has.
func (r *avroValue) variableDecimal(dst []byte, s *avro.RecordSchema, depth int) []byte {
	start := len(dst)
	dst = r.record(dst, s, depth)
	if !r.ok() {
		return dst
	}
	return append(dst[:start], variable(dst[start:])...)
}

// blocks reads the items of arrays and maps, until a block is empty.
func (r *avroValue) blocks(dst []byte, open, end byte, item func([]byte) []byte) []byte {
	dst = append(dst, open)
	first := true
	for {
		count, _ := r.ReadBlockHeader()
		if count <= 0 || !r.ok() {
			return append(dst, end)
		}
		for ; count > 0 && r.ok() && len(dst) <= maxJSON; count-- {
			if !first {
				dst = append(dst, ',')
			}
			first = false
			dst = item(dst)
		}
		if len(dst) > maxJSON {
			return r.fail("too large", dst)
		}
	}
}

func (r *avroValue) primitive(dst []byte, s *avro.PrimitiveSchema) []byte {
	switch s.Type() {
	case avro.String:
		return appendText(dst, r.ReadString())
	case avro.Bytes:
		return r.bytes(dst, r.ReadBytes(), s.Logical())
	case avro.Boolean:
		return strconv.AppendBool(dst, r.ReadBool())
	case avro.Float:
		return appendFloat(dst, float64(r.ReadFloat()), 32)
	case avro.Double:
		return appendFloat(dst, r.ReadDouble(), 64)
	case avro.Int:
		return appendTime(dst, int64(r.ReadInt()), avroUnit(s))
	}
	return appendTime(dst, r.ReadLong(), avroUnit(s))
}

func (r *avroValue) bytes(dst, b []byte, logical avro.LogicalSchema) []byte {
	d, ok := logical.(*avro.DecimalLogicalSchema)
	if !ok {
		return appendBase64(dst, b)
	}
	if len(b) > maxDecimal || d.Scale() > 4*maxDecimal {
		return r.fail("a decimal is too long", dst)
	}
	return appendDecimal(dst, b, d.Scale())
}

// avroUnit is what an integer counts, by its logical type or Connect's name.
func avroUnit(s *avro.PrimitiveSchema) unit {
	if l := s.Logical(); l != nil {
		switch l.Type() {
		case avro.Date:
			return wholeDays
		case avro.TimestampMillis, avro.LocalTimestampMillis:
			return millis
		case avro.TimestampMicros, avro.LocalTimestampMicros:
			return micros
		}
	}
	switch logical(s) {
	case "timestamp-nanos", "local-timestamp-nanos":
		return nanos
	}
	name, _ := s.Prop("connect.name").(string)
	return connectTime[name]
}

// logical is the name of a logical type of Avro 1.12 that the library has not,
// and leaves where it stands.
func logical(s avro.PropertySchema) string {
	name, _ := s.Prop("logicalType").(string)
	return name
}
