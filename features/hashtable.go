package features

// hashTable maps hashes, which are not 0, to numbers. It probes linearly and
// closes the gap when a hash is deleted.
type hashTable struct {
	hashes []uint64 // 0 is an empty place
	values []uint32
	n      int
}

// place is where a hash is, or where it would go.
func (t *hashTable) place(hash uint64) int {
	last := len(t.hashes) - 1
	i := int(hash) & last
	for t.hashes[i] != 0 && t.hashes[i] != hash {
		i = (i + 1) & last
	}
	return i
}

// find is the place of a hash, or -1.
func (t *hashTable) find(hash uint64) int {
	if len(t.hashes) == 0 {
		return -1
	}
	if i := t.place(hash); t.hashes[i] == hash {
		return i
	}
	return -1
}

// insert finds the place of a hash, or makes one; fresh tells which.
func (t *hashTable) insert(hash uint64) (i int, fresh bool) {
	if 3*t.n >= 2*len(t.hashes) {
		t.rebuild(max(2*len(t.hashes), 64), func(uint64) bool { return true })
	}
	i = t.place(hash)
	if t.hashes[i] != 0 {
		return i, false
	}
	t.hashes[i], t.values[i] = hash, 0
	t.n++
	return i, true
}

func (t *hashTable) delete(i int) {
	t.n--
	last := len(t.hashes) - 1
	for j := (i + 1) & last; t.hashes[j] != 0; j = (j + 1) & last {
		if home := int(t.hashes[j]) & last; (j-home)&last >= (j-i)&last {
			t.hashes[i], t.values[i] = t.hashes[j], t.values[j]
			i = j
		}
	}
	t.hashes[i] = 0
}

// rebuild moves what is to be kept to a table of another size.
func (t *hashTable) rebuild(size int, keep func(hash uint64) bool) {
	old := *t
	*t = hashTable{hashes: make([]uint64, size), values: make([]uint32, size)}
	for i, hash := range old.hashes {
		if hash != 0 && keep(hash) {
			k := t.place(hash)
			t.hashes[k], t.values[k] = hash, old.values[i]
			t.n++
		}
	}
}

func (t *hashTable) clear() {
	clear(t.hashes)
	t.n = 0
}
