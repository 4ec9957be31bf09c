package features

import (
	"encoding/binary"
	"math"

	"github.com/tidegate/tidegate"
)

// Stored heads and chunks begin with a version byte. The layout they were
// written for is part of their table's name.
const (
	headVersion  = 1
	blockVersion = 1
	pageVersion  = 2
)

// headCodec turns heads to bytes. References are stored without what they
// refer to: chunks have a table of their own.
type headCodec struct{ *group }

func (c headCodec) Append(dst []byte, h *head) []byte {
	dst = append(dst, headVersion)
	dst = binary.AppendVarint(dst, h.first)
	dst = appendBlock(dst, &c.layout, &h.tail)
	dst = appendBool(dst, h.recalls != nil)
	if h.recalls != nil {
		for _, r := range *h.recalls {
			dst = appendBool(dst, r.known)
			dst = binary.AppendVarint(dst, r.time)
			dst = appendFloat(dst, r.place.Lat)
			dst = appendFloat(dst, r.place.Lon)
		}
	}
	dst = appendBool(dst, h.older != nil)
	if o := h.older; o != nil {
		dst = binary.AppendUvarint(dst, o.nextID)
		dst = appendIndex(dst, &o.top)
		dst = appendIndex(dst, &o.open)
		dst = binary.AppendUvarint(dst, uint64(len(o.sliders)))
		for i := range o.sliders {
			dst = append(appendBool(dst, o.sliders[i].promoted), o.sliders[i].level)
		}
	}
	return dst
}

func (c headCodec) Decode(b []byte, h *head) error {
	d := decoder{b: b}
	d.version(headVersion)
	h.first = d.varint()
	h.tail = d.block(&c.layout)
	if d.bool() {
		list := make([]recalled, len(c.recalls))
		for i := range list {
			list[i] = recalled{known: d.bool(), time: d.varint(), place: Point{d.float(), d.float()}}
		}
		h.recalls = &list
	}
	if d.bool() {
		h.older = &older{nextID: d.uvarint()}
		h.older.top = d.index(c.group)
		h.older.open = d.index(c.group)
		if n := d.length(2); n > 0 {
			if n != len(c.sliders) {
				d.corrupt("number of sliders")
				return d.err
			}
			h.older.sliders = make([]slider, n)
			for i := range h.older.sliders {
				h.older.sliders[i] = slider{promoted: d.bool(), level: min(d.byte(), 63)}
			}
		}
	}
	return d.end()
}

// chunkCodec turns sealed blocks and pages to bytes.
type chunkCodec struct{ *group }

func (c chunkCodec) Append(dst []byte, v *chunk) []byte {
	if v.page != nil {
		return appendIndex(append(dst, pageVersion), v.page)
	}
	b := v.block
	if b == nil {
		b = &noBlock
	}
	return appendBlock(append(dst, blockVersion), &c.layout, b)
}

func (c chunkCodec) Decode(b []byte, v *chunk) error {
	d := decoder{b: b}
	switch d.byte() {
	case blockVersion:
		block := d.block(&c.layout)
		v.block = &block
		if d.err == nil && block.n == 0 {
			d.corrupt("an empty block")
		}
	case pageVersion:
		page := d.index(c.group)
		v.page = &page
		if d.err == nil && len(page.refs) == 0 {
			d.corrupt("an empty page")
		}
	default:
		d.corrupt("version")
	}
	return d.end()
}

// appendBlock writes the widths and the columns, without their room to grow.
func appendBlock(dst []byte, l *layout, b *block) []byte {
	dst = append(dst, byte(b.n), byte(b.room()))
	if b.n == 0 {
		return dst
	}
	dst = binary.AppendVarint(dst, b.origin)
	for c := range l.columns {
		offset, width := b.at(c)
		switch {
		case c < l.wordsAt(0):
			dst = append(dst, byte(width))
			dst = append(dst, b.data[offset:offset+width*b.n]...)
		case c < l.masksAt():
			dst = append(dst, byte(width), byte(b.words(c)))
			dst = append(dst, b.data[offset:offset+8*b.words(c)]...)
		default:
			dst = append(dst, b.data[offset:offset+width*l.masks]...)
		}
	}
	if b.texts == nil {
		return dst
	}
	for _, texts := range *b.texts {
		for _, t := range texts {
			dst = binary.AppendUvarint(dst, uint64(len(t)))
			dst = append(dst, t...)
		}
	}
	return dst
}

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

func appendFloat(dst []byte, v float64) []byte {
	return le.AppendUint64(dst, math.Float64bits(v))
}

func appendBool(dst []byte, v bool) []byte {
	if v {
		return append(dst, 1)
	}
	return append(dst, 0)
}

