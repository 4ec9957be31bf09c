package onnx

import (
	"path/filepath"
	"testing"
)

// benchmarkModel evaluates a model on its rows, input copy included, which
// are in float32 (or float64) and in one tensor.
func benchmarkModel(b *testing.B, name string, opts Options) {
	base := filepath.Join("testdata", "models", name)
	p, err := load(base+".onnx", opts)
	if err != nil {
		b.Fatal(err)
	}
	ev := p.NewEvaluator()
	var rows [][]float32
	for _, row := range readTable(b, base+".rows.csv.gz")[1:] {
		setRow(b, ev, row)
		rows = append(rows, append([]float32(nil), InputOf[float32](ev, 0)...))
	}
	in := InputOf[float32](ev, 0)
	b.ReportAllocs()
	i := 0
	for b.Loop() {
		copy(in, rows[i])
		if err := ev.Run(); err != nil {
			b.Fatal(err)
		}
		if i++; i == len(rows) {
			i = 0
		}
	}
	b.ReportMetric(float64(p.EstimateCost()), "estimate")
}

func BenchmarkTrees100x6(b *testing.B)    { benchmarkModel(b, "handbook_xgb_100x6", Options{}) }
func BenchmarkTrees100x31(b *testing.B)   { benchmarkModel(b, "handbook_lgbm_100x31", Options{}) }
func BenchmarkTrees500x8(b *testing.B)    { benchmarkModel(b, "xgb_500x8", Options{}) }
func BenchmarkCatBoost100x6(b *testing.B) { benchmarkModel(b, "catboost_100x6", Options{}) }
func BenchmarkRandomForest(b *testing.B)  { benchmarkModel(b, "handbook_rf_100", Options{}) }
func BenchmarkIsolationForest(b *testing.B) {
	benchmarkModel(b, "handbook_isolation_forest", Options{})
}
func BenchmarkLogReg(b *testing.B)     { benchmarkModel(b, "handbook_logreg_pipeline", Options{}) }
func BenchmarkMLP(b *testing.B)        { benchmarkModel(b, "handbook_mlp", Options{}) }
func BenchmarkPolynomial(b *testing.B) { benchmarkModel(b, "prep_poly", Options{}) }

// BenchmarkIsolationForestUnfused shows what the passes over trees are for.
func BenchmarkIsolationForestUnfused(b *testing.B) {
	benchmarkModel(b, "handbook_isolation_forest", Options{NoFusion: true})
}

// BenchmarkLoad decodes and compiles 500 trees of depth 8, 1.5 MB.
func BenchmarkLoad(b *testing.B) {
	b.ReportAllocs()
	for b.Loop() {
		if _, err := load("testdata/models/xgb_500x8.onnx", Options{}); err != nil {
			b.Fatal(err)
		}
	}
}
