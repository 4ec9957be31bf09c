package pebble

import (
	"encoding/binary"
	"hash/crc32"
)

// Reseal gives a manifest that was changed the checksum that belongs to it.
func Reseal(b []byte) []byte {
	body := b[:len(b)-4]
	return binary.LittleEndian.AppendUint32(body[:len(body):len(body)], crc32.Checksum(body, castagnoli))
}
