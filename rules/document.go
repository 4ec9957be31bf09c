package rules

import (
	"bytes"
	"errors"
	"maps"
	"math"
	"slices"
	"strings"

	"github.com/goccy/go-yaml"
	"github.com/goccy/go-yaml/ast"

	"github.com/tidegate/tidegate/internal/nearest"
	"github.com/tidegate/tidegate/internal/yamlfile"
)

// Limits of one YAML file. The parser takes time by the square of the depth.
const (
	maxDocument = 4 << 20
	maxBrackets = 100
	maxScalar   = 64 << 10
)

// document is a YAML file that is read member by member, so that everything
// that is wrong with it is reported, not only the first thing.
type document struct {
	file     string
	data     []byte
	lines    []string // of data, once a place in a scalar is asked for
	problems *problems
}

// body parses the file. nil is an empty file, or one that is faulty and
// reported.
func (d *document) body() ast.Node {
	if len(d.data) > maxDocument {
		d.fail(place{}, "is larger than %d MiB", maxDocument>>20)
		return nil
	}
	if at, deep := nesting(d.data); deep {
		d.fail(at, "is nested deeper than %d brackets", maxBrackets)
		return nil
	}
	f, err := yamlfile.Parse(d.data)
	if err != nil {
		var y yaml.Error
		if errors.As(err, &y) {
			at := place{}
			if t := y.GetToken(); t != nil && t.Position != nil {
				at = place{t.Position.Line, t.Position.Column}
			}
			d.fail(at, "%s", yamlfile.SyntaxMessage(y))
			return nil
		}
		d.fail(place{}, "%s", err)
		return nil
	}
	var body ast.Node
	for _, doc := range f.Docs {
		switch {
		case doc.Body == nil:
		case body != nil:
			d.fail(placeOf(doc.Body), "a second document: write everything into one")
		default:
			body = doc.Body
		}
	}
	if _, null := body.(*ast.NullNode); null {
		return nil
	}
	return body
}

// nesting looks for more open brackets, or list dashes on one line, than any
// sensible file has. It does not know quotes: it only has to be an upper bound.
func nesting(data []byte) (place, bool) {
	depth, line := 0, 0
	for text := range bytes.Lines(data) {
		line++
		if bytes.Count(text, []byte("- ")) > maxBrackets && len(bytes.Trim(text, "- \r\n")) < len(text)/2 {
			return place{line, 1}, true
		}
		for i, c := range text {
			switch c {
			case '[', '{':
				if depth++; depth > maxBrackets {
					return place{line, i + 1}, true
				}
			case ']', '}':
				depth = max(depth-1, 0)
			}
		}
	}
	return place{}, false
}

func (d *document) fail(at place, format string, args ...any) {
	d.problems.add(d.file, at, format, args...)
}

// member reads the value of one key of a mapping.
type member func(value ast.Node)

// mapping reads a mapping; what names it in messages. Every key must be one
// of members, and the required ones must be there. A member without a value
// counts as absent. False is reported.
func (d *document) mapping(n ast.Node, what string, members map[string]member, required ...string) bool {
	seen := map[string]bool{}
	isMapping := d.entries(n, what, func(key string, at place, value ast.Node) {
		read, ok := members[key]
		if !ok {
			d.fail(at, "%s knows no member %q%s", what, key, suggestion(key, slices.Sorted(maps.Keys(members))))
			return
		}
		if seen[key] {
			d.fail(at, "%q is there twice", key)
			return
		}
		if _, null := value.(*ast.NullNode); !null {
			seen[key] = true
			read(value)
		}
	})
	complete := isMapping
	for _, name := range required {
		if isMapping && !seen[name] {
			d.fail(placeOf(n), "%s has no %s", what, name)
			complete = false
		}
	}
	return complete
}

func suggestion(name string, candidates []string) string {
	if s := nearest.DidYouMean(name, candidates); s != "" {
		return s
	}
	return ": there are " + strings.Join(candidates, ", ")
}

// entries calls f for each key of a mapping of free keys. False is reported.
func (d *document) entries(n ast.Node, what string, f func(key string, at place, value ast.Node)) bool {
	var values []*ast.MappingValueNode
	switch n := n.(type) {
	case *ast.MappingNode:
		values = n.Values
	case *ast.MappingValueNode:
		values = []*ast.MappingValueNode{n}
	case *ast.NullNode:
	default:
		d.fail(placeOf(n), "%s must be a mapping of names to values: write {name: value}", what)
		return false
	}
	for _, v := range values {
		if _, merge := v.Key.(*ast.MergeKeyNode); merge {
			d.fail(placeOf(v.Key), "merging (<<) is not supported")
			continue
		}
		f(v.Key.GetToken().Value, placeOf(v.Key), v.Value)
	}
	return true
}

func (d *document) sequence(n ast.Node, what string) []ast.Node {
	s, ok := n.(*ast.SequenceNode)
	if !ok {
		d.fail(placeOf(n), "%s must be a list: write [a, b], or a line each that begins with a dash", what)
		return nil
	}
	return s.Values
}

// text reads a text; false is reported. A number is no text: it may have
// lost zeros.
func (d *document) text(n ast.Node, what string) (string, bool) {
	switch n := n.(type) {
	case *ast.StringNode:
		return n.Value, d.within(n, n.Value, what)
	case *ast.LiteralNode:
		return n.Value.Value, d.within(n, n.Value.Value, what)
	case *ast.AliasNode, *ast.AnchorNode, *ast.TagNode:
		d.fail(placeOf(n), "anchors, aliases and tags are not supported")
		return "", false
	}
	d.fail(placeOf(n), "%s must be a text: put it in quotes", what)
	return "", false
}

func (d *document) within(n ast.Node, s, what string) bool {
	if len(s) > maxScalar {
		d.fail(placeOf(n), "%s is longer than %d KiB", what, maxScalar>>10)
		return false
	}
	return true
}

// word reads a text that may look like a number, as it is written.
func (d *document) word(n ast.Node, what string) (string, bool) {
	switch n.(type) {
	case *ast.IntegerNode, *ast.FloatNode:
		return n.GetToken().Value, true
	}
	return d.text(n, what)
}

func (d *document) number(n ast.Node, what string) (float64, bool) {
	var v float64
	switch n := n.(type) {
	case *ast.IntegerNode:
		switch i := n.Value.(type) {
		case int64:
			v = float64(i)
		case uint64:
			v = float64(i)
		}
	case *ast.FloatNode:
		v = n.Value
	default:
		d.fail(placeOf(n), "%s must be a number", what)
		return 0, false
	}
	if math.IsNaN(v) || math.IsInf(v, 0) {
		d.fail(placeOf(n), "%s must be finite", what)
		return 0, false
	}
	return v, true
}

func (d *document) bool(n ast.Node, what string) (value, ok bool) {
	b, ok := n.(*ast.BoolNode)
	if !ok {
		d.fail(placeOf(n), "%s must be true or false", what)
		return false, false
	}
	return b.Value, true
}
