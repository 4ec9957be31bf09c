package replay

import (
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"github.com/tidegate/tidegate"
)

// What means fraud is a text of the file, however YAML takes the word true.
func TestLabelColumn(t *testing.T) {
	const head = "format: csv\ndelimiter: \";\"\ntime: {column: when, layout: \"02.01.2006 15:04:05 -0700\"}\nfields: {transaction_id: id, customer_id: who, amount: eur}\nconstants: {currency: EUR}\n"
	for _, c := range []struct {
		label, is, not string
		after          time.Duration
	}{
		{`label: {column: fraud, true: "ja", available_after: 48h}`, "ja", "other", 48 * time.Hour},
		{"label:\n  column: fraud\n  true: ja\n", "ja", "1", 0},
		{`label: {"column": fraud, "true": true}`, "true", "True", 0},
		{"label: {column: fraud}", "1", "0", 0},
		{"label:\n  column: fraud\n", "True", "FALSE", 0},
		{"label: {column: fraud}", "1.0", "0.0", 0}, // as pandas writes a column with gaps
	} {
		m := loaded(t, head+c.label)
		if m.Label.Column != "fraud" || m.Label.AvailableAfter.Std() != c.after {
			t.Errorf("%s: %+v", c.label, m.Label)
		}
		rows, bad := readMapped(t, m, "id;when;who;eur;fraud\n1;02.01.2026 12:00:00 +0100;a;1;"+c.is+"\n2;02.01.2026 12:00:01 +0100;a;1;"+c.not+"\n3;02.01.2026 12:00:02 +0100;a;1;\n")
		if len(bad) != 0 {
			t.Fatal(bad)
		}
		var got []string
		for _, row := range rows {
			at := row.Event.Time.Time().UTC().Format("15:04:05 ")
			got = append(got, at+map[bool]string{true: "labelled ", false: ""}[row.Labelled]+map[bool]string{true: "fraud", false: "fine"}[row.Fraud])
		}
		if want := "11:00:00 labelled fraud, 11:00:01 labelled fine, 11:00:02 fine"; strings.Join(got, ", ") != want {
			t.Errorf("%s: %q", c.label, got)
		}
	}
	_, err := LoadMapping(fstest.MapFS{"mappings/m.yaml": {Data: []byte(head + "label: {colum: fraud}")}}, "m")
	if want := `mappings/m.yaml:6:9: unknown field "colum": a label has column, true and available_after`; err == nil || err.Error() != want || tidegate.CodeOf(err) != tidegate.CodeConfig {
		t.Errorf("%v, want %s", err, want)
	}
}

// What would fail in every row is told before the first, with its place.
func TestMappingMistakes(t *testing.T) {
	const head = "format: csv\ntime: {column: when}\n"
	for in, want := range map[string]string{
		"fields: {transaction_id: id, customer_id: who, amount: eur}\n":                                   `3:56: an amount needs a currency: name its column as fields.currency, or write constants: {currency: EUR}`,
		"fields: {transaction_id: id, amount_minor: c, currency: cur}\n":                                  `3:9: a row needs a customer, a card or an account: name the column of customer_id, card_id or account_id`,
		"fields: {transaction_id: id, card_id: c, ammount: eur}\n":                                        `3:51: "ammount" is not a field: did you mean "amount"?`,
		"fields: {transaction_id: id, card_id: c, velocity: eur}\n":                                       `3:52: "velocity" is not a field; there are account_id, `,
		"fields: {transaction_id: id, card_id: c}\nconstants: {currency: Euro}\n":                         `4:23: constants.currency: "Euro" is not an ISO 4217 code`,
		"fields: {transaction_id: id, card_id: c}\nconstants: {card_present: yes}\n":                      `4:27: constants.card_present: "yes" is neither true nor false`,
		"fields: {transaction_id: id, card_id: c}\nconstants: {merchant_country: Germany}\n":              `4:12: constants: merchant_country: must be two capital letters`,
		"fields: {transaction_id: id, card_id: c}\nconstants: {currency: EUR, amount: much}\n":            `4:36: constants.amount: `,
		"fields: {transaction_id: id, card_id: c, currency: x}\nconstants: {amount: 5}\ndelimiter: tab\n": `5:12: delimiter "tab" is not one character, as ";" or "\t"`,
	} {
		_, err := LoadMapping(fstest.MapFS{"mappings/m.yaml": {Data: []byte(head + in)}}, "m")
		if err == nil || !strings.HasPrefix(err.Error(), "mappings/m.yaml:"+want) {
			t.Errorf("%s%v\nwant %s", in, err, want)
		}
	}
}
