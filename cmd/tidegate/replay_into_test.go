package main

import (
	"bytes"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
)

// History that comes into a directory that has served leaves the publisher's
// position alone: what was decided live and is not published yet stays to be.
// A directory that is new gets one behind its history.
func TestReplayIntoKeepsWhatIsToBePublished(t *testing.T) {
	conf, dir := configDir(t, "{}\n"), t.TempDir()
	past := filepath.Join(dir, "past.jsonl")
	write(t, past, `{"timestamp":"`+time.Now().UTC().Add(-time.Hour).Format(time.RFC3339)+`","transaction_id":"past","customer_id":"c-1","amount":1,"currency":"EUR"}`+"\n")
	into := func(data string) {
		t.Helper()
		out, err := exec.Command(binary, "replay", "--config", filepath.Join(conf, "tidegate.yaml"), "--input", past, "--into", data).CombinedOutput()
		if err != nil {
			t.Fatalf("%v\n%s", err, out)
		}
	}
	served, fresh := filepath.Join(dir, "served"), filepath.Join(dir, "fresh")
	s := serve(t, conf, served)
	s.post("/v1/authorize", payment("live", "c-1", 500))
	if code := s.signalled(syscall.SIGTERM); code != 0 {
		t.Fatalf("exit code %d\n%s", code, &s.stderr)
	}
	for range 2 {
		into(served)
		into(fresh)
	}
	if _, err := os.Stat(filepath.Join(served, publishedFile)); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("the live decision counts as published (%v)", err)
	}
	if _, err := os.Stat(filepath.Join(fresh, publishedFile)); err != nil {
		t.Error(err)
	}
	s = serve(t, conf, served)
	for _, id := range []string{"live", "past"} {
		if status, body := s.get("/v1/decisions/" + id); status != 200 {
			t.Errorf("%s: %d %s", id, status, body)
		}
	}
}

// Within a file an id counts once, on scratch state as in a data directory:
// a retry gets no other decision, and another payment under the id is a line
// that is told of and passed over.
func TestReplayTakesAnIDOnce(t *testing.T) {
	conf, dir := configDir(t, "{}\n"), t.TempDir()
	line := func(id, at, amount string) string {
		return `{"timestamp":"2026-01-02T10:00:` + at + `Z","transaction_id":"` + id + `","customer_id":"c","amount":` + amount + `,"currency":"EUR"}` + "\n"
	}
	file := filepath.Join(dir, "f.jsonl")
	write(t, file, line("a", "00", "1")+line("a", "01", "1.00")+line("a", "02", "2")+line("b", "03", "1"))
	for name, into := range map[string][]string{"scratch": nil, "into": {"--into", filepath.Join(dir, "data")}} {
		features, report := filepath.Join(dir, name+".csv"), filepath.Join(dir, name+".json")
		args := append([]string{"replay", "--config", filepath.Join(conf, "tidegate.yaml"), "--input", file, "--features-out", features, "--json", report}, into...)
		out, err := exec.Command(binary, args...).CombinedOutput()
		if err != nil {
			t.Fatalf("%s: %v\n%s", name, err, out)
		}
		if !strings.Contains(string(out), "line 3") {
			t.Errorf("%s: the conflict is not told with its line:\n%s", name, out)
		}
		var r replayReport
		if body, err := os.ReadFile(report); err != nil {
			t.Fatal(err)
		} else if err := json.Unmarshal(body, &r); err != nil {
			t.Fatal(err)
		}
		if r.Transactions != 3 || r.Repeated != 1 || r.BadLines != 1 || r.Outcomes["approve"] != 2 {
			t.Errorf("%s: %+v", name, r)
		}
		body, err := os.ReadFile(features)
		if err != nil {
			t.Fatal(err)
		}
		rows := strings.Split(strings.TrimSpace(string(body)), "\n")
		if len(rows) != 3 || !strings.HasPrefix(rows[1], "a,1,") || !strings.HasPrefix(rows[2], "b,2,") {
			t.Errorf("%s: %d lines of features: %q", name, len(rows), rows[1:])
		}
	}
}

