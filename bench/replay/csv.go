package replay

import (
	"encoding/csv"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/tidegate/tidegate"
)

// column is a field and where it stands in a CSV row.
type column struct {
	constant
	index int
}

func (r *Reader) openCSV(body io.Reader) error {
	c := csv.NewReader(body)
	c.ReuseRecord = true
	if r.mapping.Delimiter != "" {
		c.Comma = rune(r.mapping.Delimiter[0])
	}
	record, err := c.Read()
	if err != nil {
		return &tidegate.Error{Code: tidegate.CodeMalformed, Message: "the input has no header line", Cause: err}
	}
	h := header{names: slices.Clone(record), delimiter: c.Comma}
	find := h.find
	optional := func(name string) (int, error) {
		if name == "" {
			return -1, nil
		}
		return find(name)
	}
	var columns []column
	for _, f := range r.fields {
		i, err := find(f.text)
		if err != nil {
			return err
		}
		columns = append(columns, column{f, i})
	}
	at, err := find(r.mapping.Time.Column)
	if err != nil {
		return err
	}
	id, err := find(r.mapping.idColumn())
	if err != nil {
		return err
	}
	kind, err := optional(r.mapping.Type)
	if err != nil {
		return err
	}
	label, err := optional(r.mapping.Label.Column)
	if err != nil {
		return err
	}
	r.next = func(row *Row) error {
		record, err := c.Read()
		if len(record) > 0 {
			r.line, _ = c.FieldPos(0) // a quoted field may span lines, and empty ones are nothing
			row.Line = r.line
		}
		if err != nil {
			return r.lineError(err)
		}
		row.ID = strings.Clone(record[id])
		if kind >= 0 {
			row.Event.Type = strings.Clone(record[kind])
		}
		// One copy of the line serves all of the event's texts.
		return r.fill(row, columns, cloned(record), at, label)
	}
	return nil
}

// header is the first line of a CSV file.
type header struct {
	names     []string
	delimiter rune
}

func (h *header) find(name string) (int, error) {
	at := slices.Index(h.names, name)
	switch {
	case at >= 0 && slices.Contains(h.names[at+1:], name):
		return 0, tidegate.Errorf(tidegate.CodeInvalid, "the input has two columns %q", name)
	case at >= 0:
		return at, nil
	}
	hint := ""
	for _, other := range ",;\t|" {
		if len(h.names) == 1 && strings.ContainsRune(h.names[0], other) {
			hint = fmt.Sprintf(": is the delimiter %q?", other)
		}
	}
	return 0, tidegate.Errorf(tidegate.CodeInvalid, "the input has no column %q; it has %s%s", name, strings.Join(h.names, ", "), hint)
}

// cloned gives a record its own memory: the reader uses its own again.
func cloned(record []string) []string {
	whole := strings.Join(record, "")
	out := make([]string, len(record))
	from := 0
	for i, field := range record {
		out[i] = whole[from : from+len(field)]
		from += len(field)
	}
	return out
}

func (r *Reader) fill(row *Row, columns []column, record []string, at, label int) error {
	e := &row.Event
	if err := r.start(e); err != nil {
		return err
	}
	for _, c := range columns {
		if text := record[c.index]; text != "" {
			if err := c.set(e, text); err != nil {
				return r.fieldError(c.name, err)
			}
		}
	}
	var err error
	if e.Time, err = r.mapping.Time.parse(record[at]); err != nil {
		return r.fieldError("timestamp", err)
	}
	if label >= 0 && record[label] != "" {
		if err := r.mapping.Label.read(record[label], row); err != nil {
			return r.fieldError("label", err)
		}
	}
	return r.finish(row)
}
