package features

import (
	"encoding/binary"
	"math"
)

func appendIndex(dst []byte, x *index) []byte {
	dst = binary.AppendUvarint(dst, uint64(len(x.refs)))
	for i := range x.refs {
		r := &x.refs[i]
		dst = binary.AppendUvarint(dst, r.id)
		dst = binary.AppendVarint(dst, r.first)
		dst = binary.AppendVarint(dst, r.last-r.first)
		dst = binary.AppendUvarint(dst, uint64(r.n))
	}
	for _, c := range x.counts {
		dst = binary.AppendUvarint(dst, uint64(c))
	}
	for _, c := range x.before.counts {
		dst = binary.AppendUvarint(dst, uint64(c))
	}
	for i := range x.powers {
		dst = appendPowers(dst, &x.powers[i])
	}
	for i := range x.before.powers {
		dst = appendPowers(dst, &x.before.powers[i])
	}
	for k := range x.lows {
		for i, low := range x.lows[k] {
			dst = binary.AppendVarint(dst, low)
			dst = binary.AppendVarint(dst, x.highs[k][i])
		}
	}
	for i := range x.floats {
		s := &x.floats[i]
		dst = binary.AppendVarint(dst, s.n)
		for _, v := range [...]float64{s.total, s.m2, s.min, s.max} {
			dst = appendFloat(dst, v)
		}
	}
	return dst
}

func appendPowers(dst []byte, p *powers) []byte {
	dst = binary.AppendVarint(dst, p.n)
	dst = binary.AppendVarint(dst, p.sumHi)
	for _, w := range [...]uint64{p.sumLo, p.sq[0], p.sq[1], p.sq[2]} {
		dst = binary.AppendUvarint(dst, w)
	}
	return dst
}

func (d *decoder) index(g *group) index {
	n := d.length(4)
	x := newIndex(g)
	x.refs = make([]ref, n)
	for i := range x.refs {
		r := &x.refs[i]
		r.id, r.first = d.uvarint(), d.varint()
		r.last = r.first + d.varint()
		rows := d.uvarint()
		if r.last < r.first || rows == 0 || rows > math.MaxInt32 || i > 0 && r.first < x.refs[i-1].last {
			d.corrupt("reference")
			return index{}
		}
		r.n = int(rows)
	}
	x.counts = make([]uint32, n*len(g.counts))
	x.powers = make([]powers, n*len(g.ints))
	for _, counts := range [...][]uint32{x.counts, x.before.counts} {
		for i := range counts {
			counts[i] = uint32(d.uvarint())
		}
	}
	for _, sums := range [...][]powers{x.powers, x.before.powers} {
		for i := range sums {
			sums[i] = d.powers()
		}
	}
	for k := range g.ints {
		x.lows[k], x.highs[k] = make([]int64, n), make([]int64, n)
		for i := range n {
			x.lows[k][i], x.highs[k][i] = d.varint(), d.varint()
		}
	}
	x.floats = make([]spread, n*len(g.floats))
	for i := range x.floats {
		x.floats[i] = spread{n: d.varint(), total: d.float(), m2: d.float(), min: d.float(), max: d.float()}
	}
	if d.err != nil {
		return index{}
	}
	return x
}

func (d *decoder) powers() powers {
	p := powers{n: d.varint(), sumHi: d.varint(), sumLo: d.uvarint()}
	for k := range p.sq {
		p.sq[k] = d.uvarint()
	}
	return p
}
