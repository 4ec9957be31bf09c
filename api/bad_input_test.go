package api

import (
	"bytes"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/tidegate/tidegate"
	"github.com/tidegate/tidegate/wire"
)

// good is the least that is a payment; cases replace or add to it.
const good = `{"timestamp":"2026-03-14T12:00:00Z","transaction_id":"tx_1","amount":12.5,"currency":"EUR","customer_id":"cus_1"}`

func with(members string) string { return good[:len(good)-1] + "," + members + "}" }

func but(old, new string) string {
	if !strings.Contains(good, old) {
		panic(old)
	}
	return strings.Replace(good, old, new, 1)
}

// Every bad body gets its problem with a pointer, leaves no record, and is
// counted. What exactly is bad is wire's business and tested there; this is
// about the whole way from the socket to the journal.
func TestBadPayments(t *testing.T) {
	const (
		malformed = tidegate.CodeMalformed
		invalid   = tidegate.CodeInvalid
		large     = tidegate.CodeTooLarge
	)
	long := strings.Repeat("x", 10<<10)
	r := newRig(t)
	counted := map[tidegate.Code]float64{}
	for _, c := range []struct {
		what, body string
		status     int
		code       tidegate.Code
		pointer    string
	}{
		{"nothing", ``, 400, malformed, ""},
		{"an attribute named like a feature", with(`"attributes":{"customer_tx_count_2m":0}`), 422, invalid, "/attributes/customer_tx_count_2m"},
		{"no JSON", `amount=12`, 400, malformed, ""},
		{"broken JSON", good[:len(good)-3], 400, malformed, "/customer_id"},
		{"two bodies", good + good, 400, malformed, ""},
		{"no object", `[]`, 422, invalid, ""},
		{"deep nesting", with(`"a":` + strings.Repeat("[", 30_000)), 400, malformed, "/a" + strings.Repeat("/0", 31)},
		{"deep nesting of objects", with(`"a":` + strings.Repeat(`{"b":`, 5_000)), 400, malformed, "/a" + strings.Repeat("/b", 31)},
		{"duplicate keys", with(`"amount":13`), 400, malformed, "/amount"},
		{"duplicate keys, escaped", with(`"\u0061mount":13`), 400, malformed, "/amount"},
		{"invalid UTF-8", but("cus_1", "cus_\xff"), 400, malformed, "/customer_id"},
		{"NaN", but("12.5", "NaN"), 400, malformed, "/amount"},
		{"a body over the limit", with(`"a":"` + strings.Repeat("x", 64<<10) + `"`), 413, large, ""},
		{"a transaction_id of 10 KB", but("tx_1", long), 413, large, "/transaction_id"},
		{"a customer_id of 10 KB", but("cus_1", long), 413, large, "/customer_id"},
		{"an event_id of 10 KB", with(`"event_id":"` + long + `"`), 413, large, "/event_id"},

		{"an amount of another type", but("12.5", "true"), 422, invalid, "/amount"},
		{"a transaction_id of another type", but(`"tx_1"`, "1"), 422, invalid, "/transaction_id"},
		{"a location of another type", with(`"geo_location":"Berlin"`), 422, invalid, "/geo_location"},
		{"an unknown currency", but("EUR", "EUX"), 422, invalid, "/currency"},
		{"no currency", but(`"currency":"EUR",`, ``), 422, invalid, "/currency"},
		{"a negative amount", but("12.5", "-12.5"), 422, invalid, "/amount"},
		{"a too precise amount", but("12.5", "12.505"), 422, invalid, "/amount"},
		{"an amount beyond int64", but("12.5", "92233720368547758.08"), 422, invalid, "/amount"},
		{"NaN as text", but("12.5", `"NaN"`), 422, invalid, "/amount"},
		{"no amount", but(`"amount":12.5,`, ``), 422, invalid, "/amount"},
		{"both amounts", with(`"amount_minor":1250`), 422, invalid, "/amount_minor"},
		{"no transaction_id", but(`"transaction_id":"tx_1",`, ``), 422, invalid, "/transaction_id"},
		{"no customer, card or account", but(`,"customer_id":"cus_1"`, ``), 422, invalid, "/customer_id"},
		{"no timestamp", but(`"timestamp":"2026-03-14T12:00:00Z",`, ``), 422, invalid, "/timestamp"},
		{"a leap second", but("2026-03-14T12:00:00Z", "2016-12-31T23:59:60Z"), 422, invalid, "/timestamp"},
		{"a timestamp of 1970", but("2026-03-14T12:00:00Z", "1970-01-01T00:00:01Z"), 422, tidegate.CodeTooOld, "/timestamp"},
		{"seconds for milliseconds", but(`"2026-03-14T12:00:00Z"`, "1773489600"), 422, tidegate.CodeTooOld, "/timestamp"},
		{"a timestamp of the day before yesterday", but("03-14", "03-12"), 422, tidegate.CodeTooOld, "/timestamp"},
		{"a timestamp of tomorrow", but("03-14", "03-15"), 422, tidegate.CodeInFuture, "/timestamp"},
		{"a login", with(`"event_type":"login"`), 422, invalid, "/event_type"},
		{"a declared attribute of another type", with(`"attributes":{"basket_items":"three"}`), 422, invalid, "/attributes/basket_items"},

		{"a cvv", with(`"cvv":"123"`), 422, tidegate.CodeSensitive, "/cvv"},
		{"a cvv deep inside", with(`"a":[{"b":{"CVV2":"123"}}]`), 422, tidegate.CodeSensitive, "/a/0/b/CVV2"},
		{"a pin among the attributes", with(`"attributes":{"pin":"1234"}`), 422, tidegate.CodeSensitive, "/attributes/pin"},
		{"a card number for an id", but("tx_1", "4111111111111111"), 422, tidegate.CodePAN, "/transaction_id"},
		{"a card number in an attribute", with(`"attributes":{"note":"4111 1111 1111 1111"}`), 422, tidegate.CodePAN, "/attributes/note"},
		{"a card number in the unknown", with(`"a":{"b":["4111111111111111"]}`), 422, tidegate.CodePAN, "/a/b/0"},
	} {
		t.Run(c.what, func(t *testing.T) {
			before := r.records()
			a := r.post("/v1/authorize", c.body)
			if a.status != c.status || a.Code != c.code || a.Pointer != c.pointer {
				t.Errorf("%d %s at %q, want %d %s at %q: %s", a.status, a.Code, a.Pointer, c.status, c.code, c.pointer, a.body)
			}
			if a.Type != "urn:tidegate:problem:"+string(c.code) || a.Status != c.status || a.Title == "" || a.Detail == "" || a.StandIn != nil {
				t.Errorf("the problem is %s", a.body)
			}
			for _, value := range []string{"4111", "123", "tx_1", "cus_", "EUX", "xxx", "Berlin"} {
				if strings.Contains(a.Detail, value) {
					t.Errorf("the detail repeats a value: %s", a.Detail)
				}
			}
			if now := r.records(); now != before {
				t.Errorf("%d records were made", now-before)
			}
			counted[c.code]++
			if got := r.metric(fmt.Sprintf(`tidegate_problems_total{code="%s"}`, c.code)); got != counted[c.code] {
				t.Errorf("%v problems of this kind are counted, want %v", got, counted[c.code])
			}
		})
	}
	// Nothing of all that is known of the customer, and the id is free.
	if d := as[decided](t, r.post("/v1/authorize?features=true", good).mustBe(t, http.StatusOK)); d.Retry || d.Features["customer_tx_count_30d"] != 1.0 {
		t.Errorf("half applied: retry %v, %v payments", d.Retry, d.Features["customer_tx_count_30d"])
	}
}

