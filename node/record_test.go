package node

import (
	"bytes"
	"encoding/json"
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

// A dead letter's value stands behind its members; null is another than empty,
// and letters that have their value among the members are still read.
func TestLettersAreRead(t *testing.T) {
	r := newRig(t, files())
	r.begin("transactions", inbox, 0)
	values := [][]byte{nil, {}, []byte("text"), {0x8f, 0, '"'}}
	for i, v := range values {
		in := Input{Origin: Origin{Partition: inbox, Offset: int64(i)}, Letter: &DeadLetter{Tenant: "default", Reason: "malformed", Key: []byte("k"), Value: v}}
		if taken, err := r.Take(background, []Input{in}); taken != 1 || err != nil {
			t.Fatal(err)
		}
	}
	records := r.records()
	for i, v := range values {
		var now, before Record
		body := []byte(records[len(records)-len(values)+i])
		if err := now.Decode(1, body); err != nil {
			t.Fatal(err)
		}
		old, err := json.Marshal(now.DeadLetter)
		if err != nil {
			t.Fatal(err)
		}
		if err := before.Decode(1, append(appendHeader(nil, KindDeadLetter, 0, head{arrival: now.Arrival, origin: now.Origin}), old...)); err != nil {
			t.Fatal(err)
		}
		for _, got := range []Record{now, before} {
			if l := got.DeadLetter; !bytes.Equal(l.Value, v) || (l.Value == nil) != (v == nil) || string(l.Key) != "k" || got.Origin.Offset != int64(i) {
				t.Errorf("%q: %+v", v, got)
			}
		}
	}
}
