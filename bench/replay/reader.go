package replay

import (
	"bufio"
	"bytes"
	"encoding/csv"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"strings"
	"sync/atomic"

	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zstd"

	"github.com/tidegate/tidegate"
	"github.com/tidegate/tidegate/wire"
)

// Row is one line of a file.
type Row struct {
	Line     int
	ID       string // what features and decisions are written under
	Event    tidegate.Event
	Labelled bool // the file says whether it was fraud
	Fraud    bool
}

// Reader reads rows from a file: CSV or JSON lines, plain, gzip or zstd.
type Reader struct {
	mapping *Mapping
	file    *os.File
	read    atomic.Int64 // compressed bytes
	size    int64
	closers []func()
	next    func(*Row) error
	line    int

	constants []constant
	fields    []constant // text is the path
}

// constant is a field and the text it is set from.
type constant struct {
	name, text string
	set        setter
}

func constants(fields map[string]string) []constant {
	var list []constant
	for _, name := range orderedFields(fields) {
		list = append(list, constant{name, fields[name], fieldSetters[name]})
	}
	return list
}

// Open opens a file; "-" is standard input.
func Open(name string, m *Mapping) (*Reader, error) {
	r := &Reader{mapping: m, file: os.Stdin, constants: constants(m.Constants), fields: constants(m.Fields)}
	if name != "-" {
		f, err := os.Open(name)
		if err != nil {
			return nil, &tidegate.Error{Code: tidegate.CodeNotFound, Message: "the input can't be opened", Cause: err}
		}
		r.file = f
		if info, err := f.Stat(); err == nil {
			r.size = info.Size()
		}
	}
	body, err := r.decompress(bufio.NewReaderSize(&counting{r.file, &r.read}, 1<<18))
	if err == nil {
		err = r.open(body)
	}
	if err != nil {
		r.Close()
		return nil, err
	}
	return r, nil
}

// Line fills row with one line of JSON, which is not part of a file.
func (m *Mapping) Line(line []byte, row *Row) error {
	if m.Format == "csv" {
		return tidegate.Errorf(tidegate.CodeInvalid, "the mapping is for csv: a single value needs one with format jsonl")
	}
	r := &Reader{mapping: m, constants: constants(m.Constants), fields: constants(m.Fields), line: 1}
	*row = Row{Line: 1}
	if m.Format == "jsonl" {
		return r.mappedLine(line, row)
	}
	return r.envelopeLine(line, row)
}

// Progress is how many bytes of the file were read, and its size (0: unknown).
func (r *Reader) Progress() (read, size int64) { return r.read.Load(), r.size }

// Next fills row with the next line; io.EOF at the end. An error that is a
// *tidegate.Error is about that line alone: the next call goes on behind it.
func (r *Reader) Next(row *Row) error {
	r.line++
	*row = Row{Line: r.line}
	return r.next(row)
}

// IDColumn is the name that the rows' ids go under.
func (r *Reader) IDColumn() string {
	if id := r.mapping.idColumn(); id != "" {
		return id
	}
	return "transaction_id"
}

// Refers reports whether rows may refer to transactions before them.
func (r *Reader) Refers() bool {
	m := r.mapping
	return m.Format == "tidegate" || m.Type != "" || m.Fields["follows"] != ""
}

func (r *Reader) Close() error {
	for _, close := range r.closers {
		close()
	}
	if r.file == os.Stdin {
		return nil
	}
	return r.file.Close()
}

// decompress goes by the file's first bytes, not by its name.
func (r *Reader) decompress(b *bufio.Reader) (io.Reader, error) {
	magic, err := b.Peek(4)
	switch {
	case err != nil && len(magic) < 2:
		return b, nil
	case magic[0] == 0x1f && magic[1] == 0x8b:
		return gzip.NewReader(b)
	case string(magic) == "\x28\xb5\x2f\xfd":
		z, err := zstd.NewReader(b)
		if err == nil {
			r.closers = append(r.closers, z.Close)
		}
		return z, err
	}
	return b, nil
}

func (r *Reader) open(body io.Reader) error {
	switch r.mapping.Format {
	case "csv":
		return r.openCSV(body)
	case "jsonl":
		r.openLines(body, r.mappedLine)
	default:
		r.openLines(body, r.envelopeLine)
	}
	return nil
}

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
	header, err := c.Read()
	if err != nil {
		return &tidegate.Error{Code: tidegate.CodeMalformed, Message: "the input has no header line", Cause: err}
	}
	place := map[string]int{}
	for i, name := range header {
		place[strings.TrimPrefix(name, "\ufeff")] = i
	}
	find := func(name string) (int, error) {
		i, ok := place[name]
		if !ok {
			return 0, tidegate.Errorf(tidegate.CodeInvalid, "the input has no column %q; it has %s", name, strings.Join(header, ", "))
		}
		return i, nil
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
	kind := -1
	if r.mapping.Type != "" {
		if kind, err = find(r.mapping.Type); err != nil {
			return err
		}
	}
	label := -1
	if r.mapping.Label.Column != "" {
		if label, err = find(r.mapping.Label.Column); err != nil {
			return err
		}
	}
	r.line = 1
	r.next = func(row *Row) error {
		record, err := c.Read()
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
		row.Labelled, row.Fraud = true, record[label] == r.mapping.Label.True
	}
	return r.finish(row)
}

