package main

import (
	"bufio"
	"cmp"
	"fmt"
	"io"
	"os"
	"slices"
	"strconv"
	"time"
)

// Generator makes a stream of card transactions: the same bytes from the same
// numbers, on every machine, because it calculates in integers only.
//
// Four in five ordinary transactions are made by all customers evenly, the
// others by the first tenth of them. Among them are bursts, travels that are
// impossible and such that are just possible, and amounts that are unusual and
// such that nearly are. Three in a hundred arrive up to five seconds late.
type Generator struct {
	Transactions int
	Customers    int64
	Days         int64
	Seed         uint64

	random   random
	profiles []profile
	made     []generated
}

// profile is what a customer is like.
type profile struct {
	lat, lon int64 // millionths of a degree
	mean     int64 // cents
	country  int
	ip       uint32
}

// generated is a transaction being made up.
type generated struct {
	at, arrival int64
	number      int64 // in the order of time
	customer    int64
	cents       int64
	lat, lon    int64
	merchant    int64
	channel     int64
	device      int64
	hurried     bool
}

// random are the numbers of splitmix64 (Steele, Lea, Flood 2014).
type random uint64

func (r *random) next() uint64 {
	*r += 0x9E3779B97F4A7C15
	return mix(uint64(*r))
}

func mix(z uint64) uint64 {
	z = (z ^ z>>30) * 0xBF58476D1CE4E5B9
	z = (z ^ z>>27) * 0x94D049BB133111EB
	return z ^ z>>31
}

// in is a number from lo to hi, both included.
func (r *random) in(lo, hi int64) int64 { return lo + int64(r.next()%uint64(hi-lo+1)) }

var (
	generatedCountries  = [...]string{"DE", "US", "GB", "FR", "CH", "BR", "IN", "ZA", "AU", "PL"}
	generatedCurrencies = [...]string{"EUR", "USD", "GBP", "EUR", "CHF", "BRL", "INR", "ZAR", "AUD", "PLN"}
	generatedChannels   = [...]string{"pos", "ecommerce", "atm", "mobile"}
)

// generatedFrom is 2025-06-01T00:00:00Z.
const generatedFrom = 1748736000000

// WriteFiles writes the stream to a file, or to several between which the
// customers are divided, with .0, .1, … behind the name.
func (g *Generator) WriteFiles(name string, partitions int) error {
	var files []*bufio.Writer
	for i := range partitions {
		path := name
		if partitions > 1 {
			path = fmt.Sprintf("%s.%d", name, i)
		}
		f, err := os.Create(path)
		if err != nil {
			return err
		}
		defer f.Close()
		files = append(files, bufio.NewWriterSize(f, 1<<20))
	}
	writers := make([]io.Writer, len(files))
	for i, f := range files {
		writers[i] = f
	}
	if err := g.Write(writers...); err != nil {
		return err
	}
	for _, f := range files {
		if err := f.Flush(); err != nil {
			return err
		}
	}
	return nil
}

// Write writes the stream to several writers; a customer is in the one of its
// number modulo theirs.
func (g *Generator) Write(to ...io.Writer) error {
	g.make()
	line := make([]byte, 0, 1024)
	for i := range g.made {
		p := &g.made[i]
		line = g.appendLine(line[:0], p)
		if _, err := to[p.customer%int64(len(to))].Write(line); err != nil {
			return err
		}
	}
	return nil
}

func (g *Generator) make() {
	g.random = random(mix(g.Seed))
	g.profiles = make([]profile, g.Customers)
	for i := range g.profiles {
		r := &g.random
		g.profiles[i] = profile{lat: r.in(-50_000_000, 60_000_000), lon: r.in(-170_000_000, 170_000_000)}
		mean := r.in(500, 999)
		g.profiles[i].mean = mean << r.in(0, 5)
		g.profiles[i].country = int(r.in(0, 9))
		g.profiles[i].ip = uint32(r.next())
	}
	g.made = make([]generated, 0, g.Transactions+16)
	for len(g.made) < g.Transactions {
		g.episode()
	}
	g.made = g.made[:g.Transactions]
	slices.SortStableFunc(g.made, func(a, b generated) int { return cmp.Compare(a.at, b.at) })
	g.separate()
	slices.SortStableFunc(g.made, func(a, b generated) int { return cmp.Compare(a.arrival, b.arrival) })
}

// add makes a transaction of a customer.
func (g *Generator) add(customer, at, cents, lat, lon int64) *generated {
	r := &g.random
	p := generated{at: at, customer: customer, cents: cents, lat: lat, lon: lon}
	p.merchant, p.channel, p.device = r.in(0, 9999), r.in(0, 3), r.in(0, 2)
	g.made = append(g.made, p)
	return &g.made[len(g.made)-1]
}

