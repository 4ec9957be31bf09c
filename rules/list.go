package rules

import (
	"net/netip"
	"slices"

	"github.com/tidegate/tidegate"
	"github.com/tidegate/tidegate/rules/condition"
)

// Kind is what a hit on a list means.
type Kind uint8

const (
	Plain Kind = iota // nothing by itself: conditions ask in_list
	Block             // declines
	Allow             // approves, if no block list hits
	Watch             // alerts
)

var kindNames = []string{"plain", "block", "allow", "watch"}

func (k Kind) String() string { return kindNames[k] }

func (k Kind) MarshalText() ([]byte, error) { return []byte(k.String()), nil }

// Match is how an entry is compared with a value.
type Match uint8

const (
	Exact   Match = iota
	Prefix        // the value starts with the entry: a BIN of 6 digits covers those of 8
	Network       // the entry is an IP address or a CIDR prefix that contains the value
)

var matchNames = []string{"exact", "prefix", "network"}

func (m Match) String() string { return matchNames[m] }

func (m Match) MarshalText() ([]byte, error) { return []byte(m.String()), nil }

// List is a named list of values of one field. It is immutable.
type List struct {
	Name        string `json:"name"`
	Kind        Kind   `json:"kind"`
	Field       string `json:"field"` // variable, as tx.card_bin
	Match       Match  `json:"match"`
	Tenant      string `json:"tenant,omitempty"` // "" is every tenant
	Description string `json:"description,omitempty"`
	Entries     int    `json:"entries"`
	File        string `json:"file"`

	variable int
	values   map[string]tidegate.Millis // until when
	lengths  []int                      // of prefixes in values, ascending
	networks map[netip.Prefix]tidegate.Millis
	bits     [2][]int // lengths of prefixes in networks, of IPv4 and IPv6
}

// Contains tells whether the list has an entry for a value that has not
// expired at an instant of event time.
func (l *List) Contains(tenant, value string, now tidegate.Millis) bool {
	if l.Tenant != "" && l.Tenant != tenant {
		return false
	}
	switch l.Match {
	case Exact:
		until, ok := l.values[value]
		return ok && now < until
	case Prefix:
		for _, n := range l.lengths {
			if n > len(value) {
				return false
			}
			if until, ok := l.values[value[:n]]; ok && now < until {
				return true
			}
		}
		return false
	}
	addr, err := netip.ParseAddr(value)
	if err != nil {
		return false
	}
	addr = addr.Unmap().WithZone("")
	family := 0
	if addr.Is6() {
		family = 1
	}
	for _, bits := range l.bits[family] {
		p, _ := addr.Prefix(bits)
		if until, ok := l.networks[p]; ok && now < until {
			return true
		}
	}
	return false
}

// hits tells whether the list contains the event's value of its field.
func (l *List) hits(ctx *Context) bool {
	return !ctx.Facts.Missing(l.variable) && l.Contains(ctx.Tenant, ctx.Facts.Text[l.variable], ctx.Now)
}

// add puts an entry in; the later end wins. False is a value that the way of
// matching cannot use.
func (l *List) add(value string, until tidegate.Millis) bool {
	l.Entries++
	if l.Match != Network {
		l.values[value] = max(l.values[value], until)
		if i, found := slices.BinarySearch(l.lengths, len(value)); !found && l.Match == Prefix {
			l.lengths = slices.Insert(l.lengths, i, len(value))
		}
		return true
	}
	p, err := netip.ParsePrefix(value)
	if err != nil {
		addr, err := netip.ParseAddr(value)
		if err != nil {
			return false
		}
		addr = addr.Unmap().WithZone("")
		p = netip.PrefixFrom(addr, addr.BitLen())
	}
	if p = p.Masked(); p.Addr().Is4In6() {
		if p.Bits() < 96 {
			return false
		}
		p = netip.PrefixFrom(p.Addr().Unmap(), p.Bits()-96)
	}
	family := 0
	if p.Addr().Is6() {
		family = 1
	}
	l.networks[p] = max(l.networks[p], until)
	if !slices.Contains(l.bits[family], p.Bits()) {
		l.bits[family] = append(l.bits[family], p.Bits())
	}
	return true
}

// Lists are the lists of a configuration. They are immutable.
type Lists struct {
	all     []*List
	byName  map[string]*List
	version string
}

// All returns the lists in the order of their names; the caller must not
// change them.
func (l *Lists) All() []*List { return l.all }

// Find returns a list by its name, for conditions.
func (l *Lists) Find(name string) (condition.List, bool) {
	list, ok := l.byName[name]
	return list, ok
}

// Names returns the names of all lists.
func (l *Lists) Names() []string {
	names := make([]string, len(l.all))
	for i, list := range l.all {
		names[i] = list.Name
	}
	return names
}

// Version is a short hash of the contents of all list files.
func (l *Lists) Version() string { return l.version }
