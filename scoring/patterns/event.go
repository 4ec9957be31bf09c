package patterns

import (
	"encoding/binary"
	"math"
	"strings"

	"github.com/tidegate/tidegate"
)

// Event is an event as a partial match remembers it: its id, and of its
// columns those that conditions look back at.
type Event struct {
	ID     string
	values []value         // by [Pattern].kept
	tx     *tidegate.Event // while it is the event at hand
}

// newEvent is what the pattern keeps of an event.
func (p *Pattern) newEvent(tx *tidegate.Event) *Event {
	e := &Event{ID: strings.Clone(idOf(tx)), tx: tx}
	if len(p.kept) > 0 {
		e.values = make([]value, len(p.kept))
		for i, c := range p.kept {
			v := p.set.language.columns[c].of(tx)
			v.text = strings.Clone(v.text) // a part of its request's body
			e.values[i] = v
		}
	}
	return e
}

// idOf names an event for people: its id, or else its transaction's.
func idOf(tx *tidegate.Event) string {
	if tx.ID != "" {
		return tx.ID
	}
	return tx.Text[tidegate.TransactionID]
}

// Append and Decode make a pattern the codec of its events: the id, then each
// column that it keeps.
func (p *Pattern) Append(b []byte, e *Event) []byte {
	b = appendText(b, e.ID)
	for i, c := range p.kept {
		v := e.values[i]
		if p.set.language.columns[c].kind != tidegate.KindText {
			b = binary.LittleEndian.AppendUint64(b, math.Float64bits(v.num))
			continue
		}
		if v.num != v.num {
			b = append(b, 0)
			continue
		}
		b = appendText(append(b, 1), v.text)
	}
	return b
}

func (p *Pattern) Decode(b []byte) (*Event, error) {
	r := reader{b: b}
	e := &Event{ID: r.text()}
	if len(p.kept) > 0 {
		e.values = make([]value, len(p.kept))
	}
	for i, c := range p.kept {
		switch {
		case p.set.language.columns[c].kind != tidegate.KindText:
			e.values[i] = value{num: math.Float64frombits(r.word())}
		case r.byte() == 1:
			e.values[i] = value{text: r.text()}
		default:
			e.values[i] = missing
		}
	}
	return e, r.end()
}
