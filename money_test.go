package tidegate_test

import (
	"fmt"
	"math"
	"math/big"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/tidegate/tidegate"
)

func currencyOf(t testing.TB, code string) tidegate.CurrencyCode {
	t.Helper()
	c, ok := tidegate.ParseCurrency(code)
	if !ok {
		t.Fatalf("no currency %s", code)
	}
	return c
}

func TestParseAmount(t *testing.T) {
	for _, c := range []struct {
		text, currency string
		minor          int64
		why            string
	}{
		{"12.5", "EUR", 1250, ""},
		{"12.50", "EUR", 1250, ""},
		{"12.5000", "EUR", 1250, ""},
		{"0", "EUR", 0, ""},
		{"-0.00", "EUR", 0, ""},
		{"0e999999999999999999999", "EUR", 0, ""},
		{"0.01", "EUR", 1, ""},
		{"1.005e3", "JPY", 1005, ""},
		{"1e-2", "EUR", 1, ""},
		{"125E-2", "EUR", 125, ""},
		{"1.234", "KWD", 1234, ""},
		{"0.0001", "CLF", 1, ""},
		{"92233720368547758.07", "USD", math.MaxInt64, ""},
		{"9223372036854775807", "JPY", math.MaxInt64, ""},
		{"1" + strings.Repeat("0", 40) + "e-40", "EUR", 100, ""},
		{"-1", "EUR", 0, "negative"},
		{"-1e-9", "EUR", 0, "negative"},
		{"12.505", "EUR", 0, "more decimals"},
		{"0.1", "JPY", 0, "more decimals"},
		{"1.0000000000000000000000001", "EUR", 0, "more decimals"},
		{"1e-999999999999999999999", "EUR", 0, "more decimals"},
		{"92233720368547758.08", "USD", 0, "64-bit"},
		{"9223372036854775808", "JPY", 0, "64-bit"},
		{"99999999999999999999", "JPY", 0, "64-bit"},
		{"1e999999999999999999999", "EUR", 0, "64-bit"},
		{"", "EUR", 0, "not a decimal"},
		{"-", "EUR", 0, "not a decimal"},
		{"+1", "EUR", 0, "not a decimal"},
		{".5", "EUR", 0, "not a decimal"},
		{"5.", "EUR", 0, "not a decimal"},
		{"05", "EUR", 0, "not a decimal"},
		{"1e", "EUR", 0, "not a decimal"},
		{"1e+", "EUR", 0, "not a decimal"},
		{"1,5", "EUR", 0, "not a decimal"},
		{" 1", "EUR", 0, "not a decimal"},
		{"1 ", "EUR", 0, "not a decimal"},
		{"0x10", "EUR", 0, "not a decimal"},
		{"1_000", "EUR", 0, "not a decimal"},
		{"NaN", "EUR", 0, "not a decimal"},
		{"Infinity", "EUR", 0, "not a decimal"},
		{"١", "EUR", 0, "not a decimal"},
	} {
		t.Run(c.text+" "+c.currency, func(t *testing.T) {
			m, err := tidegate.ParseAmount(c.text, currencyOf(t, c.currency))
			switch {
			case c.why == "" && err != nil:
				t.Fatal(err)
			case c.why == "":
				if m.Minor != c.minor || m.Currency != currencyOf(t, c.currency) {
					t.Errorf("%d %v, want %d", m.Minor, m.Currency, c.minor)
				}
			case err == nil || !strings.Contains(err.Message, c.why) || err.Code != tidegate.CodeInvalid:
				t.Errorf("%v, want an error about %q", err, c.why)
			case c.text != "" && c.text != "-" && strings.Contains(err.Message, c.text):
				t.Errorf("the message repeats the value: %v", err)
			}
		})
	}
}

// A whole number of minor units is what it says, in any currency.
func TestParseMinor(t *testing.T) {
	for _, cur := range []string{"EUR", "JPY", "KWD"} {
		for text, minor := range map[string]int64{"0": 0, "-0": 0, "7": 7, "1250": 1250, "9223372036854775807": math.MaxInt64} {
			if m, err := tidegate.ParseMinor(text, currencyOf(t, cur)); err != nil || m.Minor != minor || m.Currency != currencyOf(t, cur) {
				t.Errorf("%s %s: %v, %v", text, cur, m, err)
			}
		}
		for text, why := range map[string]string{
			"": "not a decimal", "-": "not a decimal", "+1": "not a decimal", "01": "not a decimal", "1_0": "not a decimal", "١": "not a decimal",
			"-1": "negative", "1.0": "whole number", "1e2": "whole number", "9223372036854775808": "64-bit",
		} {
			if _, err := tidegate.ParseMinor(text, currencyOf(t, cur)); err == nil || !strings.Contains(err.Message, why) || err.Field != "/amount_minor" {
				t.Errorf("%s: %v, want an error about %q", text, err, why)
			}
		}
	}
}

