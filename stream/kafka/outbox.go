package kafka

import (
	"bufio"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/tidegate/tidegate"
)

// outbox keeps messages in files, one for each checkpoint.
type outbox struct {
	dir, name string
	file      *os.File // of what came since the last checkpoint
	writer    *bufio.Writer
	frame     []byte
}

func (o *outbox) path(suffix string) string { return filepath.Join(o.dir, o.name+"-"+suffix+".out") }

const unfinished = "next"

func (o *outbox) add(m Message) (err error) {
	if o.file == nil {
		if o.file, err = os.Create(o.path(unfinished)); err != nil {
			return err
		}
		o.writer = bufio.NewWriterSize(o.file, 64<<10)
	}
	o.frame = appendMessage(o.frame[:0], m)
	_, err = o.writer.Write(o.frame)
	return err
}

// prepare makes what was added durable; without anything there is no file.
func (o *outbox) prepare(checkpoint uint64) error {
	if o.file == nil {
		return nil
	}
	err := errors.Join(o.writer.Flush(), o.file.Sync(), o.file.Close())
	o.file, o.writer = nil, nil
	if err != nil {
		return err
	}
	if err := os.Rename(o.path(unfinished), o.path(strconv.FormatUint(checkpoint, 10))); err != nil {
		return err
	}
	dir, err := os.Open(o.dir)
	if err != nil {
		return err
	}
	return errors.Join(dir.Sync(), dir.Close())
}

// prepared lists the checkpoints that have a file, in order.
func (o *outbox) prepared() (numbers []uint64, err error) {
	entries, err := os.ReadDir(o.dir)
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		return nil, err
	}
	for _, e := range entries {
		text, ok := strings.CutPrefix(e.Name(), o.name+"-")
		text, out := strings.CutSuffix(text, ".out")
		if number, err := strconv.ParseUint(text, 10, 64); ok && out && err == nil {
			numbers = append(numbers, number)
		}
	}
	slices.Sort(numbers)
	return numbers, nil
}

// forget removes what belongs to no checkpoint up to one.
func (o *outbox) forget(checkpoint uint64) error {
	if err := o.close(); err != nil {
		return err
	}
	numbers, err := o.prepared()
	for _, n := range numbers {
		if n > checkpoint {
			err = errors.Join(err, o.remove(n))
		}
	}
	return err
}

func (o *outbox) remove(checkpoint uint64) error {
	return os.Remove(o.path(strconv.FormatUint(checkpoint, 10)))
}

func (o *outbox) close() error {
	if o.file != nil {
		err := o.file.Close()
		o.file, o.writer = nil, nil
		if err != nil {
			return err
		}
	}
	if err := os.Remove(o.path(unfinished)); err != nil && !errors.Is(err, os.ErrNotExist) {
		return err
	}
	return nil
}

func (o *outbox) read(checkpoint uint64) (messages []Message, err error) {
	path := o.path(strconv.FormatUint(checkpoint, 10))
	body, err := os.ReadFile(path)
	for n := 0; err == nil && len(body) > 0; n++ {
		var m Message
		if body, err = decodeMessage(body, &m); err != nil {
			return nil, &tidegate.Error{Code: tidegate.CodeCorrupt, File: path, Message: fmt.Sprintf("message %d can't be read", n), Cause: err}
		}
		messages = append(messages, m)
	}
	return messages, err
}

// appendMessage appends length, CRC32C and the parts of a message. A length
// below is one more than it is, and 0 for null.
func appendMessage(b []byte, m Message) []byte {
	start := len(b)
	b = append(b, 0, 0, 0, 0, 0, 0, 0, 0)
	part := func(p []byte) {
		if p == nil {
			b = append(b, 0)
			return
		}
		b = append(binary.AppendUvarint(b, uint64(len(p))+1), p...)
	}
	part([]byte(m.Topic))
	part(m.Key)
	part(m.Value)
	for _, h := range m.Headers {
		part([]byte(h.Key))
		part(h.Value)
	}
	body := b[start+8:]
	binary.LittleEndian.PutUint32(b[start:], uint32(len(body)))
	binary.LittleEndian.PutUint32(b[start+4:], crc32.Checksum(body, castagnoli))
	return b
}

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

func decodeMessage(b []byte, m *Message) (rest []byte, err error) {
	if len(b) < 8 {
		return nil, io.ErrUnexpectedEOF
	}
	n := binary.LittleEndian.Uint32(b)
	if uint64(len(b)-8) < uint64(n) {
		return nil, io.ErrUnexpectedEOF
	}
	body, rest := b[8:8+n], b[8+n:]
	if crc32.Checksum(body, castagnoli) != binary.LittleEndian.Uint32(b[4:]) {
		return nil, errors.New("the checksum does not hold")
	}
	part := func() (p []byte) {
		n, width := binary.Uvarint(body)
		switch {
		case width <= 0 || n > uint64(len(body)-width)+1:
			err = io.ErrUnexpectedEOF
			return nil
		case n == 0:
			body = body[width:]
			return nil
		}
		p = body[width : width+int(n)-1 : width+int(n)-1]
		body = body[width+int(n)-1:]
		return p
	}
	m.Topic, m.Key, m.Value = string(part()), part(), part()
	for err == nil && len(body) > 0 {
		m.Headers = append(m.Headers, kgo.RecordHeader{Key: string(part()), Value: part()})
	}
	return rest, err
}
