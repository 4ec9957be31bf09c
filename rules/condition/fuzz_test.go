package condition

import (
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/tidegate/tidegate"
)

// FuzzCompile: whatever people write is refused with a place inside of it, or
// evaluated; nothing panics, and together and alone it means the same.
func FuzzCompile(f *testing.F) {
	for _, s := range []string{
		"n0 > 1 and n1 < 2", "not (n0 > 1)", "missing(n1) or not (n1 > 5)", `tx.t0 in ["a", "b"]`, "n0 in 1..5",
		"n0 ?? 1 > 2", `let x = n0 * 2; x > 3 and x < 5`, `any(["a", "b"], # == tx.t0)`, `len(split(tx.t0, ",")) > 2`,
		"b0 ? n0 > 1 : n1 > 2", "if b0 { n0 > 1 } else { n1 > 2 }", `tx.t0 matches "^a+$"`, "1 < n0 < 5", "n0 | max(3) > 2",
		strings.Repeat("(", 300), strings.Repeat("!", 300) + "b0", "n0" + strings.Repeat("+n0", 500) + ">1", `"\xff"`, "tx.t0[0:2] == 'a'",
		"first([1,2,3]) == n0", "n0 ** 400 ** 400 > 1", "-n1 ?? 0 > 1", "::len(tx.t0) > 1", "{a: 1}", "count(1..3, # > n0) > 1",
		"let a = n0+n0; let b = a+a; let c = b+b; let d = c+c; let e = d+d; let f = e+e; let g = f+f; let h = g+g; let i = h+h; let j = i+i; let k = j+j; let l = k+k; let m = l+l; m > 1",
	} {
		f.Add(s)
	}
	rows := []*tidegate.Facts{tidegate.NewFacts(oracleSchema.Len()), tidegate.NewFacts(oracleSchema.Len())}
	for i, v := range oracleSchema.Variables() {
		if rows[1].SetNumber(i, 1); v.Kind == tidegate.KindText {
			rows[1].SetText(i, "a,b")
		}
	}
	f.Fuzz(func(t *testing.T, source string) {
		c := NewCompiler(oracleSchema, nil)
		_, faults := c.Add(source, true)
		for _, fault := range faults {
			if fault.Message == "" || fault.Offset < 0 || fault.Offset > utf8.RuneCountInString(source)+1 {
				t.Fatalf("%q: fault %+v", source, fault)
			}
		}
		if len(faults) > 0 {
			return
		}
		m := c.Build().NewMachine()
		for _, row := range rows {
			in := Input{Facts: row}
			if together := len(m.Evaluate(in)) == 1; together != m.Holds(0, in) {
				t.Fatalf("%q: together %v", source, together)
			}
		}
	})
}
