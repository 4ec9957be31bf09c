package replay

import (
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"strings"

	"github.com/tidegate/tidegate"
	"github.com/tidegate/tidegate/wire"
)

func (r *Reader) openLines(body io.Reader, decode func(line []byte, row *Row) error) {
	lines := bufio.NewScanner(body)
	lines.Buffer(make([]byte, 64<<10), 1<<20)
	r.next = func(row *Row) error {
		for lines.Scan() {
			if line := lines.Bytes(); len(bytes.TrimSpace(line)) > 0 {
				return decode(line, row)
			}
			r.line++ // an empty line is nothing, in CSV too
			row.Line = r.line
		}
		if err := lines.Err(); err != nil {
			return fmt.Errorf("line %d can't be read, and nothing behind it: %w", r.line, err)
		}
		return io.EOF
	}
}

func (r *Reader) envelopeLine(line []byte, row *Row) error {
	if err := wire.DecodeEvent(line, wire.Options{PANKey: r.mapping.PANKey, Attributes: r.mapping.Attributes, Computed: r.mapping.Computed}, &row.Event); err != nil {
		return r.fieldError("", err)
	}
	row.ID = row.Event.Text[tidegate.TransactionID]
	if row.ID == "" {
		row.ID = row.Event.ID
	}
	return nil
}

func (r *Reader) mappedLine(line []byte, row *Row) error {
	var object map[string]any
	d := json.NewDecoder(strings.NewReader(string(line)))
	d.UseNumber()
	if err := d.Decode(&object); err != nil {
		return r.fieldError("", err)
	}
	if d.More() {
		return r.fieldError("", fmt.Errorf("there is more behind the object: write a line for each"))
	}
	e := &row.Event
	e.Type = textAt(object, r.mapping.Type)
	if err := r.start(e); err != nil {
		return err
	}
	for _, f := range r.fields {
		if text := textAt(object, f.text); text != "" {
			if err := f.set(e, text); err != nil {
				return r.fieldError(f.name, err)
			}
		}
	}
	var err error
	if e.Time, err = r.mapping.Time.parse(textAt(object, r.mapping.Time.Column)); err != nil {
		return r.fieldError("timestamp", err)
	}
	if text := textAt(object, r.mapping.Label.Column); text != "" {
		if err := r.mapping.Label.read(text, row); err != nil {
			return r.fieldError("label", err)
		}
	}
	row.ID = textAt(object, r.mapping.idColumn())
	return r.finish(row)
}

// textAt follows a dotted path.
func textAt(object map[string]any, path string) string {
	if path == "" {
		return ""
	}
	var v any = object
	for _, name := range strings.Split(path, ".") {
		m, ok := v.(map[string]any)
		if !ok {
			return ""
		}
		v = m[name]
	}
	switch v := v.(type) {
	case nil, map[string]any, []any:
		return ""
	case string:
		return v
	default:
		return fmt.Sprint(v)
	}
}
