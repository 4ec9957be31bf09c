package pebble

import (
	"bytes"
	"maps"
	"testing"

	"github.com/tidegate/tidegate"
)

// FuzzManifest decodes anything: it is refused with a code or encodes to what
// it was.
func FuzzManifest(f *testing.F) {
	m := manifest{epoch: 42, files: map[string]fileSum{
		"000007.sst": {size: 1 << 30, crc: 0xdeadbeef},
		"marker":     {},
	}}
	whole := m.encode()
	f.Add(whole)
	f.Add(whole[:len(whole)-9])
	f.Add([]byte{})
	decoded, err := decodeManifest(whole)
	if err != nil || !sameManifest(decoded, m) {
		f.Fatalf("%+v, %v", decoded, err)
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		for _, input := range [][]byte{b, reseal(b)} {
			m, err := decodeManifest(input)
			if err != nil {
				if code := tidegate.CodeOf(err); code != tidegate.CodeCorrupt && code != tidegate.CodeInvalid {
					t.Fatalf("code %s: %v", code, err)
				}
				continue
			}
			again, err := decodeManifest(m.encode())
			if err != nil || !sameManifest(again, m) {
				t.Fatalf("%+v, and again %+v, %v", m, again, err)
			}
		}
	})
}

func reseal(b []byte) []byte {
	if len(b) < 4 {
		return b
	}
	return Reseal(bytes.Clone(b))
}

func sameManifest(a, b manifest) bool { return a.epoch == b.epoch && maps.Equal(a.files, b.files) }