// start sets what all rows share.
func (r *Reader) start(e *tidegate.Event) error {
	if e.Tenant = tidegate.DefaultTenant; e.Type == "" {
		e.Type = tidegate.TypeTransaction
	}
	for _, c := range r.constants {
		if err := c.set(e, c.text); err != nil {
			return r.fieldError(c.name, err)
		}
	}
	return nil
}

func (r *Reader) finish(row *Row) error {
	e := &row.Event
	if err := r.check(row); err != nil {
		return r.fieldError("", err)
	}
	if e.Type != tidegate.TypeTransaction {
		return r.finishOther(row)
	}
	t := &e.Text
	if t[tidegate.TransactionID] == "" {
		return r.fieldError("transaction_id", fmt.Errorf("is empty"))
	}
	e.ID = t[tidegate.TransactionID]
	if t[tidegate.CustomerID] == "" && t[tidegate.CardID] == "" && t[tidegate.AccountID] == "" {
		return r.fieldError("customer_id", fmt.Errorf("a row needs a customer, a card or an account"))
	}
	return nil
}

// check holds a row to what is said of texts. The row's id and the type are
// kept too, though they need not be among the fields.
func (r *Reader) check(row *Row) error {
	e, key := &row.Event, r.mapping.PANKey
	same := row.ID == e.Text[tidegate.TransactionID]
	if err := wire.CheckTexts(e, key); err != nil {
		return err
	}
	if same {
		row.ID = e.Text[tidegate.TransactionID]
	} else if err := wire.CheckText("id", &row.ID, key); err != nil {
		return err
	}
	if e.Type == tidegate.TypeTransaction {
		return nil
	}
	return wire.CheckText("type", &e.Type, key)
}

// finishOther names an event that is no transaction by a column that is for
// ids alone, and else by its place in the file: a transaction's id is shared by
// all that happened to it, and a login has none.
func (r *Reader) finishOther(row *Row) error {
	e := &row.Event
	if !hasKey(e) {
		return r.fieldError("customer_id", fmt.Errorf("an event needs at least one key, as customer_id, card_id or transaction_id"))
	}
	if e.ID = row.ID; e.ID == "" || r.mapping.idColumn() == r.mapping.Fields["transaction_id"] {
		e.ID = fmt.Sprintf("%s:%d:%d", e.Type, e.Time, row.Line)
	}
	if row.ID == "" {
		row.ID = e.ID
	}
	return nil
}

func hasKey(e *tidegate.Event) bool {
	for _, f := range [...]tidegate.Field{
		tidegate.CustomerID, tidegate.CardID, tidegate.AccountID, tidegate.TransactionID, tidegate.DeviceFingerprint,
		tidegate.IPAddress, tidegate.MerchantID, tidegate.TerminalID, tidegate.EmailHash, tidegate.PhoneHash,
	} {
		if e.Text[f] != "" {
			return true
		}
	}
	return false
}

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
			return err
		}
		return io.EOF
	}
}

func (r *Reader) envelopeLine(line []byte, row *Row) error {
	if err := wire.DecodeEvent(line, wire.Options{PANKey: r.mapping.PANKey}, &row.Event); err != nil {
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
		row.Labelled, row.Fraud = true, text == r.mapping.Label.True
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

// orderedFields puts the amount last: reading it needs the currency.
func orderedFields(fields map[string]string) []string {
	var names, amounts []string
	for _, name := range fieldNames() {
		switch _, ok := fields[name]; {
		case !ok:
		case name == "amount" || name == "amount_minor":
			amounts = append(amounts, name)
		default:
			names = append(names, name)
		}
	}
	return append(names, amounts...)
}

func (r *Reader) lineError(err error) error {
	if err == io.EOF {
		return err
	}
	return &tidegate.Error{Code: tidegate.CodeMalformed, Line: r.line, Message: fmt.Sprintf("line %d", r.line), Cause: err}
}

func (r *Reader) fieldError(field string, err error) error {
	return &tidegate.Error{Code: tidegate.CodeInvalid, Line: r.line, Field: field, Message: fmt.Sprintf("line %d", r.line), Cause: err}
}

type counting struct {
	io.Reader
	n *atomic.Int64
}

func (c *counting) Read(b []byte) (int, error) {
	n, err := c.Reader.Read(b)
	c.n.Add(int64(n))
	return n, err
}
