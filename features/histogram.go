package features

import (
	"cmp"
	"math"
	"slices"
	"sort"
)

// histogram holds numbers in buckets by their sign, exponent and six more
// bits: 64 buckets to an octave. Within a bucket it keeps each different
// number and how often it occurs; a coarse one keeps the bucket's count alone,
// and no number is further than 1/128 from the middle of its bucket. As the
// counts are exact, a quantile's bucket is the right one, and unlike a sketch
// made to be merged it can forget a number.
type histogram struct {
	coarse  bool
	n       int      // different numbers, unless coarse
	octaves []octave // by id
}

type octave struct {
	id      int32
	total   uint32
	counts  [64]uint32
	numbers *[64][]counted // sorted; nil if coarse
}

type counted struct {
	value int64 // an integer, or a float as ordered makes it one
	count uint32
}

// bucketShift leaves of an ordered float what chooses its bucket.
const bucketShift = 52 - 6

// add counts a number that belongs in a bucket.
func (h *histogram) add(bucket, value int64) {
	o := h.octave(int32(bucket >> 6))
	o.total++
	o.counts[bucket&63]++
	if h.coarse {
		return
	}
	if o.numbers == nil {
		o.numbers = new([64][]counted)
	}
	list := &o.numbers[bucket&63]
	i, found := search(*list, value)
	if !found {
		*list = slices.Insert(*list, i, counted{value: value})
		h.n++
	}
	(*list)[i].count++
}

// remove takes out a number that was added.
func (h *histogram) remove(bucket, value int64) {
	o := h.octave(int32(bucket >> 6))
	o.total--
	o.counts[bucket&63]--
	if h.coarse {
		return
	}
	list := &o.numbers[bucket&63]
	i, _ := search(*list, value)
	if (*list)[i].count--; (*list)[i].count == 0 {
		*list = slices.Delete(*list, i, i+1)
		h.n--
	}
}

func search(list []counted, value int64) (int, bool) {
	return slices.BinarySearchFunc(list, value, func(c counted, v int64) int { return cmp.Compare(c.value, v) })
}

func (h *histogram) octave(id int32) *octave {
	i := sort.Search(len(h.octaves), func(i int) bool { return h.octaves[i].id >= id })
	if i == len(h.octaves) || h.octaves[i].id != id {
		h.octaves = slices.Insert(h.octaves, i, octave{id: id})
	}
	return &h.octaves[i]
}

// rank finds the element of rank k, from 0: its bucket, and unless the
// histogram is coarse the number itself.
func (h *histogram) rank(k uint32) (bucket, value int64) {
	for i := range h.octaves {
		o := &h.octaves[i]
		if k >= o.total {
			k -= o.total
			continue
		}
		for b, n := range o.counts {
			if k >= n {
				k -= n
				continue
			}
			bucket = int64(o.id)<<6 | int64(b)
			if h.coarse {
				return bucket, 0
			}
			for _, c := range o.numbers[b] {
				if k < c.count {
					return bucket, c.value
				}
				k -= c.count
			}
		}
	}
	return 0, 0
}

// coarsen forgets the numbers and keeps the buckets' counts.
func (h *histogram) coarsen() {
	h.coarse, h.n = true, 0
	for i := range h.octaves {
		h.octaves[i].numbers = nil
	}
}

func bucketOfInt(v int64) int64     { return ordered(float64(v)) >> bucketShift }
func bucketOfOrdered(v int64) int64 { return v >> bucketShift }

// middleInt is the middle of the integers in a bucket: below 128 each has one
// of its own.
func middleInt(bucket int64) float64 {
	lo := math.Ceil(fromOrdered(bucket << bucketShift))
	hi := math.Ceil(fromOrdered((bucket+1)<<bucketShift)) - 1
	return math.Floor(lo + (hi-lo)/2)
}

func middleFloat(bucket int64) float64 {
	if bucket == 0 {
		return 0
	}
	lo := fromOrdered(bucket << bucketShift)
	return lo + (fromOrdered((bucket+1)<<bucketShift)-lo)/2
}
