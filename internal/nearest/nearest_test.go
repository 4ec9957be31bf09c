package nearest

import "testing"

func TestTo(t *testing.T) {
	names := []string{"tx.amount", "tx.base_amount", "customer_tx_count_2m", "customer_tx_count_1h", "travel_km"}
	for _, c := range []struct{ name, want string }{
		{"customer_tx_count_2min", "customer_tx_count_2m"},
		{"customer_txcount_1h", "customer_tx_count_1h"},
		{"tx.amuont", "tx.amount"},
		{"amount", "tx.amount"},
		{"tx.travel_km", "travel_km"},
		{"Travel_KM", "travel_km"},
		{"weather", ""},
		{"x", ""},
		{"", ""},
	} {
		if got := To(c.name, names); got != c.want {
			t.Errorf("To(%q) = %q, want %q", c.name, got, c.want)
		}
	}
}

func TestDistance(t *testing.T) {
	for _, c := range []struct {
		a, b string
		want int
	}{{"", "", 0}, {"a", "", 1}, {"", "ab", 2}, {"ab", "ba", 1}, {"kitten", "sitting", 3}, {"é", "e", 1}} {
		if got := distance(c.a, c.b); got != c.want {
			t.Errorf("distance(%q, %q) = %d, want %d", c.a, c.b, got, c.want)
		}
	}
}
