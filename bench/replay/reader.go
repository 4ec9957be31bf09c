package replay

import (
	"bufio"
	"bytes"
	"io"
	"os"
	"sync/atomic"

	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zstd"

	"github.com/tidegate/tidegate"
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

// Open opens a file; "-" is standard input.
func Open(name string, m *Mapping) (*Reader, error) {
	r := &Reader{mapping: m, file: os.Stdin, constants: m.setters(m.Constants), fields: m.setters(m.Fields)}
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
		body, err = unmarked(body)
	}
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
	r := &Reader{mapping: m, constants: m.setters(m.Constants), fields: m.setters(m.Fields), line: 1}
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

// unmarked takes the byte order mark off that spreadsheets put before UTF-8,
// and refuses what they call Unicode.
func unmarked(body io.Reader) (io.Reader, error) {
	b := bufio.NewReaderSize(body, 1<<16)
	switch mark, _ := b.Peek(3); { // what can't be read is told by who reads on
	case string(mark) == "\ufeff":
		_, err := b.Discard(3)
		return b, err
	case bytes.HasPrefix(mark, []byte("\xff\xfe")), bytes.HasPrefix(mark, []byte("\xfe\xff")):
		return nil, tidegate.Errorf(tidegate.CodeMalformed, "the input is UTF-16: save it as UTF-8")
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

type counting struct {
	io.Reader
	n *atomic.Int64
}

func (c *counting) Read(b []byte) (int, error) {
	n, err := c.Reader.Read(b)
	c.n.Add(int64(n))
	return n, err
}
