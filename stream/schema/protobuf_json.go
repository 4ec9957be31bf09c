package schema

import (
	"maps"
	"slices"
	"strconv"

	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/reflect/protoreflect"
)

// protobufJSON writes messages. Unlike Protobuf's own JSON its integers are
// numbers, as everybody else's are.
type protobufJSON struct{ large bool }

func (j *protobufJSON) message(dst []byte, m protoreflect.Message, depth int) []byte {
	if m.Descriptor().FullName().Parent() == "google.protobuf" {
		return j.wellKnown(dst, m)
	}
	if len(dst) > maxJSON || depth > maxDepth {
		j.large = true
		return dst
	}
	if text := exactly(m); text != "" {
		return appendText(dst, text)
	}
	dst = append(dst, '{')
	first := true
	fields := m.Descriptor().Fields()
	for i := range fields.Len() {
		f := fields.Get(i)
		if !m.Has(f) && !zeroIsValue(f) {
			continue
		}
		if !first {
			dst = append(dst, ',')
		}
		first = false
		dst = append(appendText(dst, string(f.Name())), ':')
		dst = j.field(dst, f, m.Get(f), depth+1)
	}
	return append(dst, '}')
}

// wellKnown are Timestamp, the wrappers and their like: text and numbers.
func (j *protobufJSON) wellKnown(dst []byte, m protoreflect.Message) []byte {
	switch m.Descriptor().Name() {
	case "Int64Value", "UInt64Value": // which Protobuf's own JSON has as text
		f := m.Descriptor().Fields().ByNumber(1)
		return j.value(dst, f, m.Get(f), 0)
	}
	text, err := protojson.Marshal(m.Interface())
	if err != nil {
		return append(dst, "null"...) // as a Timestamp beyond the year 9999
	}
	return append(dst, text...)
}

// zeroIsValue tells the fields of which nobody can know whether they were set:
// of numbers and booleans a zero is then a value, and an empty text is none.
func zeroIsValue(f protoreflect.FieldDescriptor) bool {
	if f.HasPresence() || f.IsList() || f.IsMap() {
		return false
	}
	return f.Kind() != protoreflect.StringKind && f.Kind() != protoreflect.BytesKind && f.Kind() != protoreflect.EnumKind
}

func (j *protobufJSON) field(dst []byte, f protoreflect.FieldDescriptor, v protoreflect.Value, depth int) []byte {
	switch {
	case f.IsList():
		dst = append(dst, '[')
		list := v.List()
		for i := range list.Len() {
			if i > 0 {
				dst = append(dst, ',')
			}
			dst = j.value(dst, f, list.Get(i), depth)
		}
		return append(dst, ']')
	case f.IsMap():
		dst = append(dst, '{')
		entries := map[string]protoreflect.Value{}
		v.Map().Range(func(key protoreflect.MapKey, v protoreflect.Value) bool {
			entries[key.String()] = v
			return true
		})
		for i, key := range slices.Sorted(maps.Keys(entries)) { // the same each time
			if i > 0 {
				dst = append(dst, ',')
			}
			dst = append(appendText(dst, key), ':')
			dst = j.value(dst, f.MapValue(), entries[key], depth)
		}
		return append(dst, '}')
	}
	return j.value(dst, f, v, depth)
}

func (j *protobufJSON) value(dst []byte, f protoreflect.FieldDescriptor, v protoreflect.Value, depth int) []byte {
	switch f.Kind() {
	case protoreflect.BoolKind:
		return strconv.AppendBool(dst, v.Bool())
	case protoreflect.StringKind:
		return appendText(dst, v.String())
	case protoreflect.BytesKind:
		return appendBase64(dst, v.Bytes())
	case protoreflect.FloatKind:
		return appendFloat(dst, v.Float(), 32)
	case protoreflect.DoubleKind:
		return appendFloat(dst, v.Float(), 64)
	case protoreflect.EnumKind:
		if e := f.Enum().Values().ByNumber(v.Enum()); e != nil {
			return appendText(dst, string(e.Name()))
		}
		return appendText(dst, strconv.Itoa(int(v.Enum()))) // one that is newer than the schema
	case protoreflect.MessageKind, protoreflect.GroupKind:
		return j.message(dst, v.Message(), depth)
	case protoreflect.Uint32Kind, protoreflect.Uint64Kind, protoreflect.Fixed32Kind, protoreflect.Fixed64Kind:
		return strconv.AppendUint(dst, v.Uint(), 10)
	}
	return strconv.AppendInt(dst, v.Int(), 10)
}
