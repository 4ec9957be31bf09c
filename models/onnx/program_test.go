package onnx

import (
	"errors"
	"math"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// TestRunDoesNotAllocate evaluates every model of the vectors once more.
func TestRunDoesNotAllocate(t *testing.T) {
	files, err := filepath.Glob("testdata/models/*.onnx")
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range files {
		p, err := load(file, Options{})
		if err != nil {
			t.Fatal(err)
		}
		ev := p.NewEvaluator()
		row := readTable(t, strings.TrimSuffix(strings.TrimSuffix(file, ".onnx"), "_cover")+".rows.csv.gz")[1]
		setRow(t, ev, row)
		if n := testing.AllocsPerRun(10, func() {
			if err := ev.Run(); err != nil {
				t.Fatal(err)
			}
		}); n != 0 {
			t.Errorf("%s: %v allocations a row", file, n)
		}
	}
}

// TestEvaluatorsAreIndependent interleaves two evaluators of one program.
func TestEvaluatorsAreIndependent(t *testing.T) {
	p, err := load("testdata/models/mixed_pipeline.onnx", Options{})
	if err != nil {
		t.Fatal(err)
	}
	rows := readTable(t, "testdata/models/mixed_pipeline.rows.csv.gz")[1:3]
	a, b := p.NewEvaluator(), p.NewEvaluator()
	setRow(t, a, rows[0])
	setRow(t, b, rows[1])
	if err := errors.Join(a.Run(), b.Run()); err != nil {
		t.Fatal(err)
	}
	both := []map[string]string{outputTexts(a), outputTexts(b)}
	for i, row := range rows {
		alone := p.NewEvaluator()
		setRow(t, alone, row)
		if err := alone.Run(); err != nil {
			t.Fatal(err)
		}
		for name, want := range outputTexts(alone) {
			if both[i][name] != want {
				t.Errorf("row %d: %s is %s beside another evaluator, %s alone", i, name, both[i][name], want)
			}
		}
	}
}

func TestScores(t *testing.T) {
	program := func(name string, outputs ...string) *Program {
		t.Helper()
		p, err := load(filepath.Join("testdata", "models", name+".onnx"), Options{Outputs: outputs})
		if err != nil {
			t.Fatal(err)
		}
		return p
	}
	find := map[string]func() (Score, error){
		"tensor column":      func() (Score, error) { return program("handbook_xgb_100x6").ScoreAt("probabilities", 1) },
		"map by integer key": func() (Score, error) { return program("handbook_lgbm_zipmap").ScoreOf("probabilities", "1") },
		"map by place":       func() (Score, error) { return program("handbook_lgbm_zipmap").ScoreAt("probabilities", 1) },
		"map by text key": func() (Score, error) {
			return program("multiclass_logreg_strings").ScoreOf("output_probability", "decline")
		},
		"output per class":     func() (Score, error) { return program("handbook_logreg_zipmap_columns").ScoreAt("i1", 0) },
		"regressor by default": func() (Score, error) { return program("xgb_regressor_squared").DefaultScore() },
		"class 1 by default":   func() (Score, error) { return program("handbook_rf_100").DefaultScore() },
		"the only one wanted":  func() (Score, error) { return program("handbook_isolation_forest", "scores").DefaultScore() },
		"label as a number":    func() (Score, error) { return program("handbook_rf_100").ScoreAt("label", 0) },
	}
	for name, f := range find {
		if _, err := f(); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
	lost := map[string]func() (Score, error){
		"no such output":   func() (Score, error) { return program("handbook_rf_100").ScoreAt("score", 0) },
		"no such column":   func() (Score, error) { return program("handbook_rf_100").ScoreAt("probabilities", 2) },
		"no such key":      func() (Score, error) { return program("handbook_lgbm_zipmap").ScoreOf("probabilities", "2") },
		"no map":           func() (Score, error) { return program("handbook_rf_100").ScoreOf("probabilities", "1") },
		"text":             func() (Score, error) { return program("multiclass_logreg_strings").ScoreAt("output_label", 0) },
		"two candidates":   func() (Score, error) { return program("handbook_isolation_forest").DefaultScore() },
		"too many classes": func() (Score, error) { return program("multiclass_lgbm").DefaultScore() },
	}
	for name, f := range lost {
		var e *Error
		if _, err := f(); !errors.As(err, &e) || e.Reason != NoSuchOutput {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, err := load("testdata/models/handbook_rf_100.onnx", Options{Outputs: []string{"score"}}); err == nil {
		t.Error("an output that is not there can be wanted")
	}
}

// TestSetNumber fills a column of each type; integers have no missing value.
func TestSetNumber(t *testing.T) {
	p, err := load("testdata/models/label_onehot_encoders.onnx", Options{}) // text, int64, float32
	if err != nil {
		t.Fatal(err)
	}
	ev, c := p.NewEvaluator(), p.Columns()
	for _, err := range []error{ev.SetText(c[0], "US"), ev.SetNumber(c[1], 7.9), ev.SetNumber(c[2], math.NaN())} {
		if err != nil {
			t.Error(err)
		}
	}
	if got := InputOf[int64](ev, 1)[0]; got != 7 {
		t.Errorf("7.9 is %d", got)
	}
	for _, err := range []error{ev.SetNumber(c[0], 1), ev.SetText(c[1], "7"), ev.SetNumber(c[1], math.NaN()), ev.SetNumber(c[1], 1e300)} {
		if err == nil {
			t.Error("a column takes what it can't hold")
		}
	}
	if InputOf[float32](ev, 1) != nil || OutputOf[string](ev, 0) != nil {
		t.Error("a buffer is given as another type")
	}
}

// TestForestsKeepCover reads what explanations need.
func TestForestsKeepCover(t *testing.T) {
	p, err := load("testdata/models/handbook_xgb_100x6_cover.onnx", Options{})
	if err != nil {
		t.Fatal(err)
	}
	f := p.Forests()[0]
	if len(f.Roots) != 100 || f.Input != 0 || f.Columns != 15 {
		t.Fatalf("%d trees over %d columns of input %d", len(f.Roots), f.Columns, f.Input)
	}
	covers := readTable(t, "testdata/models/handbook_xgb_100x6.cover.csv.gz")[1:]
	if len(covers) != len(f.Nodes) {
		t.Fatalf("%d nodes, %d covers", len(f.Nodes), len(covers))
	}
	for i, n := range f.Nodes {
		if want := covers[i][2]; difference(strconv.FormatFloat(n.Cover, 'g', 17, 64), want, 1e-6) > 1 {
			t.Fatalf("node %d has cover %v, want %v", i, n.Cover, want)
		}
	}
}

// TestIsolationForestIsOneForest makes sure that the passes still see what
// they are for.
func TestIsolationForestIsOneForest(t *testing.T) {
	p, err := load("testdata/models/handbook_isolation_forest.onnx", Options{})
	if err != nil {
		t.Fatal(err)
	}
	trees := slices.IndexFunc(p.kernels, func(k kernel) bool { return k.tree != nil && k.tree.packed.trees == 50 })
	if trees < 0 || len(p.kernels) > 12 {
		t.Errorf("%d kernels are left", len(p.kernels))
	}
}

// TestCostOrdersModels: the estimate is the registry's measure.
func TestCostOrdersModels(t *testing.T) {
	last := 0
	for _, name := range []string{"handbook_logreg_pipeline", "handbook_mlp", "handbook_xgb_100x6", "xgb_500x8"} {
		p, err := load(filepath.Join("testdata", "models", name+".onnx"), Options{})
		if err != nil {
			t.Fatal(err)
		}
		if p.EstimateCost() <= last {
			t.Errorf("%s costs %d, no more than the smaller model's %d", name, p.EstimateCost(), last)
		}
		last = p.EstimateCost()
	}
}