// What is known to be left out does not stop a payment, and a member that the
// caller calls like a feature is not the feature.
func TestStrangePayments(t *testing.T) {
	r := newRig(t)
	d := as[decided](t, r.post("/v1/authorize?features=true", with(`"customer_tx_count_2m":99,"attributes":{"my_tx_count_2m":99}`)).mustBe(t, http.StatusOK))
	if d.Outcome != "approve" || d.Features["customer_tx_count_2m"] != 1.0 {
		t.Errorf("a caller set its own velocity: %+v", d)
	}
	if len(d.Warnings) != 1 || !strings.Contains(d.Warnings[0], "/customer_tx_count_2m") {
		t.Errorf("warnings %q", d.Warnings)
	}
	if d := r.decide("verification", "cus_2", "0", `"transaction_type":"account_verification"`); d.Outcome != "approve" {
		t.Errorf("an account verification: %+v", d)
	}
}

func TestBadEventsAndLabels(t *testing.T) {
	r := newRig(t)
	r.decide("tx_1", "cus_1", "10", "")
	const label = `"label_id":"l","transaction_id":"tx_1","kind":"chargeback"`
	for _, c := range []struct {
		what, path, body string
		status           int
		code             tidegate.Code
		pointer          string
	}{
		{"no event_type", "/v1/events", `{"timestamp":1773489600000,"customer_id":"c"}`, 422, tidegate.CodeInvalid, "/event_type"},
		{"a payment among events", "/v1/events", with(`"event_type":"transaction.initiated"`), 422, tidegate.CodeInvalid, "/event_type"},
		{"an outcome of nothing", "/v1/events", `{"event_type":"transaction.outcome","timestamp":1773489600000,"final":"approved"}`, 422, tidegate.CodeInvalid, "/transaction_id"},
		{"an event of tomorrow", "/v1/events", `{"event_type":"login","timestamp":1773576000000,"customer_id":"c"}`, 422, tidegate.CodeInFuture, "/timestamp"},
		{"an event with a password", "/v1/events", `{"event_type":"login","timestamp":1773489600000,"customer_id":"c","pin":"1"}`, 422, tidegate.CodeSensitive, "/pin"},
		{"a label of nothing", "/v1/labels", `{"label_id":"l","fraud":true,"kind":"chargeback"}`, 422, tidegate.CodeInvalid, "/transaction_id"},
		{"a label that does not say", "/v1/labels", `{` + label + `}`, 422, tidegate.CodeInvalid, "/fraud"},
		{"a label of another kind", "/v1/labels", `{"label_id":"l","transaction_id":"t","fraud":true,"kind":"rumour"}`, 422, tidegate.CodeInvalid, "/kind"},
		{"a label of another type", "/v1/labels", `{` + label + `,"fraud":"yes"}`, 422, tidegate.CodeInvalid, "/fraud"},
		{"a label of tomorrow", "/v1/labels", `{` + label + `,"fraud":true,"reported_at":"2026-03-15T12:00:00Z"}`, 422, tidegate.CodeInFuture, "/reported_at"},
		{"broken JSON", "/v1/labels", `{` + label, 400, tidegate.CodeMalformed, ""},
		{"a label over the limit", "/v1/labels", strings.Repeat(" ", 65<<10), 413, tidegate.CodeTooLarge, ""},
	} {
		t.Run(c.what, func(t *testing.T) {
			before := r.records()
			a := r.post(c.path, c.body)
			if a.status != c.status || a.Code != c.code || a.Pointer != c.pointer {
				t.Errorf("%d %s at %q, want %d %s at %q: %s", a.status, a.Code, a.Pointer, c.status, c.code, c.pointer, a.body)
			}
			if now := r.records(); now != before {
				t.Errorf("%d records were made", now-before)
			}
		})
	}
}

