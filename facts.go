package tidegate

import "math"

// Variable describes one named value that rules, models and people can refer to.
type Variable struct {
	Name        string
	Kind        Kind
	Unit        string // "count", "EUR", "s", "km", "km/h", … or ""
	Key         string // the entity it belongs to, as "customer_id"; "" for the event's own fields
	Description string
	Definition  string // how it is computed, in the words of its file
	Optional    bool   // it can be missing
}

// Schema is an ordered list of variables: what stands at which place of [Facts].
type Schema struct {
	vars   []Variable
	byName map[string]int
}

// NewSchema makes a schema. A name that occurs twice is an error.
func NewSchema(vars []Variable) (*Schema, error) {
	s := &Schema{vars: vars, byName: make(map[string]int, len(vars))}
	for i, v := range vars {
		if _, dup := s.byName[v.Name]; dup {
			return nil, Errorf(CodeConfig, "%q is defined twice", v.Name)
		}
		s.byName[v.Name] = i
	}
	return s, nil
}

func (s *Schema) Len() int { return len(s.vars) }

// At returns the variable at place i.
func (s *Schema) At(i int) Variable { return s.vars[i] }

// Index finds a variable's place by its name.
func (s *Schema) Index(name string) (int, bool) {
	i, ok := s.byName[name]
	return i, ok
}

// Variables returns all variables in order; the caller must not change them.
func (s *Schema) Variables() []Variable { return s.vars }

// Names lists the names of all variables, in order.
func (s *Schema) Names() []string {
	names := make([]string, len(s.vars))
	for i := range s.vars {
		names[i] = s.vars[i].Name
	}
	return names
}

// Facts is the row of values of one event, by the places of a [Schema].
// A number that is NaN is missing; a boolean is 0 or 1; for text, Num is NaN
// when it is missing and 0 otherwise.
type Facts struct {
	Num  []float64
	Text []string
}

// NewFacts makes a row of n missing values.
func NewFacts(n int) *Facts {
	f := &Facts{Num: make([]float64, n), Text: make([]string, n)}
	for i := range f.Num {
		f.Num[i] = math.NaN()
	}
	return f
}

func (f *Facts) Missing(i int) bool { return math.IsNaN(f.Num[i]) }

func (f *Facts) SetMissing(i int) { f.Num[i], f.Text[i] = math.NaN(), "" }

func (f *Facts) SetNumber(i int, v float64) { f.Num[i] = v }

func (f *Facts) SetBool(i int, v bool) {
	f.Num[i] = 0
	if v {
		f.Num[i] = 1
	}
}

// SetText sets a text that is present; a present text may be empty.
func (f *Facts) SetText(i int, v string) { f.Num[i], f.Text[i] = 0, v }
