package models

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"math"
	"slices"
	"strings"

	"github.com/tidegate/tidegate"
	"github.com/tidegate/tidegate/internal/nearest"
	"github.com/tidegate/tidegate/models/onnx"
)

// Model is a manifest bound to its compiled graph and to the places of its
// inputs in the facts. It has one user at a time.
type Model struct {
	Manifest
	hash        string
	cost        int
	evaluator   *onnx.Evaluator
	reads       []int // places in the facts
	fill        []func(*tidegate.Facts)
	read        func() float64
	probability string // where in the outputs it is
}

// maxOperations bounds a row's cost: about 200 µs of the writer's time.
const maxOperations = 200_000

func newModel(m Manifest, files map[string][]byte, schema *tidegate.Schema) (*Model, error) {
	name := m.GraphFile()
	graph, ok := files[name]
	if !ok {
		return nil, m.document.Errorf("$.file", "file %q is not there: put %s beside the manifest", m.File, name)
	}
	decoded, err := onnx.Decode(graph)
	if err != nil {
		return nil, refused(name, err)
	}
	program, err := onnx.Compile(decoded, onnx.Options{})
	if err != nil {
		return nil, refused(name, err)
	}
	sum := sha256.Sum256(graph)
	model := &Model{Manifest: m, hash: hex.EncodeToString(sum[:6]), cost: program.EstimateCost(), evaluator: program.NewEvaluator()}
	if model.cost > maxOperations && !m.AllowSlow {
		return nil, m.document.Errorf("$.file", "the model takes some %d operations a row, more than %d: make it smaller or set allow_slow: true", model.cost, maxOperations)
	}
	if model.Version == "" {
		model.Version = model.hash
	}
	if err := model.bindInputs(program, schema); err != nil {
		return nil, err
	}
	return model, model.bindOutput(program)
}

func refused(file string, err error) error {
	return &tidegate.Error{Code: tidegate.CodeConfig, File: file, Message: "the model is refused", Cause: err}
}

// bindInputs connects each of the graph's inputs to places of the facts.
func (m *Model) bindInputs(program *onnx.Program, schema *tidegate.Schema) error {
	fail := m.document.Errorf
	named, at := map[string][]string{}, map[string]string{} // features of inputs, and where they stand in the manifest
	inputs := program.Inputs()
	switch {
	case len(m.Inputs) > 0:
		for i, in := range m.Inputs {
			if _, twice := named[in.Name]; twice {
				return fail(fmt.Sprintf("$.inputs[%d].name", i), "the input %q is there twice", in.Name)
			}
			named[in.Name], at[in.Name] = in.Features, fmt.Sprintf("$.inputs[%d].features", i)
		}
	case len(inputs) == 1:
		named[inputs[0].Name], at[inputs[0].Name] = m.Features, "$.features"
	default: // a one-column input for each feature, in the graph's order
		if len(inputs) != len(m.Features) {
			return fail("$.features", "the graph has %d inputs and the manifest %d features", len(inputs), len(m.Features))
		}
		for i, in := range inputs {
			named[in.Name], at[in.Name] = m.Features[i:i+1], fmt.Sprintf("$.features[%d]", i)
		}
	}
	for i, in := range inputs {
		names, ok := named[in.Name]
		if !ok {
			return fail("$.inputs", "the graph's input %q has no features", in.Name)
		}
		delete(named, in.Name)
		if len(names) != in.Width {
			return fail(at[in.Name], "the graph's input %q is %d wide and the manifest gives it %d features", in.Name, in.Width, len(names))
		}
		places := make([]int, len(names))
		member := func(j int) string {
			if strings.HasSuffix(at[in.Name], "]") {
				return at[in.Name]
			}
			return fmt.Sprintf("%s[%d]", at[in.Name], j)
		}
		for j, name := range names {
			place, ok := schema.Index(name)
			if !ok {
				return fail(member(j), "there is no feature %q%s", name, nearest.DidYouMean(name, schema.Names()))
			}
			if strings.HasPrefix(name, VariableName("")) {
				return fail(member(j), "a model can't read what models say: which of them is asked first is not defined")
			}
			if isText := schema.At(place).Kind == tidegate.KindText; isText != (in.Type == onnx.String) {
				return fail(member(j), "feature %q is a %s and the graph's input %q is not", name, schema.At(place).Kind, in.Name)
			}
			places[j] = place
		}
		m.reads = append(m.reads, places...)
		fill, err := filler(m.evaluator, i, in, places)
		if err != nil {
			return fail(at[in.Name], "%v", err)
		}
		m.fill = append(m.fill, fill)
	}
	for name := range named {
		return fail(at[name], "the graph has no input %q", name)
	}
	return nil
}

