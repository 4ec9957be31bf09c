package load

import (
	"math"
	"math/rand/v2"
	"sort"
	"strconv"
	"sync/atomic"
	"time"
)

// Payments makes authorize requests of many customers with a skew.
type Payments struct {
	customers *zipf
	run       string
	workers   []payer
	serial    atomic.Uint64
}

type payer struct {
	rng  *rand.Rand
	body []byte
	_    [64]byte // workers' fields do not share a cache line
}

// NewPayments prepares requests for a number of workers. skew is the exponent
// of Zipf's law over customers: 0 is uniform, 1 the classic. run tells the
// transaction ids of one run from another's.
func NewPayments(workers, customers int, skew float64, seed uint64, run string) *Payments {
	p := &Payments{customers: newZipf(customers, skew), run: run, workers: make([]payer, workers)}
	for i := range p.workers {
		p.workers[i].rng = rand.New(rand.NewPCG(seed, uint64(i)))
	}
	return p
}

// Request is a [Requests].
func (p *Payments) Request(worker int, now time.Time, dst []byte) []byte {
	w := &p.workers[worker]
	w.body = p.Body(worker, now, w.body[:0])
	dst = append(dst, "POST /v1/authorize HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\nContent-Length: "...)
	dst = strconv.AppendInt(dst, int64(len(w.body)), 10)
	dst = append(dst, "\r\n\r\n"...)
	return append(dst, w.body...)
}

// Body appends a worker's next payment alone. The ids of a run count from 1.
func (p *Payments) Body(worker int, now time.Time, b []byte) []byte {
	rng := p.workers[worker].rng
	customer := uint64(p.customers.pick(rng))
	// Habits follow from the customer's number, so that histories make sense.
	habit := mix(customer)
	merchant := (habit>>8 + rng.Uint64N(6)) % 20_000
	text := func(name string, prefix byte, v uint64) {
		b = append(append(append(b, `,"`...), name...), `":"`...)
		b = strconv.AppendUint(append(b, prefix), v, 10)
		b = append(b, '"')
	}
	b = append(b, `{"event_type":"transaction.initiated","timestamp":"`...)
	b = now.UTC().AppendFormat(b, "2006-01-02T15:04:05.000Z")
	b = append(b, `","source":"bench","payload":{"transaction_id":"`...)
	b = append(b, p.run...)
	b = strconv.AppendUint(append(b, '-'), p.serial.Add(1), 10)
	b = append(b, '"')
	text("customer_id", 'C', customer)
	text("card_id", 'K', customer)
	text("merchant_id", 'M', merchant)
	text("terminal_id", 'P', merchant*3+rng.Uint64N(3))
	text("device_fingerprint", 'D', customer*2+rng.Uint64N(20)/19)
	b = append(b, `,"ip_address":"10.`...)
	b = strconv.AppendUint(b, habit>>16&255, 10)
	b = strconv.AppendUint(append(b, '.'), habit>>24&255, 10)
	b = strconv.AppendUint(append(b, '.'), habit>>32&255, 10)
	b = append(b, `","amount":"`...)
	cents := uint64(math.Exp(rng.NormFloat64()*0.8+3.2)*100) + 1
	b = strconv.AppendUint(b, cents/100, 10)
	b = append(b, '.', byte('0'+cents/10%10), byte('0'+cents%10))
	b = append(b, `","currency":"EUR","mcc":"5411","merchant_country":"DE","card_country":"DE","card_last_four":"4242","channel":"ecom","card_present":false,"transaction_type":"purchase","geo_location":{"lat":`...)
	b = strconv.AppendFloat(b, 48+float64(habit>>40&1023)/256, 'f', 4, 64)
	b = append(b, `,"lon":`...)
	b = strconv.AppendFloat(b, 7+float64(habit>>50&1023)/256, 'f', 4, 64)
	return append(b, "}}}"...)
}

func mix(z uint64) uint64 {
	z = (z ^ z>>30) * 0xBF58476D1CE4E5B9
	z = (z ^ z>>27) * 0x94D049BB133111EB
	return z ^ z>>31
}

// zipf picks rank k of n with a probability proportional to 1/k^s, for any s >= 0.
type zipf struct{ cumulative []float64 }

func newZipf(n int, s float64) *zipf {
	z := &zipf{make([]float64, n)}
	sum := 0.0
	for k := range z.cumulative {
		sum += math.Pow(float64(k+1), -s)
		z.cumulative[k] = sum
	}
	return z
}

func (z *zipf) pick(rng *rand.Rand) int {
	return sort.SearchFloat64s(z.cumulative, rng.Float64()*z.cumulative[len(z.cumulative)-1])
}
