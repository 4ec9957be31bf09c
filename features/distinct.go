package features

import "math"

// distincts answers the plan's count_distinct features.
func (e *evaluation) distincts(p *plan, hi position) {
	for i := range p.distincts {
		d := &p.distincts[i]
		token := uint64(0)
		if e.included(p, d.filter, d.current) {
			token = e.row.tokens[d.column]
		}
		if sl := e.slider(d.slider); sl != nil {
			e.withoutHole(d.slider, sl, func() { e.sampledDistinct(d, sl, token) })
			continue
		}
		seen := &e.s.seen
		seen.reset()
		if e.head != nil {
			e.collectTokens(p, d, hi, seen)
		}
		if token != 0 {
			seen.add(token)
		}
		e.set(&d.result, float64(seen.n))
	}
}

// sampledDistinct answers from a slider: exactly, unless it samples.
func (e *evaluation) sampledDistinct(d *distinct, sl *slider, token uint64) {
	n := sl.tokens.n
	if token != 0 && sl.tokens.sampled(token) && !sl.tokens.has(token) {
		n++
	}
	e.set(&d.result, math.Ldexp(float64(n), int(sl.level)))
	if sl.level > 0 {
		e.s.approximate = append(e.s.approximate, d.variable)
	}
}

func (e *evaluation) collectTokens(p *plan, d *distinct, hi position, seen *tokenSet) {
	g := e.s.group
	lo := e.s.edges[d.edge]
	codes, words := g.layout.codesAt(d.column), g.layout.wordsAt(d.column)
	for {
		b, rows, ok := e.back(&hi, lo)
		if !ok {
			return
		}
		if len(p.pair) > 0 {
			rows &= e.pairMask(b, p)
		}
		var used uint64
		for m := rows & g.rowsWith(b, d.filter, property{hasToken, d.column}); m != 0; m &= m - 1 {
			used |= 1 << b.code(codes, trailing(m))
		}
		for ; used != 0; used &= used - 1 {
			seen.add(b.word(words, trailing(used)))
		}
	}
}

// tokenSet is a set of hashes that is emptied without being cleared.
type tokenSet struct {
	n      int
	round  uint32
	hashes []uint64
	rounds []uint32
}

func (s *tokenSet) reset() {
	s.n = 0
	s.round++
	if s.round == 0 || s.hashes == nil {
		s.round = 1
		s.hashes = make([]uint64, max(len(s.hashes), 64))
		s.rounds = make([]uint32, len(s.hashes))
	}
}

func (s *tokenSet) add(hash uint64) {
	if 2*s.n >= len(s.hashes) {
		old := *s
		s.hashes = make([]uint64, 4*len(old.hashes))
		s.rounds = make([]uint32, len(s.hashes))
		s.n = 0
		for i, h := range old.hashes {
			if old.rounds[i] == old.round {
				s.add(h)
			}
		}
	}
	last := uint64(len(s.hashes) - 1)
	for i := hash & last; ; i = (i + 1) & last {
		if s.rounds[i] != s.round {
			s.hashes[i], s.rounds[i] = hash, s.round
			s.n++
			return
		}
		if s.hashes[i] == hash {
			return
		}
	}
}
