package onnx

import (
	"archive/tar"
	"compress/gzip"
	"fmt"
	"io"
	"math"
	"os"
	"path"
	"slices"
	"strings"
	"testing"
)

// TestConformance runs the node tests of the ONNX project for the operators
// and element types of this package: one node each, with inputs and the
// outputs of the reference. Shapes and axes, which models have as constants,
// are inputs there; where that is refused they are taken for constants.
func TestConformance(t *testing.T) {
	tests := readNodeTests(t, "testdata/node_tests.tar.gz")
	passed := 0
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			m, err := Decode(test["model.onnx"])
			if err != nil {
				t.Fatal(err)
			}
			if test.run(m, false) != nil {
				err = test.run(m, true)
			}
			if err != nil {
				t.Fatal(err)
			}
			passed++
		})
	}
	summary := fmt.Sprintf("conformance: %d of %d node tests agree", passed, len(tests))
	t.Log(summary)
	fmt.Println(summary)
}

// nodeTest holds the files of one test by name.
type nodeTest map[string][]byte

func readNodeTests(t *testing.T, file string) map[string]nodeTest {
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
	tests := map[string]nodeTest{}
	for r := tar.NewReader(z); ; {
		h, err := r.Next()
		if err == io.EOF {
			return tests
		}
		if err != nil {
			t.Fatal(err)
		}
		parts := strings.Split(path.Clean(h.Name), "/")
		if h.Typeflag != tar.TypeReg || len(parts) < 3 {
			continue
		}
		if tests[parts[1]] == nil {
			tests[parts[1]] = nodeTest{}
		}
		if tests[parts[1]][strings.Join(parts[2:], "/")], err = io.ReadAll(r); err != nil {
			t.Fatal(err)
		}
	}
}

func (n nodeTest) tensor(kind string, i int) (*Tensor, error) {
	b, ok := n[fmt.Sprintf("test_data_set_0/%s_%d.pb", kind, i)]
	if !ok {
		return nil, refuse(UnsupportedType, "no %s %d", kind, i)
	}
	d := newDecoder(DefaultLimits)
	t := &Tensor{}
	if fault := d.tensor(b, t); fault != nil {
		return nil, fault
	}
	return t, nil
}

// run evaluates the test. With constants, integer inputs are taken for
// initializers.
func (n nodeTest) run(m *Model, constants bool) error {
	model := *m
	var fed []*Tensor
	model.Graph.Inputs = nil
	for i, in := range m.Graph.Inputs {
		data, err := n.tensor("input", i)
		if err != nil {
			return err
		}
		data.Name = in.Name
		if constants && (data.Type == Int64 || data.Type == Int32 || data.Type == Bool || product(data.Shape) == 1) {
			model.Graph.Initializers = append(slices.Clone(model.Graph.Initializers), *data)
			continue
		}
		in.Dims = data.Shape // ranks of some inputs are left open
		in.HasShape = true
		model.Graph.Inputs = append(model.Graph.Inputs, in)
		fed = append(fed, data)
	}
	p, err := Compile(&model, Options{AnyShape: true})
	if err != nil {
		return err
	}
	ev := p.NewEvaluator()
	for i, data := range fed {
		copyBuffer(ev.memory[p.inputs[i].value.slot], data.Data)
	}
	if err := ev.Run(); err != nil {
		return err
	}
	for i, out := range p.outputs {
		want, err := n.tensor("output", i)
		if err != nil {
			return err
		}
		if out.value.typ != want.Type || !slices.Equal(out.value.shape, want.Shape) && len(out.value.shape)+len(want.Shape) > 0 {
			return fmt.Errorf("output %d is %s%v, want %s%v", i, out.value.typ, out.value.shape, want.Type, want.Shape)
		}
		if at := differsAt(ev.memory[out.value.slot], want.Data); at >= 0 {
			return fmt.Errorf("output %d differs at %d: %v, want %v", i, at, ev.memory[out.value.slot], want.Data)
		}
	}
	return nil
}

func copyBuffer(to, from any) {
	switch to := to.(type) {
	case []float32:
		copy(to, from.([]float32))
	case []float64:
		copy(to, from.([]float64))
	case []int64:
		copy(to, from.([]int64))
	case []int32:
		copy(to, from.([]int32))
	case []bool:
		copy(to, from.([]bool))
	case []string:
		copy(to, from.([]string))
	}
}

// differsAt finds the first element that differs by more than 1e-5, or -1.
func differsAt(got, want any) int {
	switch got := got.(type) {
	case []float32:
		return differs(got, want, func(a, b float32) bool { return near(float64(a), float64(b)) })
	case []float64:
		return differs(got, want, near)
	case []int64:
		return differs(got, want, func(a, b int64) bool { return a == b })
	case []int32:
		return differs(got, want, func(a, b int32) bool { return a == b })
	case []bool:
		return differs(got, want, func(a, b bool) bool { return a == b })
	}
	return differs(got.([]string), want, func(a, b string) bool { return a == b })
}

func differs[T any](got []T, want any, same func(a, b T) bool) int {
	for i, w := range want.([]T) {
		if !same(got[i], w) {
			return i
		}
	}
	return -1
}

func near(a, b float64) bool {
	return a == b || math.IsNaN(a) && math.IsNaN(b) || math.Abs(a-b) <= 1e-5*max(1, math.Abs(b))
}
