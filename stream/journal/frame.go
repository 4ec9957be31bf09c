package journal

import (
	"encoding/binary"
	"hash/crc32"
)

const (
	frameHeader  = 20
	frameAlign   = 4
	frameVersion = 1

	// MaxRecord is the longest payload. The limit keeps a damaged length from
	// being believed.
	MaxRecord = 16 << 20
)

type frameKind uint16

const (
	recordFrame frameKind = 0
	// A commit frame holds the sequence number of the first record that was
	// written with it: all before it were durable then.
	commitFrame frameKind = 1
)

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// crcSeed makes checksums of one journal meaningless in another, so that
// a recycled disk block, or a payload made to look like a frame, is not one.
func crcSeed(uuid UUID) uint32 { return crc32.Checksum(uuid[:], castagnoli) }

func frameSize(payload int) int {
	return (frameHeader + payload + frameAlign - 1) &^ (frameAlign - 1)
}

// sealFrame completes a frame whose payload begins at b[frameHeader], padding
// it with zeros.
func sealFrame(b []byte, seed uint32, kind frameKind, seq uint64) []byte {
	length := len(b) - frameHeader
	for len(b)%frameAlign != 0 {
		b = append(b, 0)
	}
	binary.LittleEndian.PutUint32(b[4:], uint32(length))
	binary.LittleEndian.PutUint64(b[8:], seq)
	binary.LittleEndian.PutUint16(b[16:], frameVersion)
	binary.LittleEndian.PutUint16(b[18:], uint16(kind))
	binary.LittleEndian.PutUint32(b, crc32.Update(seed, castagnoli, b[4:]))
	return b
}

// frame is a decoded frame; payload points into the buffer it came from.
type frame struct {
	kind    frameKind
	seq     uint64
	payload []byte
	size    int // of the whole frame, header and padding included
}

// frameState is what the beginning of a buffer is.
type frameState int

const (
	frameOK    frameState = iota
	frameShort            // a plausible frame that needs more bytes: size says how many in all
	frameBad              // not a frame
)

// decodeFrame decodes the frame at the beginning of b.
func decodeFrame(b []byte, seed uint32) (frame, frameState) {
	if len(b) < frameHeader {
		return frame{size: frameHeader}, frameShort
	}
	f := frame{
		kind: frameKind(binary.LittleEndian.Uint16(b[18:])),
		seq:  binary.LittleEndian.Uint64(b[8:]),
	}
	length := binary.LittleEndian.Uint32(b[4:])
	version := binary.LittleEndian.Uint16(b[16:])
	if length > MaxRecord || version != frameVersion || f.kind > commitFrame {
		return frame{}, frameBad
	}
	f.size = frameSize(int(length))
	if len(b) < f.size {
		return f, frameShort
	}
	if crc32.Update(seed, castagnoli, b[4:f.size]) != binary.LittleEndian.Uint32(b) {
		return frame{}, frameBad
	}
	f.payload = b[frameHeader : frameHeader+int(length) : frameHeader+int(length)]
	return f, frameOK
}

// peekFrame reads the header of a frame that is known to be whole.
func peekFrame(b []byte) (kind frameKind, seq uint64, size int) {
	return frameKind(binary.LittleEndian.Uint16(b[18:])), binary.LittleEndian.Uint64(b[8:]),
		frameSize(int(binary.LittleEndian.Uint32(b[4:])))
}
