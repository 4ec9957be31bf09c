package state

import (
	"encoding/binary"

	"github.com/tidegate/tidegate"
)

// A backend's key is the table's number, two bytes big endian, and the key in
// the table. Number 0 is the store's own: its one row describes the cut.
//
// A row is the codec's version (1 byte), the expiry (8 bytes little endian,
// Unix milliseconds, 0 for never) and the codec's bytes.
const (
	idSize    = 2
	rowHeader = 1 + 8
)

func appendID(dst []byte, id uint16) []byte { return binary.BigEndian.AppendUint16(dst, id) }

// tableOf is the number in a backend's key.
func tableOf(key []byte) uint16 { return binary.BigEndian.Uint16(key) }

func appendRowHeader(dst []byte, version uint8, expiry int64) []byte {
	dst = append(dst, version)
	return binary.LittleEndian.AppendUint64(dst, uint64(expiry))
}

// parseRow takes a row apart.
func parseRow(row []byte) (version uint8, expiry int64, value []byte, err error) {
	if len(row) < rowHeader {
		return 0, 0, nil, tidegate.Errorf(tidegate.CodeCorrupt, "a state row of %d bytes", len(row))
	}
	return row[0], int64(binary.LittleEndian.Uint64(row[1:])), row[rowHeader:], nil
}

// expired says whether an entry is gone at the event time now.
func expired(expiry, now int64) bool { return expiry != 0 && expiry <= now }
