package rules

import (
	"bytes"
	"encoding/csv"
	"errors"
	"io"
	"math"
	"net/netip"
	"path"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/goccy/go-yaml/ast"

	"github.com/tidegate/tidegate"
	"github.com/tidegate/tidegate/internal/nearest"
	"github.com/tidegate/tidegate/wire"
)

const (
	never         = tidegate.Millis(math.MaxInt64)
	maxValueBytes = 512
	maxTableBytes = 256 << 20
)

// LoadLists reads list files. A YAML file describes lists:
//
//	lists:
//	  - name: stolen-cards
//	    kind: block              # block, allow, watch or plain
//	    field: tx.card_id
//	    entries:
//	      - crd-1
//	      - {value: crd-2, until: 2026-12-31, comment: case 12}
//	  - {name: bad-networks, kind: watch, field: tx.ip_address, file: networks.csv}
//
// Values may stand in a file beside it, one per line: value, optionally a
// comma and until when, optionally a comma and a comment. Lines that start
// with # are comments. The error is [Errors].
func LoadLists(files []File, schema *tidegate.Schema) (*Lists, error) {
	problems := &problems{}
	r := &listReader{schema: schema, problems: problems, tables: map[string][]byte{}, used: map[string]bool{}}
	lists := &Lists{byName: map[string]*List{}, version: hashOf("lists", files)}
	for _, f := range files {
		if !isYAML(f.Name) {
			r.tables[f.Name] = f.Data
		}
	}
	for _, f := range sorted(files) {
		if !isYAML(f.Name) {
			continue
		}
		r.document = &document{file: f.Name, data: f.Data, problems: problems}
		for _, l := range r.readLists() {
			if first := lists.byName[l.Name]; first != nil {
				r.fail(l.at, "the list %q is there already, in %s", l.Name, first.File)
				continue
			}
			lists.byName[l.Name] = l.List
			lists.all = append(lists.all, l.List)
		}
	}
	for name := range r.tables {
		if !r.used[name] {
			problems.add(name, place{}, "no list names this file: write file: %s in a list's description", path.Base(name))
		}
	}
	if err := problems.err(); err != nil {
		return nil, err
	}
	slices.SortFunc(lists.all, func(a, b *List) int { return strings.Compare(a.Name, b.Name) })
	return lists, nil
}

// listReader reads the lists of one YAML file after the other.
type listReader struct {
	*document
	schema   *tidegate.Schema
	problems *problems
	tables   map[string][]byte // files of values, by name
	used     map[string]bool
}

type listSource struct {
	*List
	at place
}

func (r *listReader) readLists() (out []listSource) {
	body := r.body()
	if body == nil {
		return nil
	}
	r.mapping(body, "a list file", map[string]member{"lists": func(n ast.Node) {
		for _, entry := range r.sequence(n, "lists") {
			out = append(out, r.readList(entry))
		}
	}})
	return out
}

func (r *listReader) readList(n ast.Node) listSource {
	l := &List{File: r.file, variable: -1, values: map[string]tidegate.Millis{}}
	out := listSource{l, placeOf(n)}
	var match, entries, file ast.Node
	r.mapping(n, "a list", map[string]member{
		"name": func(n ast.Node) {
			if l.Name, _ = r.text(n, "name"); l.Name != "" && !idPattern.MatchString(l.Name) {
				r.fail(placeOf(n), "%q is not a name: write up to 100 letters, digits, ., _ and -", l.Name)
			}
		},
		"kind":        func(n ast.Node) { l.Kind = Kind(r.choice(n, "kind", kindNames)) },
		"field":       func(n ast.Node) { l.variable = r.textVariable(n, r.schema) },
		"match":       func(n ast.Node) { match = n },
		"tenant":      func(n ast.Node) { l.Tenant, _ = r.text(n, "tenant") },
		"description": func(n ast.Node) { l.Description, _ = r.text(n, "description") },
		"entries":     func(n ast.Node) { entries = n },
		"file":        func(n ast.Node) { file = n },
	}, "name", "kind", "field")
	if l.variable < 0 {
		return out
	}
	l.Field = r.schema.At(l.variable).Name
	switch {
	case match != nil:
		l.Match = Match(r.choice(match, "match", matchNames))
	case strings.HasSuffix(l.Field, "ip_address"):
		l.Match = Network
	}
	if l.Match == Network {
		l.networks = map[netip.Prefix]tidegate.Millis{}
	}
	if entries != nil {
		r.readEntries(l, entries)
	}
	if file != nil {
		r.readTable(l, file)
	}
	return out
}

func (r *listReader) readEntries(l *List, n ast.Node) {
	for _, entry := range r.sequence(n, "entries") {
		value, until, at := "", never, placeOf(entry)
		ok := true
		if _, isMap := entry.(*ast.MappingNode); isMap {
			complete := r.mapping(entry, "an entry", map[string]member{
				"value":   func(n ast.Node) { at = placeOf(n); value, ok = r.word(n, "value") },
				"until":   func(n ast.Node) { until, _ = r.instant(n, "until") },
				"comment": func(n ast.Node) { r.text(n, "comment") },
			}, "value")
			ok = ok && complete
		} else {
			value, ok = r.word(entry, "an entry")
		}
		if ok {
			r.entry(r.file, at, l, value, until)
		}
	}
}

