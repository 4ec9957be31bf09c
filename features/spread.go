package features

import "math"

// spread summarises floating-point numbers. Squares are kept about the mean
// and merged by Chan, Golub and LeVeque (1979), so that nothing is lost by
// subtracting large numbers. A sum depends on the order of its terms; here
// that is the order of a key's records and of its chunks, which the records
// alone determine.
type spread struct {
	n        int64
	total    float64
	m2       float64 // Σ(x − mean)²
	min, max float64 // of nothing: +Inf and -Inf
}

var noSpread = spread{min: math.Inf(1), max: math.Inf(-1)}

func (s *spread) add(x float64) {
	one := spread{n: 1, total: x, min: x, max: x}
	s.merge(&one)
}

func (s *spread) merge(o *spread) {
	if o.n == 0 {
		return
	}
	if s.n > 0 {
		a, b := float64(s.n), float64(o.n)
		delta := o.total/b - s.total/a
		// Conversions keep a compiler from fusing multiplication and addition.
		s.m2 += float64(delta*delta) * (a * b / (a + b))
	}
	s.m2 += o.m2
	s.n += o.n
	s.total += o.total
	s.min, s.max = min(s.min, o.min), max(s.max, o.max)
}

func (s *spread) mean() float64 { return s.total / float64(s.n) }

// deviation is the sample standard deviation (n-1), NaN below two.
func (s *spread) deviation() float64 {
	if s.n < 2 {
		return math.NaN()
	}
	if s.min == s.max {
		return 0 // whatever the rounding of the mean left in m2
	}
	return math.Sqrt(s.m2 / float64(s.n-1))
}
