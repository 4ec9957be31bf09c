package replay

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/tidegate/tidegate"
)

// printf 4111111111111111 | openssl dgst -sha256 -hmac secret
const hashed = "pan:d6c005134ac50dec0e01cbc4aeaf3fbdb511c4ceeb55f909c29def3b0cffba36"

// Where there is a key, card numbers are replaced as the service does, however
// rows come and wherever a row keeps a text; without one their lines are refused.
func TestPANKey(t *testing.T) {
	const fields = "\ntime: {column: when}\ntype: kind\nid: id\nfields: {transaction_id: tx, customer_id: who, card_id: card, amount: eur}\nconstants: {currency: EUR}\n"
	for _, c := range []struct{ mapping, lines string }{
		{"format: csv" + fields, "kind,when,id,tx,who,card,eur\n" +
			",2026-01-02T10:00:00Z,4111111111111111,4111111111111111,c,4111 1111 1111 1111,5\n" +
			"login,2026-01-02T10:00:00Z,4111111111111111,,c,card 4111-1111-1111-1111,\n"},
		{"format: jsonl" + fields,
			`{"when":"2026-01-02T10:00:00Z","id":"4111111111111111","tx":4111111111111111,"who":"c","card":"4111 1111 1111 1111","eur":5}` + "\n" +
				`{"kind":"login","when":"2026-01-02T10:00:00Z","id":"4111111111111111","who":"c","card":"card 4111-1111-1111-1111"}` + "\n"},
		{"format: tidegate\n",
			`{"timestamp":"2026-01-02T10:00:00Z","transaction_id":"4111111111111111","customer_id":"c","card_id":"4111 1111 1111 1111","amount":5,"currency":"EUR"}` + "\n" +
				`{"event_type":"login","event_id":"4111111111111111","timestamp":"2026-01-02T10:00:00Z","customer_id":"c","card_id":"card 4111-1111-1111-1111"}` + "\n"},
	} {
		rows, bad := readAll(t, c.mapping, c.lines)
		if len(rows) != 0 || len(bad) != 2 {
			t.Errorf("%s: without a key %d rows are read: %v", c.mapping, len(rows), bad)
		}
		for _, err := range bad {
			if !strings.Contains(err.Error(), "card number") || strings.Contains(err.Error(), "4111") {
				t.Errorf("%s: %v", c.mapping, err)
			}
		}
		m := loaded(t, c.mapping)
		m.PANKey = []byte("secret")
		rows, bad = readMapped(t, m, c.lines)
		if len(rows) != 2 || len(bad) != 0 {
			t.Fatalf("%s: %d rows, %v", c.mapping, len(rows), bad)
		}
		for i, want := range []struct{ id, event, tx, card string }{{hashed, hashed, hashed, hashed}, {hashed, hashed, "", "card " + hashed}} {
			e := rows[i].Event
			if rows[i].ID != want.id || e.ID != want.event || e.Text[tidegate.TransactionID] != want.tx || e.Text[tidegate.CardID] != want.card {
				t.Errorf("%s: row %d is %q: %q %q %q", c.mapping, i, rows[i].ID, e.ID, e.Text[tidegate.TransactionID], e.Text[tidegate.CardID])
			}
		}
	}
}

// A type is kept like a text, and so is an id that is no field.
func TestPANInTypeAndID(t *testing.T) {
	const mapping = "format: csv\ntime: {column: when}\ntype: kind\nid: id\nfields: {transaction_id: tx, customer_id: who}\n"
	for _, line := range []string{"4111111111111111,2026-01-02T10:00:00Z,1,,c\n", ",2026-01-02T10:00:00Z,4111111111111111,t,c\n", "login,2026-01-02T10:00:00Z,4111111111111111,,c\n"} {
		lines := "kind,when,id,tx,who\n" + line
		if rows, bad := readAll(t, mapping, lines); len(rows) != 0 || len(bad) != 1 || !strings.Contains(bad[0].Error(), "card number") {
			t.Errorf("%s: %v, %v", line, rows, bad)
		}
		m := loaded(t, mapping)
		m.PANKey = []byte("secret")
		if rows, bad := readMapped(t, m, lines); len(bad) != 0 || len(rows) != 1 || rows[0].ID != hashed && rows[0].Event.Type != hashed {
			t.Errorf("%s: %+v, %v", line, rows, bad)
		}
	}
}

// Labels find the transactions of which they speak.
func TestPANInLabels(t *testing.T) {
	const line = `{"label_id":"l","transaction_id":"4111111111111111","fraud":true,"kind":"analyst","reported_at":"2026-01-02T00:00:00Z","source":"s"}`
	file := filepath.Join(t.TempDir(), "labels")
	if err := os.WriteFile(file, []byte(line), 0o644); err != nil {
		t.Fatal(err)
	}
	stop := func(err error) error { return err }
	if _, err := OpenLabels(file, nil, stop); err == nil || !strings.Contains(err.Error(), "card number") {
		t.Errorf("without a key: %v", err)
	}
	l, err := OpenLabels(file, []byte("secret"), stop)
	if err != nil || len(l.take(hashed)) != 1 {
		t.Errorf("%v, %v", l, err)
	}
}
