package features

import (
	"math"
	"strings"
)

// shape is how wide the columns of a block are.
type shape struct {
	origin int64
	cap    int
	width  [maxColumns]uint8 // as [block.at] gives it
}

// rooms are the capacities a growing block goes through; masks are 1, 2, 4
// and 8 bytes wide accordingly.
var rooms = [...]int{4, 8, 12, 16, 24, 32, 48, blockRows}

func roomFor(n int) int {
	for _, c := range rooms {
		if c >= n {
			return c
		}
	}
	return blockRows
}

func maskWidth(rows int) uint8 {
	switch {
	case rows <= 8:
		return 1
	case rows <= 16:
		return 2
	case rows <= 32:
		return 4
	}
	return 8
}

func intWidth(v int64) uint8 {
	switch {
	case v == int64(int8(v)):
		return 1
	case v == int64(int16(v)):
		return 2
	case v == int64(int32(v)):
		return 4
	}
	return 8
}

// narrowPlace tells whether a point can be said in ten-millionths of a degree.
func narrowPlace(p Point) (lat, lon int32, ok bool) {
	// A longitude of 180 degrees is 1.8e9: it fits.
	lat, lon = int32(math.Round(p.Lat*1e7)), int32(math.Round(p.Lon*1e7))
	return lat, lon, float64(lat)/1e7 == p.Lat && float64(lon)/1e7 == p.Lon
}

// shapeOf is the narrowest shape for no rows; with other blocks and rows it
// is widened by fit.
func shapeOf(l *layout, capacity int) shape {
	s := shape{cap: capacity, origin: math.MaxInt64}
	s.width[timeColumn], s.width[tagColumn] = 4, 4
	for i := range l.ints {
		s.width[firstInt+i] = 1
	}
	for i := range l.floats {
		s.width[l.floatAt(i)] = 8
	}
	for i := range l.places {
		s.width[l.placeAt(i)] = 8
	}
	for i := range l.tokens {
		s.width[l.codesAt(i)] = 1
	}
	s.width[l.masksAt()] = maskWidth(capacity)
	return s
}

// fitBlock widens the shape to hold the columns of b as they are.
func (s *shape) fitBlock(l *layout, b *block) {
	if b.n == 0 {
		return
	}
	for c := firstInt; c < l.codesAt(0); c++ {
		_, width := b.at(c)
		s.width[c] = max(s.width[c], uint8(width))
	}
	for i := range l.tokens {
		c := l.wordsAt(i)
		s.width[c] = max(s.width[c], uint8(b.words(c)))
	}
}

// fitTimes widens the shape for times from first to last.
func (s *shape) fitTimes(first, last int64) {
	s.origin = first
	s.width[timeColumn] = 4
	if uint64(last-first) > math.MaxUint32 {
		s.width[timeColumn] = 8
	}
}

// fitRow widens the shape for a row to be added to b.
func (s *shape) fitRow(l *layout, b *block, r *row) {
	for i, v := range r.ints {
		s.width[firstInt+i] = max(s.width[firstInt+i], intWidth(v))
	}
	for i, p := range r.places {
		if _, _, ok := narrowPlace(p); !ok {
			s.width[l.placeAt(i)] = 16
		}
	}
	for i, hash := range r.tokens {
		c := l.wordsAt(i)
		if b.n == 0 {
			s.width[c] = 2
		} else if b.find(c, hash) < 0 {
			// Room for a few more, so that not every new word moves the block.
			words := b.words(c) + 1
			s.width[c] = uint8(min(max(words+words/2, 2), s.cap))
		}
	}
}

// make lays out an empty block.
func (s *shape) make(l *layout, from *tails) block {
	size := 4 * l.columns
	var offsets [maxColumns]int
	for c := range l.columns {
		offsets[c] = size
		switch {
		case c < l.wordsAt(0):
			size += int(s.width[c]) * s.cap
		case c < l.masksAt():
			size += 8 * int(s.width[c])
		default:
			size += int(s.width[c]) * l.masks
		}
	}
	b := block{origin: s.origin}
	b.data, b.home = from.take(size)
	for c := range l.columns {
		le.PutUint32(b.data[4*c:], uint32(offsets[c])|uint32(s.width[c])<<16)
	}
	return b
}

// holds tells whether the block has room for a row as it is laid out.
func (b *block) holds(l *layout, r *row) bool {
	if b.n == b.room() {
		return false
	}
	if _, width := b.at(timeColumn); width == 4 && (r.time < b.origin || r.time-b.origin > math.MaxUint32) {
		return false
	}
	for i, v := range r.ints {
		if _, width := b.at(firstInt + i); width < int(intWidth(v)) {
			return false
		}
	}
	for i, p := range r.places {
		if _, width := b.at(l.placeAt(i)); width == 8 {
			if _, _, ok := narrowPlace(p); !ok {
				return false
			}
		}
	}
	for i, hash := range r.tokens {
		c := l.wordsAt(i)
		if _, room := b.at(c); b.words(c) == room && b.find(c, hash) < 0 {
			return false
		}
	}
	return true
}

// with is the block with room for one more row like r, a copy if need be.
func (b *block) with(l *layout, r *row, from *tails) block {
	if b.n > 0 && b.holds(l, r) {
		return *b
	}
	s := shapeOf(l, max(b.room(), roomFor(b.n+1)))
	first, last := r.time, r.time
	if b.n > 0 {
		first, last = min(first, b.first()), max(last, b.last())
	}
	s.fitBlock(l, b)
	s.fitTimes(first, last)
	s.fitRow(l, b, r)
	grown := s.make(l, from)
	grown.copyRows(l, b, 0, b.n)
	return grown
}

