package schema

import (
	"encoding/binary"
	"encoding/json"
	"maps"
	"math"
	"slices"
	"time"

	"github.com/hamba/avro/v2"

	"github.com/tidegate/tidegate"
)

// appendAvro writes a JSON value by a schema of records, arrays, maps, unions of
// which a value fits one branch, texts, numbers, booleans and timestamps. A number
// where the schema has a text is written as it stands, so an amount stays exact.
func appendAvro(dst []byte, s avro.Schema, value []byte) ([]byte, error) {
	v, err := decoded(value)
	if err != nil {
		return nil, err
	}
	w := avroWriter{b: dst}
	w.value("", s, v)
	return w.b, w.err
}

type avroWriter struct {
	b   []byte
	err error // the first
}

func (w *avroWriter) misfit(at string, s avro.Schema) {
	if w.err == nil {
		w.err = tidegate.FieldErrorf(tidegate.CodeInvalid, at, "the value is no %s, which its schema wants", s.Type())
	}
}

func (w *avroWriter) long(n int64) { w.b = binary.AppendVarint(w.b, n) } // zigzag, as Avro's

func (w *avroWriter) text(s string) {
	w.long(int64(len(s)))
	w.b = append(w.b, s...)
}

func (w *avroWriter) value(at string, s avro.Schema, v any) {
	switch s := s.(type) {
	case *avro.RefSchema:
		w.value(at, s.Schema(), v)
		return
	case *avro.RecordSchema:
		if object, ok := v.(map[string]any); ok {
			for _, f := range s.Fields() {
				w.value(at+"/"+f.Name(), f.Type(), object[f.Name()]) // what is not there is null
			}
			return
		}
	case *avro.ArraySchema:
		if list, ok := v.([]any); ok {
			w.blocks(len(list), func(i int) { w.value(at, s.Items(), list[i]) })
			return
		}
	case *avro.MapSchema:
		if object, ok := v.(map[string]any); ok {
			names := slices.Sorted(maps.Keys(object))
			w.blocks(len(names), func(i int) {
				w.text(names[i])
				w.value(at+"/"+names[i], s.Values(), object[names[i]])
			})
			return
		}
	case *avro.UnionSchema:
		for i, branch := range s.Types() {
			if fits(branch, v) {
				w.long(int64(i))
				w.value(at, branch, v)
				return
			}
		}
	case *avro.NullSchema:
		if v == nil {
			return
		}
	case *avro.PrimitiveSchema:
		if w.primitive(s, v) {
			return
		}
	}
	w.misfit(at, s)
}

// blocks writes the items of an array or map: one block, and the end.
func (w *avroWriter) blocks(n int, item func(i int)) {
	if n > 0 {
		w.long(int64(n))
		for i := range n {
			item(i)
		}
	}
	w.long(0)
}

func (w *avroWriter) primitive(s *avro.PrimitiveSchema, v any) bool {
	switch v := v.(type) {
	case bool:
		if s.Type() != avro.Boolean {
			return false
		}
		w.b = append(w.b, 0)
		if v {
			w.b[len(w.b)-1] = 1
		}
	case string:
		if l := s.Logical(); s.Type() == avro.Long && l != nil && l.Type() == avro.TimestampMillis {
			at, err := time.Parse(time.RFC3339Nano, v)
			w.long(at.UnixMilli())
			return err == nil
		}
		if s.Type() != avro.String {
			return false
		}
		w.text(v)
	case json.Number:
		return w.number(s, v)
	default:
		return false
	}
	return true
}

func (w *avroWriter) number(s *avro.PrimitiveSchema, v json.Number) bool {
	switch s.Type() {
	case avro.String:
		w.text(v.String())
	case avro.Int, avro.Long:
		n, err := v.Int64()
		w.long(n)
		return err == nil && (s.Type() == avro.Long || n == int64(int32(n)))
	case avro.Double:
		f, err := v.Float64()
		w.b = binary.LittleEndian.AppendUint64(w.b, math.Float64bits(f))
		return err == nil
	default:
		return false
	}
	return true
}

// fits says whether a value can be written by a branch of a union.
func fits(s avro.Schema, v any) bool {
	switch v.(type) {
	case nil:
		return s.Type() == avro.Null
	case bool:
		return s.Type() == avro.Boolean
	case map[string]any:
		return s.Type() == avro.Record || s.Type() == avro.Map || s.Type() == avro.Ref
	case []any:
		return s.Type() == avro.Array
	case json.Number:
		return s.Type() == avro.Double || s.Type() == avro.Long || s.Type() == avro.Int || s.Type() == avro.String
	}
	return s.Type() == avro.String || s.Type() == avro.Long
}
