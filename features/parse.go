package features

import (
	"errors"
	"math"
	"strconv"
	"strings"
	"time"

	"github.com/goccy/go-yaml"
	"github.com/goccy/go-yaml/ast"

	"github.com/tidegate/tidegate"
	"github.com/tidegate/tidegate/internal/yamlfile"
)

// Parse reads a YAML file of feature definitions. Every error is a
// *[tidegate.Error] that names the place. [Compile] checks what needs more
// than the file: fields, attributes and types.
func Parse(file string, data []byte) ([]Definition, error) {
	p := &fileParser{file: file}
	doc, err := yamlfile.Parse(data)
	if err != nil {
		return nil, p.syntax(err)
	}
	for _, d := range doc.Docs {
		if err := p.document(d.Body); err != nil {
			return nil, err
		}
	}
	return p.definitions, nil
}

type fileParser struct {
	file        string
	definitions []Definition
	names       map[string]place
}

func (p *fileParser) syntax(err error) error {
	e := tidegate.FileErrorf(p.file, 0, 0, "%s", err)
	var y yaml.Error
	if errors.As(err, &y) {
		e.Message = yamlfile.SyntaxMessage(y)
		if t := y.GetToken(); t != nil && t.Position != nil {
			e.Line, e.Column = t.Position.Line, t.Position.Column
		}
	}
	return e
}

func (p *fileParser) errorAt(n ast.Node, format string, args ...any) error {
	at := placeOf(n)
	return tidegate.FileErrorf(p.file, at.line, at.column, format, args...)
}

func placeOf(n ast.Node) place {
	if n != nil {
		if t := n.GetToken(); t != nil && t.Position != nil {
			return place{t.Position.Line, t.Position.Column}
		}
	}
	return place{1, 1}
}

func (p *fileParser) document(body ast.Node) error {
	if body == nil || body.Type() == ast.NullType || body.Type() == ast.CommentType {
		return nil
	}
	members, ok := membersOf(body)
	if !ok {
		return p.errorAt(body, "a feature file is a mapping: features: [...]")
	}
	for _, m := range members {
		if name := keyOf(m); name != "features" {
			return p.errorAt(m.Key, "unknown member %q%s", name, suggest(name, []string{"features"}))
		}
		if m.Value == nil || m.Value.Type() == ast.NullType {
			continue
		}
		list, ok := m.Value.(*ast.SequenceNode)
		if !ok {
			return p.errorAt(m.Value, "features is a list of definitions: write each on a line that begins with a dash")
		}
		for _, n := range list.Values {
			if err := p.definition(n); err != nil {
				return err
			}
		}
	}
	return nil
}

var memberNames = []string{"name", "key", "aggregate", "window", "delay", "where", "events", "exclude_current",
	"default", "kind", "by", "value", "description", "unit"}

func (p *fileParser) definition(n ast.Node) error {
	members, ok := membersOf(n)
	if !ok {
		return p.errorAt(n, "a feature is a mapping: {name: ..., key: ..., aggregate: ..., window: ...}")
	}
	d := Definition{File: p.file, places: map[string]place{"": placeOf(n)}}
	if len(members) > 0 {
		d.places[""] = placeOf(members[0].Key)
	}
	for _, m := range members {
		name := keyOf(m)
		if _, twice := d.places[name]; twice {
			return p.errorAt(m.Key, "%q stands twice", name)
		}
		d.places[name] = placeOf(m.Value)
		if err := p.member(&d, name, m); err != nil {
			return err
		}
	}
	if err := p.complete(&d); err != nil {
		return err
	}
	if first, twice := p.names[d.Name]; twice {
		return d.errorf("name", "defined before, in line %d", first.line)
	}
	if p.names == nil {
		p.names = map[string]place{}
	}
	p.names[d.Name] = d.places["name"]
	p.definitions = append(p.definitions, d)
	return nil
}

