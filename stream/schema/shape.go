package schema

import (
	"fmt"
	"maps"
	"slices"
	"strings"
)

// Kind is a set of the kinds of JSON values.
type Kind uint8

const (
	Text Kind = 1 << iota
	Number
	Bool
	Object
	Array
	Any = Text | Number | Bool | Object | Array
)

func (k Kind) String() string {
	if k == Any {
		return "anything"
	}
	var names []string
	for i, name := range []string{"text", "number", "boolean", "object", "array"} {
		if k&(1<<i) != 0 {
			names = append(names, name)
		}
	}
	return strings.Join(names, " or ")
}

// Shape is what a schema of any language makes of JSON: kinds and names. That
// is all a reader of JSON depends on, so two schemas are compared by it.
type Shape struct {
	Kind     Kind
	Optional bool              // may be null or left out
	Default  bool              // a reader that finds none has a value of its own
	Fields   map[string]*Shape // of objects with known members
	Items    *Shape            // of arrays; nil is anything
}

// Breaks are the reasons why what a writer's schema gives can't be read as what
// the reader's has: a member that must be there is not, or may be missing, or
// is of another kind. Members that the reader does not name, and optional ones
// that are new or gone, break nothing.
func Breaks(reader, writer *Shape) []string { return breaks("", reader, writer, 0) }

func breaks(path string, reader, writer *Shape, depth int) (reasons []string) {
	if reader == nil || writer == nil || depth > maxDepth {
		return nil
	}
	name := path
	if name == "" {
		name = "the value"
	}
	if extra := writer.Kind &^ reader.Kind; extra != 0 {
		return []string{fmt.Sprintf("%s is %s, and %s is expected", name, writer.Kind, reader.Kind)}
	}
	if writer.Optional && !reader.Optional {
		reasons = append(reasons, name+" may be missing")
	}
	for _, field := range slices.Sorted(maps.Keys(reader.Fields)) {
		wanted, at := reader.Fields[field], strings.TrimPrefix(path+"."+field, ".")
		is, there := writer.Fields[field]
		switch {
		case there:
			reasons = append(reasons, breaks(at, wanted, is, depth+1)...)
		case !wanted.Optional && !wanted.Default && writer.Fields != nil:
			reasons = append(reasons, at+" is not there")
		}
	}
	return append(reasons, breaks(path+"[]", reader.Items, writer.Items, depth+1)...)
}