// part is a copy of rows i to j-1, without room for more unless asked for.
func (b *block) part(l *layout, i, j, room int, from *tails) block {
	s := shapeOf(l, max(room, j-i))
	s.fitBlock(l, b)
	s.fitTimes(b.time(i), b.time(j-1))
	p := s.make(l, from)
	p.copyRows(l, b, i, j)
	return p
}

// copyRows fills an empty block with rows i to j-1 of src, which fit.
func (b *block) copyRows(l *layout, src *block, i, j int) {
	n := j - i
	if n == 0 {
		return
	}
	b.n = n
	for k := range n {
		b.putTime(k, src.time(i+k))
	}
	for c := tagColumn; c < l.codesAt(0); c++ {
		to, width := b.at(c)
		from, was := src.at(c)
		switch {
		case width == was:
			copy(b.data[to:to+width*n], src.data[from+width*i:from+width*j])
		case c < l.floatAt(0):
			for k := range n {
				b.putInt(c, k, src.integer(c, i+k))
			}
		default:
			for k := range n {
				b.putPlace(c, k, src.place(c, i+k))
			}
		}
	}
	for t := range l.tokens {
		b.copyTokens(l, t, src, i, j)
	}
	c := l.masksAt()
	for m := range l.masks {
		b.setMask(c, m, src.mask(c, m)>>i&bitsFrom(0, n))
	}
}

// copyTokens copies one token column and of its dictionary what is used.
func (b *block) copyTokens(l *layout, t int, src *block, i, j int) {
	var codes [blockRows]uint8 // new code + 1 by the old one
	from, _ := src.at(l.codesAt(t))
	to, _ := b.at(l.codesAt(t))
	words, text := l.wordsAt(t), l.tokens[t].text
	for k, old := range src.data[from+i : from+j] {
		if codes[old] == 0 {
			b.putWord(words, src.word(words, int(old)))
			codes[old] = uint8(b.words(words))
			if text >= 0 && src.texts != nil {
				b.putText(l, text, b.words(words)-1, src.longText(text, int(old)))
			}
		}
		b.data[to+k] = codes[old] - 1
	}
}

// insert puts a row at place i of a block that has room for it.
func (b *block) insert(l *layout, i int, r *row) {
	for c := timeColumn; c < l.wordsAt(0); c++ {
		offset, width := b.at(c)
		copy(b.data[offset+width*(i+1):offset+width*(b.n+1)], b.data[offset+width*i:offset+width*b.n])
	}
	b.n++
	b.putTime(i, r.time)
	offset, _ := b.at(tagColumn)
	le.PutUint32(b.data[offset+4*i:], r.tag)
	for k, v := range r.ints {
		b.putInt(firstInt+k, i, v)
	}
	for k, v := range r.floats {
		offset, _ := b.at(l.floatAt(k))
		le.PutUint64(b.data[offset+8*i:], math.Float64bits(v))
	}
	for k, v := range r.places {
		b.putPlace(l.placeAt(k), i, v)
	}
	for k, hash := range r.tokens {
		words := l.wordsAt(k)
		code := b.find(words, hash)
		if code < 0 {
			code = b.words(words)
			b.putWord(words, hash)
			if text := l.tokens[k].text; text >= 0 && len(r.texts[text]) > shortText {
				b.putText(l, text, code, strings.Clone(r.texts[text]))
			}
		}
		offset, _ := b.at(l.codesAt(k))
		b.data[offset+i] = byte(code)
	}
	c := l.masksAt()
	below := bitsFrom(0, i)
	for m := range l.masks {
		was := b.mask(c, m)
		mask := was&below | was&^below<<1
		if r.masks.has(m) {
			mask |= 1 << i
		}
		b.setMask(c, m, mask)
	}
}

func (b *block) putTime(i int, t int64) {
	offset, width := b.at(timeColumn)
	if width == 4 {
		le.PutUint32(b.data[offset+4*i:], uint32(t-b.origin))
	} else {
		le.PutUint64(b.data[offset+8*i:], uint64(t))
	}
}

func (b *block) putInt(column, i int, v int64) {
	offset, width := b.at(column)
	switch width {
	case 1:
		b.data[offset+i] = byte(v)
	case 2:
		le.PutUint16(b.data[offset+2*i:], uint16(v))
	case 4:
		le.PutUint32(b.data[offset+4*i:], uint32(v))
	default:
		le.PutUint64(b.data[offset+8*i:], uint64(v))
	}
}

func (b *block) putPlace(column, i int, v Point) {
	offset, width := b.at(column)
	if width == 8 {
		lat, lon, _ := narrowPlace(v)
		le.PutUint32(b.data[offset+8*i:], uint32(lat))
		le.PutUint32(b.data[offset+8*i+4:], uint32(lon))
		return
	}
	le.PutUint64(b.data[offset+16*i:], math.Float64bits(v.Lat))
	le.PutUint64(b.data[offset+16*i+8:], math.Float64bits(v.Lon))
}

// putWord adds a hash to a dictionary that has room for it.
func (b *block) putWord(column int, hash uint64) {
	offset, _ := b.at(column)
	n := b.words(column)
	le.PutUint64(b.data[offset+8*n:], hash)
	b.data[4*column+3] = byte(n + 1)
}
