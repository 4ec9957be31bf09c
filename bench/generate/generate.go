// Package generate makes a synthetic stream of card payments with known
// fraud, so that nobody needs a download: seeded, the same bytes on every
// machine, a label for each transaction.
//
// Genuine customers have a home, a spending level and habits (devices,
// merchants near home, hours of the day). Fraud comes as campaigns:
//
//	takeover   failed logins, a new device, then large payments on line (45%)
//	testing    a run of test-sized payments, then large ones (25%)
//	skimming   a terminal leaks cards, which are used far away (20%)
//	bust-out   a customer spends far above habit for two days (10%)
package generate

import (
	"fmt"
	"math"
	"math/rand/v2"

	"github.com/tidegate/tidegate"
)

// Options of a stream.
type Options struct {
	Seed         uint64
	Customers    int
	Merchants    int
	Transactions int             // genuine ones; fraud comes on top
	Start        tidegate.Millis // event time of the first
	Span         tidegate.Millis // event time from the first to the last
	FraudShare   float64         // of transactions, about; [NoFraud] for none
	Haste        float64         // how much faster than usual campaigns go; 1 is usual
	Opening      bool            // a campaign begins at once, so that there is something to see
}

// NoFraud is the share of fraud in a stream that has none: zero is the default.
const NoFraud = -1

// Defaults fills what is zero.
func (o Options) Defaults() Options {
	set := func(v *int, d int) {
		if *v == 0 {
			*v = d
		}
	}
	set(&o.Customers, 2000)
	set(&o.Transactions, 100_000)
	set(&o.Merchants, max(50, o.Customers/10))
	if o.Seed == 0 {
		o.Seed = 1
	}
	if o.Start == 0 {
		o.Start = 1767225600000 // 2026-01-01T00:00:00Z
	}
	if o.Span == 0 {
		o.Span = 45 * 24 * 3600 * 1000
	}
	if o.Haste == 0 {
		o.Haste = 1
	}
	if o.FraudShare == 0 {
		o.FraudShare = 0.01
	}
	return o
}

// Item is one element of the stream, in order of time.
type Item struct {
	Event    tidegate.Event
	Fraud    bool
	Campaign string // how, if it is fraud
}

// Stream makes the elements one after the other.
type Stream struct {
	o         Options
	rng       *rand.Rand
	customers []person
	merchants []merchant
	now       float64 // ms
	step      float64
	made      int
	serial    int
	planned   planned
}

type person struct {
	country   int
	lat, lon  float64
	level     float64 // mean payment in major units
	device    int
	ip        uint32
	favourite [6]int
}

type merchant struct {
	country  int
	lat, lon float64
	mcc      int
	online   bool
}

// A country is a point, a currency and an area in degrees.
var countries = []struct {
	code, currency string
	lat, lon, area float64
}{
	{"DE", "EUR", 51, 10, 3}, {"FR", "EUR", 47, 2, 3}, {"NL", "EUR", 52.2, 5.3, 1}, {"ES", "EUR", 40, -4, 3}, {"IT", "EUR", 43, 12, 3},
	{"GB", "GBP", 52.5, -1.5, 2}, {"PL", "PLN", 52, 19, 2}, {"US", "USD", 39, -95, 12}, {"BR", "BRL", -15, -50, 8}, {"TH", "THB", 15, 101, 3},
}

var mccs = []string{"5411", "5812", "5541", "5912", "5311", "5732", "4111", "7011", "5999", "5947"}

// New makes a stream.
func New(o Options) *Stream {
	o = o.Defaults()
	s := &Stream{o: o, rng: rand.New(rand.NewPCG(o.Seed, 0x7469646567617465)), now: float64(o.Start)}
	s.step = float64(o.Span) / float64(o.Transactions)
	s.merchants = make([]merchant, o.Merchants)
	for i := range s.merchants {
		c := s.country()
		s.merchants[i] = merchant{country: c, mcc: s.rng.IntN(len(mccs)), online: s.rng.IntN(3) == 0}
		s.merchants[i].lat, s.merchants[i].lon = s.near(c)
	}
	s.customers = make([]person, o.Customers)
	for i := range s.customers {
		c := s.country()
		p := person{country: c, level: 15 * math.Exp(s.rng.NormFloat64()*0.7), device: i, ip: s.rng.Uint32()}
		p.lat, p.lon = s.near(c)
		for j := range p.favourite {
			p.favourite[j] = s.merchantIn(c)
		}
		s.customers[i] = p
	}
	if o.Opening {
		s.testing(o.Start, s.rng.IntN(len(s.customers)))
	}
	return s
}

