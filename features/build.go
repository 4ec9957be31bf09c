package features

import (
	"slices"
	"sort"
	"strings"

	"github.com/tidegate/tidegate"
)

// builder adds one definition to its group.
type builder struct {
	*setCompiler
	d      *Definition
	group  *group
	filter int
	own    bool // amounts are the transaction's own: the key holds the currency
	plan   int
	window int64
}

// resolve finds or makes the definition's group, filter and plan.
func (b *builder) resolve() error {
	d := b.d
	var keys []source
	for _, name := range d.Key {
		src, ok := b.words.lookup(name)
		if !ok {
			known := b.words.names()
			sort.Strings(known)
			return d.errorf("key", "unknown field %q%s", name, suggest(name, known))
		}
		if src.kind != tidegate.KindText {
			return d.errorf("key", "%s is a %s; a key is made of texts", name, src.kind)
		}
		b.own = b.own || src.field == tidegate.Currency && src.attribute == ""
		keys = append(keys, src)
	}
	group := b.keys[keys[0].name()]
	if group == nil {
		group = newGroup(b.setCompiler, keys[0])
		b.keys[keys[0].name()] = group
		b.set.groups = append(b.set.groups, group)
	}
	b.group = group
	if err := b.resolveFilter(); err != nil {
		return err
	}
	var pair []int
	for _, src := range keys[1:] {
		pair = append(pair, group.token(src, false))
	}
	b.window = int64(d.Window)
	if len(pair) > 0 && b.window == 0 {
		b.window = pairMemory
	}
	b.plan = group.plan(int64(d.Delay), pair)
	if b.window > 0 {
		group.horizon = max(group.horizon, b.window+int64(d.Delay))
	}
	return nil
}

func newGroup(c *setCompiler, key source) *group {
	return &group{key: key, words: c.words, points: c.set.options.Points}
}

func (b *builder) resolveFilter() error {
	d := b.d
	f := filter{types: d.Events}
	if len(f.types) == 0 {
		f.types = []string{tidegate.TypeTransaction}
	}
	f.types = slices.Clone(f.types)
	slices.Sort(f.types)
	f.types = slices.Compact(f.types)
	f.text = strings.Join(f.types, ",")
	if d.Where != "" {
		c := &compiler{vocabulary: b.words, ownAmount: b.own, historyNames: true}
		where, fault := c.compileTest(d.Where)
		if fault != nil {
			return d.expressionErrorf("where", fault)
		}
		f.where, f.usesOutcome, f.usesFraud = where, c.usesOutcome, c.usesFraud
		// A follow-up raises the amount of an event that is a row by then, and
		// the filter asks for the amount again.
		for _, money := range [...]moneyKind{baseMoney, ownMoney} {
			if c.money[money] {
				b.group.int(intColumn{money: money})
			}
		}
		f.text += " where " + d.Where
		if b.own {
			f.text += " in own currency"
		}
	}
	g := b.group
	for _, t := range f.types {
		if !slices.Contains(g.types, t) {
			g.types = append(g.types, t)
		}
	}
	b.filter = slices.IndexFunc(g.filters, func(o filter) bool { return o.text == f.text })
	if b.filter < 0 {
		b.filter = len(g.filters)
		g.filters = append(g.filters, f)
	}
	return nil
}

// plan finds or makes the plan for a delay and a pair.
func (g *group) plan(delay int64, pair []int) int {
	for i := range g.plans {
		if g.plans[i].delay == delay && slices.Equal(g.plans[i].pair, pair) {
			return i
		}
	}
	g.plans = append(g.plans, plan{delay: delay, pair: pair})
	return len(g.plans) - 1
}

// token finds or makes the column for a text, or for a number that is only compared.
func (g *group) token(src source, keep bool) int {
	l := &g.layout
	i := slices.IndexFunc(l.tokens, func(c tokenColumn) bool { return c.source == src })
	if i < 0 {
		i = len(l.tokens)
		l.tokens = append(l.tokens, tokenColumn{source: src, text: -1})
	}
	if keep && l.tokens[i].text < 0 {
		l.tokens[i].text = l.texts
		l.texts++
	}
	return i
}

func (g *group) int(c intColumn) int {
	l := &g.layout
	i := slices.IndexFunc(l.ints, func(o intColumn) bool { return o.money == c.money && o.source == c.source })
	if i < 0 {
		i = len(l.ints)
		l.ints = append(l.ints, c)
	}
	return i
}

func (g *group) float(src source) int {
	i := slices.IndexFunc(g.layout.floats, func(c floatColumn) bool { return c.source == src })
	if i < 0 {
		i = len(g.layout.floats)
		g.layout.floats = append(g.layout.floats, floatColumn{source: src})
	}
	return i
}

func (g *group) place(byCountry bool) int {
	l := &g.layout
	i := slices.IndexFunc(l.places, func(c placeColumn) bool { return c.byCountry == byCountry })
	if i < 0 {
		i = len(l.places)
		l.places = append(l.places, placeColumn{byCountry: byCountry})
	}
	return i
}

// edge finds or makes the window's place among the plan's, moving what refers
// to later ones.
func (b *builder) edge() int {
	p := &b.group.plans[b.plan]
	i, found := slices.BinarySearch(p.edges, b.window)
	if found {
		return i
	}
	p.edges = slices.Insert(p.edges, i, b.window)
	p.outputs = slices.Insert(p.outputs, i, nil)
	moveTerms(p.counts, i)
	moveTerms(p.ints, i)
	moveTerms(p.floats, i)
	for k := range p.distincts {
		moveEdge(&p.distincts[k].edge, i)
	}
	for k := range p.quantiles {
		moveEdge(&p.quantiles[k].edge, i)
	}
	for k := range p.ends {
		moveEdge(&p.ends[k].edge, i)
	}
	return i
}

func moveEdge(edge *int, inserted int) {
	if *edge >= inserted {
		*edge++
	}
}

func moveTerms[T any](terms []planTerm[T], inserted int) {
	for i := range terms {
		if terms[i].edges > inserted {
			terms[i].edges++
		}
	}
}

// term finds or makes a term of the plan that reaches at least up to the
// edge, and where the index can sum it up, a slot there.
func term[T comparable](terms *[]planTerm[T], slots *[]T, t T, edge int, summed bool) int {
	i := slices.IndexFunc(*terms, func(o planTerm[T]) bool { return o.term == t })
	if i < 0 {
		slot := -1
		if summed {
			slot = slices.Index(*slots, t)
			if slot < 0 {
				slot = len(*slots)
				*slots = append(*slots, t)
			}
		}
		i = len(*terms)
		*terms = append(*terms, planTerm[T]{term: t, slot: slot})
	}
	(*terms)[i].edges = max((*terms)[i].edges, edge+1)
	return i
}