// A member that a label does not have is left out, and said so.
func TestStrangeLabels(t *testing.T) {
	r := newRig(t)
	a := as[struct{ Warnings []string }](t, r.post("/v1/labels", `{"label_id":"l","transaction_id":"t","kind":"analyst","fraud":true,"occured_at":1773489600000}`).mustBe(t, http.StatusAccepted))
	if len(a.Warnings) != 1 || !strings.Contains(a.Warnings[0], "/occured_at") {
		t.Errorf("warnings %q", a.Warnings)
	}
}

func TestWrongQuestions(t *testing.T) {
	r := newRig(t)
	for _, c := range []struct {
		method, path string
		status       int
		code         tidegate.Code
		allow        string
	}{
		{"GET", "/", 404, tidegate.CodeNotFound, ""},
		{"POST", "/v1/authorise", 404, tidegate.CodeNotFound, ""},
		{"GET", "/v1/rules/", 404, tidegate.CodeNotFound, ""},
		{"GET", "/v1/authorize", 405, tidegate.CodeMethodForbidden, "POST"},
		{"PUT", "/v1/rules", 405, tidegate.CodeMethodForbidden, "GET, HEAD"},
		{"BREW", "/v1/rules", 405, tidegate.CodeMethodForbidden, "GET, HEAD"},
		{"GET", "/v1/decisions/none", 404, tidegate.CodeNotFound, ""},
		{"GET", "/v1/features/planet/mars", 404, tidegate.CodeNotFound, ""},
		{"GET", "/v1/features/customer/c?at=yesterday", 422, tidegate.CodeInvalid, ""},
		{"GET", "/v1/alerts?limit=0", 422, tidegate.CodeInvalid, ""},
		{"GET", "/v1/alerts?limit=many", 422, tidegate.CodeInvalid, ""},
		{"GET", "/v1/alerts?after=0-0", 422, tidegate.CodeInvalid, ""},
		{"GET", "/v1/decisions/none?features=yes", 422, tidegate.CodeInvalid, ""},
		{"POST", "/v1/authorize?features=1", 422, tidegate.CodeInvalid, ""},
		{"GET", "/v1/decisions/4111111111111111", 422, tidegate.CodePAN, ""},
		{"GET", "/v1/features/card/4111%2D1111-1111-1111", 422, tidegate.CodePAN, ""},
		{"GET", "/v1/features/4111111111111111/x", 404, tidegate.CodeNotFound, ""},
		{"GET", "/v1/features/customer/%FF", 404, tidegate.CodeNotFound, ""},
		{"GET", "/v1/features/customer/" + strings.Repeat("x", 257), 404, tidegate.CodeNotFound, ""},
	} {
		a := r.do(c.method, c.path, nil)
		if a.status != c.status || a.Code != c.code || a.header.Get("Allow") != c.allow {
			t.Errorf("%s %s: %d %s, allowed %q: %s", c.method, c.path, a.status, a.Code, a.header.Get("Allow"), a.body)
		}
		if bytes.Contains(a.body, []byte("1111")) {
			t.Errorf("%s %s: a card number is shown: %s", c.method, c.path, a.body)
		}
	}
}

