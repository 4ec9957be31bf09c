package file

import (
	"encoding/csv"
	"fmt"
	"io"

	"github.com/tidegate/tidegate/stream"
)

// CSVRows is the format of comma-separated values (RFC 4180), whose first row
// names the columns. fields appends those of a record to dst.
func CSVRows[T any](columns []string, fields func(dst []string, v *T) []string) Format[T] {
	return csvFormat[T]{columns, fields}
}

type csvFormat[T any] struct {
	columns []string
	fields  func(dst []string, v *T) []string
}

func (csvFormat[T]) Extension() string { return ".csv" }

func (f csvFormat[T]) Begin(w io.Writer) (Encoder[T], error) {
	e := &csvEncoder[T]{csvFormat: f, out: csv.NewWriter(w)}
	return e, e.out.Write(f.columns)
}

type csvEncoder[T any] struct {
	csvFormat[T]
	out *csv.Writer
	row []string
}

// Encode refuses the records that do not have a field for each column.
func (e *csvEncoder[T]) Encode(records []stream.Record[T]) error {
	var refused *stream.Refused
	for i := range records {
		if err := e.fill(&records[i].Value); err != nil {
			if refused == nil {
				refused = &stream.Refused{Err: err}
			}
			refused.Indexes = append(refused.Indexes, i)
			continue
		}
		if err := e.out.Write(e.row); err != nil {
			return err
		}
	}
	if refused != nil {
		return refused
	}
	return nil
}

// fill makes an error of a panic, which is the record's fault.
func (e *csvEncoder[T]) fill(v *T) (err error) {
	defer func() {
		if cause := recover(); cause != nil {
			err = fmt.Errorf("panic: %v", cause)
		}
	}()
	if e.row = e.fields(e.row[:0], v); len(e.row) != len(e.columns) {
		return fmt.Errorf("it has %d fields, for %d columns", len(e.row), len(e.columns))
	}
	return nil
}

func (e *csvEncoder[T]) Close() error {
	e.out.Flush()
	return e.out.Error()
}
