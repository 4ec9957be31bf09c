package node

import (
	"bytes"
	"testing"

	"github.com/tidegate/tidegate"
)

// Bytes that are none of ours are refused, and never decoded in part: what can
// be decoded can be decoded again to the same.
func FuzzRecord(f *testing.F) {
	r := newRig(f, files())
	history(r, 0, 60)
	r.label(r.fraud("l", "unknown"))
	r.begin("transactions", inbox, 0)
	r.readOn(8, 3)
	for _, record := range r.records() {
		f.Add([]byte(record))
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		var a, b Record
		err := a.Decode(1, body)
		if err != nil {
			wantCode(t, err, tidegate.CodeCorrupt)
			return
		}
		if err := b.Decode(1, bytes.Clone(body)); err != nil || a.Kind != b.Kind || a.Event.ID != b.Event.ID || !bytes.Equal(a.Facts, b.Facts) {
			t.Fatalf("decoded differently: %v", err)
		}
		if len(a.Facts) > 0 {
			_, _ = r.values(&a)
		}
	})
}

// The end of a decision is its facts, which are checked when they are read, and
// that of an event what patterns found, if anything. Of all others no part can
// be missing.
func TestRecordsThatAreNone(t *testing.T) {
	r := newRig(t, files())
	history(r, 0, 60)
	for i, record := range r.records() {
		for cut := range len(record) {
			var got Record
			if err := got.Decode(1, []byte(record[:cut])); err == nil && got.Kind != KindDecision && got.Kind != KindEvent {
				t.Fatalf("record %d of kind %d, cut to %d of %d bytes, was decoded", i+1, got.Kind, cut, len(record))
			}
		}
	}
	var got Record
	wantCode(t, got.Decode(7, append([]byte{99}, make([]byte, 40)...)), tidegate.CodeCorrupt)
}
