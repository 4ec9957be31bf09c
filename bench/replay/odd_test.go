package replay

import (
	"bytes"
	"compress/gzip"
	"io"
	"os"
	"strconv"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/klauspost/compress/zstd"

	"github.com/tidegate/tidegate"
)

const oddMapping = "\ntime: {column: when}\nfields: {transaction_id: id, customer_id: who, amount: eur}\nconstants: {currency: EUR}\nlabel: {column: fraud}\n"

// What spreadsheets, databases and pandas write is read, and the lines that
// errors name are those of the file.
func TestOddFiles(t *testing.T) {
	const plain = "id,when,who,eur,fraud\n1,2026-01-02T10:00:00Z,c,5.5,1\n2,2026-01-02T11:00:00+01:00,c,6,0\n"
	for name, c := range map[string]struct{ mapping, content string }{
		"plain":           {"format: csv" + oddMapping, plain},
		"CRLF":            {"format: csv" + oddMapping, strings.ReplaceAll(plain, "\n", "\r\n")},
		"BOM":             {"format: csv" + oddMapping, "\ufeff" + plain},
		"BOM and quotes":  {"format: csv" + oddMapping, "\ufeff\"id\",\"when\",who,eur,fraud\n\"1\",\"2026-01-02T10:00:00Z\",c,5.5,1\n2,2026-01-02T10:00:00Z,c,6,0\n"},
		"no last newline": {"format: csv" + oddMapping, strings.TrimSuffix(plain, "\n")},
		"tabs":            {"format: csv\ndelimiter: \"\\t\"" + oddMapping, strings.ReplaceAll(plain, ",", "\t")},
		"BOM, JSON":       {"format: jsonl" + oddMapping, "\ufeff" + `{"id":1,"when":"2026-01-02T10:00:00Z","who":"c","eur":5.50,"fraud":true}` + "\r\n\r\n" + `{"id":2,"when":"2026-01-02T10:00:00Z","who":"c","eur":"6","fraud":false}`},
	} {
		rows, bad := readAll(t, c.mapping, c.content)
		if len(bad) != 0 || len(rows) != 2 || rows[0].ID != "1" || rows[0].Event.Amount.Minor != 550 || !rows[0].Fraud || rows[1].Fraud || !rows[1].Labelled ||
			rows[0].Event.Time != rows[1].Event.Time {
			t.Errorf("%s: %+v, %v", name, rows, bad)
		}
	}
	rows, bad := readAll(t, "format: csv"+oddMapping, "id,when,who,eur,fraud\n\n1,2026-01-02T10:00:00Z,\"c\n\n1\",5,1\n2,2026-01-02T10:00:00Z,c,5\n3,2026-01-02T10:00:00Z,c,x,1\n4,2026-01-02T10:00:00Z,c,5,maybe\n")
	var said []string
	for _, err := range bad {
		said = append(said, err.Error())
	}
	const want = `line 6: it has more or fewer columns than the header
amount: line 7: /amount: amount is not a decimal number
label: line 8: "maybe" is neither 1, 0, true nor false: say what means fraud, as label: {true: "Y"}`
	if len(rows) != 1 || rows[0].Line != 3 || strings.Join(said, "\n") != want {
		t.Errorf("%+v\n%s\nwant\n%s", rows, strings.Join(said, "\n"), want)
	}
	if _, bad := readAll(t, "format: jsonl"+oddMapping, `{"id":1,"when":"2026-01-02T10:00:00Z","who":"c","eur":5}{"id":2}`); len(bad) != 1 || !strings.Contains(bad[0].Error(), "there is more behind the object") {
		t.Errorf("two objects on a line: %v", bad)
	}
}

func writeFile(t *testing.T, name, content string) {
	t.Helper()
	if err := os.WriteFile(name, []byte(content), 0o644); err != nil {
		t.Fatal(err)
	}
}

// A file that can't be what it is said to be is refused before a row is read.
func TestOddHeaders(t *testing.T) {
	for content, want := range map[string]string{
		"id;when;who;eur;fraud\n":     `the input has no column "who"; it has id;when;who;eur;fraud: is the delimiter ';'?`,
		"id,when,who,eur,fraud,eur\n": `the input has two columns "eur"`,
		"id,when,who,euro,fraud\n":    `the input has no column "eur"; it has id, when, who, euro, fraud`,
		"\xff\xfei\x00d\x00,\x00":     `the input is UTF-16: save it as UTF-8`,
		"":                            `the input has no header line: EOF`,
	} {
		file := t.TempDir() + "/f"
		writeFile(t, file, content)
		if _, err := Open(file, loaded(t, "format: csv"+oddMapping)); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %v\nwant %s", content, err, want)
		}
	}
}

