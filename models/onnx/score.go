package onnx

import (
	"slices"
	"strconv"
	"strings"
)

// Score is the place of one number among the outputs: the probability of one
// class, as a rule. It is found once, with the program, and read after each
// Run with [Evaluator.Score].
type Score struct{ output, element int }

// ScoreAt finds element column of an output: of a tensor [1,C] its column, of
// a map its value by place.
func (p *Program) ScoreAt(output string, column int) (Score, error) {
	i, out, fault := p.numericOutput(output)
	if fault != nil {
		return Score{}, fault
	}
	if n := out.value.len(); column < 0 || column >= n {
		return Score{}, refuse(NoSuchOutput, "output %q has no column %d; it has %d", output, column, n)
	}
	return Score{i, column}, nil
}

// ScoreOf finds the value for a key of a map output; an integer key is
// written in decimals.
func (p *Program) ScoreOf(output, key string) (Score, error) {
	i, out, fault := p.numericOutput(output)
	if fault != nil {
		return Score{}, fault
	}
	if out.value.keys == nil {
		return Score{}, refuse(NoSuchOutput, "output %q is no map", output)
	}
	keys := slices.Clone(out.value.keys.strings)
	for _, k := range out.value.keys.ints {
		keys = append(keys, strconv.FormatInt(k, 10))
	}
	at := slices.Index(keys, key)
	if at < 0 {
		return Score{}, refuse(NoSuchOutput, "output %q has no key %q; it has %s", output, key, strings.Join(keys, ", "))
	}
	return Score{i, at}, nil
}

// DefaultScore finds the score where there is only one it can be: exactly one
// output holds floating-point numbers, and it holds one, or two, of which the
// second belongs to the positive class.
func (p *Program) DefaultScore() (Score, error) {
	var found []Score
	var names []string
	for i, out := range p.outputs {
		if out.value.typ == Float32 || out.value.typ == Float64 {
			found = append(found, Score{i, out.value.len() - 1})
			names = append(names, out.name)
		}
	}
	if len(found) != 1 || found[0].element < 0 || found[0].element > 1 {
		return Score{}, refuse(NoSuchOutput, "it is not clear which output is the score: %s", strings.Join(names, ", "))
	}
	return found[0], nil
}

func (p *Program) numericOutput(name string) (int, *port, *Error) {
	for i := range p.outputs {
		if out := &p.outputs[i]; out.name == name {
			if out.value.typ == String {
				return 0, nil, refuse(NoSuchOutput, "output %q is text", name)
			}
			return i, out, nil
		}
	}
	return 0, nil, refuse(NoSuchOutput, "there is no output %q", name)
}

// Score reads a score after Run.
func (e *Evaluator) Score(s Score) float64 {
	switch out := e.memory[e.program.outputs[s.output].value.slot].(type) {
	case []float32:
		return float64(out[s.element])
	case []float64:
		return out[s.element]
	case []int64:
		return float64(out[s.element])
	case []int32:
		return float64(out[s.element])
	case []bool:
		return boolAs[float64](out[s.element])
	}
	return 0
}
