package yamlfile

import (
	"errors"
	"fmt"
	"reflect"

	"github.com/goccy/go-yaml"
	"github.com/goccy/go-yaml/ast"
)

// remedy says what is wrong with a value of another kind than its member has,
// and what to write, without the names of Go's types; "" is for other errors.
func remedy(err error) string {
	var node *yaml.UnexpectedNodeTypeError
	if errors.As(err, &node) {
		switch node.Expected {
		case ast.SequenceType:
			return kindOfNode(node.Actual) + " was used where a list is expected: write a list, as [a, b]"
		case ast.MappingType:
			return kindOfNode(node.Actual) + " was used where a mapping is expected: write a mapping, as {name: value}"
		}
	}
	var wrong *yaml.TypeError
	if errors.As(err, &wrong) {
		if what, write := expected(wrong.DstType); what != "" {
			return fmt.Sprintf("%s was used where %s is expected: write %s", kindOf(wrong.SrcType), what, write)
		}
	}
	var overflow *yaml.OverflowError
	if errors.As(err, &overflow) {
		return fmt.Sprintf("%s is out of range: write a whole number %s", overflow.SrcNum, bounds(overflow.DstType))
	}
	return ""
}

func expected(t reflect.Type) (what, write string) {
	switch base(t).Kind() {
	case reflect.Bool:
		return "true or false", "true or false"
	case reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64,
		reflect.Uint, reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64:
		return "a whole number", "a number, as 5"
	case reflect.Float32, reflect.Float64:
		return "a number", "a number, as 0.5"
	case reflect.String:
		return "a text", "a text, as name"
	case reflect.Slice, reflect.Array:
		return "a list", "a list, as [a, b]"
	case reflect.Map, reflect.Struct:
		return "a mapping", "a mapping, as {name: value}"
	}
	return "", ""
}

func bounds(t reflect.Type) string {
	t = base(t)
	bits := t.Bits()
	if k := t.Kind(); k >= reflect.Uint && k <= reflect.Uint64 {
		return fmt.Sprintf("from 0 to %d", uint64(1)<<(bits-1)<<1-1)
	}
	return fmt.Sprintf("from %d to %d", -1<<(bits-1), int64(1<<(bits-1)-1))
}

func base(t reflect.Type) reflect.Type {
	for t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	return t
}

func kindOfNode(t ast.NodeType) string {
	switch t {
	case ast.SequenceType:
		return "a list"
	case ast.MappingType, ast.MappingValueType:
		return "a mapping"
	case ast.IntegerType, ast.FloatType, ast.InfinityType, ast.NanType:
		return "a number"
	case ast.BoolType:
		return "true or false"
	case ast.StringType, ast.LiteralType:
		return "a text"
	}
	return t.YAMLName()
}

func kindOf(t reflect.Type) string {
	if t == nil {
		return "null"
	}
	switch t.Kind() {
	case reflect.Slice:
		return "a list"
	case reflect.Map:
		return "a mapping"
	case reflect.Bool:
		return "true or false"
	case reflect.String:
		return "a text"
	}
	return "a number" // there is nothing else in YAML
}
