package features

import (
	"slices"

	"github.com/tidegate/tidegate"
)

// layout says what a row of a key's history holds: only what the features of
// the group name. Each thing is a column of a [block].
type layout struct {
	ints   []intColumn
	floats []floatColumn
	places []placeColumn
	tokens []tokenColumn
	texts  int // how many token columns keep their texts
	masks  int // one bit a row each
	fraud  int // mask of the labels, or -1

	columns int
	hash    uint64
}

// Columns stand in a block in this order: time, tag, ints, floats, places,
// the codes of the tokens, their dictionaries, and the masks.
const (
	timeColumn = iota
	tagColumn
	firstInt
)

const maxColumns = 64

func (l *layout) floatAt(i int) int { return firstInt + len(l.ints) + i }
func (l *layout) placeAt(i int) int { return firstInt + len(l.ints) + len(l.floats) + i }
func (l *layout) codesAt(i int) int {
	return firstInt + len(l.ints) + len(l.floats) + len(l.places) + i
}
func (l *layout) wordsAt(i int) int { return l.codesAt(len(l.tokens)) + i }
func (l *layout) masksAt() int      { return l.wordsAt(len(l.tokens)) }

// intColumn is a column of exact integers: minor units, 0 and 1, hours.
type intColumn struct {
	money   moneyKind
	source  source // if it is not money
	present int    // mask
}

type moneyKind uint8

const (
	notMoney  moneyKind = iota
	baseMoney           // amount in the base currency
	ownMoney            // amount in the transaction's currency
)

// moneyOf is the money that a field means: amount is the transaction's own
// where the key holds its currency.
func moneyOf(f tidegate.Field, own bool) moneyKind {
	switch {
	case f == tidegate.Amount && own:
		return ownMoney
	case f == tidegate.Amount, f == tidegate.BaseAmount:
		return baseMoney
	}
	return notMoney
}

func (c *intColumn) value(v *vocabulary, ev *tidegate.Event) (int64, bool) {
	switch c.money {
	case baseMoney:
		m, ok := v.baseAmount(ev)
		return m.Minor, ok
	case ownMoney:
		return ev.Amount.Minor, ev.HasAmount
	}
	x := c.source.number(ev)
	return int64(x), x == x
}

// floatColumn is a column of any other numbers.
type floatColumn struct {
	source  source
	present int // mask
}

// placeColumn is where an event happened.
type placeColumn struct {
	byCountry bool // the merchant's country stands for missing coordinates
	present   int  // mask
}

func (c *placeColumn) value(points Points, ev *tidegate.Event) (Point, bool) {
	if ev.HasLocation {
		return Point{ev.Lat, ev.Lon}, true
	}
	if !c.byCountry {
		return Point{}, false
	}
	p, ok := points[ev.Text[tidegate.MerchantCountry]]
	return p, ok
}

// tokenColumn holds texts, or anything else that is only compared, as tokens
// of 64 bits. Column text of the texts keeps long ones beside it.
type tokenColumn struct {
	source  source
	text    int // place among the kept texts, or -1
	present int // mask
}

// property is something that a row has or has not: a label, or a value in one
// of its columns.
type property struct {
	kind   propertyKind
	column int
}

type propertyKind uint8

const (
	anyRow propertyKind = iota
	isFraud
	hasInt
	hasFloat
	hasPlace
	hasToken
)

// maskOf is the mask of a property, -1 of any row's.
func (l *layout) maskOf(p property) int {
	switch p.kind {
	case isFraud:
		return l.fraud
	case hasInt:
		return l.ints[p.column].present
	case hasFloat:
		return l.floats[p.column].present
	case hasPlace:
		return l.places[p.column].present
	case hasToken:
		return l.tokens[p.column].present
	}
	return -1
}

// textColumn is the token column of kept text k.
func (l *layout) textColumn(k int) int {
	return slices.IndexFunc(l.tokens, func(c tokenColumn) bool { return c.text == k })
}
