package rules

import (
	"fmt"
	"net/netip"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/tidegate/tidegate"
)

// A list answers like a walk over its entries.
func TestListsAgreeWithAWalk(t *testing.T) {
	type entry struct {
		value string
		until tidegate.Millis
	}
	rapid.Check(t, func(t *rapid.T) {
		match := rapid.SampledFrom([]Match{Exact, Prefix, Network}).Draw(t, "match")
		value := rapid.StringMatching(`[01]{1,4}`)
		entryValue := value
		if match == Network {
			value = rapid.Custom(func(t *rapid.T) string {
				return rapid.SampledFrom([]string{"10.0.0.1", "10.0.0.129", "10.0.1.1", "::ffff:10.0.0.1", "2001:db8::1", "2001:db8::8001", "fe80::1%eth0", "no address"}).Draw(t, "address")
			})
			entryValue = rapid.Custom(func(t *rapid.T) string {
				a := rapid.SampledFrom([]string{"10.0.0.1", "10.0.0.129", "2001:db8::1", "::ffff:10.0.0.1"}).Draw(t, "network")
				if rapid.Bool().Draw(t, "single") {
					return a
				}
				low := map[bool]int{true: 0, false: 96}[!strings.HasPrefix(a, "::ffff")]
				return fmt.Sprintf("%s/%d", a, rapid.IntRange(low, netip.MustParseAddr(a).BitLen()).Draw(t, "bits"))
			})
		}
		l := &List{Match: match, values: map[string]tidegate.Millis{}, networks: map[netip.Prefix]tidegate.Millis{}}
		var entries []entry
		for range rapid.IntRange(0, 6).Draw(t, "entries") {
			e := entry{entryValue.Draw(t, "entry"), tidegate.Millis(rapid.IntRange(1, 3).Draw(t, "until"))}
			if !l.add(e.value, e.until) {
				t.Fatalf("%s refused", e.value)
			}
			entries = append(entries, e)
		}
		for range 10 {
			v, now := value.Draw(t, "value"), tidegate.Millis(rapid.IntRange(0, 3).Draw(t, "now"))
			want := false
			for _, e := range entries {
				hit := e.value == v
				switch match {
				case Prefix:
					hit = strings.HasPrefix(v, e.value)
				case Network:
					hit = inNetwork(e.value, v)
				}
				want = want || hit && now < e.until
			}
			if got := l.Contains("", v, now); got != want {
				t.Fatalf("%s of %v at %d: %v", v, entries, now, got)
			}
		}
	})
}

// inNetwork compares addresses bit by bit, IPv4 as what it is inside of IPv6.
func inNetwork(network, value string) bool {
	v, err := netip.ParseAddr(value)
	if err != nil {
		return false
	}
	text, bits, isNetwork := strings.Cut(network, "/")
	n := netip.MustParseAddr(text)
	count := 128
	if isNetwork {
		fmt.Sscan(bits, &count)
		if n.Is4() {
			count += 96
		}
	}
	if n.Unmap().Is4() != v.Unmap().Is4() {
		return false
	}
	a, b := n.As16(), v.As16()
	for i := range count {
		if (a[i/8]^b[i/8])>>(7-i%8)&1 == 1 {
			return false
		}
	}
	return true
}

// Events are UTF-8, so what is not would stand in a list and match nothing.
func TestListsAreUTF8(t *testing.T) {
	_, err := LoadLists([]File{
		{"lists/l.yaml", []byte("lists:\n  - {name: l, kind: block, field: tx.customer_id, file: l.csv}\n")},
		{"lists/l.csv", []byte("c-1\nM\xfcller\n")},
	}, testSchema(t))
	const want = "lists/l.csv:2:1: the entry is not UTF-8, as events are: save the file as UTF-8"
	if err == nil || err.Error() != want {
		t.Errorf("%v\nwant %s", err, want)
	}
}
