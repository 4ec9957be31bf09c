package patterns

import (
	"cmp"
	"encoding/binary"
	"slices"

	"github.com/tidegate/tidegate"
	"github.com/tidegate/tidegate/stream/state"
)

// calendar knows which entities have something to do at which time of
// arrival. It is keyed state: pages of entities for each minute, and one row
// that lists the pages. A page may name an entity whose timer was set for
// another time since: then there is nothing to do.
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
}

// index lists the pages, sorted.
type index struct{ pages []pageID }

type pageID struct {
	minute int64
	number uint64
	full   bool
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
func (c *calendar) set(field tidegate.Field, key string, o *open, due int64) error {
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
	p.entities = append(p.entities, entity{field, key})
	id.full = len(p.entities) >= perPage
	return nil
}

// take takes an entity out of the first page whose minute is over at now.
func (c *calendar) take(now int64) (e entity, minuteOf int64, ok bool, err error) {
	list, err := c.index.Get(indexKey)
	if list == nil || err != nil || len(list.Value().pages) == 0 {
		return e, 0, false, err
	}
	id := list.Value().pages[0]
	if (id.minute+1)*minute > now {
		return e, 0, false, nil
	}
	row, err := c.pages.GetOrCreate(id.key())
	if err != nil {
		return e, 0, false, err
	}
	p := c.pages.Update(row)
	if len(p.entities) == 0 {
		c.pages.Delete(row)
		x := c.index.Update(list)
		x.pages = slices.Delete(x.pages, 0, 1)
		return c.take(now)
	}
	e = p.entities[0]
	p.entities = p.entities[1:]
	return e, id.minute, true, nil
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

type pageCodec struct{}

func (pageCodec) Append(b []byte, p *page) []byte {
	b = binary.AppendUvarint(b, uint64(len(p.entities)))
	for _, e := range p.entities {
		b = appendText(append(b, byte(e.field)), e.key)
	}
	return b
}

func (pageCodec) Decode(b []byte, p *page) error {
	r := reader{b: b}
	for n := r.count(); n > 0 && !r.failed; n-- {
		p.entities = append(p.entities, entity{tidegate.Field(r.byte()), r.text()})
	}
	return r.end()
}

type indexCodec struct{}

func (indexCodec) Append(b []byte, x *index) []byte {
	b = binary.AppendUvarint(b, uint64(len(x.pages)))
	for _, p := range x.pages {
		full := uint64(0)
		if p.full {
			full = 1
		}
		b = binary.AppendUvarint(binary.AppendVarint(b, p.minute), p.number<<1|full)
	}
	return b
}

func (indexCodec) Decode(b []byte, x *index) error {
	r := reader{b: b}
	for n := r.count(); n > 0 && !r.failed; n-- {
		minute, number := r.int(), r.uint()
		x.pages = append(x.pages, pageID{minute, number >> 1, number&1 == 1})
	}
	return r.end()
}
