package tidegate_test

import (
	"testing"

	"golang.org/x/text/currency"

	"github.com/tidegate/tidegate"
)

// x/text has the digits of CLDR: those people still write. ISO 4217 has those
// that a currency is defined with, and payment messages go by ISO.
var digitsBeyondCLDR = map[string]int{
	"AFN": 2, "ALL": 2, "AMD": 2, "COP": 2, "GYD": 2, "IDR": 2, "IQD": 3, "IRR": 2, "KPW": 2, "LAK": 2, "LBP": 2,
	"MGA": 2, "MMK": 2, "MNT": 2, "MUR": 2, "PKR": 2, "RSD": 2, "SOS": 2, "SYP": 2, "TZS": 2, "UZS": 2, "YER": 2,
}

// Younger than x/text's table, or left out of it.
var digitsUnknownToCLDR = map[string]int{"MRU": 2, "SLE": 2, "UYW": 4, "VED": 2, "VES": 2, "XCG": 2, "ZWG": 2}

func TestCurrencyDigits(t *testing.T) {
	for _, code := range threeLetters() {
		cur, ok := tidegate.ParseCurrency(code)
		if !ok {
			continue
		}
		if cur.String() != code {
			t.Errorf("%s calls itself %s", code, cur)
		}
		want, differs := digitsBeyondCLDR[code]
		if !differs {
			want, differs = digitsUnknownToCLDR[code]
		}
		if !differs {
			unit, err := currency.ParseISO(code)
			if err != nil {
				t.Errorf("%s is not known to x/text", code)
				continue
			}
			want, _ = currency.Standard.Rounding(unit)
		}
		if cur.Digits() != want {
			t.Errorf("%s has %d digits, want %d", code, cur.Digits(), want)
		}
	}
}

// Withdrawn since x/text's table was made.
var withdrawn = map[string]bool{"CUC": true, "HRK": true, "MRO": true, "SLL": true, "STD": true, "VEF": true, "ZWL": true}

func TestCurrenciesInUseAreKnown(t *testing.T) {
	for it := currency.Query(); it.Next(); {
		code := it.Unit().String()
		if _, ok := tidegate.ParseCurrency(code); ok == withdrawn[code] {
			t.Errorf("%s, tender in %v: known %v", code, it.Region(), ok)
		}
	}
}

func TestNoCurrency(t *testing.T) {
	for _, code := range []string{"", "eur", "EU", "EURO", "XXX", "XTS", "ZZZ", "€", "EUR "} {
		if c, ok := tidegate.ParseCurrency(code); ok || c != 0 {
			t.Errorf("%q is currency %d", code, c)
		}
	}
	var none tidegate.CurrencyCode
	if none.String() != "" {
		t.Errorf("no currency is called %q", none)
	}
}

func threeLetters() (codes []string) {
	for a := 'A'; a <= 'Z'; a++ {
		for b := 'A'; b <= 'Z'; b++ {
			for c := 'A'; c <= 'Z'; c++ {
				codes = append(codes, string([]rune{a, b, c}))
			}
		}
	}
	return codes
}
