package file

import (
	"io"

	"github.com/parquet-go/parquet-go"

	"github.com/tidegate/tidegate/stream"
)

// Parquet is the format of Apache Parquet files, compressed by Zstandard. The
// columns are the exported fields of T, named by their parquet tags.
func Parquet[T any]() Format[T] { return parquetFormat[T]{} }

type parquetFormat[T any] struct{}

func (parquetFormat[T]) Extension() string { return ".parquet" }

func (parquetFormat[T]) Begin(w io.Writer) (Encoder[T], error) {
	return &parquetEncoder[T]{out: parquet.NewGenericWriter[T](w, parquet.Compression(&parquet.Zstd))}, nil
}

type parquetEncoder[T any] struct {
	out  *parquet.GenericWriter[T]
	rows []T
}

func (e *parquetEncoder[T]) Encode(records []stream.Record[T]) error {
	e.rows = e.rows[:0]
	for _, r := range records {
		e.rows = append(e.rows, r.Value)
	}
	_, err := e.out.Write(e.rows)
	return err
}

func (e *parquetEncoder[T]) Close() error { return e.out.Close() }
