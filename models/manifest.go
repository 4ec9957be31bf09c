package models

import (
	"fmt"
	"math"
	"path"
	"slices"
	"sort"
	"strings"

	"github.com/goccy/go-yaml/ast"

	"github.com/tidegate/tidegate"
	"github.com/tidegate/tidegate/internal/yamlfile"
)

// Role is what a model's score is used for.
type Role string

const (
	Champion   Role = "champion"   // its score decides
	Challenger Role = "challenger" // decides for its share of traffic in the champion's place
	Shadow     Role = "shadow"     // evaluated and recorded only
)

// Manifest describes one model; it stands beside the ONNX file as NAME.yaml.
type Manifest struct {
	Name        string         `yaml:"name"`
	Version     string         `yaml:"version"`
	Description string         `yaml:"description"`
	File        string         `yaml:"file"` // relative to the manifest
	Role        Role           `yaml:"role"`
	Traffic     yamlfile.Share `yaml:"traffic"`  // challengers
	Features    []string       `yaml:"features"` // columns of the only input, or a one-column input each
	Inputs      []Input        `yaml:"inputs"`   // for graphs with several inputs
	Output      Output         `yaml:"output"`
	Calibration Calibration    `yaml:"calibration"`
	Thresholds  []Threshold    `yaml:"thresholds"`
	Fallback    *float64       `yaml:"fallback"`   // the probability when the model fails; default 0
	AllowSlow   bool           `yaml:"allow_slow"` // admit a model over the cost limit

	document yamlfile.Document // the manifest's own
}

// Input maps variables to the columns of one of the graph's inputs.
type Input struct {
	Name     string   `yaml:"name"`
	Features []string `yaml:"features"`
}

// Output says where in the graph's outputs the probability of fraud is.
type Output struct {
	Name   string `yaml:"name"`   // default: the only one of floating-point numbers
	Column *int   `yaml:"column"` // default: the only one, or the second of two
	Key    string `yaml:"key"`    // of a map output (ZipMap)
}

// Calibration maps the raw output to a probability.
// Sigmoid is Platt (1999): p = 1 / (1 + exp(a*x + b)). Isotonic interpolates
// linearly between points and is flat outside of them.
type Calibration struct {
	Kind   string       `yaml:"kind"` // none (default), logistic, sigmoid, isotonic
	A      float64      `yaml:"a"`
	B      float64      `yaml:"b"`
	Points [][2]float64 `yaml:"points"`
}

// Threshold turns a probability into an outcome.
type Threshold struct {
	From    float64         `yaml:"from"`
	Outcome Outcome         `yaml:"outcome"`
	Code    string          `yaml:"reason"`
	Text    string          `yaml:"text"`
	Reason  tidegate.Reason `yaml:"-"`
}

// Outcome is a tidegate.Outcome in a manifest.
type Outcome tidegate.Outcome

func (o *Outcome) UnmarshalYAML(node ast.Node) error {
	v, ok := tidegate.ParseOutcome(node.GetToken().Value)
	if !ok {
		return yamlfile.At(node, "%q is not an outcome: write approve, review, challenge or decline", node.GetToken().Value)
	}
	*o = Outcome(v)
	return nil
}

// ParseManifests reads every .yaml of files (contents by path), sorted by path.
func ParseManifests(files map[string][]byte) ([]Manifest, error) {
	var manifests []Manifest
	seen := map[string]string{}
	champion := ""
	for _, name := range sortedNames(files) {
		if ext := path.Ext(name); ext != ".yaml" && ext != ".yml" {
			continue
		}
		m := Manifest{document: yamlfile.Document{File: name, Data: files[name]}, Role: Champion}
		if err := yamlfile.Decode(name, files[name], &m); err != nil {
			return nil, err
		}
		if err := m.check(); err != nil {
			return nil, err
		}
		if other, dup := seen[m.Name]; dup {
			return nil, m.document.Errorf("$.name", "model %q is already described in %s", m.Name, other)
		}
		if m.Role == Champion && champion != "" {
			return nil, m.document.Errorf("$.role", "%s and %s are both champion: make one of them challenger or shadow", champion, m.Name)
		}
		if m.Role == Champion {
			champion = m.Name
		}
		seen[m.Name] = name
		manifests = append(manifests, m)
	}
	return manifests, nil
}

