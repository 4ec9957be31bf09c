package condition

import (
	"strings"
	"testing"

	"github.com/expr-lang/expr"
	"pgregory.net/rapid"

	"github.com/tidegate/tidegate"
)

// env is the oracle schema as expr sees it, with the values of a row.
func env(f *tidegate.Facts) map[string]any {
	out, tx := map[string]any{}, map[string]any{}
	out["tx"] = tx
	for i, v := range oracleSchema.Variables() {
		switch name, in := strings.CutPrefix(v.Name, "tx."); {
		case in:
			tx[name] = f.Text[i]
		case v.Kind == tidegate.KindBool:
			out[name] = f.Num[i] == 1
		default:
			out[name] = f.Num[i]
		}
	}
	return out
}

// Where nothing is missing, expr's own VM says what a condition means.
func TestAgreesWithTheVMOfExpr(t *testing.T) {
	complete, err := tidegate.NewSchema(func() []tidegate.Variable {
		vars := append([]tidegate.Variable(nil), oracleSchema.Variables()...)
		for i := range vars {
			vars[i].Optional = false
		}
		return vars
	}())
	if err != nil {
		t.Fatal(err)
	}
	rapid.Check(t, func(t *rapid.T) {
		c := NewCompiler(complete, nil)
		var vms []func(*tidegate.Facts) bool
		for range rapid.IntRange(1, 5).Draw(t, "conditions") {
			source := drawing{t, true}.condition(rapid.IntRange(0, 4).Draw(t, "depth")).source
			if _, faults := c.Add(source, true); len(faults) > 0 {
				// What cannot be computed is refused, as a test on a text that the VM makes.
				if !strings.Contains(faults[0].Message, "has no result") && !strings.Contains(faults[0].Message, "has no value") {
					t.Fatalf("%s: %v", source, faults)
				}
				continue
			}
			program, err := expr.Compile(source, expr.Env(env(tidegate.NewFacts(complete.Len()))), expr.AsBool())
			if err != nil {
				t.Fatalf("%s: %v", source, err)
			}
			vms = append(vms, func(f *tidegate.Facts) bool {
				out, err := expr.Run(program, env(f))
				if err != nil {
					t.Fatalf("%s: %v", source, err)
				}
				return out.(bool)
			})
		}
		m := c.Build().NewMachine()
		for range 5 {
			f := drawFacts(t, false)
			held := map[int32]bool{}
			for _, i := range m.Evaluate(Input{Facts: f}) {
				held[i] = true
			}
			for i, vm := range vms {
				if want := vm(f); held[int32(i)] != want || m.Holds(i, Input{Facts: f}) != want {
					t.Fatalf("condition %d: together %v, alone %v, expr %v", i, held[int32(i)], m.Holds(i, Input{Facts: f}), want)
				}
			}
		}
	})
}

// Whatever is accepted holds exactly when three-valued logic is certain.
func TestHoldsExactlyWhenCertain(t *testing.T) {
	accepted, refused := 0, 0
	rapid.Check(t, func(t *rapid.T) {
		c := NewCompiler(oracleSchema, nil)
		var drawn []drawn
		for range rapid.IntRange(1, 8).Draw(t, "conditions") {
			x := drawing{t, false}.condition(rapid.IntRange(0, 4).Draw(t, "depth"))
			_, faults := c.Add(x.source, true)
			for _, f := range faults {
				for _, ok := range []string{" is missing: ", "has no result", "has no value"} {
					if strings.Contains(f.Message, ok) {
						f.Message = ""
					}
				}
				if f.Message != "" {
					t.Fatalf("%s: %v", x.source, f)
				}
			}
			if len(faults) > 0 {
				refused++
				continue
			}
			accepted++
			drawn = append(drawn, x)
		}
		m := c.Build().NewMachine()
		for range 10 {
			f := drawFacts(t, true)
			held := map[int32]bool{}
			for _, i := range m.Evaluate(Input{Facts: f}) {
				held[i] = true
			}
			for i, x := range drawn {
				want := x.truth(f) == yes
				if held[int32(i)] != want || m.Holds(i, Input{Facts: f}) != want {
					t.Fatalf("%s\ntogether %v, alone %v, by definition %v\n%v %v", x.source, held[int32(i)], m.Holds(i, Input{Facts: f}), want, f.Num, f.Text)
				}
			}
		}
	})
	t.Logf("%d conditions accepted, %d refused", accepted, refused)
}
