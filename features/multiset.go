package features

// multiset counts hashes. At level 0 it holds all of them; at level n a fixed
// 2^-n of them, chosen by their upper bits, so that the number of different
// ones stands for 2^n times as many (Gibbons and Tirthapura's distinct
// sampling, 2001). Unlike a HyperLogLog it can forget: it slides with its
// window event by event, and needs no buckets of time.
type multiset struct {
	hashTable // to how often each is held
	level     uint8
}

func (m *multiset) sampled(hash uint64) bool {
	return m.level == 0 || hash>>(64-m.level) == 0
}

func (m *multiset) add(hash uint64) {
	if m.sampled(hash) {
		i, _ := m.insert(hash)
		m.values[i]++
	}
}

func (m *multiset) remove(hash uint64) {
	if i := m.find(hash); i >= 0 {
		if m.values[i]--; m.values[i] == 0 {
			m.delete(i)
		}
	}
}

func (m *multiset) has(hash uint64) bool { return m.find(hash) >= 0 }

// thin goes to the next level: half of the hashes stay.
func (m *multiset) thin() {
	m.level++
	m.rebuild(len(m.hashes), m.sampled)
}
