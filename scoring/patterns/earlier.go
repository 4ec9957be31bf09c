package patterns

import (
	"math"

	"github.com/tidegate/tidegate"
	"github.com/tidegate/tidegate/cep"
)

var nan = math.NaN()

// reference is what a condition says of the events that a stage took before:
// last(login).ip_address, sum(small.amount), count(failed).
type reference struct {
	stage  string
	of     of
	kept   int // place in [Event].values; -1 for count
	column int
}

type of uint8

const (
	last of = iota // also of the name without a function
	first
	count
	countDistinct
	sum
	avg
	least
	greatest
)

// references lists all that conditions can say of stages, as variables, with
// the reference that each stands for.
func (l *language) references(stages []string) (variables []tidegate.Variable, references []reference) {
	add := func(name string, kind tidegate.Kind, optional bool, r reference) {
		variables = append(variables, tidegate.Variable{Name: name, Kind: kind, Optional: optional})
		references = append(references, r)
	}
	for _, stage := range stages {
		add("count("+stage+")", tidegate.KindNumber, false, reference{stage: stage, of: count, kept: -1})
		for i := range l.columns {
			c := &l.columns[i]
			name := stage + "." + c.name
			r := func(o of) reference { return reference{stage: stage, of: o, column: i} }
			add(name, c.kind, true, r(last))
			add("last("+stage+")."+c.name, c.kind, true, r(last))
			add("first("+stage+")."+c.name, c.kind, true, r(first))
			add("count_distinct("+name+")", tidegate.KindNumber, false, r(countDistinct))
			if c.kind != tidegate.KindNumber {
				continue
			}
			add("sum("+name+")", tidegate.KindNumber, false, r(sum))
			add("avg("+name+")", tidegate.KindNumber, true, r(avg))
			add("min("+name+")", tidegate.KindNumber, true, r(least))
			add("max("+name+")", tidegate.KindNumber, true, r(greatest))
		}
	}
	return variables, references
}

// in computes a reference from the events of a partial match. What is missing
// is left out of sums, means and bounds.
func (r *reference) in(earlier cep.Earlier[*Event], kind tidegate.Kind) value {
	switch r.of {
	case last, first:
		find := earlier.Last
		if r.of == first {
			find = earlier.First
		}
		if e, ok := find(r.stage); ok {
			return e.values[r.kept]
		}
		return missing
	case count:
		return value{num: float64(earlier.Count(r.stage))}
	case countDistinct:
		return value{num: float64(r.distinct(earlier, kind))}
	}
	total, n, low, high := 0.0, 0, nan, nan
	for e := range earlier.All(r.stage) {
		v := e.values[r.kept].num
		if v != v {
			continue
		}
		total += v
		if n++; n == 1 {
			low, high = v, v
		}
		low, high = min(low, v), max(high, v)
	}
	switch r.of {
	case sum:
		return value{num: total}
	case least:
		return value{num: low}
	case greatest:
		return value{num: high}
	}
	return value{num: total / float64(n)} // none is 0/0: missing
}

func (r *reference) distinct(earlier cep.Earlier[*Event], kind tidegate.Kind) int {
	seen := map[value]struct{}{}
	for e := range earlier.All(r.stage) {
		if v := e.values[r.kept]; v.num == v.num || kind == tidegate.KindText && v.text != "" {
			seen[v] = struct{}{}
		}
	}
	return len(seen)
}
