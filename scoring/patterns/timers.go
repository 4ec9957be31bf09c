package patterns

import (
	"cmp"
	"encoding/binary"
	"slices"

	"github.com/tidegate/tidegate"
	"github.com/tidegate/tidegate/stream/state"
)

// calendar knows which entities have something to do at which time of
// arrival. It is keyed state: pages of entities for each minute, in the order
// of their times, and one row that lists the pages and when each is first due.
// A page may name an entity whose timer was set for another time since: then
// there is nothing to do.
type calendar struct {
	pages *state.Table[page]
	index *state.Table[index]
}

const (
	minute  = 60_000
	perPage = 128 // entities
)

type page struct{ entities []entity }

type entity struct {
	field tidegate.Field
	key   string
	due   int64 // Unix ms of arrival; 0: at the end of the page's minute, on pages of old
}

// index lists the pages, sorted by minute and number.
type index struct{ pages []pageID }

type pageID struct {
	minute int64
	number uint64
	full   bool
	first  int64 // when an entity on it is first due
}

func newCalendar(store *state.Store) calendar {
	return calendar{
		pages: state.NewTable[page](store, "patterns.due", pageCodec{}),
		index: state.NewTable[index](store, "patterns.calendar", indexCodec{}),
	}
}

var indexKey = []byte("pages")

// set sets an entity's timer, unless it is set for an earlier time: then it
// is set anew when that has come.
func (c *calendar) set(t *table, of *state.Entry[open], due int64) error {
	o := t.open.Update(of)
	if o.due != 0 && o.due <= due {
		return nil
	}
	o.due = due
	list, err := c.index.GetOrCreate(indexKey)
	if err != nil {
		return err
	}
	x := c.index.Update(list)
	id := &x.pages[x.roomIn(due/minute)]
	row, err := c.pages.GetOrCreate(id.key())
	if err != nil {
		return err
	}
	p := c.pages.Update(row)
	p.add(entity{t.field, t.open.Key(of), due})
	id.first, id.full = p.entities[0].dueIn(id.minute), len(p.entities) >= perPage
	return nil
}

func (p *page) add(e entity) {
	at, _ := slices.BinarySearchFunc(p.entities, e, func(a, b entity) int { return cmp.Compare(a.due, b.due+1) })
	p.entities = slices.Insert(p.entities, at, e)
}

func (e entity) dueIn(of int64) int64 {
	if e.due == 0 {
		return (of + 1) * minute
	}
	return e.due
}

// take takes an entity that is due at now off its page.
func (c *calendar) take(now int64) (e entity, minuteOf int64, ok bool, err error) {
	list, err := c.index.Get(indexKey)
	if list == nil || err != nil {
		return e, 0, false, err
	}
	at := list.Value().due(now)
	if at < 0 {
		return e, 0, false, nil
	}
	x := c.index.Update(list)
	id := &x.pages[at]
	row, err := c.pages.GetOrCreate(id.key())
	if err != nil {
		return e, 0, false, err
	}
	p := c.pages.Update(row)
	minuteOf = id.minute
	if ok = len(p.entities) > 0; ok {
		e, p.entities = p.entities[0], p.entities[1:]
	}
	if len(p.entities) > 0 {
		id.first = p.entities[0].dueIn(id.minute)
		return e, minuteOf, ok, nil
	}
	c.pages.Delete(row)
	x.pages = slices.Delete(x.pages, at, at+1)
	if !ok {
		return c.take(now)
	}
	return e, minuteOf, true, nil
}

// due finds a page with an entity that is due at now; -1: there is none.
func (x *index) due(now int64) int {
	for i := range x.pages {
		if x.pages[i].minute*minute > now {
			break
		}
		if x.pages[i].first <= now {
			return i
		}
	}
	return -1
}

// roomIn finds a page of a minute that is not full, or makes one.
func (x *index) roomIn(minute int64) int {
	at, _ := slices.BinarySearchFunc(x.pages, pageID{minute: minute}, comparePages)
	number := uint64(0)
	for ; at < len(x.pages) && x.pages[at].minute == minute; at++ {
		if !x.pages[at].full {
			return at
		}
		number = x.pages[at].number + 1
	}
	x.pages = slices.Insert(x.pages, at, pageID{minute: minute, number: number})
	return at
}

func comparePages(a, b pageID) int {
	return cmp.Or(cmp.Compare(a.minute, b.minute), cmp.Compare(a.number, b.number))
}

func (p pageID) key() []byte {
	return binary.BigEndian.AppendUint64(binary.BigEndian.AppendUint64(nil, uint64(p.minute)), p.number)
}

// Both codecs have got the times with version 1. A page of version 0 is due
// when its minute is over.
type pageCodec struct{}

func (pageCodec) Version() uint8 { return 1 }

func (pageCodec) Append(b []byte, p *page) []byte {
	b = binary.AppendUvarint(b, uint64(len(p.entities)))
	for _, e := range p.entities {
		b = appendText(append(b, byte(e.field)), e.key)
		b = binary.AppendVarint(b, e.due)
	}
	return b
}

func (c pageCodec) Decode(b []byte, p *page) error { return c.DecodeVersion(1, b, p) }

func (pageCodec) DecodeVersion(version uint8, b []byte, p *page) error {
	if version > 1 {
		return newer(version)
	}
	r := reader{b: b}
	for n := r.count(); n > 0 && !r.failed; n-- {
		e := entity{field: tidegate.Field(r.byte()), key: r.text()}
		if version == 1 {
			e.due = r.int()
		}
		p.entities = append(p.entities, e)
	}
	return r.end()
}

type indexCodec struct{}

func (indexCodec) Version() uint8 { return 1 }

func (indexCodec) Append(b []byte, x *index) []byte {
	b = binary.AppendUvarint(b, uint64(len(x.pages)))
	for _, p := range x.pages {
		full := uint64(0)
		if p.full {
			full = 1
		}
		b = binary.AppendUvarint(binary.AppendVarint(b, p.minute), p.number<<1|full)
		b = binary.AppendVarint(b, p.first-p.minute*minute)
	}
	return b
}

func (c indexCodec) Decode(b []byte, x *index) error { return c.DecodeVersion(1, b, x) }

func (indexCodec) DecodeVersion(version uint8, b []byte, x *index) error {
	if version > 1 {
		return newer(version)
	}
	r := reader{b: b}
	for n := r.count(); n > 0 && !r.failed; n-- {
		start, number := r.int(), r.uint()
		p := pageID{start, number >> 1, number&1 == 1, (start + 1) * minute}
		if version == 1 {
			p.first = start*minute + r.int()
		}
		x.pages = append(x.pages, p)
	}
	return r.end()
}
