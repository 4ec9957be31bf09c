package yamlfile

import (
	"cmp"
	"reflect"
	"strings"

	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/token"

	"github.com/tidegate/tidegate"
)

// settle walks a document beside the type it is meant for, before it is
// decoded: a number that stands where a text is expected becomes the text
// that was written, so that 05 and 1.10 stay what they are, and what the
// library would cut to fit is refused.
func settle(node ast.Node, t reflect.Type) *tidegate.Error {
	for t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	if ownReader(t) {
		return nil
	}
	switch n := node.(type) {
	case *ast.AnchorNode:
		n.Value = written(n.Value, t)
		return settle(n.Value, t)
	case *ast.MappingNode:
		for _, member := range n.Values {
			if err := settleMember(member, t); err != nil {
				return err
			}
		}
	case *ast.MappingValueNode: // a mapping of one member, to some versions of the parser
		return settleMember(n, t)
	case *ast.SequenceNode:
		return settleList(n, t)
	case *ast.FloatNode:
		if whole(t) && n.Value != float64(int64(n.Value)) {
			return wrongAt(n, "%s was used where a whole number is expected: write a number, as 5", n.Token.Value)
		}
	case *ast.InfinityNode, *ast.NanNode:
		if whole(t) {
			return wrongAt(n, "%s was used where a whole number is expected: write a number, as 5", n.GetToken().Value)
		}
	case *ast.IntegerNode: // 010 is 8 to YAML 1.1
		digits := strings.TrimLeft(n.Token.Value, "+-")
		if k := t.Kind(); k >= reflect.Int && k <= reflect.Float64 && len(digits) > 1 && digits[0] == '0' && digits[1] >= '0' && digits[1] <= '9' {
			return wrongAt(n, "%s begins with 0: write the number without, as %s", n.Token.Value, cmp.Or(strings.TrimLeft(digits, "0"), "0"))
		}
	}
	return nil
}

func whole(t reflect.Type) bool { return t.Kind() >= reflect.Int && t.Kind() <= reflect.Uint64 }

func settleMember(member *ast.MappingValueNode, t reflect.Type) *tidegate.Error {
	of := t
	switch t.Kind() {
	case reflect.Map:
		of = t.Elem()
	case reflect.Struct:
		var ok bool
		if of, ok = memberType(t, member.Key.GetToken().Value); !ok {
			return nil // the decoder says so
		}
	default:
		return nil
	}
	member.Value = written(member.Value, of)
	return settle(member.Value, of)
}

func settleList(n *ast.SequenceNode, t reflect.Type) *tidegate.Error {
	switch {
	case t.Kind() == reflect.Array && len(n.Values) != t.Len():
		return wrongAt(n, "a list of %d was used where one of %d is expected", len(n.Values), t.Len())
	case t.Kind() != reflect.Array && t.Kind() != reflect.Slice:
		return nil
	}
	for i := range n.Values {
		n.Values[i] = written(n.Values[i], t.Elem())
		if err := settle(n.Values[i], t.Elem()); err != nil {
			return err
		}
	}
	return nil
}

// written is the text of a scalar as it stands in the file, where t is a text
// and the scalar is something else to YAML.
func written(node ast.Node, t reflect.Type) ast.Node {
	for t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	if t.Kind() != reflect.String || ownReader(t) {
		return node
	}
	switch node.(type) {
	case *ast.IntegerNode, *ast.FloatNode, *ast.BoolNode, *ast.InfinityNode, *ast.NanNode:
		from := node.GetToken()
		text := token.String(from.Value, from.Origin, from.Position)
		text.Prev, text.Next = from.Prev, from.Next
		return ast.String(text)
	}
	return node
}

// ownReader tells whether a type reads its YAML itself.
func ownReader(t reflect.Type) bool {
	p := reflect.PointerTo(t)
	_, own := p.MethodByName("UnmarshalYAML")
	_, text := p.MethodByName("UnmarshalText")
	return own || text
}

func memberType(t reflect.Type, name string) (reflect.Type, bool) {
	for i := range t.NumField() {
		f := t.Field(i)
		of, options, _ := strings.Cut(f.Tag.Get("yaml"), ",")
		if of == name && name != "" {
			return f.Type, true
		}
		if options == "inline" {
			if inner, ok := memberType(f.Type, name); ok {
				return inner, true
			}
		}
	}
	return nil, false
}

func wrongAt(node ast.Node, format string, args ...any) *tidegate.Error {
	e := tidegate.FileErrorf("", 0, 0, format, args...)
	at := Begin(node)
	e.Line, e.Column = at.Line, at.Column
	return e
}