// episode is what one customer does once. The order in which numbers are drawn
// is a part of what is generated.
func (g *Generator) episode() {
	r := &g.random
	customer := r.in(0, g.Customers-1)
	if r.in(0, 99) < 20 {
		customer = r.in(0, (g.Customers-1)/10)
	}
	c := &g.profiles[customer]
	at := generatedFrom + r.in(0, g.Days*86_400_000-1)
	usual := func() int64 { return c.mean * r.in(40, 160) / 100 }
	lat := c.lat + r.in(-200_000, 200_000)
	lon := c.lon + r.in(-200_000, 200_000)
	far := func() (int64, int64) {
		elsewhere := r.in(-50_000_000, 60_000_000)
		return elsewhere, around(lon + r.in(15_000_000, 170_000_000))
	}
	switch kind := r.in(0, 999); {
	case kind < 2: // a burst
		for range r.in(6, 12) {
			g.add(customer, at, usual(), lat, lon)
			at += r.in(1000, 24_000)
		}
	case kind < 5: // an impossible travel
		g.add(customer, at, usual(), lat, lon)
		farLat, farLon := far()
		g.add(customer, at+r.in(60_000, 3_540_000), usual(), farLat, farLon)
	case kind < 6: // a far one, but slow
		g.add(customer, at, usual(), lat, lon)
		at += r.in(3_660_000, 10_800_000)
		cents := usual()
		farLat, farLon := far()
		g.add(customer, at, cents, farLat, farLon)
	case kind < 7: // a fast one, but near
		g.add(customer, at, usual(), lat, lon)
		at += r.in(60_000, 3_540_000)
		cents := usual()
		g.add(customer, at, cents, lat+r.in(1_000_000, 4_300_000), lon)
	case kind < 12: // an unusual amount
		g.add(customer, at, c.mean*r.in(320, 2000)/100, lat, lon)
	case kind < 17: // nearly one
		g.add(customer, at, c.mean*r.in(200, 295)/100, lat, lon)
	case kind < 20: // a hurry: all of this at once, and often out of order
		for range 3 {
			cents, thisLat, thisLon := usual(), lat, lon
			if r.in(0, 2) == 0 {
				thisLat, thisLon = far()
			}
			if r.in(0, 2) == 0 {
				cents = c.mean * r.in(320, 2000) / 100
			}
			g.add(customer, at, cents, thisLat, thisLon).hurried = true
			at += r.in(50, 2000)
		}
	default:
		g.add(customer, at, usual(), lat, lon)
	}
}

func around(lon int64) int64 {
	if lon > 180_000_000 {
		lon -= 360_000_000
	}
	return lon
}

// separate makes the times of each customer differ, numbers the transactions,
// and delays some.
func (g *Generator) separate() {
	r := &g.random
	last := make(map[int64]int64, g.Customers)
	for i := range g.made {
		p := &g.made[i]
		if before, ok := last[p.customer]; ok && p.at <= before {
			p.at = before + 1
		}
		last[p.customer] = p.at
		p.number, p.arrival = int64(i), p.at
		if d := r.in(0, 99); d < 3 || p.hurried && d < 50 {
			p.arrival += r.in(1, 5000)
		}
	}
}

func (g *Generator) appendLine(b []byte, p *generated) []byte {
	c := &g.profiles[p.customer]
	id := mix(g.Seed*0x9E3779B97F4A7C15 + uint64(p.number) + 1)
	b = append(b, `{"event_id":"evt-`...)
	b = appendHex(b, id)
	b = append(b, `","event_type":"transaction.initiated","timestamp":"`...)
	b = time.UnixMilli(p.at).UTC().AppendFormat(b, "2006-01-02T15:04:05.000Z")
	b = append(b, `","source":"gateway","partition_key":"cust-`...)
	b = appendPadded(b, p.customer, 6)
	b = append(b, `","payload":{"transaction_id":"txn-`...)
	b = appendPadded(b, p.number, 10)
	b = append(b, `","customer_id":"cust-`...)
	b = appendPadded(b, p.customer, 6)
	b = append(b, `","card_id":"card-`...)
	b = appendPadded(b, p.customer, 6)
	b = append(b, `-1","amount":"`...)
	b = strconv.AppendInt(b, p.cents/100, 10)
	b = append(b, '.')
	b = appendPadded(b, p.cents%100, 2)
	b = append(b, `","currency":"`...)
	b = append(b, generatedCurrencies[c.country]...)
	b = append(b, `","merchant_id":"mer-`...)
	b = appendPadded(b, p.merchant, 5)
	b = append(b, `","merchant_country":"`...)
	b = append(b, generatedCountries[c.country]...)
	b = append(b, `","geo_location":{"lat":`...)
	b = appendDegrees(b, p.lat)
	b = append(b, `,"lon":`...)
	b = appendDegrees(b, p.lon)
	b = append(b, `},"channel":"`...)
	b = append(b, generatedChannels[p.channel]...)
	b = append(b, `","device_fingerprint":"dev-`...)
	b = appendPadded(b, p.customer, 6)
	b = append(b, '-', byte('0'+p.device))
	b = append(b, `","ip_address":"`...)
	b = fmt.Appendf(b, "%d.%d.%d.%d", byte(c.ip>>24), byte(c.ip>>16), byte(c.ip>>8), byte(c.ip))
	b = append(b, `"},"metadata":{"schema_version":"1.0","correlation_id":"cor-`...)
	b = appendHex(b, mix(id))
	b = append(b, `","trace_id":"`...)
	b = appendHex(b, mix(id+1))
	b = appendHex(b, mix(id+2))
	return append(b, "\"}}\n"...)
}

func appendHex(b []byte, v uint64) []byte {
	for shift := 60; shift >= 0; shift -= 4 {
		b = append(b, "0123456789abcdef"[v>>shift&15])
	}
	return b
}

func appendPadded(b []byte, v int64, width int) []byte {
	digits := strconv.FormatInt(v, 10)
	for range width - len(digits) {
		b = append(b, '0')
	}
	return append(b, digits...)
}

func appendDegrees(b []byte, millionths int64) []byte {
	if millionths < 0 {
		b, millionths = append(b, '-'), -millionths
	}
	b = strconv.AppendInt(b, millionths/1_000_000, 10)
	return appendPadded(append(b, '.'), millionths%1_000_000, 6)
}
