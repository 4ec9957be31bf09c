package replay

import (
	"fmt"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/tidegate/tidegate"
	"github.com/tidegate/tidegate/wire"
)

const amountHead = "\ntime: {column: when}\nfields: {transaction_id: id, customer_id: who, currency: cur, amount_minor: cents}\n"

// What the interface for JSON makes of amount_minor, columns and members do too.
func TestMinorUnits(t *testing.T) {
	for _, c := range []struct {
		text, currency string
		minor          int64
		why            string
	}{
		{"1250", "EUR", 1250, ""},
		{"1250", "JPY", 1250, ""},
		{"0", "KWD", 0, ""},
		{"-0", "EUR", 0, ""},
		{"9223372036854775807", "EUR", 1<<63 - 1, ""},
		{"9223372036854775808", "EUR", 0, "larger than a 64-bit"},
		{"-1", "EUR", 0, "is negative"},
		{"12.5", "EUR", 0, "a whole number"},
		{"1e2", "EUR", 0, "a whole number"},
		{"+5", "EUR", 0, "not a decimal number"},
		{"05", "EUR", 0, "not a decimal number"},
		{"a", "EUR", 0, "not a decimal number"},
		{"-", "EUR", 0, "not a decimal number"},
		{"1250", "", 0, "currency is missing"},
	} {
		var ev tidegate.Event
		err := wire.DecodeEvent(fmt.Appendf(nil, `{"timestamp":"2026-01-02T10:00:00Z","transaction_id":"1","customer_id":"c","currency":%s,"amount_minor":%q}`,
			strings.ReplaceAll(fmt.Sprintf("%q", c.currency), `""`, "null"), c.text), wire.Options{}, &ev)
		if (err == nil) != (c.why == "") || err == nil && ev.Amount.Minor != c.minor {
			t.Fatalf("the interface makes %v of %s, %v", ev.Amount, c.text, err)
		}
		inputs := map[string]string{
			"csv":   "id,when,who,cents,cur\n1,2026-01-02T10:00:00Z,c," + c.text + "," + c.currency + "\n",
			"jsonl": fmt.Sprintf(`{"id":"1","when":"2026-01-02T10:00:00Z","who":"c","cents":%q,"cur":%q}`, c.text, c.currency),
		}
		for format, input := range inputs {
			rows, bad := readAll(t, "format: "+format+amountHead, input)
			switch {
			case c.why == "":
				if len(bad) != 0 || len(rows) != 1 || !rows[0].Event.HasAmount || rows[0].Event.Amount != ev.Amount {
					t.Errorf("%s: %s %s: %+v, %v", format, c.text, c.currency, rows, bad)
				}
			case len(bad) != 1 || len(rows) != 0 || !strings.Contains(bad[0].Error(), c.why) || tidegate.CodeOf(bad[0]) != tidegate.CodeInvalid:
				t.Errorf("%s: %s %s: %v, want an error about %q", format, c.text, c.currency, bad, c.why)
			}
		}
	}
	rows, bad := readAll(t, "format: jsonl"+amountHead, `{"id":"1","when":"2026-01-02T10:00:00Z","who":"c","cents":1250,"cur":"EUR"}`+"\n"+
		`{"id":"2","when":"2026-01-02T10:00:00Z","who":"c","cents":12.5,"cur":"EUR"}`+"\n"+
		`{"id":"3","when":"2026-01-02T10:00:00Z","who":"c","cur":"EUR"}`)
	if len(rows) != 2 || len(bad) != 1 || rows[0].Event.Amount.Minor != 1250 || rows[1].Event.HasAmount {
		t.Errorf("numbers: %+v, %v", rows, bad)
	}
}

func TestOneAmount(t *testing.T) {
	const fields = "format: csv\ntime: {column: when}\nfields:\n  transaction_id: id\n  amount_minor: cents\n"
	for more, line := range map[string]string{"  amount: eur\n": "5:17", "constants: {amount: \"5\"}\n": "5:17"} {
		_, err := LoadMapping(fstest.MapFS{"mappings/m.yaml": {Data: []byte(fields + more)}}, "m")
		want := "mappings/m.yaml:" + line + ": amount and amount_minor are the same amount: leave one out"
		if err == nil || err.Error() != want || tidegate.CodeOf(err) != tidegate.CodeConfig {
			t.Errorf("%s: %v, want %s", more, err, want)
		}
	}
}
