package features_test

import (
	"math"
	"math/big"
	"slices"

	"github.com/tidegate/tidegate"
)

// oracle answers features the slow way: it keeps every event and looks at all
// of them each time. Conditions are Go functions beside the YAML, so that the
// expression compiler is judged too.
type oracle struct {
	events []*oracleEvent // in order of arrival
}

type oracleEvent struct {
	*tidegate.Event
	amount   int64 // minor units, raised by follow-ups
	outcomes []string
	fraud    bool
	arrival  int
}

// oracleFeature is one definition, twice: for the package and for the oracle.
type oracleFeature struct {
	name, yaml string
	key        []tidegate.Field
	window     int64 // 0: none
	delay      int64
	types      []string
	where      func(e *oracleEvent) bool
	onOutcome  bool
	others     bool // the current event is left out
	// compute gets the window's events in order, the current one last if it
	// counts, and the current event for features about it.
	compute func(in []*oracleEvent, current *oracleEvent) value
	// alike tells how many relative digits agree; 0 is exactly.
	tolerance float64
}

type value struct {
	missing bool
	number  float64
	text    string
}

var missing = value{missing: true}

func number(v float64) value {
	if math.IsNaN(v) {
		return missing
	}
	return value{number: v}
}

// recent are the events that windows of at most span can hold.
func (o *oracle) recent(t tidegate.Millis, span int64) *oracle {
	var r oracle
	for _, e := range o.events {
		if e.Time <= t && int64(e.Time) > int64(t)-span {
			r.events = append(r.events, e)
		}
	}
	return &r
}

func (o *oracle) answer(f *oracleFeature, current *oracleEvent, skip *oracleEvent) value {
	for _, k := range f.key {
		if current.TextOf(k) == "" {
			return missing
		}
	}
	t := int64(current.Time)
	var in []*oracleEvent
	for _, e := range o.events {
		if e != skip && f.counts(e, current, t) {
			in = append(in, e)
		}
	}
	slices.SortStableFunc(in, func(a, b *oracleEvent) int { return int(a.Time - b.Time) })
	if !f.others && !f.onOutcome && f.counts(current, current, t) {
		in = append(in, current)
	}
	return f.compute(in, current)
}

func (f *oracleFeature) counts(e, current *oracleEvent, t int64) bool {
	for _, k := range f.key {
		if e.TextOf(k) != current.TextOf(k) || e.TextOf(k) == "" {
			return false
		}
	}
	if tenantOf(e) != tenantOf(current) {
		return false
	}
	types := f.types
	if types == nil {
		types = []string{tidegate.TypeTransaction}
	}
	if !slices.Contains(types, e.Type) {
		return false
	}
	ti := int64(e.Time)
	if ti > t-f.delay || f.window > 0 && ti <= t-f.delay-f.window {
		return false
	}
	return f.where == nil || f.where(e)
}

func tenantOf(e *oracleEvent) string {
	if e.Tenant == "" {
		return tidegate.DefaultTenant
	}
	return e.Tenant
}

func amounts(in []*oracleEvent) []int64 {
	var out []int64
	for _, e := range in {
		if e.HasAmount {
			out = append(out, e.amount)
		}
	}
	return out
}

func countOf(in []*oracleEvent, _ *oracleEvent) value { return number(float64(len(in))) }

func sumOf(in []*oracleEvent, _ *oracleEvent) value {
	total := new(big.Int)
	for _, a := range amounts(in) {
		total.Add(total, big.NewInt(a))
	}
	v, _ := new(big.Rat).SetFrac(total, big.NewInt(100)).Float64()
	return number(v)
}

func avgOf(in []*oracleEvent, _ *oracleEvent) value { return number(mean(amounts(in)) / 100) }

func stddevOf(in []*oracleEvent, _ *oracleEvent) value { return number(deviation(amounts(in)) / 100) }

func minOf(in []*oracleEvent, _ *oracleEvent) value {
	if a := amounts(in); len(a) > 0 {
		return number(float64(slices.Min(a)) / 100)
	}
	return missing
}

func maxOf(in []*oracleEvent, _ *oracleEvent) value {
	if a := amounts(in); len(a) > 0 {
		return number(float64(slices.Max(a)) / 100)
	}
	return missing
}

func rank(q float64) func([]*oracleEvent, *oracleEvent) value {
	return func(in []*oracleEvent, _ *oracleEvent) value {
		a := amounts(in)
		if len(a) == 0 {
			return missing
		}
		slices.Sort(a)
		return number(float64(a[int(q*float64(len(a)-1))]) / 100)
	}
}

func ratioOf(in []*oracleEvent, current *oracleEvent) value {
	m := mean(amounts(in)) / 100
	if !current.HasAmount || math.IsNaN(m) || m == 0 {
		return missing
	}
	return number(float64(current.amount) / 100 / m)
}

func zscoreOf(in []*oracleEvent, current *oracleEvent) value {
	a := amounts(in)
	d := deviation(a)
	if !current.HasAmount || math.IsNaN(d) || d == 0 {
		return missing
	}
	return number((float64(current.amount) - mean(a)) / d)
}

// mean and deviation are computed with 300 bits, so that the package is held
// against what is true, not against another rounding.
func mean(a []int64) float64 {
	if len(a) == 0 {
		return math.NaN()
	}
	total := new(big.Int)
	for _, v := range a {
		total.Add(total, big.NewInt(v))
	}
	v, _ := new(big.Rat).SetFrac(total, big.NewInt(int64(len(a)))).Float64()
	return v
}