// entry checks and adds a value. Messages do not show it: it may be personal.
func (r *listReader) entry(file string, at place, l *List, value string, until tidegate.Millis) {
	value = strings.TrimSpace(value)
	switch {
	case value == "":
		r.problems.add(file, at, "the entry is empty")
	case len(value) > maxValueBytes:
		r.problems.add(file, at, "the entry is longer than %d bytes", maxValueBytes)
	case !utf8.ValidString(value):
		r.problems.add(file, at, "the entry is not UTF-8, as events are: save the file as UTF-8")
	case tidegate.CodeOf(wire.CheckText(l.Field, &value, nil)) == tidegate.CodePAN:
		r.problems.add(file, at, "the entry holds a card number, and no event does: write the token that stands for it, as card_id or with pan_key_file")
	case !l.add(value, until):
		r.problems.add(file, at, "the entry is neither an IP address nor a network, as 192.0.2.0/24")
	}
}

// readTable reads a file of values.
func (r *listReader) readTable(l *List, n ast.Node) {
	name, ok := r.text(n, "file")
	if !ok {
		return
	}
	file := path.Join(path.Dir(r.file), name)
	data, ok := r.tables[file]
	switch {
	case !ok:
		r.fail(placeOf(n), "there is no file %s", file)
		return
	case len(data) > maxTableBytes:
		r.problems.add(file, place{}, "is larger than %d MiB", maxTableBytes>>20)
		return
	}
	r.used[file] = true
	c := csv.NewReader(bytes.NewReader(bytes.TrimPrefix(data, []byte("\xef\xbb\xbf"))))
	c.Comment, c.FieldsPerRecord, c.TrimLeadingSpace, c.ReuseRecord = '#', -1, true, true
	for {
		record, err := c.Read()
		if errors.Is(err, io.EOF) {
			return
		}
		var bad *csv.ParseError
		if errors.As(err, &bad) {
			r.problems.add(file, place{bad.Line, bad.Column}, "%s", bad.Err)
			return
		}
		line, column := c.FieldPos(0)
		at := place{line, column}
		if line == 1 && record[0] == "value" {
			continue // a heading
		}
		until := never
		if by := otherDelimiter(record); by != "" {
			r.problems.add(file, at, "the columns are divided by %q: divide them by commas", by)
			return
		}
		if len(record) > 1 && record[1] != "" {
			if until, ok = parseInstant(record[1]); !ok {
				line, column := c.FieldPos(1)
				r.problems.add(file, place{line, column}, notAnInstant)
			}
		}
		r.entry(file, at, l, strings.Clone(record[0]), until)
	}
}

// otherDelimiter is what a line is divided by that looks like value and until
// when, but for the comma; "" is for all others.
func otherDelimiter(record []string) string {
	for _, by := range []string{";", "\t", "|"} {
		parts := strings.Split(record[0], by)
		if len(record) > 1 || len(parts) < 2 {
			continue
		}
		if _, dated := parseInstant(parts[1]); dated || parts[1] == "" && len(parts) == 3 || parts[0] == "value" {
			return by
		}
	}
	return ""
}

// textVariable reads the name of a variable of kind text; -1 is reported.
func (d *document) textVariable(n ast.Node, schema *tidegate.Schema) int {
	name, ok := d.text(n, "field")
	if !ok {
		return -1
	}
	i, ok := schema.Index(name)
	if !ok {
		d.fail(placeOf(n), "unknown field %q%s", name, nearest.DidYouMean(name, schema.Names()))
		return -1
	}
	if kind := schema.At(i).Kind; kind != tidegate.KindText {
		d.fail(placeOf(n), "%s is a %s: a text is needed here", name, kind)
		return -1
	}
	return i
}

const notAnInstant = "not an instant: write 2026-12-31T18:00:00Z, or 2026-12-31 for all of that day (UTC)"

func (d *document) instant(n ast.Node, what string) (tidegate.Millis, bool) {
	text, ok := d.text(n, what)
	if !ok {
		return 0, false
	}
	at, ok := parseInstant(text)
	if !ok {
		d.fail(placeOf(n), "%s is "+notAnInstant, what)
	}
	return at, ok
}

// parseInstant reads the end of a time: an instant of RFC 3339, or a date
// whose whole day is still included.
func parseInstant(s string) (tidegate.Millis, bool) {
	s = strings.TrimSpace(s)
	if t, err := time.Parse(time.RFC3339, s); err == nil {
		return tidegate.MillisOf(t), true
	}
	if t, err := time.Parse(time.DateOnly, s); err == nil {
		return tidegate.MillisOf(t.AddDate(0, 0, 1)), true
	}
	return 0, false
}
