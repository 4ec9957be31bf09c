package schema

import (
	"encoding/json"
	"errors"
	"math"
	"time"

	"github.com/twmb/franz-go/pkg/sr"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/types/dynamicpb"
	"google.golang.org/protobuf/types/known/structpb"
	"google.golang.org/protobuf/types/known/timestamppb"

	"github.com/tidegate/tidegate"
)

// firstMessage is the place in its file of the message that is written, which
// stands behind the schema's number.
var firstMessage = []int{0}

func protobufHeader(id int) ([]byte, error) {
	var header sr.ConfluentHeader
	return header.AppendEncode(nil, id, firstMessage)
}

// writtenMessage is the first message of a schema's text.
func writtenMessage(text string) (protoreflect.MessageDescriptor, error) {
	compiled, err := protobufLanguage{}.compile(Schema{Text: text})
	if err != nil {
		return nil, err
	}
	return compiled.(protobufReader).message(firstMessage)
}

// appendProtobuf writes a JSON value as a message of other messages, lists, maps
// by texts, texts, numbers, booleans, Timestamps and Values. A number where the
// schema has a text is written as it stands, so an amount stays exact. What is
// null is not set, and may be so only where that can be told from a zero.
func appendProtobuf(dst []byte, d protoreflect.MessageDescriptor, value []byte) ([]byte, error) {
	v, err := decoded(value)
	if err != nil {
		return nil, err
	}
	m := dynamicpb.NewMessage(d)
	var w protobufWriter
	if w.message("", m, v); w.err != nil {
		return nil, w.err
	}
	dst, err = proto.MarshalOptions{Deterministic: true}.MarshalAppend(dst, m)
	if err != nil { // as a text that is not UTF-8
		return nil, &tidegate.Error{Code: tidegate.CodeInvalid, Message: "the value is no " + string(d.Name()), Cause: err}
	}
	return dst, nil
}

type protobufWriter struct {
	err error // the first
}

func (w *protobufWriter) misfit(at string, wanted any) {
	if w.err == nil {
		w.err = tidegate.FieldErrorf(tidegate.CodeInvalid, at, "the value is no %v, which its schema wants", wanted)
	}
}

func (w *protobufWriter) message(at string, m protoreflect.Message, v any) {
	switch known := m.Descriptor().FullName(); known {
	case "google.protobuf.Timestamp", "google.protobuf.Value":
		value, ok := wellKnown(known, v)
		b, err := proto.Marshal(value)
		// Through bytes: the schema's compiler has types of its own for them.
		if !ok || errors.Join(err, proto.Unmarshal(b, m.Interface())) != nil {
			w.misfit(at, known)
		}
		return
	}
	object, ok := v.(map[string]any)
	if !ok {
		w.misfit(at, m.Descriptor().Name())
		return
	}
	fields := m.Descriptor().Fields()
	for i := range fields.Len() {
		f := fields.Get(i)
		at, v := at+"/"+string(f.Name()), object[string(f.Name())]
		switch {
		case v == nil && f.HasOptionalKeyword():
		case f.IsList():
			w.list(at, m, f, v)
		case f.IsMap():
			w.entries(at, m, f, v)
		case f.Message() != nil:
			w.message(at, m.Mutable(f).Message(), v)
		default:
			if x, ok := scalar(f, v); ok {
				m.Set(f, x)
			} else {
				w.misfit(at, f.Kind())
			}
		}
	}
}

func (w *protobufWriter) list(at string, m protoreflect.Message, f protoreflect.FieldDescriptor, v any) {
	items, ok := v.([]any)
	if !ok {
		w.misfit(at, "list")
		return
	}
	list := m.Mutable(f).List()
	for _, item := range items {
		if f.Message() != nil {
			w.message(at, list.AppendMutable().Message(), item)
		} else if x, ok := scalar(f, item); ok {
			list.Append(x)
		} else {
			w.misfit(at, f.Kind())
		}
	}
}

func (w *protobufWriter) entries(at string, m protoreflect.Message, f protoreflect.FieldDescriptor, v any) {
	object, ok := v.(map[string]any)
	if !ok || f.MapKey().Kind() != protoreflect.StringKind {
		w.misfit(at, "map")
		return
	}
	entries := m.Mutable(f).Map()
	for name, v := range object {
		key := protoreflect.ValueOfString(name).MapKey()
		if f.MapValue().Message() != nil {
			w.message(at+"/"+name, entries.Mutable(key).Message(), v)
		} else if x, ok := scalar(f.MapValue(), v); ok {
			entries.Set(key, x)
		} else {
			w.misfit(at+"/"+name, f.MapValue().Kind())
		}
	}
}

// scalar is a value of a field that is no message; false if it does not fit.
func scalar(f protoreflect.FieldDescriptor, v any) (x protoreflect.Value, ok bool) {
	switch v := v.(type) {
	case bool:
		return protoreflect.ValueOfBool(v), f.Kind() == protoreflect.BoolKind
	case string:
		return protoreflect.ValueOfString(v), f.Kind() == protoreflect.StringKind
	case json.Number:
		switch f.Kind() {
		case protoreflect.StringKind:
			return protoreflect.ValueOfString(v.String()), true
		case protoreflect.DoubleKind:
			d, err := v.Float64()
			return protoreflect.ValueOfFloat64(d), err == nil
		case protoreflect.Int64Kind:
			n, err := v.Int64()
			return protoreflect.ValueOfInt64(n), err == nil
		case protoreflect.Int32Kind:
			n, err := v.Int64()
			return protoreflect.ValueOfInt32(int32(n)), err == nil && n >= math.MinInt32 && n <= math.MaxInt32
		}
	}
	return x, false
}

// wellKnown is a time, or any value; false if it is neither.
func wellKnown(known protoreflect.FullName, v any) (m proto.Message, ok bool) {
	if known == "google.protobuf.Timestamp" {
		text, _ := v.(string)
		at, err := time.Parse(time.RFC3339Nano, text)
		return timestamppb.New(at), err == nil
	}
	value, err := structpb.NewValue(v) // which knows numbers as JSON has them
	return value, err == nil
}