// An archive that is cut short ends the run, once, and says where.
func TestTruncatedArchives(t *testing.T) {
	var lines bytes.Buffer
	lines.WriteString("id,when,who,eur,fraud\n")
	for range 20_000 {
		lines.WriteString("1,2026-01-02T10:00:00Z,c,5.5,1\n")
	}
	var zipped, zstded bytes.Buffer
	z := gzip.NewWriter(&zipped)
	s, err := zstd.NewWriter(&zstded)
	if err != nil {
		t.Fatal(err)
	}
	for _, w := range []io.WriteCloser{z, s} {
		if _, err := w.Write(lines.Bytes()); err != nil {
			t.Fatal(err)
		}
		if err := w.Close(); err != nil {
			t.Fatal(err)
		}
	}
	for name, whole := range map[string][]byte{"gzip": zipped.Bytes(), "zstd": zstded.Bytes()} {
		file := t.TempDir() + "/f"
		writeFile(t, file, string(whole[:len(whole)*2/3]))
		r, err := Open(file, loaded(t, "format: csv"+oddMapping))
		if err != nil {
			t.Fatal(err)
		}
		var row Row
		for err == nil {
			err = r.Next(&row)
		}
		if err == io.EOF || tidegate.CodeOf(err) == tidegate.CodeMalformed || !strings.Contains(err.Error(), "the input can't be read behind line ") {
			t.Errorf("%s: %v", name, err)
		}
		if err := r.Close(); err != nil {
			t.Error(err)
		}
	}
}

// Times are what the layout says, or the mapping or the row is refused.
func TestTimeLayouts(t *testing.T) {
	const fields = "format: csv\nfields: {transaction_id: id, customer_id: who}\ntime: {column: when, layout: "
	for _, c := range []struct{ layout, text, want string }{
		{"rfc3339", "2026-01-02T10:00:00.25+02:00", "2026-01-02T08:00:00.250Z"},
		{"unix", "1767348000", "2026-01-02T10:00:00.000Z"},
		{"unix", "1767348000.5", "2026-01-02T10:00:00.500Z"},
		{"unix_ms", "1767348000000", "2026-01-02T10:00:00.000Z"},
		{`"2006-01-02 15:04:05"`, "2026-01-02 10:00:00", "2026-01-02T10:00:00.000Z"},
		{`"02.01.06 15:04 -07:00"`, "02.01.26 10:00 +01:00", "2026-01-02T09:00:00.000Z"},
		{`"1/2/2006 3:04:05 PM"`, "1/2/2026 4:05:06 PM", "2026-01-02T16:05:06.000Z"},
		{"20060102", "20260102", "2026-01-02T00:00:00.000Z"},
		{"unix", "1767348000000", `timestamp: line 2: "1767348000000" is not seconds of the years 1 to 9999`},
		{"unix_ms", "NaN", `timestamp: line 2: "NaN" is not milliseconds of the years 1 to 9999`},
		{"rfc3339", "2026-01-02 10:00:00", `timestamp: line 2: "2026-01-02 10:00:00" is not of the form RFC 3339 with an offset, as 2006-01-02T15:04:05Z`},
		{`"2006-01-02"`, "2.1.2026", `timestamp: line 2: "2.1.2026" is not of the form 2006-01-02`},
	} {
		rows, bad := readAll(t, fields+c.layout+"}\n", "id,when,who\n1,"+c.text+",c\n")
		got := ""
		if len(rows) == 1 {
			got = rows[0].Event.Time.String()
		} else if len(bad) == 1 {
			got = bad[0].Error()
		}
		if got != c.want {
			t.Errorf("%s: %q is %s, want %s", c.layout, c.text, got, c.want)
		}
	}
	for layout, why := range map[string]string{
		`"YYYY-MM-DD HH:mm:ss"`:     "does not tell the day",
		`"%Y-%m-%d"`:                "does not tell the day",
		`"15:04:05"`:                "does not tell the day",
		"iso8601":                   "does not tell the day",
		`"2006-01-02 15:04:05 MST"`: "has a zone by its letters, which say nothing of its offset",
	} {
		_, err := LoadMapping(fstest.MapFS{"mappings/m.yaml": {Data: []byte(fields + layout + "}\n")}}, "m")
		if err == nil || !strings.HasPrefix(err.Error(), "mappings/m.yaml:3:30: layout ") || !strings.Contains(err.Error(), why) {
			t.Errorf("%s: %v, want %s", layout, err, why)
		}
	}
}

