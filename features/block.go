package features

import (
	"encoding/binary"
	"math"
)

// blockRows is the most rows a block holds: one bit each in a word.
const blockRows = 64

// block is up to 64 rows in time order, rows of one instant in order of
// arrival, as columns in one piece of memory. Times, integers and places take
// the narrowest width that fits; a token is a byte that points into the
// block's own dictionary. A block that stands in a key's index is sealed: it
// never changes again.
type block struct {
	origin int64 // time that the narrow times count from
	n      int
	data   []byte      // the columns' places (4 bytes each), then the columns
	home   uint32      // of data in the tails; 0 for memory of its own
	texts  *[][]string // per column that keeps texts: long ones, by dictionary entry; nil if there is none
}

var le = binary.LittleEndian

// at is where a column begins in data, and its width: bytes a row; for a
// dictionary the entries it has room for; for the masks bytes a mask.
func (b *block) at(column int) (offset, width int) {
	v := le.Uint32(b.data[4*column:])
	return int(v & 0xffff), int(v >> 16 & 0xff)
}

// room is the number of rows that the columns have room for.
func (b *block) room() int {
	if b.data == nil {
		return 0
	}
	offset, width := b.at(timeColumn)
	end, _ := b.at(tagColumn)
	return (end - offset) / width
}

// text is the text of a row's token, in a column that keeps texts.
func (b *block) text(l *layout, t, i int, cache *shortTexts) string {
	code := b.code(l.codesAt(t), i)
	token := b.word(l.wordsAt(t), code)
	if text, n := short(token); n > 0 {
		return cache.of(token, text, n)
	}
	return b.longText(l.tokens[t].text, code)
}

// longText is a text that its token does not hold; "" if there is none.
func (b *block) longText(text, code int) string {
	if b.texts == nil || code >= len((*b.texts)[text]) {
		return ""
	}
	return (*b.texts)[text][code]
}

// putText keeps the text of a dictionary entry, if its token does not hold it.
func (b *block) putText(l *layout, text, code int, s string) {
	if len(s) <= shortText {
		return
	}
	if b.texts == nil {
		texts := make([][]string, l.texts)
		b.texts = &texts
	}
	list := &(*b.texts)[text]
	for len(*list) <= code {
		*list = append(*list, "")
	}
	(*list)[code] = s
}

// words is the number of entries of a dictionary.
func (b *block) words(column int) int { return int(b.data[4*column+3]) }

func (b *block) time(i int) int64 {
	offset, width := b.at(timeColumn)
	if width == 4 {
		return b.origin + int64(le.Uint32(b.data[offset+4*i:]))
	}
	return int64(le.Uint64(b.data[offset+8*i:]))
}

func (b *block) first() int64 { return b.time(0) }
func (b *block) last() int64  { return b.time(b.n - 1) }

// upTo is the number of rows with a time of at most t. The search is written
// without a branch to predict: which way it goes is a coin's toss.
func (b *block) upTo(t int64) int {
	lo, n := 0, b.n
	if n == 0 {
		return 0
	}
	offset, width := b.at(timeColumn)
	if width == 4 {
		d := t - b.origin
		if d < 0 {
			return 0
		}
		times := b.data[offset : offset+4*n]
		for n > 1 {
			half := n >> 1
			if int64(le.Uint32(times[4*(lo+half-1):])) <= d {
				lo += half
			}
			n -= half
		}
		if int64(le.Uint32(times[4*lo:])) <= d {
			lo++
		}
		return lo
	}
	for lo < n {
		mid := int(uint(lo+n) >> 1)
		if b.time(mid) <= t {
			lo = mid + 1
		} else {
			n = mid
		}
	}
	return lo
}

func (b *block) tag(i int) uint32 {
	offset, _ := b.at(tagColumn)
	return le.Uint32(b.data[offset+4*i:])
}

func (b *block) integer(column, i int) int64 {
	offset, width := b.at(column)
	switch width {
	case 1:
		return int64(int8(b.data[offset+i]))
	case 2:
		return int64(int16(le.Uint16(b.data[offset+2*i:])))
	case 4:
		return int64(int32(le.Uint32(b.data[offset+4*i:])))
	}
	return int64(le.Uint64(b.data[offset+8*i:]))
}

// addInts adds the masked rows of an integer column to moments; in one run
// where they are one.
func (b *block) addInts(column int, rows uint64, m *moments) {
	if rows == 0 {
		return
	}
	offset, width := b.at(column)
	i := trailing(rows)
	if run := rows >> i; run&(run+1) == 0 && width <= 4 {
		m.addNarrow(b.data[offset+width*i:offset+width*leading(rows)], width)
		return
	}
	for ; rows != 0; rows &= rows - 1 {
		m.add(b.integer(column, trailing(rows)))
	}
}

func (b *block) float(column, i int) float64 {
	offset, _ := b.at(column)
	return math.Float64frombits(le.Uint64(b.data[offset+8*i:]))
}

// place is narrow (twice 32 bits) where ten-millionths of a degree say it exactly.
func (b *block) place(column, i int) Point {
	offset, width := b.at(column)
	if width == 8 {
		p := b.data[offset+8*i:]
		return Point{float64(int32(le.Uint32(p))) / 1e7, float64(int32(le.Uint32(p[4:]))) / 1e7}
	}
	p := b.data[offset+16*i:]
	return Point{math.Float64frombits(le.Uint64(p)), math.Float64frombits(le.Uint64(p[8:]))}
}

// code is the dictionary entry of a row's token.
func (b *block) code(column, i int) int {
	offset, _ := b.at(column)
	return int(b.data[offset+i])
}

// word is a dictionary's entry: a token's hash.
func (b *block) word(column, code int) uint64 {
	offset, _ := b.at(column)
	return le.Uint64(b.data[offset+8*code:])
}

// find is the dictionary entry of a hash, or -1.
func (b *block) find(column int, hash uint64) int {
	offset, _ := b.at(column)
	words := b.data[offset : offset+8*b.words(column)]
	for i := 0; i+8 <= len(words); i += 8 {
		if le.Uint64(words[i:]) == hash {
			return i / 8
		}
	}
	return -1
}

// matches is the mask of the rows from i to j-1 whose token has this code.
func (b *block) matches(column, code, i, j int) uint64 {
	offset, _ := b.at(column)
	var mask uint64
	for k, c := range b.data[offset+i : offset+j] {
		if int(c) == code {
			mask |= 1 << k
		}
	}
	return mask << i
}

func (b *block) mask(column, m int) uint64 {
	offset, width := b.at(column)
	p := b.data[offset+width*m:]
	switch width {
	case 1:
		return uint64(p[0])
	case 2:
		return uint64(le.Uint16(p))
	case 4:
		return uint64(le.Uint32(p))
	}
	return le.Uint64(p)
}

func (b *block) setMask(column, m int, mask uint64) {
	offset, width := b.at(column)
	p := b.data[offset+width*m:]
	switch width {
	case 1:
		p[0] = byte(mask)
	case 2:
		le.PutUint16(p, uint16(mask))
	case 4:
		le.PutUint32(p, uint32(mask))
	default:
		le.PutUint64(p, mask)
	}
}
