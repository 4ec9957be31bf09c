package condition

import (
	"fmt"
	"math/rand/v2"
	"testing"

	"github.com/expr-lang/expr"
	"github.com/expr-lang/expr/vm"

	"github.com/tidegate/tidegate"
)

// benchmarkRules draws rules of three comparisons each over 50 features.
// Their thresholds are high enough for few rules to fire, as in real life,
// or low enough that most comparisons have to be looked at.
func benchmarkRules(n int, selective bool) (schema *tidegate.Schema, sources []string, rows []*tidegate.Facts) {
	r := rand.New(rand.NewPCG(1, 2))
	vars := make([]tidegate.Variable, 50)
	for i := range vars {
		vars[i] = tidegate.Variable{Name: fmt.Sprintf("feature_%d", i), Optional: true}
	}
	schema, _ = tidegate.NewSchema(vars)
	threshold := func() float64 {
		if selective {
			return 60 + float64(r.IntN(40))
		}
		return float64(r.IntN(60))
	}
	for range n {
		sources = append(sources, fmt.Sprintf("feature_%d > %g and feature_%d >= %g and feature_%d > %g",
			r.IntN(50), threshold(), r.IntN(50), threshold(), r.IntN(50), threshold()))
	}
	for range 64 {
		f := tidegate.NewFacts(len(vars))
		for i := range vars {
			f.SetNumber(i, 100*r.Float64())
		}
		rows = append(rows, f)
	}
	return schema, sources, rows
}

// What the compiled rules must beat: each rule in expr's VM, over a map that
// is there already.
func BenchmarkEvaluate(b *testing.B) {
	for _, n := range []int{100, 1000} {
		for _, selective := range []bool{true, false} {
			name := fmt.Sprintf("rules=%d/selective=%t", n, selective)
			schema, sources, rows := benchmarkRules(n, selective)
			b.Run(name+"/compiled", func(b *testing.B) { benchmarkCompiled(b, schema, sources, rows) })
			b.Run(name+"/expr", func(b *testing.B) { benchmarkVM(b, sources, rows) })
		}
	}
}

func benchmarkCompiled(b *testing.B, schema *tidegate.Schema, sources []string, rows []*tidegate.Facts) {
	c := NewCompiler(schema, nil)
	for _, s := range sources {
		if _, faults := c.Add(s, true); faults != nil {
			b.Fatal(faults)
		}
	}
	m := c.Build().NewMachine()
	fired := 0
	b.ReportAllocs()
	for i := 0; b.Loop(); i++ {
		fired += len(m.Evaluate(Input{Facts: rows[i%len(rows)]}))
	}
	b.ReportMetric(float64(fired)/float64(b.N), "fired/op")
}

func benchmarkVM(b *testing.B, sources []string, rows []*tidegate.Facts) {
	env := map[string]any{}
	var programs []*vm.Program
	envs := make([]map[string]any, len(rows))
	for k, f := range rows {
		envs[k] = map[string]any{}
		for i, v := range f.Num {
			env[fmt.Sprintf("feature_%d", i)] = v
			envs[k][fmt.Sprintf("feature_%d", i)] = v
		}
	}
	for _, s := range sources {
		p, err := expr.Compile(s, expr.Env(env), expr.AsBool())
		if err != nil {
			b.Fatal(err)
		}
		programs = append(programs, p)
	}
	machine := vm.VM{}
	fired := 0
	b.ReportAllocs()
	for i := 0; b.Loop(); i++ {
		for _, p := range programs {
			out, err := machine.Run(p, envs[i%len(envs)])
			if err != nil {
				b.Fatal(err)
			}
			if out.(bool) {
				fired++
			}
		}
	}
	b.ReportMetric(float64(fired)/float64(b.N), "fired/op")
}

// Rules with shared sub-expressions, texts and lists: what the index leaves.
func BenchmarkEvaluateRest(b *testing.B) {
	schema, _, rows := benchmarkRules(0, false)
	c := NewCompiler(schema, nil)
	for i := range 100 {
		s := fmt.Sprintf("feature_%d > 20 and feature_1 / feature_2 > %d and feature_3 + feature_4 > feature_%d", i%50, i%7, i%11)
		if _, faults := c.Add(s, true); faults != nil {
			b.Fatal(faults)
		}
	}
	m := c.Build().NewMachine()
	b.ReportAllocs()
	for i := 0; b.Loop(); i++ {
		m.Evaluate(Input{Facts: rows[i%len(rows)]})
	}
}
