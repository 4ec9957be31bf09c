package features

import "unsafe"

// Size is the memory that a head holds outside of itself: for the cache of
// the tables. Chunks count where they are reachable from,
// which keeps them in memory.
func (c headCodec) Size(p *packed) int {
	n := tailUnit * int(p.units)
	if p.rare == 0 {
		return n
	}
	var h head
	c.packer.unpack(p, &h)
	n = int(unsafe.Sizeof(rare{})) + h.tail.size()
	if h.recalls != nil {
		n += len(*h.recalls) * int(unsafe.Sizeof(recalled{}))
	}
	o := h.older
	if o == nil {
		return n
	}
	n += int(unsafe.Sizeof(*o)) + o.top.size() + o.open.size()
	for i := range o.open.refs {
		n += o.open.refs[i].block.size()
	}
	for i := range o.top.refs {
		if page := o.top.refs[i].page; page != nil {
			n += page.size()
			for k := range page.refs {
				n += page.refs[k].block.size()
			}
		}
	}
	for i := range o.sliders {
		n += o.sliders[i].size()
	}
	return n
}

func (c chunkCodec) Size(v *chunk) int {
	if v.page != nil {
		return v.page.size()
	}
	return v.block.size()
}

func (b *block) size() int {
	if b == nil {
		return 0
	}
	n := int(unsafe.Sizeof(*b)) + cap(b.data)
	if b.texts == nil {
		return n
	}
	for _, texts := range *b.texts {
		n += int(unsafe.Sizeof(texts))
		for _, t := range texts {
			n += int(unsafe.Sizeof(t)) + len(t)
		}
	}
	return n
}

func (x *index) size() int {
	n := int(unsafe.Sizeof(*x)) + cap(x.refs)*int(unsafe.Sizeof(ref{})) + 4*cap(x.counts) +
		cap(x.powers)*int(unsafe.Sizeof(powers{})) + cap(x.floats)*int(unsafe.Sizeof(spread{}))
	for k := range x.lows {
		n += 2*int(unsafe.Sizeof(x.lows[k])) + 8*(cap(x.lows[k])+cap(x.highs[k]))
	}
	return n
}

func (s *slider) size() int {
	n := int(unsafe.Sizeof(*s)) + 12*len(s.tokens.hashes) + 12*len(s.pairs.hashes) +
		cap(s.pairs.slots)*int(unsafe.Sizeof(pairSlot{})) + cap(s.pairs.powers)*int(unsafe.Sizeof(powers{})) +
		cap(s.values.octaves)*int(unsafe.Sizeof(octave{}))
	for i := range s.values.octaves {
		if numbers := s.values.octaves[i].numbers; numbers != nil {
			n += int(unsafe.Sizeof(*numbers))
			for _, list := range numbers {
				n += cap(list) * int(unsafe.Sizeof(counted{}))
			}
		}
	}
	return n
}
