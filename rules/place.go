package rules

import (
	"slices"
	"strings"

	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/token"
)

// place is a line and column of a file, both from 1; columns are characters.
type place struct{ line, column int }

func placeOf(n ast.Node) place {
	if n == nil {
		return place{}
	}
	if m, ok := n.(*ast.MappingNode); ok && len(m.Values) > 0 && m.Start != nil && m.Start.Type != token.MappingStartType {
		return placeOf(m.Values[0].Key) // a block mapping's own token is its first colon
	}
	if v, ok := n.(*ast.MappingValueNode); ok {
		return placeOf(v.Key)
	}
	if t := n.GetToken(); t != nil && t.Position != nil {
		return place{t.Position.Line, t.Position.Column}
	}
	return place{}
}

// scalarPlaces returns where each character of a text stands in the file,
// and one place more for its end. YAML folds lines, cuts indentation and
// knows escapes, so the text is followed along the file: every character of
// it is found again, in order, and what lies between is layout.
func (d *document) scalarPlaces(n ast.Node, text string) []place {
	start := placeOf(n)
	style := n.GetToken().Type
	raw := d.source(start, 16*len(text)+1024)
	i := 0
	switch style {
	case token.DoubleQuoteType, token.SingleQuoteType:
		i = 1
	case token.LiteralType, token.FoldedType:
		i = slices.IndexFunc(raw, func(c located) bool { return c.r == '\n' }) + 1
	}
	var places []place
	for _, r := range text {
		i = skipLayout(raw, i, r, style)
		if i >= len(raw) {
			break
		}
		places = append(places, raw[i].place)
		i += width(raw[i:], style)
	}
	end := start
	if i < len(raw) {
		end = raw[i].place
	}
	for len(places) <= len(text) {
		places = append(places, end)
	}
	return places
}

// located is a character of the file and its place.
type located struct {
	r rune
	place
}

// source is the file from a place on, as far as about limit characters.
func (d *document) source(from place, limit int) []located {
	if d.lines == nil {
		d.lines = strings.SplitAfter(string(d.data), "\n")
	}
	var out []located
	for i, line := range d.lines[min(max(from.line-1, 0), len(d.lines)):] {
		column := 0
		for _, r := range line {
			column++
			if i > 0 || column >= from.column {
				out = append(out, located{r, place{from.line + i, column}})
			}
		}
		if len(out) > limit {
			break
		}
	}
	return out
}

// skipLayout finds where the character r of the text comes from.
func skipLayout(raw []located, i int, r rune, style token.Type) int {
	for ; i < len(raw); i++ {
		c := raw[i].r
		switch {
		case c == '\\' && style == token.DoubleQuoteType && i+1 < len(raw):
			if next := raw[i+1].r; next != '\n' && next != '\r' {
				return i
			}
		case c == r, r == ' ' && c == '\n':
			return i
		case c != ' ' && c != '\t' && c != '\n' && c != '\r':
			return i
		}
	}
	return i
}

// width is how many characters of the file make one of the text.
func width(raw []located, style token.Type) int {
	switch {
	case style == token.SingleQuoteType && raw[0].r == '\'':
		return 2
	case style != token.DoubleQuoteType || raw[0].r != '\\' || len(raw) < 2:
		return 1
	}
	switch raw[1].r {
	case 'x':
		return 4
	case 'u':
		return 6
	case 'U':
		return 10
	}
	return 2
}
