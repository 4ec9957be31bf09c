package scoring

import (
	"math"

	"github.com/tidegate/tidegate"
	"github.com/tidegate/tidegate/internal/yamlfile"
)

// Rates convert amounts to the base currency, in which aggregates count.
type Rates struct {
	base   tidegate.CurrencyCode
	factor map[tidegate.CurrencyCode]float64 // base minor units for a minor unit
}

type ratesFile struct {
	Base  string             `yaml:"base"`
	Rates map[string]float64 `yaml:"rates"` // units of base for one unit
}

// ParseRates reads a rates file. Without one the base currency is EUR and
// nothing else converts.
func ParseRates(file string, data []byte) (*Rates, error) {
	f := ratesFile{Base: "EUR"}
	if err := yamlfile.Decode(file, data, &f); err != nil {
		return nil, err
	}
	document := yamlfile.Document{File: file, Data: data}
	base, ok := tidegate.ParseCurrency(f.Base)
	if !ok {
		return nil, document.Errorf("$.base", "base %q is not an ISO 4217 code", f.Base)
	}
	r := &Rates{base: base, factor: map[tidegate.CurrencyCode]float64{base: 1}}
	for code, rate := range f.Rates {
		c, ok := tidegate.ParseCurrency(code)
		if !ok {
			return nil, document.Errorf("$.rates."+code, "rates: %q is not an ISO 4217 code", code)
		}
		if !(rate > 0) || math.IsInf(rate, 0) {
			return nil, document.Errorf("$.rates."+code, "rates: %s must be more than 0", code)
		}
		if c == base && rate != 1 {
			return nil, document.Errorf("$.rates."+code, "rates: %s is the base, and one of it is one: leave it out", code)
		}
		r.factor[c] = rate * math.Pow10(base.Digits()-c.Digits())
	}
	return r, nil
}

// Base is the base currency.
func (r *Rates) Base() tidegate.CurrencyCode { return r.base }

// Convert gives an amount in the base currency, rounded half to even;
// false if there is no rate or the result is beyond int64.
func (r *Rates) Convert(m tidegate.Money) (tidegate.Money, bool) {
	if m.Currency == r.base {
		return m, true
	}
	factor, ok := r.factor[m.Currency]
	v := math.RoundToEven(float64(m.Minor) * factor)
	if !ok || v >= 1<<63 {
		return tidegate.Money{}, false
	}
	return tidegate.Money{Minor: int64(v), Currency: r.base}, true
}
