package features

import "encoding/binary"

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
	for k := range l.texts {
		for code := range b.words(l.wordsAt(l.textColumn(k))) {
			t := b.longText(k, code)
			dst = binary.AppendUvarint(dst, uint64(len(t)))
			dst = append(dst, t...)
		}
	}
	return dst
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
	b := s.make(l, nil)
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
		for code := range b.words(l.wordsAt(l.textColumn(k))) {
			b.putText(l, k, code, string(d.bytes(d.length(1))))
		}
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
