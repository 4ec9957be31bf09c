package journal

import (
	"bytes"
	"encoding/binary"
	"encoding/hex"
	"hash/crc32"
)

// UUID is the identity of a journal: it stays when segments come and go.
type UUID [16]byte

// String is the form of RFC 9562.
func (u UUID) String() string {
	h := hex.EncodeToString(u[:])
	return h[:8] + "-" + h[8:12] + "-" + h[12:16] + "-" + h[16:20] + "-" + h[20:]
}

const (
	headerSize    = 64
	headerVersion = 1
)

var headerMagic = []byte("tidegjnl")

// header begins a segment.
//
//	0 magic, 8 version, 16 uuid, 32 incarnation, 40 first sequence, 60 crc32c
type header struct {
	uuid        UUID
	incarnation uint64
	first       uint64
}

func (h header) encode() []byte {
	b := make([]byte, headerSize)
	copy(b, headerMagic)
	binary.LittleEndian.PutUint16(b[8:], headerVersion)
	copy(b[16:], h.uuid[:])
	binary.LittleEndian.PutUint64(b[32:], h.incarnation)
	binary.LittleEndian.PutUint64(b[40:], h.first)
	binary.LittleEndian.PutUint32(b[60:], crc32.Checksum(b[:60], castagnoli))
	return b
}

// decodeHeader returns why b is not a header, or "".
func decodeHeader(b []byte) (header, string) {
	switch {
	case len(b) < headerSize:
		return header{}, "the segment header is cut short"
	case !bytes.Equal(b[:8], headerMagic):
		return header{}, "not a journal segment"
	case crc32.Checksum(b[:60], castagnoli) != binary.LittleEndian.Uint32(b[60:]):
		return header{}, "the segment header fails its checksum"
	case binary.LittleEndian.Uint16(b[8:]) != headerVersion:
		return header{}, "the segment is of a newer version"
	}
	h := header{
		incarnation: binary.LittleEndian.Uint64(b[32:]),
		first:       binary.LittleEndian.Uint64(b[40:]),
	}
	copy(h.uuid[:], b[16:])
	return h, ""
}
