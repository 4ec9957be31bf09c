package rules

import (
	"errors"
	"os"
	"testing"

	"github.com/tidegate/tidegate"
)

// FuzzLoad: any bytes as rule, list and suppression files are refused with
// typed errors, or give a set that evaluates; nothing panics.
func FuzzLoad(f *testing.F) {
	f.Add([]byte(velocityFile), []byte("lists: [{name: l, kind: block, field: tx.mcc, entries: [a]}]"),
		[]byte("suppressions: [{rule: velocity, field: tx.customer_id, value: c, until: 2026-01-01}]"))
	for _, name := range []string{"conditions", "errors", "lists"} {
		transcript, err := os.ReadFile("testdata/transcripts/" + name)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(transcript, transcript, transcript)
	}
	f.Add([]byte("rules: [{id: a, when: |-\n  x\n  y"), []byte("lists: [{name: l, kind: plain, field: tx.ip_address, entries: [::/0, 0.0.0.0/0]}]"), []byte("&a [*a]"))
	f.Add([]byte("? - - - -\n: {[]: []}"), []byte("---\n---\n"), []byte("\xff\xfe"))
	schema := testSchema(f)
	f.Fuzz(func(t *testing.T, rules, lists, suppressions []byte) {
		l, err := LoadLists([]File{{"lists/l.yaml", lists}, {"lists/t.csv", lists}}, schema)
		typed(t, err)
		set, err := Load([]File{{"r.yaml", rules}}, schema, l, Options{Suppressions: []File{{"s.yaml", suppressions}}})
		typed(t, err)
		if set != nil {
			ctx := &Context{Facts: tidegate.NewFacts(schema.Len())}
			set.Evaluate(ctx)
			set.Report()
		}
	})
}

func typed(t *testing.T, err error) {
	var all Errors
	if err != nil && !errors.As(err, &all) {
		t.Fatalf("%T: %v", err, err)
	}
	for _, e := range all {
		if e.Code != tidegate.CodeConfig || e.File == "" || e.Message == "" || e.Line < 0 || e.Column < 0 {
			t.Fatalf("%+v", e)
		}
	}
}
