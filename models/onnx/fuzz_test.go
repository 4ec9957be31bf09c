package onnx

import (
	"math"
	"os"
	"path/filepath"
	"testing"
)

// tight limits keep what a fuzzed file may ask for small.
var tight = Limits{
	MaxFileBytes: 1 << 20, MaxNodes: 200, MaxRank: 6, MaxElements: 1 << 14, MaxRowElements: 1 << 12,
	MaxTreeNodes: 1 << 12, MaxTreeDepth: 64, MaxFolding: 1 << 20,
}

// FuzzLoad decodes and compiles whatever it is given, and evaluates what
// compiles: nothing of it may panic.
func FuzzLoad(f *testing.F) {
	files, err := filepath.Glob("testdata/models/bad/*.onnx")
	if err != nil {
		f.Fatal(err)
	}
	for _, name := range []string{"mixed_pipeline", "label_onehot_encoders", "ml_prep_chain", "mlp_layernorm_softmax", "linear_cls3_softmax", "calibrated_isotonic", "tree_cls_multi3_zero", "treeensemble_v5_modes"} {
		files = append(files, filepath.Join("testdata", "models", name+".onnx"))
	}
	for _, file := range files {
		b, err := os.ReadFile(file)
		if err != nil {
			f.Fatal(err)
		}
		if len(b) < 1<<14 {
			f.Add(b)
		}
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		m, err := DecodeWithin(b, tight)
		if err != nil {
			return
		}
		for _, opts := range []Options{{Limits: tight}, {Limits: tight, AnyShape: true, NoFusion: true}} {
			p, err := Compile(m, opts)
			if err != nil {
				continue
			}
			evaluateAnything(p)
		}
	})
}

// evaluateAnything runs rows of awkward numbers. A row may fail.
func evaluateAnything(p *Program) {
	if p.EstimateCost() > 1<<22 {
		return
	}
	ev := p.NewEvaluator()
	for _, v := range []float64{0, 1, -1, math.NaN(), math.Inf(1), math.Inf(-1), 1e300, math.SmallestNonzeroFloat64} {
		for _, c := range p.Columns() {
			if ev.SetNumber(c, v) != nil {
				_ = ev.SetText(c, "text") // a column takes one or the other
			}
		}
		if ev.Run() != nil {
			continue
		}
		if s, err := p.DefaultScore(); err == nil {
			ev.Score(s)
		}
	}
}
