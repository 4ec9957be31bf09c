package schema

import "google.golang.org/protobuf/reflect/protoreflect"

func (p protobufReader) shape(index []int) (*Shape, error) {
	m, err := p.message(index)
	if err != nil {
		return nil, err
	}
	return messageShape(m, 0), nil
}

// messageShape is what [protobufJSON] makes of a message.
func messageShape(m protoreflect.MessageDescriptor, depth int) *Shape {
	if depth > 16 || m.FullName().Parent() == "google.protobuf" && m.Name() != "Timestamp" && m.Name() != "Duration" {
		return &Shape{Kind: Any, Optional: true}
	}
	if m.FullName().Parent() == "google.protobuf" || m.FullName() == confluentDecimal {
		return &Shape{Kind: Text}
	}
	fields := map[string]*Shape{}
	for i := range m.Fields().Len() {
		f := m.Fields().Get(i)
		fields[string(f.Name())] = fieldShape(f, depth+1)
	}
	return &Shape{Kind: Object, Fields: fields}
}

// fieldShape is of one field. Protobuf lets no field be asked for, so that one
// may be missing breaks nothing; that it is gone, or of another kind, does.
func fieldShape(f protoreflect.FieldDescriptor, depth int) *Shape {
	var s *Shape
	switch f.Kind() {
	case protoreflect.BoolKind:
		s = &Shape{Kind: Bool}
	case protoreflect.StringKind, protoreflect.BytesKind, protoreflect.EnumKind:
		s = &Shape{Kind: Text}
	case protoreflect.MessageKind, protoreflect.GroupKind:
		if f.IsMap() {
			return &Shape{Kind: Object, Default: true}
		}
		s = messageShape(f.Message(), depth)
	default:
		s = &Shape{Kind: Number}
	}
	if f.IsList() {
		s = &Shape{Kind: Array, Items: s}
	}
	s.Default = f.HasOptionalKeyword() || f.IsList() || f.ContainingOneof() != nil
	return s
}
