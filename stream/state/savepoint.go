package state

import (
	"bufio"
	"encoding/binary"
	"hash/crc32"
	"io"

	"github.com/tidegate/tidegate"
)

// A savepoint is, with integers as uvarints unless it says otherwise:
//
//	"TGSAVE", the version of this format (1 byte)
//	the length of the cut's description, the description
//	rows, in the order of tables' numbers and of keys, each
//	    its length + 1, counted from here
//	    the table's number (2 bytes big endian), the length of the key, the key
//	    the row: codec version, expiry, the codec's bytes
//	0, the number of rows, the CRC-32C of all that precedes (4 bytes little endian)
//
// It knows nothing of the backend it comes from.
const (
	savepointMagic   = "TGSAVE"
	savepointVersion = 1
	maxRowBytes      = 1 << 30
)

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// savepointWriter writes a savepoint.
type savepointWriter struct {
	w    *bufio.Writer
	crc  uint32
	rows uint64
	buf  []byte
	err  error
}

func newSavepointWriter(w io.Writer, c *cut) *savepointWriter {
	s := &savepointWriter{w: bufio.NewWriterSize(w, 256<<10)}
	s.write(append([]byte(savepointMagic), savepointVersion))
	s.write(appendBytes(nil, c.append(nil)))
	return s
}

func (s *savepointWriter) write(b []byte) {
	if s.err != nil {
		return
	}
	s.crc = crc32.Update(s.crc, castagnoli, b)
	_, s.err = s.w.Write(b)
}

// row adds a row, given the backend's key.
func (s *savepointWriter) row(key, row []byte) error {
	body := uvarintSize(uint64(len(key)-idSize)) + len(key) + len(row)
	s.buf = binary.AppendUvarint(s.buf[:0], uint64(body)+1)
	s.buf = append(s.buf, key[:idSize]...)
	s.buf = appendBytes(s.buf, key[idSize:])
	s.buf = append(s.buf, row...)
	s.write(s.buf)
	s.rows++
	return s.err
}

func (s *savepointWriter) close() error {
	s.write(binary.AppendUvarint([]byte{0}, s.rows))
	if s.err == nil {
		_, s.err = s.w.Write(binary.LittleEndian.AppendUint32(nil, s.crc))
	}
	if s.err == nil {
		s.err = s.w.Flush()
	}
	return s.err
}

func uvarintSize(v uint64) int {
	n := 1
	for ; v >= 0x80; v >>= 7 {
		n++
	}
	return n
}

// savepointReader reads a savepoint; what it reads is not to be trusted until
// rows has returned without an error.
type savepointReader struct {
	r   *bufio.Reader
	crc uint32
}

func newSavepointReader(r io.Reader) (*savepointReader, cut, error) {
	s := &savepointReader{r: bufio.NewReaderSize(r, 256<<10)}
	head := make([]byte, len(savepointMagic)+1)
	if err := s.read(head); err != nil {
		return nil, cut{}, err
	}
	if string(head[:len(savepointMagic)]) != savepointMagic {
		return nil, cut{}, tidegate.Errorf(tidegate.CodeCorrupt, "not a savepoint")
	}
	if v := head[len(savepointMagic)]; v != savepointVersion {
		return nil, cut{}, tidegate.Errorf(tidegate.CodeInvalid, "a savepoint of format %d; this program reads %d", v, savepointVersion)
	}
	size, err := s.uvarint()
	if err != nil {
		return nil, cut{}, err
	}
	description, err := s.bytes(size)
	if err != nil {
		return nil, cut{}, err
	}
	c, err := parseCut(description)
	return s, c, err
}

// rows calls visit for each row, with the backend's key. Key and row are
// visit's to keep.
func (s *savepointReader) rows(visit func(key, row []byte) error) error {
	for n := uint64(0); ; n++ {
		size, err := s.uvarint()
		if err != nil {
			return err
		}
		if size == 0 {
			return s.end(n)
		}
		body, err := s.bytes(size - 1)
		if err != nil {
			return err
		}
		r := reader{b: body}
		id := r.take(idSize)
		key := append(id[:len(id):len(id)], r.bytes()...)
		if r.short || len(r.b) < rowHeader {
			return tidegate.Errorf(tidegate.CodeCorrupt, "row %d of the savepoint is cut short", n)
		}
		if err := visit(key, r.b); err != nil {
			return err
		}
	}
}

func (s *savepointReader) end(rows uint64) error {
	want, err := s.uvarint()
	if err != nil {
		return err
	}
	crc := s.crc
	var sum [4]byte
	if err := s.read(sum[:]); err != nil {
		return err
	}
	if binary.LittleEndian.Uint32(sum[:]) != crc || want != rows {
		return tidegate.Errorf(tidegate.CodeCorrupt, "the savepoint's checksum is wrong")
	}
	return nil
}

func (s *savepointReader) read(b []byte) error {
	if _, err := io.ReadFull(s.r, b); err != nil {
		return savepointError(err)
	}
	s.crc = crc32.Update(s.crc, castagnoli, b)
	return nil
}

func (s *savepointReader) uvarint() (uint64, error) {
	var b [1]byte
	var v uint64
	for shift := 0; shift < 64; shift += 7 {
		if err := s.read(b[:]); err != nil {
			return 0, err
		}
		v |= uint64(b[0]&0x7f) << shift
		if b[0] < 0x80 {
			return v, nil
		}
	}
	return 0, tidegate.Errorf(tidegate.CodeCorrupt, "the savepoint has a length out of range")
}

// bytes reads n bytes. A length that is damaged costs no more memory than
// there is input.
func (s *savepointReader) bytes(n uint64) ([]byte, error) {
	if n > maxRowBytes {
		return nil, tidegate.Errorf(tidegate.CodeCorrupt, "the savepoint has a length out of range")
	}
	const step = 1 << 20
	b := make([]byte, 0, min(n, step))
	for uint64(len(b)) < n {
		start := len(b)
		b = append(b, make([]byte, min(n-uint64(start), step))...)
		if err := s.read(b[start:]); err != nil {
			return nil, err
		}
	}
	return b, nil
}

func savepointError(err error) error {
	if err == io.EOF || err == io.ErrUnexpectedEOF {
		return tidegate.Errorf(tidegate.CodeCorrupt, "the savepoint is cut short")
	}
	return &tidegate.Error{Code: tidegate.CodeUnavailable, Message: "can't read the savepoint", Cause: err}
}