func filler(e *onnx.Evaluator, i int, in onnx.Input, places []int) (func(*tidegate.Facts), error) {
	switch in.Type {
	case onnx.Float32:
		return numbers[float32](onnx.InputOf[float32](e, i), places), nil
	case onnx.Float64:
		return numbers[float64](onnx.InputOf[float64](e, i), places), nil
	case onnx.Int64:
		return integers(onnx.InputOf[int64](e, i), places, math.MinInt64, math.MaxInt64), nil
	case onnx.Int32:
		return integers(onnx.InputOf[int32](e, i), places, math.MinInt32, math.MaxInt32), nil
	case onnx.Bool:
		to := onnx.InputOf[bool](e, i)
		return func(f *tidegate.Facts) {
			for j, at := range places {
				to[j] = f.Num[at] == 1
			}
		}, nil
	case onnx.String:
		to := onnx.InputOf[string](e, i)
		return func(f *tidegate.Facts) {
			for j, at := range places {
				to[j] = f.Text[at]
			}
		}, nil
	}
	return nil, fmt.Errorf("the graph's input %q has a type that no feature has", in.Name)
}

// numbers fills a floating-point input; a missing value is NaN.
func numbers[T float32 | float64](to []T, places []int) func(*tidegate.Facts) {
	return func(f *tidegate.Facts) {
		for j, at := range places {
			to[j] = T(f.Num[at])
		}
	}
}

// integers fills an integer input with whole parts, and the nearest that the
// type has; a missing value, which it does not have, is 0.
func integers[T int32 | int64](to []T, places []int, low, high T) func(*tidegate.Facts) {
	return func(f *tidegate.Facts) {
		for j, at := range places {
			switch v := f.Num[at]; {
			case v != v:
				to[j] = 0
			case v >= float64(high):
				to[j] = high
			case v <= float64(low):
				to[j] = low
			default:
				to[j] = T(v)
			}
		}
	}
}

// bindOutput finds the number that is the score.
func (m *Model) bindOutput(program *onnx.Program) error {
	outputs := program.Outputs()
	at, err := m.output(outputs)
	if err != nil {
		return err
	}
	if err := m.unnamedClass(outputs, at); err != nil {
		return err
	}
	column, err := m.column(outputs[at])
	if err != nil {
		return err
	}
	m.probability = place(outputs[at], column)
	switch outputs[at].Type {
	case onnx.Float32:
		from := onnx.OutputOf[float32](m.evaluator, at)
		m.read = func() float64 { return float64(from[column]) }
	case onnx.Float64:
		from := onnx.OutputOf[float64](m.evaluator, at)
		m.read = func() float64 { return from[column] }
	default:
		return m.document.Errorf("$.output.name", "output %q is no floating-point tensor or map", outputs[at].Name)
	}
	return nil
}

// output is the place of the output that the manifest names, or of the only
// one that it can be.
func (m *Model) output(outputs []onnx.Output) (int, error) {
	var names, numbers []string
	at := -1
	for i, o := range outputs {
		names = append(names, o.Name)
		if o.Name == m.Output.Name {
			return i, nil
		}
		if o.Type == onnx.Float32 || o.Type == onnx.Float64 {
			numbers, at = append(numbers, o.Name), i
		}
	}
	switch {
	case m.Output.Name != "":
		return 0, m.document.Errorf("$.output.name", "output.name %q is none of the graph's outputs: %s", m.Output.Name, strings.Join(names, ", "))
	case len(numbers) == 0:
		return 0, m.document.Errorf("$.output", "none of the graph's outputs is a probability: %s", strings.Join(names, ", "))
	case len(numbers) > 1:
		return 0, m.document.Errorf("$.output", "the graph has several outputs of numbers: write output: {name: …} with one of %s", strings.Join(numbers, ", "))
	}
	return at, nil
}