// decoder reads bytes that may be anything: after the first fault it yields
// zeros and keeps the error.
type decoder struct {
	b   []byte
	err error
}

func (d *decoder) corrupt(what string) {
	if d.err == nil {
		d.err = tidegate.Errorf(tidegate.CodeCorrupt, "features: a stored history has a bad %s", what)
	}
	d.b = nil
}

func (d *decoder) end() error {
	if d.err == nil && len(d.b) > 0 {
		d.corrupt("length")
	}
	return d.err
}

func (d *decoder) version(want byte) {
	if d.byte() != want {
		d.corrupt("version")
	}
}

// bytes takes the next n bytes; nil if there are not as many.
func (d *decoder) bytes(n int) []byte {
	if n > len(d.b) {
		d.corrupt("length")
		return nil
	}
	b := d.b[:n]
	d.b = d.b[n:]
	return b
}

func (d *decoder) byte() byte {
	if b := d.bytes(1); len(b) == 1 {
		return b[0]
	}
	return 0
}

func (d *decoder) bool() bool {
	b := d.byte()
	if b > 1 {
		d.corrupt("flag")
	}
	return b == 1
}

func (d *decoder) uvarint() uint64 {
	v, n := binary.Uvarint(d.b)
	if n <= 0 {
		d.corrupt("number")
		return 0
	}
	d.b = d.b[n:]
	return v
}

func (d *decoder) varint() int64 {
	v, n := binary.Varint(d.b)
	if n <= 0 {
		d.corrupt("number")
		return 0
	}
	d.b = d.b[n:]
	return v
}

func (d *decoder) float() float64 {
	if b := d.bytes(8); len(b) == 8 {
		return math.Float64frombits(le.Uint64(b))
	}
	return 0
}

// length is a number of things that take at least size bytes each.
func (d *decoder) length(size int) int {
	n := d.uvarint()
	if n > uint64(len(d.b)/size) {
		d.corrupt("length")
		return 0
	}
	return int(n)
}

func (d *decoder) block(l *layout) block {
	n, room := int(d.byte()), int(d.byte())
	switch {
	case n > room || room > blockRows:
		d.corrupt("number of rows")
		return block{}
	case n == 0:
		return block{}
	}
	s := shapeOf(l, room)
	s.origin = d.varint()
	var columns [maxColumns][]byte
	for c := range l.columns {
		switch {
		case c < l.wordsAt(0):
			width := d.byte()
			if !allowedWidth(l, c, width) {
				d.corrupt("width")
				return block{}
			}
			s.width[c] = width
			columns[c] = d.bytes(int(width) * n)
		case c < l.masksAt():
			s.width[c] = d.byte()
			words := int(d.byte())
			if words > n || words > int(s.width[c]) || int(s.width[c]) > blockRows {
				d.corrupt("dictionary")
				return block{}
			}
			columns[c] = d.bytes(8 * words)
		default:
			columns[c] = d.bytes(int(s.width[c]) * l.masks)
		}
	}
	if d.err != nil {
		return block{}
	}
	b := s.make(l)
	b.n = n
	for c := range l.columns {
		offset, _ := b.at(c)
		copy(b.data[offset:], columns[c])
		if c >= l.wordsAt(0) && c < l.masksAt() {
			b.data[4*c+3] = byte(len(columns[c]) / 8)
		}
	}
	d.checkBlock(l, &b)
	for k := range l.texts {
		(*b.texts)[k] = d.texts(b.words(l.wordsAt(l.textColumn(k))))
	}
	if d.err != nil {
		return block{}
	}
	return b
}

func allowedWidth(l *layout, column int, width byte) bool {
	switch {
	case column == timeColumn:
		return width == 4 || width == 8
	case column == tagColumn:
		return width == 4
	case column < l.floatAt(0):
		return width == 1 || width == 2 || width == 4 || width == 8
	case column < l.placeAt(0):
		return width == 8
	case column < l.codesAt(0):
		return width == 8 || width == 16
	}
	return width == 1
}

// checkBlock refuses what reading could stumble over.
func (d *decoder) checkBlock(l *layout, b *block) {
	for i := 1; i < b.n; i++ {
		if b.time(i) < b.time(i-1) {
			d.corrupt("order of times")
			return
		}
	}
	for t := range l.tokens {
		words := b.words(l.wordsAt(t))
		for i := range b.n {
			if b.code(l.codesAt(t), i) >= words {
				d.corrupt("token")
				return
			}
		}
	}
}

func (d *decoder) texts(n int) []string {
	texts := make([]string, 0, n)
	for range n {
		texts = append(texts, string(d.bytes(d.length(1))))
	}
	return texts
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
