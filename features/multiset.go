package features

// multiset counts hashes. At level 0 it holds all of them; at level n a fixed
// 2^-n of them, chosen by their upper bits, so that the number of different
// ones stands for 2^n times as many (Gibbons and Tirthapura's distinct
// sampling, 2001). Unlike a HyperLogLog it can forget: it slides with its
// window event by event, and needs no buckets of time.
type multiset struct {
	hashes []uint64 // open addressing; 0 is an empty place
	counts []uint32
	n      int // different hashes
	level  uint8
}

func (m *multiset) sampled(hash uint64) bool {
	return m.level == 0 || hash>>(64-m.level) == 0
}

// place is where a hash is, or where it would go.
func (m *multiset) place(hash uint64) int {
	last := len(m.hashes) - 1
	i := int(hash) & last
	for m.hashes[i] != 0 && m.hashes[i] != hash {
		i = (i + 1) & last
	}
	return i
}

func (m *multiset) add(hash uint64) {
	if !m.sampled(hash) {
		return
	}
	if 3*m.n >= 2*len(m.hashes) {
		m.resize(max(2*len(m.hashes), 64))
	}
	i := m.place(hash)
	if m.hashes[i] == 0 {
		m.hashes[i] = hash
		m.n++
	}
	m.counts[i]++
}

func (m *multiset) remove(hash uint64) {
	if !m.sampled(hash) || len(m.hashes) == 0 {
		return
	}
	i := m.place(hash)
	if m.hashes[i] == 0 {
		return
	}
	if m.counts[i]--; m.counts[i] > 0 {
		return
	}
	m.n--
	// Close the gap: whatever probed past it moves up.
	last := len(m.hashes) - 1
	for j := (i + 1) & last; m.hashes[j] != 0; j = (j + 1) & last {
		home := int(m.hashes[j]) & last
		if (j-home)&last >= (j-i)&last {
			m.hashes[i], m.counts[i] = m.hashes[j], m.counts[j]
			i = j
		}
	}
	m.hashes[i], m.counts[i] = 0, 0
}

// count is how often a hash is held.
func (m *multiset) count(hash uint64) int {
	if len(m.hashes) == 0 {
		return 0
	}
	return int(m.counts[m.place(hash)])
}

// resize moves what belongs to the sample to a table of another size.
func (m *multiset) resize(size int) {
	old := *m
	*m = multiset{hashes: make([]uint64, size), counts: make([]uint32, size), level: m.level}
	for i, hash := range old.hashes {
		if hash != 0 && m.sampled(hash) {
			k := m.place(hash)
			m.hashes[k], m.counts[k] = hash, old.counts[i]
			m.n++
		}
	}
}

func (m *multiset) clear() {
	clear(m.hashes)
	clear(m.counts)
	m.n = 0
}
