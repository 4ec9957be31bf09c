package features

// pairSums know of each pair of a window how many events it has, their sums
// and when the last one was. They slide like a multiset; what can't be taken
// back, a minimum or a median, they don't know.
type pairSums struct {
	hashTable // to slots
	slots     []pairSlot
	free      []uint32
	columns   int
	powers    []powers // columns for each slot
}

type pairSlot struct {
	count uint32
	// last is the time of the newest event; unknown once that was taken out,
	// until a newer one comes.
	known bool
	last  int64
}

// noPair is the slot of a pair without events.
var noPair pairSlot

func (p *pairSums) slot(hash uint64) *pairSlot {
	if i := p.find(hash); i >= 0 {
		return &p.slots[p.values[i]]
	}
	return &noPair
}

// sums are a pair's over one column; nil for none.
func (p *pairSums) sums(hash uint64, column int) *powers {
	if i := p.find(hash); i >= 0 {
		return &p.powers[int(p.values[i])*p.columns+column]
	}
	return nil
}

// add adds an event at t; newest tells that it is later than all that were
// held before the slider began to move.
func (p *pairSums) add(hash uint64, t int64, newest bool) []powers {
	i, fresh := p.insert(hash)
	if fresh {
		p.values[i] = p.newSlot()
	}
	k := int(p.values[i])
	s := &p.slots[k]
	switch {
	case s.count == 0, newest && !s.known:
		s.known, s.last = true, t
	case s.known:
		s.last = max(s.last, t)
	}
	s.count++
	return p.powers[k*p.columns : (k+1)*p.columns]
}

func (p *pairSums) newSlot() uint32 {
	if n := len(p.free); n > 0 {
		k := p.free[n-1]
		p.free = p.free[:n-1]
		return k
	}
	p.slots = append(p.slots, pairSlot{})
	for range p.columns {
		p.powers = append(p.powers, powers{})
	}
	return uint32(len(p.slots) - 1)
}

// remove takes an event at t out. The sums are valid until the next call.
func (p *pairSums) remove(hash uint64, t int64) []powers {
	i := p.find(hash)
	if i < 0 {
		return nil
	}
	k := p.values[i]
	s := &p.slots[k]
	if s.count--; s.count == 0 {
		p.delete(i)
		p.free = append(p.free, k)
		s.known = false
		clear(p.powers[int(k)*p.columns : (int(k)+1)*p.columns])
		return nil
	}
	if t >= s.last {
		s.known = false
	}
	return p.powers[int(k)*p.columns : (int(k)+1)*p.columns]
}

func (p *pairSums) clear() {
	p.hashTable.clear()
	p.slots, p.free, p.powers = p.slots[:0], p.free[:0], p.powers[:0]
}
