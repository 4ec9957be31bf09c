package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/tidegate/tidegate"
	"github.com/tidegate/tidegate/bench/metrics"
	"github.com/tidegate/tidegate/bench/replay"
)

// Amounts are printed in the base currency, whose digits need not be two, and
// rows that are not sorted by time are told of.
func TestReplayReport(t *testing.T) {
	for currency, want := range map[string]string{
		"EUR": "12.34 of 100.00 EUR (1 of 2)", "JPY": "1234 of 10000 JPY (1 of 2)", "KWD": "1.234 of 10.000 KWD (1 of 2)",
	} {
		base, ok := tidegate.ParseCurrency(currency)
		if !ok {
			t.Fatal(currency)
		}
		out, err := os.Create(filepath.Join(t.TempDir(), "out"))
		if err != nil {
			t.Fatal(err)
		}
		r := replayReport{Totals: replay.Totals{OutOfOrder: 3}, base: base, Currency: currency,
			Detection: &metrics.Report{Frauds: 2, Caught: 1, CaughtAmount: 1234, FraudAmount: 10000}}
		r.print(out)
		if err := out.Close(); err != nil {
			t.Fatal(err)
		}
		text, err := os.ReadFile(out.Name())
		if err != nil || !strings.Contains(string(text), want) || !strings.Contains(string(text), "3 rows are older than one before them") {
			t.Errorf("%s, %v\nwant %s", text, err, want)
		}
	}
}