// Next gives the next element; false at the end.
func (s *Stream) Next() (Item, bool) {
	if s.made >= s.o.Transactions {
		return s.planned.pop()
	}
	if first, ok := s.planned.first(); ok && float64(first) <= s.now {
		return s.planned.pop()
	}
	at := tidegate.Millis(s.now)
	s.now += s.step * s.rng.ExpFloat64()
	s.made++
	item := s.genuine(at, s.pick())
	// A campaign makes about 5 payments.
	if s.rng.Float64() < s.o.FraudShare/5 {
		s.plan(at)
	}
	return item, true
}

// pick chooses a customer: a tenth of them make a third of the payments.
func (s *Stream) pick() int {
	if s.rng.IntN(3) == 0 {
		return s.rng.IntN(max(1, len(s.customers)/10))
	}
	return s.rng.IntN(len(s.customers))
}

func (s *Stream) country() int {
	if s.rng.IntN(10) == 0 {
		return 5 + s.rng.IntN(len(countries)-5)
	}
	return s.rng.IntN(5)
}

func (s *Stream) near(country int) (lat, lon float64) {
	c := countries[country]
	return c.lat + (s.rng.Float64()-0.5)*c.area, c.lon + (s.rng.Float64()-0.5)*c.area
}

func (s *Stream) merchantIn(country int) int {
	for range 20 {
		if m := s.rng.IntN(len(s.merchants)); s.merchants[m].country == country {
			return m
		}
	}
	return s.rng.IntN(len(s.merchants))
}

func (s *Stream) genuine(at tidegate.Millis, customer int) Item {
	p := &s.customers[customer]
	m := p.favourite[s.rng.IntN(len(p.favourite))]
	if s.rng.IntN(8) == 0 {
		m = s.rng.IntN(len(s.merchants))
	}
	amount := p.level * math.Exp(s.rng.NormFloat64()*0.5)
	device := p.device
	if s.rng.IntN(200) == 0 {
		p.device = len(s.customers) + s.rng.IntN(1<<20) // a new phone
	}
	// A far merchant is paid on line: nobody travels here without a campaign.
	online := s.merchants[m].online || s.merchants[m].country != p.country
	return Item{Event: s.payment(at, customer, m, amount, device, p.ip, online)}
}

func (s *Stream) payment(at tidegate.Millis, customer, m int, amount float64, device int, ip uint32, online bool) tidegate.Event {
	s.serial++
	p, shop := &s.customers[customer], &s.merchants[m]
	home, there := countries[p.country], countries[shop.country]
	cur, _ := tidegate.ParseCurrency(home.currency)
	e := tidegate.Event{
		ID: fmt.Sprintf("e%08d", s.serial), Type: tidegate.TypeTransaction, Tenant: tidegate.DefaultTenant, Time: at, Source: "generator",
		Amount:    tidegate.Money{Minor: max(1, int64(amount*rateOf(home.currency)*100)), Currency: cur},
		HasAmount: true,
	}
	e.PartitionKey = fmt.Sprintf("C%06d", customer)
	t := &e.Text
	t[tidegate.TransactionID] = fmt.Sprintf("T%08d", s.serial)
	t[tidegate.CustomerID] = e.PartitionKey
	t[tidegate.CardID] = fmt.Sprintf("K%06d", customer)
	t[tidegate.CardLastFour] = fmt.Sprintf("%04d", (customer*7919)%10000)
	t[tidegate.CardCountry] = home.code
	t[tidegate.MerchantID] = fmt.Sprintf("M%05d", m)
	t[tidegate.MCC] = mccs[shop.mcc]
	t[tidegate.MerchantCountry] = there.code
	t[tidegate.TransactionType] = "purchase"
	if online {
		t[tidegate.Channel], e.CardPresent = "ecom", tidegate.False
		t[tidegate.DeviceFingerprint] = fmt.Sprintf("D%07d", device)
		t[tidegate.IPAddress] = fmt.Sprintf("%d.%d.%d.%d", 11+ip>>24%200, ip>>16&255, ip>>8&255, 1+ip&127)
		return e
	}
	t[tidegate.Channel], t[tidegate.EntryMode], e.CardPresent = "pos", "chip", tidegate.True
	t[tidegate.TerminalID] = fmt.Sprintf("P%05d-%d", m, s.rng.IntN(3))
	e.HasLocation = true
	e.Lat, e.Lon = degrees(p.lat+s.rng.NormFloat64()*0.05), degrees(p.lon+s.rng.NormFloat64()*0.05)
	return e
}

func degrees(v float64) float64 { return math.Round(v*1e4) / 1e4 }

// rateOf makes amounts in a currency look about alike; it need not be today's.
func rateOf(currency string) float64 {
	switch currency {
	case "PLN":
		return 4.3
	case "THB":
		return 38
	case "BRL":
		return 6
	}
	return 1
}
