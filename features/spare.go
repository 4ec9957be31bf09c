package features

// spare keeps the memory of blocks that moved, for the next ones of the size:
// histories of one group are of a few sizes, and what one grows out of,
// another one grows into. It has one user at a time.
type spare struct{ bySize [spareSizes][][]byte }

const (
	spareUnit  = 32 // bytes; sizes are rounded up to it
	spareSizes = 128
	spareEach  = 16
)

// take gives zeroed memory. A nil spare has none to use again.
func (s *spare) take(size int) []byte {
	units := (size + spareUnit - 1) / spareUnit
	if s == nil {
		return make([]byte, size)
	}
	if units < spareSizes {
		if list := s.bySize[units]; len(list) > 0 {
			data := list[len(list)-1][:size]
			s.bySize[units] = list[:len(list)-1]
			clear(data)
			return data
		}
	}
	return make([]byte, size, units*spareUnit)
}

// give takes the memory of a block that nobody reads any more.
func (s *spare) give(data []byte) {
	units := cap(data) / spareUnit
	if units == 0 || units >= spareSizes || cap(data)%spareUnit != 0 || len(s.bySize[units]) == spareEach {
		return
	}
	s.bySize[units] = append(s.bySize[units], data)
}