// What an encoded body holds can't be checked as it comes; a page of another
// site has no business here.
func TestHeadersOfRequests(t *testing.T) {
	r := newRig(t)
	for _, c := range []struct {
		header, value string
		status        int
		code          tidegate.Code
	}{
		{"Content-Encoding", "gzip", 415, codeEncoded},
		{"Content-Encoding", "identity", 200, ""},
		{"Content-Type", "application/x-www-form-urlencoded", 200, ""}, // curl -d
		{"Origin", "https://elsewhere.example", 403, tidegate.CodeForbidden},
		{"Origin", r.web.URL, 200, ""},
		{"Sec-Fetch-Site", "cross-site", 403, tidegate.CodeForbidden},
	} {
		if a := r.post("/v1/authorize", good, c.header, c.value); a.status != c.status || a.Code != c.code {
			t.Errorf("%s: %s: %d %s", c.header, c.value, a.status, a.body)
		}
	}
	r.get("/healthz", "Origin", "https://elsewhere.example").mustBe(t, http.StatusOK)
}

// Where card numbers are replaced, what is known of one is found by it, and it
// is not shown. An address is found however it is spelt.
func TestIDsInPathsAreThoseOfBodies(t *testing.T) {
	r := newRig(t, func(o *Options) { o.PANKey = bytes.Repeat([]byte("k"), 32) })
	r.decide("4111111111111111", "c", "1.00", `"card_id":"4111 1111 1111 1111","ip_address":"2001:DB8::1"`)
	for path, feature := range map[string]string{
		"/v1/decisions/4111111111111111": "card_tx_count_1h", "/v1/features/card/4111%201111%201111%201111": "card_tx_count_1h",
		"/v1/features/ip/2001:db8:0::1": "ip_tx_count_1h", "/v1/features/ip_address/2001:0DB8::1": "ip_tx_count_1h",
	} {
		a := r.get(path).mustBe(t, http.StatusOK)
		known := as[struct{ Features map[string]any }](t, a)
		if known.Features[feature] != 1.0 || bytes.Contains(a.body, []byte("1111")) {
			t.Errorf("%s: %s", path, a.body)
		}
	}
}