var someCurrencies = rapid.SampledFrom([]string{"EUR", "JPY", "KWD", "CLF"})

// math/big decides what an amount is worth.
func TestParseAmountAgreesWithBigNumbers(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		text := rapid.StringMatching(`-?(0|[1-9][0-9]{0,21})(\.[0-9]{1,8})?([eE][+-]?[0-9]{1,2})?`).Draw(t, "text")
		code := someCurrencies.Draw(t, "currency")
		cur, _ := tidegate.ParseCurrency(code)
		minor, ok := new(big.Rat).SetString(text)
		if !ok {
			t.Fatalf("%q is not a number to math/big", text)
		}
		scale := new(big.Int).Exp(big.NewInt(10), big.NewInt(int64(cur.Digits())), nil)
		minor.Mul(minor, new(big.Rat).SetInt(scale))
		valid := minor.Sign() >= 0 && minor.IsInt() && minor.Num().IsInt64()

		m, err := tidegate.ParseAmount(text, cur)
		if (err == nil) != valid {
			t.Fatalf("%q %s: %v, but %s minor units are valid: %v", text, code, err, minor.RatString(), valid)
		}
		if valid && m.Minor != minor.Num().Int64() {
			t.Fatalf("%q %s: %d, want %s", text, code, m.Minor, minor.RatString())
		}
	})
}

func TestAmountSurvivesItsText(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		cur, _ := tidegate.ParseCurrency(someCurrencies.Draw(t, "currency"))
		m := tidegate.Money{Minor: rapid.Int64Min(0).Draw(t, "minor"), Currency: cur}
		back, err := tidegate.ParseAmount(m.String(), cur)
		if err != nil || back != m {
			t.Fatalf("%v became %v, %v", m, back, err)
		}
		if _, decimals, _ := strings.Cut(m.String(), "."); len(decimals) != cur.Digits() {
			t.Fatalf("%s has %d decimals", m, len(decimals))
		}
	})
}

func TestMoneyString(t *testing.T) {
	for _, c := range []struct {
		minor    int64
		currency string
		want     string
	}{
		{0, "EUR", "0.00"}, {5, "EUR", "0.05"}, {-5, "EUR", "-0.05"}, {1250, "EUR", "12.50"}, {7, "JPY", "7"},
		{7, "KWD", "0.007"}, {math.MinInt64, "EUR", "-92233720368547758.08"},
	} {
		m := tidegate.Money{Minor: c.minor, Currency: currencyOf(t, c.currency)}
		if m.String() != c.want {
			t.Errorf("%d %s is written %s, want %s", c.minor, c.currency, m, c.want)
		}
	}
	if v := (tidegate.Money{Minor: 1250, Currency: currencyOf(t, "EUR")}).Major(); v != 12.5 {
		t.Errorf("12.50 EUR are %v", v)
	}
}

func ExampleParseAmount() {
	eur, _ := tidegate.ParseCurrency("EUR")
	m, _ := tidegate.ParseAmount("12.5", eur)
	fmt.Println(m.Minor, m, m.Currency)
	_, err := tidegate.ParseAmount("12.505", eur)
	fmt.Println(err)
	// Output:
	// 1250 12.50 EUR
	// /amount: amount has more decimals than EUR allows (2)
}

func FuzzParseAmount(f *testing.F) {
	for _, s := range []string{"12.50", "-1", "1e3", "0.1", "99999999999999999999", "1e-400"} {
		f.Add(s)
	}
	eur, _ := tidegate.ParseCurrency("EUR")
	f.Fuzz(func(t *testing.T, text string) {
		m, err := tidegate.ParseAmount(text, eur)
		if err == nil && m.Minor < 0 {
			t.Errorf("%q is negative: %v", text, m)
		}
	})
}

func BenchmarkParseAmount(b *testing.B) {
	b.ReportAllocs()
	eur := currencyOf(b, "EUR")
	for b.Loop() {
		if _, err := tidegate.ParseAmount("149.90", eur); err != nil {
			b.Fatal(err)
		}
	}
}
