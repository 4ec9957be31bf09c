package replay

import (
	"bytes"
	"errors"
	"io"
	"testing"
	"testing/fstest"
	"unicode/utf8"

	"github.com/tidegate/tidegate"
)

// FuzzReader reads anything as CSV and as JSON lines: it ends, a row that is
// read has what a row must have, and errors about lines are of one kind.
func FuzzReader(f *testing.F) {
	f.Add([]byte("id,when,who,eur,fraud\n1,2026-01-02T10:00:00Z,c,5.5,1\n\n\"2\",2026-01-02T10:00:00Z,\"c\nd\",6,0\n"))
	f.Add([]byte("\ufeff" + `{"id":1,"when":"2026-01-02T10:00:00Z","who":"c","eur":5.50,"fraud":true}` + "\n{}\n"))
	f.Add([]byte("\x1f\x8b\x08\x00"))
	f.Add([]byte("\x28\xb5\x2f\xfd\x04"))
	f.Fuzz(func(t *testing.T, content []byte) {
		for _, format := range []string{"csv", "jsonl"} {
			m, err := LoadMapping(fstest.MapFS{"mappings/m.yaml": {Data: []byte("format: " + format + oddMapping)}}, "m")
			if err != nil {
				t.Fatal(err)
			}
			if rows := readBytes(t, m, content); rows > bytes.Count(content, []byte("\n"))+1 && !compressed(content) {
				t.Errorf("%d rows of %q", rows, content)
			}
		}
	})
}

func compressed(b []byte) bool {
	return bytes.HasPrefix(b, []byte("\x1f\x8b")) || bytes.HasPrefix(b, []byte("\x28\xb5\x2f\xfd"))
}

// readBytes reads a file that is content, to its end or where it can't go on.
func readBytes(t *testing.T, m *Mapping, content []byte) (rows int) {
	file := t.TempDir() + "/f"
	writeFile(t, file, string(content))
	r, err := Open(file, m)
	if err != nil {
		return 0
	}
	defer func() {
		if err := r.Close(); err != nil {
			t.Error(err)
		}
	}()
	for row := (Row{}); ; {
		err := r.Next(&row)
		var own *tidegate.Error
		switch {
		case err == nil:
			rows++
			e := &row.Event
			if e.ID == "" || row.ID == "" || e.Text[tidegate.CustomerID] == "" || !utf8.ValidString(e.ID) || e.Time < firstMillis || e.Time > lastMillis {
				t.Fatalf("a row is %+v", row)
			}
		case err == io.EOF || !errors.As(err, &own):
			return rows
		}
	}
}
