package features

import (
	"github.com/tidegate/tidegate"
	"github.com/tidegate/tidegate/stream/state"
)

// head is what a key's entry holds, unpacked: the newest events, and the way to
// the sealed chunks of the older ones. It is the only part that changes.
type head struct {
	tail    block // the newest events; not empty in a head that was written
	first   int64 // time of the earliest event that was ever applied
	older   *older
	recalls *[]recalled // by group.recalls, if anything was evicted
}

// older is the part of a history behind the tail.
type older struct {
	top    index // of pages
	open   index // of the newest blocks, until they make a page
	nextID uint64
	// sliders are by group.sliders; nil until a block was sealed.
	sliders []slider
}

// recalled is the latest evicted event that a [recall] asks for.
type recalled struct {
	known bool
	time  int64
	place Point
}

// chunk is a sealed part of a history, in a table of its own: a block or a page.
type chunk struct {
	block *block
	page  *index
}

// groupState is a group's tables and the scratch of its one writer.
type groupState struct {
	*group
	heads  *state.Table[packed]
	packer *packer // of the heads
	chunks *state.Table[chunk]

	id      []byte // key of the entity last looked up; empty if there is none
	chunkID []byte
	event   *tidegate.Event // that entry and row are of
	entry   *state.Entry[packed]
	reach   state.Reach[packed]
	likely  *state.Entry[packed]
	open    head // the one that is read or changed
	row     row
	short   shortTexts
	sum     *summary
	scope   scope

	sums      sums
	with      moments // sums with the current event
	edges     []position
	seen      tokenSet
	sorted    []int64
	baseScale float64
	// approximate are the features that a sketch answered for the event observed last.
	approximate []int
	cutoff      int64 // how far behind a key's newest event eviction begins
	memory      int64 // how long after its newest event a key is forgotten
}

// head unpacks an entry's head, in the place of the one before.
func (s *groupState) head(e *state.Entry[packed]) *head {
	s.packer.unpack(e.Value(), &s.open)
	return &s.open
}

// chunkIDBytes end the key of a chunk; what is before is the key of its head.
const chunkIDBytes = 8

// chunkKey is the key of a chunk of the key last looked up.
func (s *groupState) chunkKey(id uint64) []byte {
	s.chunkID = append(s.chunkID[:0], s.id...)
	for shift := 8 * (chunkIDBytes - 1); shift >= 0; shift -= 8 {
		s.chunkID = append(s.chunkID, byte(id>>shift))
	}
	return s.chunkID
}

// seal writes a new chunk and returns its id. A chunk that is not discarded
// before ends after its head has ended.
func (s *groupState) seal(o *older, c chunk, last int64) (uint64, error) {
	o.nextID++
	e, err := s.chunks.Replace(s.chunkKey(o.nextID))
	if err != nil {
		return 0, err
	}
	*s.chunks.Update(e) = c
	s.chunks.SetExpiry(e, last+s.cutoff+s.memory)
	return o.nextID, nil
}

// discard deletes a chunk that nothing refers to any more.
func (s *groupState) discard(id uint64) error { return s.chunks.Remove(s.chunkKey(id)) }

// loadBlock and loadPage bring a chunk's content to the reference.
func (s *groupState) loadBlock(r *ref) (*block, error) {
	if r.block == nil {
		c, err := s.chunk(r.id)
		if err != nil {
			return nil, err
		}
		b := c.block
		if b == nil || b.n != r.n || b.first() != r.first || b.last() != r.last {
			return nil, tidegate.Errorf(tidegate.CodeCorrupt, "features: a block of a history by %s is not the one referred to", s.group.key.name())
		}
		r.block = b
	}
	return r.block, nil
}

func (s *groupState) loadPage(r *ref) (*index, error) {
	if r.page == nil {
		c, err := s.chunk(r.id)
		if err != nil {
			return nil, err
		}
		p := c.page
		if p == nil || p.rows() != r.n || p.refs[0].first != r.first || p.last() != r.last {
			return nil, tidegate.Errorf(tidegate.CodeCorrupt, "features: a page of a history by %s is not the one referred to", s.group.key.name())
		}
		r.page = p
	}
	return r.page, nil
}

func (s *groupState) chunk(id uint64) (chunk, error) {
	e, err := s.chunks.Get(s.chunkKey(id))
	if err != nil {
		return chunk{}, err
	}
	if e == nil {
		return chunk{}, tidegate.Errorf(tidegate.CodeCorrupt, "features: a chunk of a history by %s is missing", s.group.key.name())
	}
	return *e.Value(), nil
}