func deviation(a []int64) float64 {
	if len(a) < 2 {
		return math.NaN()
	}
	total, squares := new(big.Int), new(big.Int)
	for _, v := range a {
		x := big.NewInt(v)
		total.Add(total, x)
		squares.Add(squares, x.Mul(x, x))
	}
	n := big.NewInt(int64(len(a)))
	squares.Mul(squares, n)
	squares.Sub(squares, total.Mul(total, total))
	v, _ := new(big.Rat).SetFrac(squares, n.Mul(n, big.NewInt(int64(len(a)-1)))).Float64()
	return math.Sqrt(v)
}

func distinctOf(f tidegate.Field) func([]*oracleEvent, *oracleEvent) value {
	return func(in []*oracleEvent, _ *oracleEvent) value {
		seen := map[string]bool{}
		for _, e := range in {
			if v := e.TextOf(f); v != "" {
				seen[v] = true
			}
		}
		return number(float64(len(seen)))
	}
}

func firstOf(f tidegate.Field) func([]*oracleEvent, *oracleEvent) value {
	return func(in []*oracleEvent, _ *oracleEvent) value {
		for _, e := range in {
			if v := e.TextOf(f); v != "" {
				return value{text: v}
			}
		}
		return missing
	}
}

func lastOf(f tidegate.Field) func([]*oracleEvent, *oracleEvent) value {
	return func(in []*oracleEvent, _ *oracleEvent) value {
		for _, e := range slices.Backward(in) {
			if v := e.TextOf(f); v != "" {
				return value{text: v}
			}
		}
		return missing
	}
}

func lastAmountOf(in []*oracleEvent, _ *oracleEvent) value {
	if a := amounts(in); len(a) > 0 {
		return number(float64(a[len(a)-1]) / 100)
	}
	return missing
}

func unseen(in []*oracleEvent, _ *oracleEvent) value {
	if len(in) == 0 {
		return number(1)
	}
	return number(0)
}

func sinceOf(in []*oracleEvent, current *oracleEvent) value {
	if len(in) == 0 {
		return missing
	}
	return number(float64(current.Time-in[len(in)-1].Time) / 1000)
}

func fraudsOf(in []*oracleEvent, _ *oracleEvent) value {
	n := 0.0
	for _, e := range in {
		if e.fraud {
			n++
		}
	}
	return number(n)
}

func fraudShareOf(in []*oracleEvent, current *oracleEvent) value {
	if len(in) == 0 {
		return missing
	}
	return number(fraudsOf(in, current).number / float64(len(in)))
}

func otherwise(v float64, f func([]*oracleEvent, *oracleEvent) value) func([]*oracleEvent, *oracleEvent) value {
	return func(in []*oracleEvent, current *oracleEvent) value {
		if got := f(in, current); !got.missing {
			return got
		}
		return number(v)
	}
}

// statisticOf applies f to a numeric attribute.
func statisticOf(name string, f func([]float64) float64) func([]*oracleEvent, *oracleEvent) value {
	return func(in []*oracleEvent, _ *oracleEvent) value {
		var v []float64
		for _, e := range in {
			if a, ok := e.Attribute(name); ok {
				v = append(v, a.Num)
			}
		}
		return number(f(v))
	}
}

func floatAvg(v []float64) float64 {
	sum := 0.0
	for _, x := range v {
		sum += x
	}
	return sum / float64(len(v))
}

func floatStddev(v []float64) float64 {
	if len(v) < 2 {
		return math.NaN()
	}
	if slices.Min(v) == slices.Max(v) {
		return 0
	}
	m, sum := floatAvg(v), 0.0
	for _, x := range v {
		sum += (x - m) * (x - m)
	}
	return math.Sqrt(sum / float64(len(v)-1))
}

func floatMedian(v []float64) float64 {
	if len(v) == 0 {
		return math.NaN()
	}
	slices.Sort(v)
	return v[(len(v)-1)/2]
}

func located(part int) func([]*oracleEvent, *oracleEvent) value {
	return func(in []*oracleEvent, current *oracleEvent) value {
		for _, e := range slices.Backward(in) {
			if !e.HasLocation || !current.HasLocation {
				continue
			}
			km := greatCircle(e.Lat, e.Lon, current.Lat, current.Lon)
			s := float64(current.Time-e.Time) / 1000
			return number([]float64{km, s, km / (max(s, 1) / 3600)}[part])
		}
		return missing
	}
}

// greatCircle is the angle between two unit vectors, by its tangent: another
// way than the haversine formula.
func greatCircle(lat1, lon1, lat2, lon2 float64) float64 {
	const rad = math.Pi / 180
	vector := func(lat, lon float64) [3]float64 {
		return [3]float64{math.Cos(lat*rad) * math.Cos(lon*rad), math.Cos(lat*rad) * math.Sin(lon*rad), math.Sin(lat * rad)}
	}
	a, b := vector(lat1, lon1), vector(lat2, lon2)
	cross := [3]float64{a[1]*b[2] - a[2]*b[1], a[2]*b[0] - a[0]*b[2], a[0]*b[1] - a[1]*b[0]}
	dot := a[0]*b[0] + a[1]*b[1] + a[2]*b[2]
	return 6371.0088 * math.Atan2(math.Sqrt(cross[0]*cross[0]+cross[1]*cross[1]+cross[2]*cross[2]), dot)
}
