package onnx

import (
	"fmt"
	"math"
	"testing"

	"pgregory.net/rapid"
)

// TestFusionChangesNothing puts arithmetic after single trees, with or without
// a sum over them and an output on the way, and compares every output of the
// rewritten program with the plain one, bit by bit.
func TestFusionChangesNothing(t *testing.T) {
	modes := []BranchMode{LessOrEqual, Less, GreaterOrEqual, Greater, Equal, NotEqual}
	rapid.Check(t, func(t *rapid.T) {
		columns := rapid.IntRange(1, 4).Draw(t, "columns")
		g := graphParts{
			inputs: [][]byte{encodeValue("X", 1, -1, int64(columns))},
			initializers: [][]byte{
				encodeTensor("half", 1, []int64{1}, rawFloat32s([]float32{0.5})),
				encodeTensor("zero", 1, []int64{}, rawFloat32s([]float32{0})),
			},
		}
		var sums []string
		for i := range rapid.IntRange(1, 12).Draw(t, "trees") {
			e := &oracleEnsemble{columns: columns, targets: 1, agg: "SUM", maxDepth: rapid.IntRange(0, 4).Draw(t, "depth")}
			e.trees = []*oracleNode{e.drawTree(t, 0, 0, modes)}
			name := func(s string) string { return fmt.Sprintf("%s%d", s, i) }
			g.nodes = append(g.nodes,
				e.classicNode("X", name("leaf")),
				encodeNode("", "Mul", []string{name("leaf"), "half"}, []string{name("product")}),
				encodeNode("", "Greater", []string{name("product"), "zero"}, []string{name("positive")}),
				encodeNode("", "Where", []string{name("positive"), name("product"), "half"}, []string{name("chosen")}),
			)
			switch rapid.IntRange(0, 6).Draw(t, "also") {
			case 0:
				g.outputs = append(g.outputs, encodeValue(name("positive"), 9, -1, 1))
			case 1:
				g.outputs = append(g.outputs, encodeValue(name("chosen"), 1, -1, 1))
			}
			sums = append(sums, name("chosen"))
		}
		g.nodes = append(g.nodes, encodeNode("", "Sum", sums, []string{"sum"}), encodeNode("", "Neg", []string{"sum"}, []string{"Y"}))
		g.outputs = append(g.outputs, encodeValue("Y", 1, -1, 1))

		m, err := Decode(g.encode())
		if err != nil {
			t.Fatal(err)
		}
		fused, err := Compile(m, Options{})
		if err != nil {
			t.Fatal(err)
		}
		plain, err := Compile(m, Options{NoFusion: true})
		if err != nil {
			t.Fatal(err)
		}
		if len(fused.kernels) >= len(plain.kernels) {
			t.Fatalf("%d kernels became %d", len(plain.kernels), len(fused.kernels))
		}
		a, b := fused.NewEvaluator(), plain.NewEvaluator()
		for range 10 {
			row := drawRow(t, &oracleEnsemble{columns: columns})
			for i, v := range row {
				InputOf[float32](a, 0)[i], InputOf[float32](b, 0)[i] = float32(v), float32(v)
			}
			if a.Run() != nil || b.Run() != nil {
				t.Fatal("a row has no answer")
			}
			for i := range fused.outputs {
				compareBits(t, a.memory[fused.outputs[i].value.slot], b.memory[plain.outputs[i].value.slot])
			}
		}
	})
}

func compareBits(t *rapid.T, got, want any) {
	if g, ok := got.([]float32); ok {
		for i, w := range want.([]float32) {
			if math.Float32bits(g[i]) != math.Float32bits(w) {
				t.Fatalf("fused %v, plain %v", got, want)
			}
		}
		return
	}
	if fmt.Sprint(got) != fmt.Sprint(want) {
		t.Fatalf("fused %v, plain %v", got, want)
	}
}