// What refers to a payment before it means the same on scratch state as in a
// data directory: a follow-up does not count again, and an outcome is shown to
// the patterns of its payment's customer.
func TestReplayRefersBack(t *testing.T) {
	conf, dir := configDir(t, "{}\n"), t.TempDir()
	pay := func(id, at, customer, amount, more string) string {
		return `{"timestamp":"2026-01-02T10:` + at + `:00Z","transaction_id":"` + id + `","customer_id":"` + customer + `","amount":` + amount + `,"currency":"EUR"` + more + `}` + "\n"
	}
	file := filepath.Join(dir, "f.jsonl")
	write(t, file, pay("a", "00", "c", "10", "")+
		`{"timestamp":"2026-01-02T10:01:00Z","event_type":"transaction.captured","event_id":"e","transaction_id":"a"}`+"\n"+
		pay("b", "02", "c", "15", `,"follows":"a"`)+pay("d", "03", "c", "21", "")+pay("e", "04", "other", "5", `,"follows":"a"`)+pay("f", "05", "c", "30", ""))
	var written [2]string
	for i, into := range [][]string{nil, {"--into", filepath.Join(dir, "data")}} {
		features := filepath.Join(dir, "features.csv")
		args := append([]string{"replay", "--config", filepath.Join(conf, "tidegate.yaml"), "--input", file, "--features-out", features}, into...)
		if out, err := exec.Command(binary, args...).CombinedOutput(); err != nil {
			t.Fatalf("%v\n%s", err, out)
		}
		body, err := os.ReadFile(features)
		if err != nil {
			t.Fatal(err)
		}
		written[i] = string(body)
	}
	if written[0] != written[1] {
		t.Errorf("on scratch state\n%s\nin a data directory\n%s", written[0], written[1])
	}
}

// Under the configuration's PAN key history and the service know a card number
// by the same name: a payment that was replayed is a retry when it is sent.
func TestReplayReplacesCardNumbers(t *testing.T) {
	const pan, key = "4111111111111111", "0123456789abcdef0123456789abcdef"
	mac := hmac.New(sha256.New, []byte(key))
	mac.Write([]byte(pan))
	name := "pan:" + hex.EncodeToString(mac.Sum(nil))
	dir := t.TempDir()
	payment := `{"timestamp":"2026-01-02T10:00:00Z","transaction_id":"` + pan + `","customer_id":"c","card_id":"` + pan + `","amount":5,"currency":"EUR"}`
	envelopes, columns := filepath.Join(dir, "f.jsonl"), filepath.Join(dir, "f.csv")
	write(t, envelopes, payment+"\n")
	write(t, columns, "id,when,who,card,eur\n"+pan+",2026-01-02T10:00:00Z,c,"+pan+",5\n")
	for _, settings := range []string{"clock: event\n", "clock: event\npan_key_file: pan.key\n"} {
		conf := configDir(t, settings)
		write(t, filepath.Join(conf, "pan.key"), key)
		if err := os.Mkdir(filepath.Join(conf, "mappings"), 0o755); err != nil {
			t.Fatal(err)
		}
		write(t, filepath.Join(conf, "mappings", "m.yaml"), "format: csv\ntime: {column: when}\n"+
			"fields: {transaction_id: id, customer_id: who, card_id: card, amount: eur}\nconstants: {currency: EUR}\n")
		for mapping, input := range map[string]string{"tidegate": envelopes, "m": columns} {
			data, decisions := filepath.Join(t.TempDir(), "data"), filepath.Join(dir, "decisions.jsonl")
			out, err := exec.Command(binary, "replay", "--config", filepath.Join(conf, "tidegate.yaml"), "--input", input, "--mapping", mapping,
				"--into", data, "--decisions-out", decisions).CombinedOutput()
			keyed := strings.Contains(settings, "pan_key_file")
			if keyed != (err == nil) { // without a key nothing is left to read, and that is an error
				t.Fatalf("%v\n%s", err, out)
			}
			written, err := os.ReadFile(decisions)
			if err != nil {
				t.Fatal(err)
			}
			if bytes.Contains(append(written, out...), []byte(pan)) {
				t.Errorf("the card number is shown:\n%s%s", out, written)
			}
			if !keyed {
				if !bytes.Contains(out, []byte("card number")) || len(written) != 0 {
					t.Errorf("without a key: %s%s", out, written)
				}
				continue
			}
			if !bytes.Contains(written, []byte(name)) {
				t.Errorf("%s is not in %s%s", name, written, out)
			}
			s := serve(t, conf, data)
			if status, body := s.get("/v1/decisions/" + name); status != 200 {
				t.Errorf("%s: %d %s", mapping, status, body)
			}
			if status, body := s.post("/v1/authorize", payment); status != 200 {
				t.Errorf("%s: the same payment: %d %s", mapping, status, body)
			}
			if status, body := s.post("/v1/authorize", strings.Replace(payment, `"amount":5`, `"amount":6`, 1)); status != 409 {
				t.Errorf("%s: another payment under its id: %d %s", mapping, status, body)
			}
		}
	}
}
