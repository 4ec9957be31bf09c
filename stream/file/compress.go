package file

import (
	"bufio"
	"io"
	"os"
	"strings"

	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zstd"

	"github.com/tidegate/tidegate"
)

// openAt opens a file at a position of its uncompressed contents.
func openAt(name string, position int64) (io.ReadCloser, error) {
	in, err := open(name)
	if err != nil {
		return nil, &tidegate.Error{Code: tidegate.CodeUnavailable, Message: "can't open " + name, Cause: err}
	}
	if position == 0 {
		return in, nil
	}
	if f, ok := in.(*os.File); ok {
		_, err = f.Seek(position, io.SeekStart)
	} else {
		_, err = io.CopyN(io.Discard, in, position)
	}
	if err != nil {
		in.Close()
		return nil, &tidegate.Error{Code: tidegate.CodeUnavailable, Message: "can't read " + name + " where the checkpoint left off", Cause: err}
	}
	return in, nil
}

func open(name string) (io.ReadCloser, error) {
	f, err := os.Open(name)
	if err != nil {
		return nil, err
	}
	switch {
	case strings.HasSuffix(name, ".gz"):
		z, err := gzip.NewReader(bufio.NewReaderSize(f, readSize))
		if err != nil {
			f.Close()
			return nil, err
		}
		return closers{z, []func() error{z.Close, f.Close}}, nil
	case strings.HasSuffix(name, ".zst"):
		z, err := zstd.NewReader(f, zstd.WithDecoderConcurrency(1))
		if err != nil {
			f.Close()
			return nil, err
		}
		return closers{z, []func() error{func() error { z.Close(); return nil }, f.Close}}, nil
	}
	return f, nil
}

// compressed wraps a writer by the compression that a name asks for.
func compressed(w io.Writer, name string) (io.WriteCloser, error) {
	switch {
	case strings.HasSuffix(name, ".gz"):
		return gzip.NewWriter(w), nil
	case strings.HasSuffix(name, ".zst"):
		return zstd.NewWriter(w, zstd.WithEncoderConcurrency(1))
	}
	return plain{w}, nil
}

type plain struct{ io.Writer }

func (plain) Close() error { return nil }

// closers is a reader that closes what it is made of.
type closers struct {
	io.Reader
	close []func() error
}

func (c closers) Close() (err error) {
	for _, f := range c.close {
		if e := f(); err == nil {
			err = e
		}
	}
	return err
}