// unnamedClass refuses the default where classes have words for names: the
// second in the alphabet need not be fraud.
func (m *Model) unnamedClass(outputs []onnx.Output, at int) error {
	o := outputs[at]
	words := o.StringKeys != nil || slices.ContainsFunc(outputs, func(o onnx.Output) bool { return o.Type == onnx.String })
	switch {
	case m.Output.Key != "" || m.Output.Column != nil || !words || len(o.Shape) > 0 && slices.Max(o.Shape) == 1 && o.StringKeys == nil:
		return nil
	case o.StringKeys != nil:
		return m.document.Errorf("$.output", "the classes are %s: say which is fraud, with output: {key: …}", strings.Join(o.StringKeys, ", "))
	}
	return m.document.Errorf("$.output", "the classes have words for names: say which column of %q is fraud, counted from 0 in the order of the alphabet, with output: {column: …}", o.Name)
}

// place names a value of an output.
func place(o onnx.Output, column int) string {
	switch {
	case o.IntKeys != nil:
		return fmt.Sprintf("%s{%d}", o.Name, o.IntKeys[column])
	case o.StringKeys != nil:
		return fmt.Sprintf("%s{%s}", o.Name, o.StringKeys[column])
	}
	return fmt.Sprintf("%s[%d]", o.Name, column)
}

func (m *Model) column(o onnx.Output) (int, error) {
	width := 1
	for _, n := range o.Shape {
		width *= n
	}
	width = max(width, len(o.IntKeys), len(o.StringKeys))
	if m.Output.Key != "" {
		if o.IntKeys == nil && o.StringKeys == nil {
			return 0, m.document.Errorf("$.output.key", "output %q is no map: write output: {column: …} with one of 0 to %d", o.Name, width-1)
		}
		for i, k := range o.IntKeys {
			if fmt.Sprint(k) == m.Output.Key {
				return i, nil
			}
		}
		if i := slices.Index(o.StringKeys, m.Output.Key); i >= 0 {
			return i, nil
		}
		return 0, m.document.Errorf("$.output.key", "output %q has no key %q", o.Name, m.Output.Key)
	}
	if m.Output.Column == nil && width > 2 {
		return 0, m.document.Errorf("$.output", "output %q has %d values a row: say which is the probability, with output: {column: …} or {key: …}", o.Name, width)
	}
	if m.Output.Column == nil {
		return width - 1, nil
	}
	if *m.Output.Column < 0 || *m.Output.Column >= width {
		return 0, m.document.Errorf("$.output.column", "output.column %d is outside of %q, which is %d wide", *m.Output.Column, o.Name, width)
	}
	return *m.Output.Column, nil
}

// score evaluates one row. ok is false when the fallback answers.
func (m *Model) score(f *tidegate.Facts) (probability float64, ok bool) {
	for _, fill := range m.fill {
		fill(f)
	}
	if err := m.evaluator.Run(); err == nil {
		if p, ok := asProbability(m.Calibration.apply(m.read())); ok {
			return p, true
		}
	}
	if m.Fallback != nil {
		return *m.Fallback, false
	}
	return 0, false
}

// rounding is how far sums in float32 may be beyond 0 and 1: the votes of 500
// trees are off by 7e-6.
const rounding = 1e-4

// asProbability takes what rounding has left beyond 0 or 1 for these; false is
// for what is no probability.
func asProbability(x float64) (float64, bool) {
	if !(x >= -rounding && x <= 1+rounding) {
		return 0, false
	}
	return min(1, max(0, x)), true
}

// Hash is the beginning of the SHA-256 of the ONNX file.
func (m *Model) Hash() string { return m.hash }

// Probability is where in the graph's outputs the score is, as
// "probabilities[1]" or "output_probability{1}".
func (m *Model) Probability() string { return m.probability }

// Cost is about how many operations a row takes.
func (m *Model) Cost() int { return m.cost }
