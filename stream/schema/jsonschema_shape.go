package schema

import (
	"slices"

	"github.com/santhosh-tekuri/jsonschema/v6"
)

func (j jsonReader) shape([]int) (*Shape, error) { return jsonShape(j.schema, 0), nil }

// jsonShape follows types, members and references. What a schema leaves to
// conditions and combinations is anything.
func jsonShape(s *jsonschema.Schema, depth int) *Shape {
	if s == nil || depth > 16 {
		return &Shape{Kind: Any, Optional: true}
	}
	if s.Ref != nil && s.Types == nil {
		return jsonShape(s.Ref, depth+1)
	}
	shape := &Shape{}
	if s.Types == nil || s.Types.IsEmpty() {
		shape.Kind, shape.Optional = Any, true
		if s.Properties != nil {
			shape.Kind, shape.Optional = Object, false
		}
	} else {
		for _, name := range s.Types.ToStrings() {
			shape.Kind |= map[string]Kind{"string": Text, "number": Number, "integer": Number, "boolean": Bool, "object": Object, "array": Array}[name]
			shape.Optional = shape.Optional || name == "null"
		}
	}
	if s.Properties != nil {
		shape.Fields = map[string]*Shape{}
		for name, property := range s.Properties {
			member := *jsonShape(property, depth+1)
			member.Optional = member.Optional || !slices.Contains(s.Required, name)
			shape.Fields[name] = &member
		}
	}
	if items, ok := s.Items2020, s.Items2020 != nil; ok {
		shape.Items = jsonShape(items, depth+1)
	} else if items, ok := s.Items.(*jsonschema.Schema); ok {
		shape.Items = jsonShape(items, depth+1)
	}
	return shape
}
