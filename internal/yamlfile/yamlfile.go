// Package yamlfile reads configuration files strictly: an unknown member, a
// wrong type and a value out of range are errors with file, line and column.
package yamlfile

import (
	"bytes"
	"errors"
	"reflect"
	"strconv"
	"strings"
	"time"

	"github.com/goccy/go-yaml"
	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/parser"

	"github.com/tidegate/tidegate"
)

// Decode fills v from a YAML document. An empty document leaves v as it is.
// Every error is a *tidegate.Error that names the place in file.
func Decode(file string, data []byte, v any) (err error) {
	if Empty(data) { // the decoder would clear v
		return nil
	}
	defer func() {
		if fault := recover(); fault != nil {
			err = unreadable(file, fault)
		}
	}()
	tree, err := Parse(data)
	if err != nil {
		return place(file, err, v)
	}
	body, fault := body(tree)
	if fault == nil && body != nil {
		fault = settle(body, reflect.TypeOf(v))
	}
	if fault != nil {
		return place(file, fault, v)
	}
	if body == nil {
		return nil
	}
	if err := yaml.NewDecoder(bytes.NewReader(nil), yaml.Strict()).DecodeFromNode(body, v); err != nil {
		return place(file, err, v)
	}
	return nil
}

// body is the one document of a file; nil without any.
func body(tree *ast.File) (ast.Node, *tidegate.Error) {
	var body ast.Node
	for _, doc := range tree.Docs {
		switch {
		case doc.Body == nil:
		case body != nil:
			return nil, wrongAt(doc.Body, "a second document: write everything into one")
		default:
			body = doc.Body
		}
	}
	return body, nil
}

// Parse reads a document's tree. Errors are the library's own, with a token.
func Parse(data []byte) (tree *ast.File, err error) {
	defer func() {
		if fault := recover(); fault != nil {
			err = errors.New("this can't be read as YAML")
		}
	}()
	return parser.ParseBytes(data, 0)
}

// unreadable is what is said where the YAML library stumbles instead of
// refusing, as over some tags on things that are no lists.
func unreadable(file string, fault any) error {
	return tidegate.FileErrorf(file, 1, 0, "this can't be read as YAML (%v); is there a stray ! or &?", fault)
}

// Empty tells whether a document has nothing but comments.
func Empty(data []byte) bool {
	for line := range bytes.Lines(bytes.TrimPrefix(data, []byte("\ufeff"))) {
		line = bytes.TrimSpace(line)
		if len(line) > 0 && line[0] != '#' && !bytes.Equal(line, []byte("---")) {
			return false
		}
	}
	return true
}

func place(file string, err error, v any) error {
	var own *tidegate.Error
	if errors.As(err, &own) {
		e := *own
		e.File = file
		return &e
	}
	var y yaml.Error
	if errors.As(err, &y) {
		e := &tidegate.Error{Code: tidegate.CodeConfig, File: file, Message: remedy(err)}
		if e.Message == "" {
			e.Message = suggest(SyntaxMessage(y), v)
		}
		if t := y.GetToken(); t != nil && t.Position != nil {
			e.Line, e.Column = t.Position.Line, t.Position.Column
		}
		return e
	}
	return &tidegate.Error{Code: tidegate.CodeConfig, File: file, Message: err.Error()}
}

// SyntaxMessage is what the YAML library says about a file that it can't read,
// with what to do about the mistakes that are made most.
func SyntaxMessage(y yaml.Error) string {
	switch message := y.GetMessage(); {
	case strings.HasPrefix(message, "found character '\t'"):
		return "a line begins with a tab: indent with spaces"
	case strings.HasPrefix(message, "value is not allowed in this context"):
		return "a value is not allowed here: look at the indentation, and put what holds double quotes into single ones"
	default:
		return message
	}
}

// At is an error at a node of the document; [Decode] adds the file.
func At(node ast.Node, format string, args ...any) error {
	e := tidegate.FileErrorf("", 0, 0, format, args...)
	if t := node.GetToken(); t != nil && t.Position != nil {
		e.Line, e.Column = t.Position.Line, t.Position.Column
	}
	return e
}

// Place is where a value stands in its file, for errors found after decoding.
type Place struct{ Line, Column int }

// PlaceOf is the place of a node.
func PlaceOf(node ast.Node) Place {
	if t := node.GetToken(); t != nil && t.Position != nil {
		return Place{t.Position.Line, t.Position.Column}
	}
	return Place{}
}

// Begin is the place where a node begins to be seen.
func Begin(node ast.Node) Place { return PlaceOf(first(node)) }

// Duration is a time.Duration written as 90s, 5m, 24h, 7d or 2w.
type Duration time.Duration

// Std is the duration as the standard library has it.
func (d Duration) Std() time.Duration { return time.Duration(d) }

// Millis is the duration in whole milliseconds.
func (d Duration) Millis() tidegate.Millis { return tidegate.Millis(time.Duration(d).Milliseconds()) }

func (d *Duration) UnmarshalYAML(node ast.Node) error {
	v, err := ParseDuration(node.GetToken().Value)
	if err != nil {
		return At(node, "%s", err)
	}
	*d = Duration(v)
	return nil
}

// ParseDuration reads Go durations, and whole or decimal days (d) and weeks (w).
func ParseDuration(s string) (time.Duration, error) {
	s = strings.TrimSpace(s)
	unit := time.Duration(0)
	switch {
	case strings.HasSuffix(s, "d"):
		unit = 24 * time.Hour
	case strings.HasSuffix(s, "w"):
		unit = 7 * 24 * time.Hour
	}
	if unit != 0 {
		n, err := strconv.ParseFloat(s[:len(s)-1], 64)
		if err == nil && n >= 0 && n*float64(unit) < float64(1<<62) {
			return time.Duration(n * float64(unit)), nil
		}
	} else if d, err := time.ParseDuration(s); err == nil && d >= 0 {
		return d, nil
	}
	return 0, tidegate.Errorf(tidegate.CodeConfig, "%q is not a duration: write it as 500ms, 90s, 5m, 24h or 30d", s)
}

// Share is a part of all traffic, 0 to 1, written as "10%", "all" or "none".
type Share float64

func (s *Share) UnmarshalYAML(node ast.Node) error {
	text := strings.TrimSpace(node.GetToken().Value)
	switch text {
	case "all":
		*s = 1
		return nil
	case "none":
		*s = 0
		return nil
	}
	if n, ok := strings.CutSuffix(text, "%"); ok {
		if v, err := strconv.ParseFloat(n, 64); err == nil && v >= 0 && v <= 100 {
			*s = Share(v / 100)
			return nil
		}
	}
	return At(node, "%q is not a share: write none, all or a percentage as 10%%", text)
}

// Bytes is a size written as 4096, 64KiB, 16MiB or 2GiB.
type Bytes int64

func (b *Bytes) UnmarshalYAML(node ast.Node) error {
	text := strings.TrimSpace(node.GetToken().Value)
	unit := int64(1)
	number := text
	for suffix, u := range map[string]int64{"KiB": 1 << 10, "MiB": 1 << 20, "GiB": 1 << 30, "TiB": 1 << 40} {
		if n, ok := strings.CutSuffix(text, suffix); ok {
			number, unit = strings.TrimSpace(n), u
		}
	}
	n, err := strconv.ParseInt(number, 10, 64)
	if err != nil || n < 0 || n > (1<<62)/unit {
		return At(node, "%q is not a size: write it as 65536, 64KiB, 16MiB or 2GiB", text)
	}
	*b = Bytes(n * unit)
	return nil
}