func (p *fileParser) member(d *Definition, name string, m *ast.MappingValueNode) (err error) {
	switch name {
	case "name":
		d.Name, err = p.text(m.Value, name)
		if err == nil && !isName(d.Name) {
			err = p.errorAt(m.Value, "%q is not a name: letters, digits and _, beginning with a letter", d.Name)
		}
	case "kind":
		d.Kind, err = p.text(m.Value, name)
		if err == nil && d.Kind != "travel" {
			err = p.errorAt(m.Value, "unknown kind %q: travel is the only one", d.Kind)
		}
	case "key":
		d.Key, err = p.texts(m.Value, name)
	case "events":
		d.Events, err = p.texts(m.Value, name)
	case "aggregate":
		var text, message string
		if text, err = p.text(m.Value, name); err == nil {
			if d.Aggregate, message = parseAggregate(text); message != "" {
				err = p.errorAt(m.Value, "%s", message)
			}
		}
	case "window":
		d.Window, err = p.duration(m.Value)
		if err == nil && d.Window == 0 {
			err = p.errorAt(m.Value, "a window is longer than 0")
		}
	case "delay":
		d.Delay, err = p.duration(m.Value)
	case "where":
		d.Where, err = p.text(m.Value, name)
	case "value":
		d.Value, err = p.text(m.Value, name)
	case "exclude_current":
		b, ok := m.Value.(*ast.BoolNode)
		if !ok {
			return p.errorAt(m.Value, "exclude_current is true or false")
		}
		d.ExcludeCurrent = b.Value
	case "default":
		v, perr := strconv.ParseFloat(m.Value.GetToken().Value, 64)
		if perr != nil || math.IsNaN(v) || math.IsInf(v, 0) {
			return p.errorAt(m.Value, "default is a number")
		}
		d.Default, d.HasDefault = v, true
	case "by":
		d.By, err = p.text(m.Value, name)
		if err == nil && d.By != "country" {
			err = p.errorAt(m.Value, "unknown %q: by: country is the only one", d.By)
		}
	case "description":
		d.Description, err = p.text(m.Value, name)
	case "unit":
		d.Unit, err = p.text(m.Value, name)
	default:
		err = p.errorAt(m.Key, "unknown member %q%s", name, suggest(name, memberNames))
	}
	return err
}

// complete checks that the members of a definition fit together.
func (p *fileParser) complete(d *Definition) error {
	has := func(member string) bool { _, ok := d.places[member]; return ok }
	if d.Name == "" {
		return d.errorf("", "a feature needs a name")
	}
	refuse := func(what string, members ...string) error {
		for _, m := range members {
			if has(m) {
				return d.errorf(m, "%s takes no %s", what, m)
			}
		}
		return nil
	}
	if has("value") {
		return refuse("an expression over the current event (value)", "key", "aggregate", "kind", "window", "delay", "where", "events",
			"exclude_current", "by")
	}
	if len(d.Key) == 0 {
		return d.errorf("", "a feature needs a key (the field whose history it looks at) or a value")
	}
	if d.Kind == "travel" {
		return refuse("kind: travel", "aggregate", "window", "delay", "where", "exclude_current", "unit")
	}
	if has("by") {
		return d.errorf("by", "by belongs to kind: travel")
	}
	if !has("aggregate") {
		return d.errorf("", "a feature needs an aggregate, as aggregate: count")
	}
	if d.Window == 0 && !functions[d.Aggregate.Func].unbounded {
		return d.errorf("aggregate", "%s needs a window, as window: 30d", d.Aggregate.Func)
	}
	return nil
}

func (p *fileParser) duration(n ast.Node) (tidegate.Millis, error) {
	v, err := yamlfile.ParseDuration(n.GetToken().Value)
	if err != nil || v > 100*365*24*time.Hour {
		return 0, p.errorAt(n, "%q is not a duration: write it as 90s, 5m, 24h or 30d", n.GetToken().Value)
	}
	if v%time.Millisecond != 0 {
		return 0, p.errorAt(n, "%q is finer than a millisecond", n.GetToken().Value)
	}
	return tidegate.Millis(v / time.Millisecond), nil
}

func (p *fileParser) text(n ast.Node, member string) (string, error) {
	switch n := n.(type) {
	case *ast.StringNode:
		if s := strings.TrimSpace(n.Value); s != "" {
			return s, nil
		}
	case *ast.LiteralNode:
		if s := strings.TrimSpace(n.Value.Value); s != "" {
			return s, nil
		}
	case *ast.IntegerNode, *ast.FloatNode, *ast.BoolNode:
		return n.GetToken().Value, nil
	}
	return "", p.errorAt(n, "%s is a text", member)
}

func (p *fileParser) texts(n ast.Node, member string) ([]string, error) {
	list, ok := n.(*ast.SequenceNode)
	if !ok {
		s, err := p.text(n, member)
		return []string{s}, err
	}
	var texts []string
	for _, v := range list.Values {
		s, err := p.text(v, member)
		if err != nil {
			return nil, err
		}
		texts = append(texts, s)
	}
	if len(texts) == 0 {
		return nil, p.errorAt(n, "%s is empty", member)
	}
	return texts, nil
}

func membersOf(n ast.Node) ([]*ast.MappingValueNode, bool) {
	switch n := n.(type) {
	case *ast.MappingNode:
		return n.Values, true
	case *ast.MappingValueNode:
		return []*ast.MappingValueNode{n}, true
	}
	return nil, false
}

func keyOf(m *ast.MappingValueNode) string { return m.Key.GetToken().Value }

func isName(s string) bool {
	for i, c := range []byte(s) {
		if !(c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c == '_' || i > 0 && c >= '0' && c <= '9') {
			return false
		}
	}
	return s != ""
}
