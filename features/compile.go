package features

import (
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"hash/fnv"
	"slices"
	"sort"
	"strings"
	"time"

	"github.com/tidegate/tidegate"
)

// Options are what definitions refer to beyond themselves.
type Options struct {
	// Base is the currency of aggregated amounts.
	Base tidegate.CurrencyCode
	// Attributes are the declared free members of payloads.
	Attributes map[string]tidegate.Kind
	// Points stand for coordinates that are missing; nil means [DefaultPoints].
	Points Points
	// Lateness is how much longer than its windows need a history is kept, so
	// that an event which is that much behind its key's newest still sees all
	// of its own windows. 0 means 24 hours.
	Lateness time.Duration
}

// pairMemory bounds the history of a pair where its feature has no window.
const pairMemory = 180 * 24 * int64(time.Hour/time.Millisecond)

// Set is a compiled set of features. It never changes.
type Set struct {
	variables []tidegate.Variable
	hash      string
	groups    []*group
	values    []valueFeature
	byName    map[string]int
	options   Options
}

// valueFeature is computed from the current event alone.
type valueFeature struct {
	expression expression
	result
}

// Variables is the catalog: each feature at the place where [State.Observe]
// writes its value, counted from the offset. The caller must not change it.
func (s *Set) Variables() []tidegate.Variable { return s.variables }

// Hash identifies what the set computes: equal hashes, equal values.
func (s *Set) Hash() string { return s.hash }

// Compile checks definitions and makes them a set. Every error is a
// *[tidegate.Error] that names the place.
func Compile(defs []Definition, opts Options) (*Set, error) {
	if opts.Points == nil {
		opts.Points = DefaultPoints()
	}
	if opts.Lateness == 0 {
		opts.Lateness = 24 * time.Hour
	}
	c := &setCompiler{
		set:   &Set{byName: map[string]int{}, options: opts},
		words: &vocabulary{attributes: opts.Attributes, base: opts.Base},
		keys:  map[string]*group{},
	}
	for i := range defs {
		if err := c.definition(&defs[i]); err != nil {
			return nil, err
		}
	}
	for _, g := range c.set.groups {
		if err := c.finish(g); err != nil {
			return nil, err
		}
	}
	c.set.hash = c.hash(defs)
	return c.set, nil
}

type setCompiler struct {
	set   *Set
	words *vocabulary
	keys  map[string]*group
}

// hash covers the definitions in order and everything they refer to.
func (c *setCompiler) hash(defs []Definition) string {
	h := sha256.New()
	o := &c.set.options
	fmt.Fprintf(h, "tidegate features 1\nbase %s points %x lateness %s\n", o.Base, o.Points.hash(), o.Lateness)
	names := make([]string, 0, len(o.Attributes))
	for name := range o.Attributes {
		names = append(names, name)
	}
	sort.Strings(names)
	for _, name := range names {
		fmt.Fprintf(h, "attribute %s %s\n", name, o.Attributes[name])
	}
	for i := range defs {
		fmt.Fprintf(h, "%s: %s\n", defs[i].Name, defs[i])
	}
	return hex.EncodeToString(h.Sum(nil)[:16])
}

// declare gives a feature its place in the catalog.
func (c *setCompiler) declare(d *Definition, name string, kind tidegate.Kind, unit string, optional bool) (result, *tidegate.Error) {
	if _, twice := c.set.byName[name]; twice {
		return result{}, d.errorf("name", "%s is defined twice", name)
	}
	if _, taken := c.words.lookup(name); taken {
		return result{}, d.errorf("name", "%s is a field or an attribute of the event already", name)
	}
	if d.Unit != "" {
		unit = d.Unit
	}
	if kind == tidegate.KindText && d.HasDefault {
		return result{}, d.errorf("default", "default is a number, but this feature is a text")
	}
	r := result{variable: len(c.set.variables), fallback: d.Default, hasDefault: d.HasDefault}
	c.set.byName[name] = r.variable
	c.set.variables = append(c.set.variables, tidegate.Variable{
		Name: name, Kind: kind, Unit: unit, Key: strings.Join(d.Key, ","), Description: d.Description, Definition: d.String(),
		Optional: optional && !d.HasDefault,
	})
	return r, nil
}

func (c *setCompiler) definition(d *Definition) error {
	if d.Value != "" {
		return asError(c.value(d))
	}
	if len(d.Key) == 0 {
		return d.errorf("", "a feature needs a key or a value")
	}
	b := builder{setCompiler: c, d: d}
	if err := b.resolve(); err != nil {
		return err
	}
	if d.Kind == "travel" {
		return asError(b.travel())
	}
	return asError(b.aggregate())
}

