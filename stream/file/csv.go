package file

import (
	"context"
	"encoding/csv"
	"errors"
	"io"

	"github.com/tidegate/tidegate"
	"github.com/tidegate/tidegate/stream"
)

// Row is a row of a CSV file, by the names of its first row.
type Row struct {
	columns map[string]int
	fields  []string
}

// Get is a column's field, empty where there is no such column.
func (r Row) Get(column string) string {
	i, ok := r.columns[column]
	if !ok || i >= len(r.fields) {
		return ""
	}
	return r.fields[i]
}

// CSV is a source of files of comma-separated values (RFC 4180), whose first
// row names the columns.
type CSV[T any] struct {
	patterns []string
	decode   func(Row) (T, error)
}

// NewCSV is a source of the files that match the patterns, each row decoded by
// a function, which may keep the row's strings but not the row.
func NewCSV[T any](decode func(Row) (T, error), patterns ...string) *CSV[T] {
	return &CSV[T]{patterns, decode}
}

// Partitions are the files, in the order of their names.
func (s *CSV[T]) Partitions(context.Context) ([]stream.Partition[T], error) {
	names, err := match(s.patterns)
	if err != nil {
		return nil, err
	}
	var all []stream.Partition[T]
	for _, name := range names {
		all = append(all, stream.Partition[T]{Name: name, Reader: &csvReader[T]{name: name, decode: s.decode}})
	}
	return all, nil
}

// Recorded is true: files are of the past.
func (s *CSV[T]) Recorded() bool { return true }

type csvReader[T any] struct {
	name    string
	decode  func(Row) (T, error)
	in      io.ReadCloser
	rows    *csv.Reader
	start   int64 // position in the file where rows began
	columns map[string]int
}

// Seek reads the names of the columns and goes to a position.
func (r *csvReader[T]) Seek(_ context.Context, position int64) (err error) {
	if r.in, err = openAt(r.name, 0); err != nil {
		return err
	}
	r.begin(0)
	names, err := r.rows.Read()
	if errors.Is(err, io.EOF) {
		return nil
	}
	if err != nil {
		return &tidegate.Error{Code: tidegate.CodeMalformed, Message: "the first row of " + r.name, Cause: err}
	}
	r.columns = map[string]int{}
	for i, name := range names {
		r.columns[name] = i
	}
	if position == 0 {
		return nil
	}
	r.in.Close()
	if r.in, err = openAt(r.name, position); err != nil {
		return err
	}
	r.begin(position)
	return nil
}

func (r *csvReader[T]) begin(position int64) {
	r.start = position
	r.rows = csv.NewReader(r.in)
	r.rows.FieldsPerRecord = -1
}

func (r *csvReader[T]) Read(ctx context.Context, batch []stream.Message[T]) (n int, err error) {
	if r.in == nil {
		if err := r.Seek(ctx, 0); err != nil {
			return 0, err
		}
	}
	for n < len(batch) {
		fields, err := r.rows.Read()
		var malformed *csv.ParseError
		if err != nil && !errors.As(err, &malformed) {
			return n, err // io.EOF too
		}
		m := &batch[n]
		*m = stream.Message[T]{Meta: stream.Meta{Next: r.start + r.rows.InputOffset()}}
		if m.Err = err; err == nil {
			m.Value, m.Err = r.decode(Row{r.columns, fields})
		}
		n++
	}
	return n, nil
}

func (r *csvReader[T]) Close() error {
	if r.in == nil {
		return nil
	}
	return r.in.Close()
}
