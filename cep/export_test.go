package cep

import "testing"

// What the tests of package cep_test need of Flink's cases.

type (
	Vector      = vector
	VectorEvent = vectorEvent
	VectorCodec = vectorCodec
)

func Vectors(t testing.TB) (all []vector) {
	for _, vectors := range readVectors(t, isCase) {
		all = append(all, vectors...)
	}
	return all
}

func (v *vector) Compile() (*Automaton[*vectorEvent], error) { return v.compile() }
func (v *vector) Expected(t *testing.T) []string             { return v.expected(t) }
func Said(o Output[*vectorEvent], at int) string             { return said(o, at) }