// asError keeps a nil *Error from becoming an error that is not nil.
func asError(err *tidegate.Error) error {
	if err == nil {
		return nil
	}
	return err
}

func (c *setCompiler) value(d *Definition) *tidegate.Error {
	e, fault := (&compiler{vocabulary: c.words}).compile(d.Value)
	if fault != nil {
		return d.expressionErrorf("value", fault)
	}
	r, err := c.declare(d, d.Name, e.kind, "", e.optional)
	if err != nil {
		return err
	}
	c.set.values = append(c.set.values, valueFeature{expression: e, result: r})
	return nil
}

// expressionErrorf places a fault within an expression. The text of a plain
// scalar on one line stands in the file as it is; elsewhere the member's place
// has to do.
func (d *Definition) expressionErrorf(member string, fault *expressionError) *tidegate.Error {
	e := d.errorf(member, "%s", fault.message)
	if e.Column > 0 {
		e.Column += fault.from
	}
	return e
}

// finish decides what only the whole group shows.
func (c *setCompiler) finish(g *group) error {
	l := &g.layout
	for i := range g.filters {
		f := &g.filters[i]
		f.mask, f.maskIfFraud = -1, -1
		if f.where != nil || len(f.types) < len(g.types) {
			f.mask = l.masks
			l.masks++
		}
		if f.usesFraud {
			f.maskIfFraud = l.masks
			l.masks++
		}
	}
	for i := range l.ints {
		l.ints[i].present = l.masks
		l.masks++
	}
	for i := range l.floats {
		l.floats[i].present = l.masks
		l.masks++
	}
	for i := range l.places {
		l.places[i].present = l.masks
		l.masks++
	}
	for i := range l.tokens {
		l.tokens[i].present = l.masks
		l.masks++
	}
	l.fraud = -1
	if g.usesFraud() {
		l.fraud = l.masks
		l.masks++
	}
	l.columns = l.masksAt() + 1
	worst := 12 + 8*len(l.ints) + 8*len(l.floats) + 16*len(l.places) + 9*len(l.tokens) + l.masks/8 + 1
	if l.columns > maxColumns || l.masks > maxMasks || worst*blockRows+4*l.columns > 0xffff {
		return tidegate.Errorf(tidegate.CodeConfig,
			"the features of %s need more than a history holds (%d columns, %d conditions): split them over two keys", g.key.name(), l.columns, l.masks)
	}
	for i := range g.plans {
		g.plans[i].finish()
		g.slide(i)
	}
	h := fnv.New64a()
	// The number is that of the rows' form: others are not read, but filled anew.
	fmt.Fprintf(h, "2 %s %v %d %s", g.key.name(), g.types, g.horizon, c.set.options.Base)
	for _, f := range g.filters {
		fmt.Fprintf(h, "\n%s", f.text)
	}
	fmt.Fprintf(h, "\n%v %v %v %v %v %v %v %v", l.ints, l.floats, l.places, l.tokens, g.counts, g.ints, g.floats, g.recalls)
	l.hash = h.Sum64()
	return nil
}

func (g *group) usesFraud() bool {
	for i := range g.filters {
		if g.filters[i].usesFraud {
			return true
		}
	}
	for _, p := range g.plans {
		for _, t := range p.counts {
			if t.term.with.kind == isFraud {
				return true
			}
		}
	}
	return false
}

// finish puts the terms that go back furthest first, so that a pass drops
// terms from the end, and renames the outputs' references accordingly.
func (p *plan) finish() {
	counts, ints, floats := sortTerms(p.counts), sortTerms(p.ints), sortTerms(p.floats)
	for _, outputs := range p.outputs {
		for i := range outputs {
			o := &outputs[i]
			switch o.from {
			case fromCount:
				o.term, o.over = counts[o.term], counts[o.over]
			case fromInts:
				o.term = ints[o.term]
			case fromFloats:
				o.term = floats[o.term]
			}
		}
	}
	for k := range p.edges {
		p.upTo = append(p.upTo, p.reach(k))
		slices.SortStableFunc(p.outputs[k], func(a, b output) int {
			return cmp.Or(cmp.Compare(a.from, b.from), cmp.Compare(a.term, b.term))
		})
	}
}

func sortTerms[T any](terms []planTerm[T]) (moved []int) {
	order := make([]int, len(terms))
	for i := range order {
		order[i] = i
	}
	slices.SortStableFunc(order, func(a, b int) int { return cmp.Compare(terms[b].edges, terms[a].edges) })
	sorted := make([]planTerm[T], len(terms))
	moved = make([]int, len(terms))
	for to, from := range order {
		sorted[to], moved[from] = terms[from], to
	}
	copy(terms, sorted)
	return moved
}