// A mapping reads declared attributes, and holds them, those of envelopes and
// the fields to what the service does.
func TestHeldAsInTheService(t *testing.T) {
	service := func(m *Mapping) *Mapping {
		m.Attributes = map[string]tidegate.Kind{"items": tidegate.KindNumber, "member": tidegate.KindBool, "shop": tidegate.KindText, "cvv": tidegate.KindText}
		m.Computed = func(name string) bool { return name == "customer_tx_count_1h" }
		return m
	}
	const head = "format: csv\ntime: {column: when}\nfields: {transaction_id: id, customer_id: who, "
	for _, c := range []struct{ field, text, want string }{
		{"attributes.items", "2.5", "items number 2.5 "},
		{"attributes.member", "true", "member bool 1 "},
		{"attributes.shop", "7", "shop text 0 7"},
		{"attributes.items", "", ""},
		{"attributes.items", "two", `attributes.items: line 2: "two" is not a number`},
		{"attributes.member", "2", `attributes.member: line 2: "2" is neither true nor false`},
		{"attributes.colour", "red", "attributes.colour: line 2: is not declared: say in attributes.yaml whether it is a number, a text or a bool"},
		{"attributes.cvv", "123", "security codes, PINs and track data are not accepted"},
		{"attributes.shop", "4111111111111111", "card number"},
		{"attributes.items", "4111111111111111", "card number"},
		{"merchant_country", "Germany", "must be two capital letters"},
		{"mcc", "742", "must be four digits"},
		{"ip_address", "::ffff:192.0.2.1", "192.0.2.1"},
		{"ip_address", "somewhere", "must be an IPv4 or IPv6 address"},
	} {
		rows, bad := readMapped(t, service(loaded(t, head+c.field+": x}\n")), "id,when,who,x\n1,2026-01-02T10:00:00Z,c,"+c.text+"\n")
		got := ""
		if len(bad) == 1 {
			got = bad[0].Error()
		} else if len(rows) == 1 && len(rows[0].Event.Attributes) == 1 {
			a := rows[0].Event.Attributes[0]
			got = strings.Join([]string{a.Name, a.Kind.String(), strconv.FormatFloat(a.Num, 'g', -1, 64), a.Text}, " ")
		} else if len(rows) == 1 {
			got = rows[0].Event.Text[tidegate.IPAddress]
		}
		if !strings.Contains(got, c.want) || c.want == "" && got != "" || strings.Contains(got, "4111") {
			t.Errorf("%s %q: %s, want %s", c.field, c.text, got, c.want)
		}
	}
	const envelope = `{"timestamp":"2026-01-02T10:00:00Z","transaction_id":"1","customer_id":"c","amount":1,"currency":"EUR","attributes":`
	rows, bad := readMapped(t, service(&Mapping{Format: "tidegate"}), envelope+`{"items":2}}`+"\n"+envelope+`{"items":"2"}}`+"\n"+envelope+`{"customer_tx_count_1h":0}}`+"\n")
	if len(rows) != 1 || len(bad) != 2 || !strings.Contains(bad[0].Error(), "is declared as number and sent as text") || !strings.Contains(bad[1].Error(), "is the name of a feature") {
		t.Errorf("envelopes: %+v, %v", rows, bad)
	}
}

// The same amount in all rows is of each row's currency.
func TestConstantAmount(t *testing.T) {
	rows, bad := readAll(t, "format: csv\ntime: {column: when}\nfields: {transaction_id: id, customer_id: who, currency: cur}\nconstants: {amount: 1}\n",
		"id,when,who,cur\n1,2026-01-02T10:00:00Z,c,EUR\n2,2026-01-02T10:00:00Z,c,JPY\n3,2026-01-02T10:00:00Z,c,\n")
	if len(rows) != 2 || len(bad) != 1 || rows[0].Event.Amount.Minor != 100 || rows[1].Event.Amount.Minor != 1 || !strings.Contains(bad[0].Error(), "the currency is missing") {
		t.Errorf("%+v, %v", rows, bad)
	}
}

// A card number in a column that should hold something else is not printed.
func TestValuesAreNotPrinted(t *testing.T) {
	const head = "format: csv\ntime: {column: when}\nfields: {transaction_id: id, customer_id: who, currency: cur, amount: eur, latitude: lat, card_present: here}\nlabel: {column: fraud}\n"
	names := []string{"when", "cur", "eur", "lat", "here", "fraud"}
	for i := range names {
		row := []string{"2026-01-02T10:00:00Z", "EUR", "5", "50", "true", "1"}
		for _, pan := range []string{"4111111111111111", "4111 1111 1111 1111", "4111,1111,1111,1111"} {
			row[i] = pan
			_, bad := readAll(t, head, strings.Join(names, ",")+",id,who\n\""+strings.Join(row, "\",\"")+"\",1,c\n")
			if len(bad) != 1 || strings.Contains(bad[0].Error(), "1111") {
				t.Errorf("%s: %v", names[i], bad)
			}
		}
	}
}
