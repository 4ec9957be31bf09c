package replay

import (
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/tidegate/tidegate"
)

// readAll gives the rows of a file and what was said of the lines that could
// not be read.
func readAll(t *testing.T, mapping, content string) (rows []Row, bad []error) {
	t.Helper()
	return readMapped(t, loaded(t, mapping), content)
}

func loaded(t *testing.T, mapping string) *Mapping {
	t.Helper()
	m, err := LoadMapping(fstest.MapFS{"mappings/m.yaml": {Data: []byte(mapping)}}, "m")
	if err != nil {
		t.Fatal(err)
	}
	return m
}

func readMapped(t *testing.T, m *Mapping, content string) (rows []Row, bad []error) {
	t.Helper()
	file := filepath.Join(t.TempDir(), "f")
	if err := os.WriteFile(file, []byte(content), 0o644); err != nil {
		t.Fatal(err)
	}
	r, err := Open(file, m)
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := r.Close(); err != nil {
			t.Error(err)
		}
	}()
	for {
		var row Row
		switch err := r.Next(&row); {
		case err == io.EOF:
			return rows, bad
		case err != nil:
			bad = append(bad, err)
		default:
			rows = append(rows, row)
		}
	}
}

// With a column of types, rows are what it says; only transactions need an id
// of their own, and no two other events share one.
func TestEventTypeColumn(t *testing.T) {
	for format, content := range map[string]string{
		"csv": "kind,when,id,who,eur\n" +
			"transaction.initiated,2026-01-02T10:00:00Z,t1,c,5\n" +
			"login_failed,2026-01-02T10:00:01Z,,c,\n" +
			"login_failed,2026-01-02T10:00:01Z,,c,\n" +
			"transaction.captured,2026-01-02T10:00:02Z,t1,,5\n" +
			"transaction.refunded,2026-01-02T10:00:02Z,t1,,5\n" +
			",2026-01-02T10:00:03Z,t2,c,5\n" +
			"login_failed,2026-01-02T10:00:04Z,,,\n",
		"jsonl": `{"kind":"transaction.initiated","when":"2026-01-02T10:00:00Z","id":"t1","who":"c","eur":5}` + "\n" +
			`{"kind":"login_failed","when":"2026-01-02T10:00:01Z","who":"c"}` + "\n\n" +
			`{"kind":"login_failed","when":"2026-01-02T10:00:01Z","who":"c"}` + "\n" +
			`{"kind":"transaction.captured","when":"2026-01-02T10:00:02Z","id":"t1","eur":5}` + "\n" +
			`{"kind":"transaction.refunded","when":"2026-01-02T10:00:02Z","id":"t1","eur":5}` + "\n" +
			`{"when":"2026-01-02T10:00:03Z","id":"t2","who":"c","eur":5}` + "\n" +
			`{"kind":"login_failed","when":"2026-01-02T10:00:04Z"}` + "\n\n",
	} {
		rows, bad := readAll(t, "format: "+format+"\ntime: {column: when}\ntype: kind\nfields: {transaction_id: id, customer_id: who, amount: eur}\nconstants: {currency: EUR}\n", content)
		var types []string
		ids := map[string]bool{}
		for _, r := range rows {
			types = append(types, r.Event.Type)
			if r.Event.ID == "" || ids[r.Event.ID] {
				t.Errorf("%s: the id %q is empty or used before", format, r.Event.ID)
			}
			ids[r.Event.ID] = true
		}
		const want = "transaction.initiated login_failed login_failed transaction.captured transaction.refunded transaction.initiated"
		if got := strings.Join(types, " "); got != want {
			t.Errorf("%s: %s", format, got)
		}
		if len(bad) != 1 || !strings.Contains(bad[0].Error(), "needs at least one key") {
			t.Errorf("%s: %v", format, bad)
		}
	}
}

// A file's columns bring no card number, and nothing that JSON would not,
// where the interface for JSON has none.
func TestColumnsAreChecked(t *testing.T) {
	const mapping = "format: csv\ntime: {column: when}\nfields: {transaction_id: id, customer_id: who, amount: eur}\nconstants: {currency: EUR}\n"
	rows, bad := readAll(t, mapping, "id,when,who,eur\n"+
		"1,2026-01-02T10:00:00Z,c,5\n"+
		"2,2026-01-02T10:00:00Z,4111111111111111,5\n"+
		"3,2026-01-02T10:00:00Z,\xff,5\n"+
		strings.Repeat("4", 300)+",2026-01-02T10:00:00Z,c,5\n")
	if len(rows) != 1 || len(bad) != 3 {
		t.Fatalf("%d rows are read, of %d something is said: %v", len(rows), len(bad), bad)
	}
	for i, code := range []tidegate.Code{tidegate.CodePAN, tidegate.CodeMalformed, tidegate.CodeTooLarge} {
		if !strings.Contains(bad[i].Error(), map[tidegate.Code]string{
			tidegate.CodePAN: "card number", tidegate.CodeMalformed: "UTF-8", tidegate.CodeTooLarge: "longer than 256",
		}[code]) || strings.Contains(bad[i].Error(), "4111") {
			t.Errorf("line %d: %v", i+3, bad[i])
		}
	}
}
