package patterns

import (
	"bytes"
	"testing"

	"github.com/tidegate/tidegate"
)

// seeds are rows of what the examples leave open.
func seeds(f *testing.F) (rows [][]byte) {
	set := compileText(f, letters)
	s := memory(f, set)
	e := &tidegate.Event{ID: "e", Tenant: "x", Attributes: []tidegate.Attribute{{Name: "city", Text: "Bonn", Kind: tidegate.KindText}}}
	e.Text[tidegate.CustomerID], e.Text[tidegate.DeviceFingerprint] = "anna", "d"
	for i, kind := range []string{"a", "b", "c", "c"} {
		e.Type, e.Time = kind, tidegate.Millis(i*1000)
		if _, err := s.Advance(e, tidegate.CustomerID, 0); err != nil {
			f.Fatal(err)
		}
		for _, t := range s.tables {
			if entry, _ := t.open.Get(appendKey(nil, "x", e.Text[t.field])); entry != nil {
				rows = append(rows, openCodec{}.Append(nil, entry.Value()))
			}
		}
	}
	return rows
}

// FuzzOpenCodec checks that a damaged row is an error and nothing worse, and
// that a sound one is written as it was read.
func FuzzOpenCodec(f *testing.F) {
	for _, row := range seeds(f) {
		f.Add(row)
	}
	set := compileText(f, letters)
	f.Fuzz(func(t *testing.T, row []byte) {
		var o open
		if err := (openCodec{}).Decode(row, &o); err != nil {
			return
		}
		var again open
		if err := (openCodec{}).Decode(openCodec{}.Append(nil, &o), &again); err != nil {
			t.Fatal(err)
		}
		for i := range o.held {
			for _, p := range set.patterns {
				h := o.held[i]
				if h.wake(p) == nil && !bytes.Equal(h.row, nil) {
					t.Fatal("the row is kept beside the state")
				}
			}
		}
	})
}

func FuzzCalendarCodecs(f *testing.F) {
	f.Add(pageCodec{}.Append(nil, &page{[]entity{{tidegate.CardID, "x\x00c", 1_700_000_000_123}, {0, "", 0}}}))
	f.Add(indexCodec{}.Append(nil, &index{[]pageID{{-4, 7, true, -200_000}, {5, 0, false, 300_001}}}))
	f.Add(tenureCodec{}.Append(nil, &tenures{9, []tenured{{1 << 60, 9}}}))
	f.Fuzz(func(t *testing.T, b []byte) {
		var p, p2 page
		if (pageCodec{}).Decode(b, &p) == nil {
			if err := (pageCodec{}).Decode(pageCodec{}.Append(nil, &p), &p2); err != nil || len(p2.entities) != len(p.entities) {
				t.Fatal(err)
			}
		}
		var x, x2 index
		if (indexCodec{}).Decode(b, &x) == nil {
			if err := (indexCodec{}).Decode(indexCodec{}.Append(nil, &x), &x2); err != nil || len(x2.pages) != len(x.pages) {
				t.Fatal(err)
			}
		}
		var n, n2 tenures
		if (tenureCodec{}).Decode(b, &n) == nil {
			if err := (tenureCodec{}).Decode(tenureCodec{}.Append(nil, &n), &n2); err != nil || len(n2.now) != len(n.now) {
				t.Fatal(err)
			}
		}
	})
}
