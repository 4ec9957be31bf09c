package models

import (
	"fmt"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/tidegate/tidegate"
)

// testSchema is what the models of the tests can read.
func testSchema(t *testing.T) *tidegate.Schema {
	t.Helper()
	s, err := tidegate.NewSchema([]tidegate.Variable{
		{Name: "a", Kind: tidegate.KindNumber}, {Name: "b", Kind: tidegate.KindNumber}, {Name: "c", Kind: tidegate.KindNumber},
		{Name: "country", Kind: tidegate.KindText}, {Name: "model.m", Kind: tidegate.KindNumber},
	})
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// load loads the model of a testdata file with what its manifest has beside
// its name and file.
func load(t *testing.T, file, manifest string) (*Set, error) {
	t.Helper()
	graph, err := os.ReadFile(filepath.Join("testdata", file))
	if err != nil {
		t.Fatal(err)
	}
	files := map[string][]byte{"models/m.yaml": []byte("name: m\nfile: m.onnx\n" + manifest), "models/m.onnx": graph}
	manifests, err := ParseManifests(files)
	if err != nil {
		return nil, err
	}
	return Load(manifests, files, testSchema(t))
}

// Every mistake is told with its place and what to write.
func TestManifestMistakes(t *testing.T) {
	const inputs = "features: [a, b, c]\n"
	for in, want := range map[string]string{
		"thresholds: [{outcome: decline}]\n":                        `4:14: thresholds[0] has no from: write {from: 0.9, outcome: review}`,
		"thresholds:\n  - from: 0.5\n":                              `5:5: thresholds[0] has no outcome: write {from: 0.9, outcome: review}`,
		"thresholds: [{from: 90, outcome: decline}]\n":              `4:21: thresholds[0].from is not a probability: write a number from 0 to 1`,
		"thresholds: [{from: .nan, outcome: decline}]\n":            `4:21: thresholds[0].from is not a probability: write a number from 0 to 1`,
		"thresholds: [{from: 0, outcome: decline, reason: x y}]\n":  `4:50: "x y" is not a reason code: write capitals, digits and _`,
		"calibration: {kind: platt}\n":                              `4:21: calibration.kind "platt" is unknown: write none, logistic, sigmoid or isotonic`,
		"calibration: {kind: sigmoid, a: 1}\n":                      `4:14: calibration.b is missing: sigmoid has a and b, isotonic has points`,
		"calibration: {kind: sigmoid, a: 0, b: 1}\n":                `4:33: calibration.a and calibration.b must be finite numbers, and a not 0`,
		"calibration: {kind: sigmoid, a: .nan, b: 1}\n":             `4:33: calibration.a and calibration.b must be finite numbers, and a not 0`,
		"calibration: {a: 1, b: 2}\n":                               `4:18: calibration.a belongs to another kind: sigmoid has a and b, isotonic has points`,
		"calibration: {kind: logistic, points: [[0, 1]]}\n":         `4:39: calibration.points belongs to another kind: sigmoid has a and b, isotonic has points`,
		"calibration: {kind: isotonic}\n":                           `4:14: calibration.points is missing: sigmoid has a and b, isotonic has points`,
		"calibration: {kind: isotonic, points: [[1, 0], [0, 1]]}\n": `4:39: calibration.points needs two points or more, in ascending order`,
		"calibration: {kind: isotonic, points: [[0, 0], [1, 2]]}\n": `4:48: calibration.points[1] is no pair of an output and its probability, as [-1.5, 0.2]`,
		"calibration: {kind: isotonic, points: [[0], [1, 1]]}\n":    `4:40: a list of 1 was used where one of 2 is expected`,
		"fallback: 2\n":          `4:11: fallback is not a probability`,
		"output: {name: p}\n":    `4:16: output.name "p" is none of the graph's outputs: label, probabilities`,
		"output: {key: \"1\"}\n": `4:15: output "probabilities" is no map: write output: {column: …} with one of 0 to 1`,
	} {
		_, err := load(t, "logreg.onnx", inputs+in)
		if err == nil || err.Error() != "models/m.yaml:"+want {
			t.Errorf("%s%v\nwant models/m.yaml:%s", in, err, want)
		}
	}
}

// An output is not guessed: what could be the probability of another class is
// asked for.
func TestOutputs(t *testing.T) {
	for _, c := range []struct{ file, output, want string }{
		{"logreg.onnx", "", "probabilities[1]"},
		{"logreg.onnx", "output: {column: 0}\n", "probabilities[0]"},
		{"logreg_zipmap_columns.onnx", "", `the graph has several outputs of numbers: write output: {name: …} with one of i0, i1`},
		{"logreg_zipmap_columns.onnx", "output: {name: i1}\n", "i1[0]"},
		{"logreg_words.onnx", "", `the classes have words for names: say which column of "probabilities" is fraud, counted from 0 in the order of the alphabet, with output: {column: …}`},
		{"logreg_words.onnx", "output: {column: 0}\n", "probabilities[0]"},
		{"logreg_words_zipmap.onnx", "", `the classes are fraud, genuine: say which is fraud, with output: {key: …}`},
		{"logreg_words_zipmap.onnx", "output: {key: fraud}\n", "output_probability{fraud}"},
		{"logreg_three.onnx", "", `output "probabilities" has 3 values a row: say which is the probability, with output: {column: …} or {key: …}`},
		{"logreg_three.onnx", "output: {column: 2}\n", "probabilities[2]"},
	} {
		set, err := load(t, c.file, c.output+"features: [a, b, c]\n")
		got := fmt.Sprint(err)
		if err == nil {
			got = set.Models()[0].Probability()
		}
		if !strings.HasSuffix(got, c.want) {
			t.Errorf("%s %s: %s\nwant %s", c.file, c.output, got, c.want)
		}
	}
}

// Models are asked one after the other, in no order that anybody was promised.
func TestModelsDoNotReadModels(t *testing.T) {
	_, err := load(t, "logreg.onnx", "features: [a, model.m, c]\n")
	const want = "models/m.yaml:3:15: a model can't read what models say: which of them is asked first is not defined"
	if err == nil || err.Error() != want {
		t.Errorf("%v\nwant %s", err, want)
	}
}

// The votes of ten trees add up to 1.0000001192 in float32, as ONNX Runtime
// has it too: the surest answer, and not none.
func TestVotesThatRoundAboveOne(t *testing.T) {
	for _, c := range []struct {
		x    float64
		want float64
	}{{2, 1}, {-2, 0}} {
		set, err := load(t, "forest_ten.onnx", "features: [a, b, c]\nfallback: 0.05\n")
		if err != nil {
			t.Fatal(err)
		}
		facts := tidegate.NewFacts(testSchema(t).Len())
		for i, x := range []float64{c.x, 0, 0} {
			facts.SetNumber(i, x)
		}
		var d tidegate.Decision
		_, p := set.Score(facts, 0, &d)
		if p != c.want || len(d.Degraded) != 0 || d.Models[0].Fallback {
			t.Errorf("x is %g: the probability is %v, degraded %v; want %g", c.x, p, d.Degraded, c.want)
		}
	}
}

// What is no probability is no answer.
func TestNoProbability(t *testing.T) {
	for x, want := range map[float64]float64{
		0: 0, 1: 1, -1e-7: 0, 1 + 1e-5: 1, 1.001: -1, -0.001: -1, math.NaN(): -1, math.Inf(1): -1, math.Inf(-1): -1, 14: -1,
	} {
		p, ok := asProbability(x)
		if ok != (want >= 0) || ok && p != want {
			t.Errorf("%v is %v, %v", x, p, ok)
		}
	}
}