func (m *Manifest) check() error {
	fail := m.document.Errorf
	if m.Name == "" || strings.ContainsAny(m.Name, ". \t\n\"") {
		return fail("$.name", "name is missing or holds a dot, a space or a quote")
	}
	if m.File == "" {
		return fail("$.file", "file is missing: name the .onnx file beside this manifest")
	}
	switch m.Role {
	case Champion, Challenger, Shadow:
	default:
		return fail("$.role", "role %q is unknown: write champion, challenger or shadow", m.Role)
	}
	if (m.Traffic != 0) != (m.Role == Challenger) {
		return fail("$.traffic", "traffic belongs to a challenger, and a challenger needs it")
	}
	if (len(m.Features) == 0) == (len(m.Inputs) == 0) {
		return fail("$.features", "give either features (one input) or inputs")
	}
	if err := m.checkCalibration(); err != nil {
		return err
	}
	if err := m.checkThresholds(); err != nil {
		return err
	}
	if m.Fallback != nil && !isProbability(*m.Fallback) {
		return fail("$.fallback", "fallback is not a probability")
	}
	return nil
}

// checkCalibration refuses what would make every score the same or none.
func (m *Manifest) checkCalibration() error {
	fail := m.document.Errorf
	needs := map[string][]string{"": nil, "none": nil, "logistic": nil, "sigmoid": {"a", "b"}, "isotonic": {"points"}}
	c := m.Calibration
	of, known := needs[c.Kind]
	if !known {
		return fail("$.calibration.kind", "calibration.kind %q is unknown: write none, logistic, sigmoid or isotonic", c.Kind)
	}
	members := []string{"a", "b", "points"}
	missing := m.document.Missing("$.calibration", members...)
	for _, name := range members {
		place := "$.calibration." + name
		switch has := !slices.Contains(missing, name); {
		case has && !slices.Contains(of, name):
			return fail(place, "calibration.%s belongs to another kind: sigmoid has a and b, isotonic has points", name)
		case !has && slices.Contains(of, name):
			return fail("$.calibration", "calibration.%s is missing: sigmoid has a and b, isotonic has points", name)
		}
	}
	if c.Kind == "sigmoid" && (!finite(c.A) || !finite(c.B) || c.A == 0) {
		return fail("$.calibration.a", "calibration.a and calibration.b must be finite numbers, and a not 0")
	}
	if c.Kind == "isotonic" && (len(c.Points) < 2 || !sort.SliceIsSorted(c.Points, func(i, j int) bool { return c.Points[i][0] < c.Points[j][0] })) {
		return fail("$.calibration.points", "calibration.points needs two points or more, in ascending order")
	}
	for i, p := range c.Points {
		if !finite(p[0]) || !isProbability(p[1]) {
			return fail(fmt.Sprintf("$.calibration.points[%d]", i), "calibration.points[%d] is no pair of an output and its probability, as [-1.5, 0.2]", i)
		}
	}
	return nil
}

func (m *Manifest) checkThresholds() error {
	fail := m.document.Errorf
	for i := range m.Thresholds {
		t := &m.Thresholds[i]
		at := fmt.Sprintf("$.thresholds[%d]", i)
		if missing := m.document.Missing(at, "from", "outcome"); len(missing) > 0 {
			return fail(at, "thresholds[%d] has no %s: write {from: 0.9, outcome: review}", i, missing[0])
		}
		if !isProbability(t.From) {
			return fail(at+".from", "thresholds[%d].from is not a probability: write a number from 0 to 1", i)
		}
		if t.Code == "" {
			t.Code = string(tidegate.ReasonModelScore)
		}
		t.Reason = tidegate.Reason{Code: tidegate.ReasonCode(t.Code), Text: t.Text}
		if why := t.Reason.Code.Wrong(); why != "" {
			return fail(at+".reason", "%s", why)
		}
	}
	sort.SliceStable(m.Thresholds, func(i, j int) bool { return m.Thresholds[i].From > m.Thresholds[j].From })
	return nil
}

func finite(x float64) bool { return !math.IsNaN(x) && !math.IsInf(x, 0) }

func isProbability(x float64) bool { return x >= 0 && x <= 1 }

// GraphFile is the path of the ONNX file among the configuration's.
func (m *Manifest) GraphFile() string { return path.Join(path.Dir(m.document.File), m.File) }

// apply turns the raw output into a probability.
func (c *Calibration) apply(x float64) float64 {
	switch c.Kind {
	case "logistic":
		return 1 / (1 + math.Exp(-x))
	case "sigmoid":
		return 1 / (1 + math.Exp(c.A*x+c.B))
	case "isotonic":
		return interpolate(c.Points, x)
	}
	return x
}

func interpolate(points [][2]float64, x float64) float64 {
	i := sort.Search(len(points), func(i int) bool { return points[i][0] >= x })
	switch {
	case math.IsNaN(x):
		return x
	case i == 0:
		return points[0][1]
	case i == len(points):
		return points[i-1][1]
	}
	a, b := points[i-1], points[i]
	return a[1] + (b[1]-a[1])*(x-a[0])/(b[0]-a[0])
}

func sortedNames(files map[string][]byte) []string {
	names := make([]string, 0, len(files))
	for name := range files {
		names = append(names, name)
	}
	sort.Strings(names)
	return names
}
