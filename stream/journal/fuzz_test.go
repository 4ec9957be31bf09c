package journal

import (
	"bytes"
	"errors"
	"io"
	"testing"
)

// FuzzSegment opens anything as a journal: it is refused, or gives its records
// in order and can be written to.
func FuzzSegment(f *testing.F) {
	for _, commits := range [][]int{{}, {1}, {2, 3}, {1, 1, 10}} {
		file, ends := crashed(f, commits...)
		f.Add(file)
		if len(ends) > 0 {
			f.Add(file[:ends[len(ends)-1]-3])
		}
	}
	f.Fuzz(func(t *testing.T, file []byte) {
		fs, j, recovery, err := openFile(file)
		if err != nil {
			corruption(t, err)
			return
		}
		r := j.ReadFrom(1)
		for want := uint64(1); want <= recovery.Last; want++ {
			if seq, _, err := r.Next(background); err != nil || seq != want {
				t.Fatalf("record %d is %d: %v", want, seq, err)
			}
		}
		_ = r.Close()
		commit(t, j, 1)
		closeJournal(t, j)
		j, again, err := OpenReadOnly(dir, Options{FS: fs})
		if err != nil || again.Last != recovery.Last+1 || again.TornBytes != 0 {
			t.Fatalf("opened again: %+v, %v", again, err)
		}
		r = j.ReadFrom(again.Last)
		if _, payload, err := r.Next(background); err != nil || !bytes.Equal(payload, payloadOf(again.Last)) {
			t.Fatalf("the new record is %q: %v", payload, err)
		}
		if _, _, err := r.Next(background); !errors.Is(err, io.EOF) {
			t.Fatal(err)
		}
		_ = r.Close()
	})
}

// FuzzFrame decodes anything as a frame, and as the payload of one.
func FuzzFrame(f *testing.F) {
	f.Add([]byte{}, uint64(1))
	f.Add(sealFrame(append(make([]byte, frameHeader), "payload"...), 7, recordFrame, 3), uint64(3))
	f.Fuzz(func(t *testing.T, b []byte, seq uint64) {
		if got, state := decodeFrame(b, 7); state == frameOK && (got.size > len(b) || len(got.payload) > got.size-frameHeader) {
			t.Fatalf("a frame of %d bytes in %d", got.size, len(b))
		}
		sealed := sealFrame(append(make([]byte, frameHeader), b...), 7, recordFrame, seq)
		got, state := decodeFrame(append(sealed, "more"...), 7)
		if state != frameOK || got.seq != seq || got.kind != recordFrame || got.size != len(sealed) || !bytes.Equal(got.payload, b) {
			t.Fatalf("%+v, %v", got, state)
		}
		if _, state := decodeFrame(sealed, 8); state == frameOK {
			t.Fatal("decoded under the seed of another journal")
		}
	})
}
