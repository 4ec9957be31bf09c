package onnx

import (
	"compress/gzip"
	"encoding/csv"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
)

// vectorFolders are the folders with models, rows and the values that ONNX
// Runtime gives for them.
func vectorFolders() []string {
	folders := []string{"testdata/models"}
	if dir := os.Getenv("TIDEGATE_VECTORS"); dir != "" {
		folders = append(folders, filepath.Join(dir, "models"))
	}
	return folders
}

// mayBeRefused are models that use operators outside of the promise.
var mayBeRefused = map[string]bool{"svc_rbf": true, "feature_hasher": true}

// TestVectors compares every output of every model on every row with ONNX Runtime.
func TestVectors(t *testing.T) {
	for _, folder := range vectorFolders() {
		files, err := filepath.Glob(filepath.Join(folder, "*.onnx"))
		if err != nil || len(files) == 0 {
			t.Fatalf("no models in %s: %v", folder, err)
		}
		var total tally
		models := 0
		for _, file := range files {
			name := strings.TrimSuffix(filepath.Base(file), ".onnx")
			t.Run(name, func(t *testing.T) {
				rows := strings.TrimSuffix(file, ".onnx")
				rows = strings.TrimSuffix(rows, "_cover")
				for _, opts := range []Options{{}, {NoFusion: true}} {
					p, err := load(file, opts)
					if err != nil && mayBeRefused[name] {
						t.Logf("refused, as it may be: %v", err)
						return
					}
					if err != nil {
						t.Fatal(err)
					}
					got := compareRows(t, p, rows, tolerance(name))
					if !opts.NoFusion {
						total.add(got)
						models++
					}
				}
			})
		}
		summary := fmt.Sprintf("vectors: %d models, %d rows, %d values agree, %d differ, %d informative only; largest difference %.2g of its tolerance",
			models, total.rows, total.agree, total.differ, total.informative, total.worst)
		t.Log(summary)
		fmt.Println(summary)
	}
}

type tally struct {
	rows, agree, differ, informative int
	worst                            float64 // share of the tolerance
}

func (a *tally) add(b tally) {
	a.rows += b.rows
	a.agree += b.agree
	a.differ += b.differ
	a.informative += b.informative
	a.worst = max(a.worst, b.worst)
}

// tolerance is relative to max(1, |want|), as measured for the vectors.
func tolerance(name string) float64 {
	switch {
	case name == "handbook_logreg_double", name == "treeensemble_v5_double_max":
		return 1e-12
	case strings.Contains(name, "mlp"), strings.Contains(name, "probit"):
		return 2e-5
	}
	return 1e-6
}

func load(file string, opts Options) (*Program, error) {
	b, err := os.ReadFile(file)
	if err != nil {
		return nil, err
	}
	m, err := Decode(b)
	if err != nil {
		return nil, err
	}
	return Compile(m, opts)
}

func readTable(t testing.TB, file string) [][]string {
	t.Helper()
	f, err := os.Open(file)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	z, err := gzip.NewReader(f)
	if err != nil {
		t.Fatal(err)
	}
	r := csv.NewReader(z)
	r.FieldsPerRecord = -1
	records, err := r.ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	return records
}

// compareRows evaluates all rows and compares every value.
func compareRows(t *testing.T, p *Program, base string, tolerance float64) tally {
	t.Helper()
	rows, want := readTable(t, base+".rows.csv.gz")[1:], readTable(t, base+".expected.csv.gz")
	columns := want[0]
	want = want[1:]
	ev := p.NewEvaluator()
	sum := tally{rows: len(rows)}
	for i, row := range rows {
		setRow(t, ev, row)
		if err := ev.Run(); err != nil {
			t.Fatalf("row %d: %v", i, err)
		}
		got := outputTexts(ev)
		for c, column := range columns {
			text, ok := got[column]
			if !ok {
				t.Fatalf("there is no output %s among %v", column, p.Outputs())
			}
			share := difference(text, want[i][c], tolerance)
			switch {
			case share <= 1:
				sum.agree++
				sum.worst = max(sum.worst, share)
			case want[i][c] == "NaN" && overflows(row):
				sum.informative++
			default:
				sum.differ++
				if sum.differ <= 5 {
					t.Errorf("row %d %v: %s is %s, want %s", i, row, column, text, want[i][c])
				}
			}
		}
	}
	return sum
}

// overflows tells that a row has no missing value, but values that overflow
// float32 when they are multiplied.
func overflows(row []string) bool {
	huge := false
	for _, text := range row {
		if text == "NaN" {
			return false
		}
		v, err := strconv.ParseFloat(text, 64)
		huge = huge || err == nil && math.Abs(v) > 1e18
	}
	return huge
}

// setRow fills the inputs, in order, with the columns of a row.
func setRow(t testing.TB, ev *Evaluator, row []string) {
	t.Helper()
	for i, in := range ev.program.Inputs() {
		part := row[:in.Width]
		row = row[in.Width:]
		for j, text := range part {
			var err error
			var v float64
			switch in.Type {
			case Float32:
				v, err = strconv.ParseFloat(text, 32)
				InputOf[float32](ev, i)[j] = float32(v)
			case Float64:
				v, err = strconv.ParseFloat(text, 64)
				InputOf[float64](ev, i)[j] = v
			case Int64:
				InputOf[int64](ev, i)[j], err = strconv.ParseInt(text, 10, 64)
			case Int32:
				v, err = strconv.ParseFloat(text, 64)
				InputOf[int32](ev, i)[j] = int32(v)
			case Bool:
				InputOf[bool](ev, i)[j], err = strconv.ParseBool(text)
			case String:
				InputOf[string](ev, i)[j] = text
			}
			if err != nil {
				t.Fatal(err)
			}
		}
	}
}

// outputTexts names every value of every output as the vectors do.
func outputTexts(ev *Evaluator) map[string]string {
	texts := map[string]string{}
	for i, out := range ev.program.Outputs() {
		values := outputValues(ev, i)
		for j, v := range values {
			name := out.Name
			switch {
			case out.IntKeys != nil:
				name = fmt.Sprintf("%s{%d}", out.Name, out.IntKeys[j])
			case out.StringKeys != nil:
				name = fmt.Sprintf("%s{%s}", out.Name, out.StringKeys[j])
			case len(values) > 1:
				name = fmt.Sprintf("%s[%d]", out.Name, j)
			}
			texts[name] = v
		}
	}
	return texts
}

func outputValues(ev *Evaluator, i int) []string {
	format := func(v float64) string { return strconv.FormatFloat(v, 'g', 17, 64) }
	switch ev.program.outputs[i].value.typ {
	case Float32:
		return convert(OutputOf[float32](ev, i), func(v float32) string { return format(float64(v)) })
	case Float64:
		return convert(OutputOf[float64](ev, i), format)
	case Int64:
		return convert(OutputOf[int64](ev, i), func(v int64) string { return strconv.FormatInt(v, 10) })
	}
	return OutputOf[string](ev, i)
}

// difference is how much of the tolerance two values differ by.
func difference(got, want string, tolerance float64) float64 {
	if got == want {
		return 0
	}
	g, err1 := strconv.ParseFloat(got, 64)
	w, err2 := strconv.ParseFloat(want, 64)
	if err1 != nil || err2 != nil {
		return math.Inf(1)
	}
	if math.IsNaN(g) && math.IsNaN(w) || g == w {
		return 0
	}
	if math.IsNaN(g) || math.IsNaN(w) || math.IsInf(g, 0) || math.IsInf(w, 0) {
		return math.Inf(1)
	}
	return math.Abs(g-w) / (tolerance * max(1, math.Abs(w)))
}