// 10 MB, announced or not, are turned away without being kept.
func TestHugeBodies(t *testing.T) {
	r := newRig(t)
	huge := bytes.Repeat([]byte("x"), 10<<20)
	for what, body := range map[string]io.Reader{"announced": bytes.NewReader(huge), "chunked": io.MultiReader(bytes.NewReader(huge))} {
		t.Run(what, func(t *testing.T) {
			request, err := http.NewRequest(http.MethodPost, r.web.URL+"/v1/authorize", body)
			if err != nil {
				t.Fatal(err)
			}
			response, err := r.web.Client().Do(request)
			if err != nil {
				return // the server hung up while the client was still sending: also an answer
			}
			if a := r.read(response); a.status != http.StatusRequestEntityTooLarge || a.Code != tidegate.CodeTooLarge {
				t.Errorf("%d %s", a.status, a.body)
			}
		})
	}
	if got := r.metric(`tidegate_problems_total{code="too_large"}`); got != 2 || r.records() != 1 {
		t.Errorf("%v counted, %d records", got, r.records())
	}
}

// An id may hold anything that JSON can; in a path it is escaped.
func TestIDsInPaths(t *testing.T) {
	r := newRig(t)
	for id, path := range map[string]string{"a/b": "a%2Fb", "a b": "a%20b", "ü": "%C3%BC", "50%": "50%25", "a%2Fb": "a%252Fb", "..": "%2E%2E"} {
		if d := r.decide(id, id, "1.00", ""); d.Retry {
			t.Errorf("%q is taken", id)
		}
		if d := as[decided](t, r.get("/v1/decisions/"+path).mustBe(t, http.StatusOK)); d.TransactionID != id {
			t.Errorf("%s is %q", path, d.TransactionID)
		}
		known := as[struct {
			Key      string
			Features map[string]any
		}](t, r.get("/v1/features/customer/"+path).mustBe(t, http.StatusOK))
		if known.Key != id || known.Features["customer_tx_count_30d"] != 1.0 {
			t.Errorf("%s is %q with %v payments", path, known.Key, known.Features["customer_tx_count_30d"])
		}
	}
}

// The longest id that is taken can be asked for.
func TestLongestID(t *testing.T) {
	r := newRig(t)
	id := strings.Repeat("i", wire.MaxID)
	r.decide(id, "c", "1.00", "")
	r.get("/v1/decisions/"+id).mustBe(t, http.StatusOK)
}

// What is known of a customer is as of the time that is asked for.
func TestFeaturesAt(t *testing.T) {
	r := newRig(t)
	r.decide("t", "c", "10.00", "")
	r.pass(3 * time.Minute)
	for at, want := range map[string]float64{"": 0, "?at=2026-03-14T12:01:00Z": 1, "?at=2026-03-14T13:01:59%2B01:00": 1, "?at=2026-03-14T11:59:59Z": 0} {
		known := as[struct{ Features map[string]any }](t, r.get("/v1/features/customer/c"+at).mustBe(t, http.StatusOK))
		if got := known.Features["customer_tx_count_2m"]; got != want {
			t.Errorf("%q: %v payments, want %v", at, got, want)
		}
	}
}
