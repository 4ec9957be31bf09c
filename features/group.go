package features

import (
	"math"
	"slices"

	"github.com/cespare/xxhash/v2"

	"github.com/tidegate/tidegate"
)

// group is everything that the features of one key field ask for: what a
// history keeps, and the plans that answer the features from it.
type group struct {
	key    source
	layout layout
	// types are the event types that some feature counts.
	types   []string
	filters []filter
	plans   []plan

	// What the index of a history sums up per chunk.
	counts []countTerm
	ints   []intTerm
	floats []floatTerm

	horizon   int64 // the longest window and delay
	recalls   []recall
	sliders   []sliderSpec
	variables []int // places of the group's features
	windows   []warmth

	words  *vocabulary
	points Points
}

// filter selects the events that count for a feature.
type filter struct {
	types       []string
	where       testFunc // nil: all
	usesOutcome bool
	usesFraud   bool
	text        string // equal filters have equal texts
	mask        int    // -1: every row of the group passes
	maskIfFraud int    // the mask of labelled rows, if the filter asks; else -1
}

func (f *filter) passes(s *scope) bool {
	return slices.Contains(f.types, s.event.Type) && (f.where == nil || f.where(s))
}

// countTerm counts the rows that pass a filter and have a property.
type countTerm struct {
	filter int
	with   property
}

// intTerm and floatTerm sum up a column over the rows that pass a filter and have a value.
type intTerm struct{ filter, column int }
type floatTerm struct{ filter, column int }

// recall is what a feature without a window keeps of events that are evicted.
type recall struct {
	filter int
	with   property
}

// warmth says how much history a windowed feature needs.
type warmth struct {
	variable int
	span     int64
}

// filterMask is the mask of a block's rows that pass a filter. Bits beyond
// the block's rows may be set.
func (g *group) filterMask(b *block, f int) uint64 {
	flt := &g.filters[f]
	if flt.mask < 0 {
		return ^uint64(0)
	}
	column := g.layout.masksAt()
	mask := b.mask(column, flt.mask)
	if flt.maskIfFraud >= 0 {
		fraud := b.mask(column, g.layout.fraud)
		mask = mask&^fraud | b.mask(column, flt.maskIfFraud)&fraud
	}
	return mask
}

// rowsWith is the mask of a block's rows that pass a filter and have a property.
func (g *group) rowsWith(b *block, filter int, with property) uint64 {
	mask := g.filterMask(b, filter)
	if m := g.layout.maskOf(with); m >= 0 {
		mask &= b.mask(g.layout.masksAt(), m)
	}
	return mask
}

// counts tells whether events of the type are part of the group's histories.
func (g *group) takes(eventType string) bool { return slices.Contains(g.types, eventType) }

// appendKey appends the key of the event's entity: tenant, a zero byte, value.
// The default tenant is left out. It is empty where the event has no such entity.
func (g *group) appendKey(dst []byte, ev *tidegate.Event) []byte {
	value := g.key.text(ev)
	if value == "" {
		return dst[:0]
	}
	return appendKey(dst, ev.Tenant, value)
}

func appendKey(dst []byte, tenant, value string) []byte {
	if tenant != "" && tenant != tidegate.DefaultTenant {
		dst = append(dst, tenant...)
	}
	dst = append(dst, 0)
	return append(dst, value...)
}

// counted tells whether a row passes a filter.
func (g *group) counted(r *row, f int) bool {
	return g.filters[f].mask < 0 || r.masks.has(g.filters[f].mask)
}

func hashNumber(v float64) uint64 {
	if v != v {
		return 0
	}
	var b [8]byte
	le.PutUint64(b[:], math.Float64bits(v+0)) // -0 is 0
	return max(xxhash.Sum64(b[:]), 1)
}

// idOf is what tells an event from others of the same instant.
func idOf(ev *tidegate.Event) string {
	if id := ev.Text[tidegate.TransactionID]; id != "" {
		return id
	}
	return ev.ID
}

func tagOf(ev *tidegate.Event) uint32 { return uint32(xxhash.Sum64String(idOf(ev))) }
