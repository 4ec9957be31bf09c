package schema

import "github.com/hamba/avro/v2"

func (a avroReader) shape([]int) (*Shape, error) { return avroShape(a.schema, 0), nil }

// avroShape is what [avroValue] makes of a schema. A recursive one is anything
// from a depth on.
func avroShape(s avro.Schema, depth int) *Shape {
	if depth > 16 {
		return &Shape{Kind: Any, Optional: true}
	}
	switch s := s.(type) {
	case *avro.RefSchema:
		return avroShape(s.Schema(), depth+1)
	case *avro.RecordSchema:
		if s.FullName() == variableDecimal {
			return &Shape{Kind: Text}
		}
		fields := map[string]*Shape{}
		for _, f := range s.Fields() {
			shape := *avroShape(f.Type(), depth+1)
			shape.Default = f.HasDefault()
			fields[f.Name()] = &shape
		}
		return &Shape{Kind: Object, Fields: fields}
	case *avro.ArraySchema:
		return &Shape{Kind: Array, Items: avroShape(s.Items(), depth+1)}
	case *avro.MapSchema:
		return &Shape{Kind: Object}
	case *avro.UnionSchema:
		return avroUnion(s, depth)
	case *avro.EnumSchema, *avro.FixedSchema:
		return &Shape{Kind: Text}
	case *avro.NullSchema:
		return &Shape{Optional: true}
	case *avro.PrimitiveSchema:
		switch s.Type() {
		case avro.String, avro.Bytes:
			return &Shape{Kind: Text}
		case avro.Boolean:
			return &Shape{Kind: Bool}
		}
		if avroUnit(s) != none {
			return &Shape{Kind: Text}
		}
		return &Shape{Kind: Number}
	}
	return &Shape{Kind: Any, Optional: true}
}

// avroUnion is any of the branches.
func avroUnion(s *avro.UnionSchema, depth int) *Shape {
	all := &Shape{}
	for _, branch := range s.Types() {
		b := avroShape(branch, depth+1)
		all.Kind |= b.Kind
		all.Optional = all.Optional || b.Optional
		if b.Fields != nil {
			all.Fields = b.Fields
		}
		if b.Items != nil {
			all.Items = b.Items
		}
	}
	return all
}
