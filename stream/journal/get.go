package journal

import (
	"bytes"
	"context"
	"sync"
)

var getBuffers = sync.Pool{New: func() any {
	b := make([]byte, indexEvery+8<<10) // mostly one read
	return &b
}}

// Get returns a copy of the payload of one durable record. It costs one read
// of some 40 KiB, from the page cache if the record is young. [ErrNotDurable]
// and [ErrDropped] say that it isn't there yet, or any more.
func (j *Journal) Get(seq uint64) ([]byte, error) {
	if seq == 0 || seq > j.Durable() {
		return nil, ErrNotDurable
	}
	buf := getBuffers.Get().(*[]byte)
	defer getBuffers.Put(buf)
	r := j.readFrom(seq, *buf)
	_, payload, err := r.Next(context.Background())
	payload = bytes.Clone(payload)
	if closing := r.Close(); err == nil {
		err = closing
	}
	*buf = r.frames.buf
	return payload, err
}
