package features

import "encoding/binary"

// Stored heads and chunks begin with a version byte. The layout they were
// written for is part of their table's name.
const (
	headVersion  = 1
	blockVersion = 1
	pageVersion  = 2
)

// headCodec turns heads to bytes. References are stored without what they
// refer to: chunks have a table of their own.
type headCodec struct {
	*group
	packer *packer
}

// Release is told that a head leaves memory.
func (c headCodec) Release(p *packed) { c.packer.release(p) }

func (c headCodec) Append(dst []byte, p *packed) []byte {
	var h head
	c.packer.unpack(p, &h)
	return c.append(dst, &h)
}

func (c headCodec) Decode(b []byte, p *packed) error {
	var h head
	if err := c.decode(b, &h); err != nil {
		return err
	}
	c.packer.pack(p, &h)
	return nil
}

func (c headCodec) append(dst []byte, h *head) []byte {
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

func (c headCodec) decode(b []byte, h *head) error {
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
