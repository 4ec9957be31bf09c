package pebble

import (
	"encoding/binary"
	"hash/crc32"
	"maps"
	"slices"

	"github.com/tidegate/tidegate"
)

// manifestName is the file that makes a directory a checkpoint.
const manifestName = "CHECKPOINT"

// The manifest is, with integers as uvarints: "TGCP", the version of this
// format (1 byte), the checkpoint's epoch, and for each file, sorted by name:
// the length of its name, its name, its size and the CRC-32C of its contents;
// then the CRC-32C of all that (4 bytes little endian).
const (
	manifestMagic   = "TGCP"
	manifestVersion = 1
)

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// manifest says what a checkpoint is made of.
type manifest struct {
	epoch uint32
	files map[string]fileSum
}

type fileSum struct {
	size int64
	crc  uint32
}

func (m *manifest) encode() []byte {
	b := append([]byte(manifestMagic), manifestVersion)
	b = binary.AppendUvarint(b, uint64(m.epoch))
	for _, name := range slices.Sorted(maps.Keys(m.files)) {
		f := m.files[name]
		b = binary.AppendUvarint(b, uint64(len(name)))
		b = append(b, name...)
		b = binary.AppendUvarint(b, uint64(f.size))
		b = binary.AppendUvarint(b, uint64(f.crc))
	}
	return binary.LittleEndian.AppendUint32(b, crc32.Checksum(b, castagnoli))
}

func decodeManifest(b []byte) (manifest, error) {
	bad := func(what string) (manifest, error) {
		return manifest{}, tidegate.Errorf(tidegate.CodeCorrupt, "%s: %s", manifestName, what)
	}
	if len(b) < len(manifestMagic)+1+4 || string(b[:len(manifestMagic)]) != manifestMagic {
		return bad("not a checkpoint's manifest")
	}
	body, sum := b[:len(b)-4], binary.LittleEndian.Uint32(b[len(b)-4:])
	if crc32.Checksum(body, castagnoli) != sum {
		return bad("the checksum is wrong")
	}
	body = body[len(manifestMagic):]
	if body[0] != manifestVersion {
		return manifest{}, tidegate.Errorf(tidegate.CodeInvalid, "%s: format %d; this program reads %d", manifestName, body[0], manifestVersion)
	}
	body = body[1:]
	ok := true
	number := func() uint64 {
		v, n := binary.Uvarint(body)
		if n <= 0 {
			ok, body = false, nil
			return 0
		}
		body = body[n:]
		return v
	}
	m := manifest{epoch: uint32(number()), files: map[string]fileSum{}}
	for len(body) > 0 {
		length := number()
		if length > uint64(len(body)) {
			return bad("cut short")
		}
		name := string(body[:length])
		body = body[length:]
		m.files[name] = fileSum{size: int64(number()), crc: uint32(number())}
	}
	if !ok {
		return bad("cut short")
	}
	return m, nil
}
