package patterns

import (
	"encoding/binary"
	"errors"
	"slices"

	"github.com/tidegate/tidegate"
	"github.com/tidegate/tidegate/cep"
)

// open is what is open for one entity: a state per pattern that has partial
// matches. An entity without any has no row.
type open struct {
	held   []held
	newest int64 // time of its newest event, Unix ms
	late   int64 // how long that event took to arrive, ms: an entity's time runs late by it
	due    int64 // when its timer is set for, Unix ms of arrival; 0: it has none
}

// held is what one definition of a pattern holds. A row is not decoded before
// it is needed, and not at all if its definition decides no longer.
type held struct {
	tenure  uint64 // which definition, since when: see [State.tenure]
	pattern *Pattern
	state   *cep.State[*Event]
	row     []byte // as long as state is nil
}

// of finds what a pattern holds, or nil.
func (o *open) of(tenure uint64) *held {
	for i := range o.held {
		if o.held[i].tenure == tenure {
			return &o.held[i]
		}
	}
	return nil
}

// wake decodes what is held.
func (h *held) wake(p *Pattern) error {
	if h.state != nil {
		h.pattern = p
		return nil
	}
	s, err := p.Automaton.DecodeState(h.row, p)
	if errors.Is(err, cep.ErrPatternChanged) { // by another binary
		s, err = &cep.State[*Event]{}, nil
	}
	if err != nil {
		return err
	}
	h.pattern, h.state, h.row = p, s, nil
	return nil
}

// settle forgets what is idle, and what belongs to a definition that does not
// decide any more.
func (o *open) settle(tenures []uint64) {
	o.held = slices.DeleteFunc(o.held, func(h held) bool {
		return h.state != nil && h.state.Idle() || !slices.Contains(tenures, h.tenure)
	})
}

// timer is the earliest end of a window that tells something: it can complete
// a match, let out one that was held back, or be a time-out that is reported.
func (o *open) timer() (at int64, ok bool) {
	for i := range o.held {
		h := &o.held[i]
		if !h.pattern.byTime && h.pattern.OnTimeout == nil && h.state.Held() == 0 {
			continue
		}
		if t, set := h.pattern.matcher.Timer(h.state); set && (!ok || t < at) {
			at, ok = t, true
		}
	}
	return at, ok
}

// openCodec writes rows: the entity's times, then per state the tenure
// of its definition and what [cep.Automaton.AppendState] makes of it. Both
// have a version byte of their own: the table's rows and the states in them.
type openCodec struct{}

func (openCodec) Append(b []byte, o *open) []byte {
	b = binary.AppendVarint(b, o.newest)
	b = binary.AppendVarint(b, o.late)
	b = binary.AppendVarint(b, o.due)
	b = binary.AppendUvarint(b, uint64(len(o.held)))
	for i := range o.held {
		h := &o.held[i]
		b = binary.AppendUvarint(b, h.tenure)
		row := h.row
		if h.state != nil {
			row = h.pattern.Automaton.AppendState(nil, h.state, h.pattern)
		}
		b = append(binary.AppendUvarint(b, uint64(len(row))), row...)
	}
	return b
}

func (openCodec) Decode(b []byte, o *open) error {
	r := reader{b: b}
	o.newest, o.late, o.due = r.int(), r.int(), r.int()
	for n := r.count(); n > 0 && !r.failed; n-- {
		o.held = append(o.held, held{tenure: r.uint(), row: slices.Clone(r.take(r.uint()))})
	}
	return r.end()
}

// Size is a guess that counts what conditions keep.
func (openCodec) Size(o *open) int {
	bytes := 64
	for i := range o.held {
		h := &o.held[i]
		bytes += 64 + len(h.row)
		if h.state != nil {
			bytes += 512 + 128*h.state.Partials()
		}
	}
	return bytes
}

// tenures says which definitions decide, and since when. A definition that
// comes back after others decided starts fresh: it has missed events.
type tenures struct {
	next uint64
	now  []tenured
}

type tenured struct{ identity, number uint64 }

type tenureCodec struct{}

func (tenureCodec) Append(b []byte, t *tenures) []byte {
	b = binary.AppendUvarint(binary.AppendUvarint(b, t.next), uint64(len(t.now)))
	for _, d := range t.now {
		b = binary.AppendUvarint(binary.LittleEndian.AppendUint64(b, d.identity), d.number)
	}
	return b
}

func (tenureCodec) Decode(b []byte, t *tenures) error {
	r := reader{b: b}
	t.next = r.uint()
	for n := r.count(); n > 0 && !r.failed; n-- {
		t.now = append(t.now, tenured{r.word(), r.uint()})
	}
	return r.end()
}

// appendKey is an entity's key: its tenant and the value of the key field.
func appendKey(b []byte, tenant, value string) []byte {
	return append(append(append(b, tenant...), 0), value...)
}

func splitKey(key string) (tenant, value string) {
	for i := range len(key) {
		if key[i] == 0 {
			return key[:i], key[i+1:]
		}
	}
	return "", key
}

func timeOf(e *tidegate.Event) int64 { return int64(e.Time) }
