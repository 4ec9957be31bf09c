package api

import (
	"fmt"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/tidegate/tidegate"
)

// The same question gets the first answer, however it is spelt and whenever
// it comes; another question under its id is refused.
func TestRetriesAndConflicts(t *testing.T) {
	r := newRig(t)
	first := r.post("/v1/authorize?features=true", good).mustBe(t, http.StatusOK)
	same := map[string]string{
		"the same":           good,
		"another spelling":   but("12.5", `"12.50"`),
		"minor units":        but(`"amount":12.5`, `"amount_minor":1250`),
		"another timestamp":  but("12:00:00Z", "12:03:00Z"),
		"enriched":           with(`"ip_address":"203.0.113.9","attributes":{"basket_items":3}`),
		"within an envelope": `{"timestamp":"2026-03-14T12:00:00Z","event_id":"e","payload":{"transaction_id":"tx_1","amount":12.5,"currency":"EUR","customer_id":"cus_1"}}`,
	}
	other := map[string]string{
		"another amount":   but("12.5", "12.51"),
		"another currency": but("EUR", "USD"),
		"another customer": but("cus_1", "cus_2"),
		"another card":     with(`"card_id":"card_2"`),
		"another account":  with(`"account_id":"a"`),
		"another merchant": with(`"merchant_id":"m"`),
	}
	want := as[map[string]any](t, first)
	hold := func(when string) {
		t.Helper()
		before := r.records()
		for what, body := range same {
			got := as[map[string]any](t, r.post("/v1/authorize?features=true", body).mustBe(t, http.StatusOK))
			if got["retry"] != true {
				t.Errorf("%s, %s: decided again", when, what)
			}
			for _, k := range []string{"outcome", "score", "reasons", "rules", "models", "versions", "event_time", "features", "warming"} {
				if a, b := fmt.Sprint(got[k]), fmt.Sprint(want[k]); a != b {
					t.Errorf("%s, %s: %s is %s, at first %s", when, what, k, a, b)
				}
			}
		}
		for what, body := range other {
			a := r.post("/v1/authorize", body)
			if a.status != http.StatusConflict || a.Code != tidegate.CodeConflict || a.Pointer != "/transaction_id" {
				t.Errorf("%s, %s: %d %s", when, what, a.status, a.body)
			}
		}
		if now := r.records(); now != before {
			t.Errorf("%s: %d records were made", when, now-before)
		}
		recorded := as[map[string]any](t, r.get("/v1/decisions/tx_1").mustBe(t, http.StatusOK))
		if fmt.Sprint(recorded["features"]) != fmt.Sprint(want["features"]) || fmt.Sprint(recorded["warming"]) != fmt.Sprint(want["warming"]) || recorded["outcome"] != want["outcome"] {
			t.Errorf("%s: recorded is %v", when, recorded)
		}
	}
	if warming, ok := want["warming"].([]any); !ok || len(warming) == 0 {
		t.Fatalf("nothing is warming for a customer never seen: %v", want["warming"])
	}
	hold("at once")
	r.restart()
	hold("after a restart")
	r.pass(3 * 24 * time.Hour)
	hold("when it is older than max_age")
	fresh := r.post("/v1/authorize", but("tx_1", "tx_2"))
	if fresh.status != http.StatusUnprocessableEntity || fresh.Code != tidegate.CodeTooOld {
		t.Errorf("what is older than max_age and no retry: %d %s", fresh.status, fresh.body)
	}
	if retries, conflicts := r.metric(`tidegate_inputs_total{kind="retry"}`), r.metric(`tidegate_inputs_total{kind="conflict"}`); retries != 12 || conflicts != 12 {
		t.Errorf("%v retries and %v conflicts since the restart are counted, want 12 and 12", retries, conflicts)
	}
}

// Of many who ask at once, one is decided for and the others get its answer.
func TestRetriesAtOnce(t *testing.T) {
	r := newRig(t)
	answers := make([]decided, 40)
	var wait sync.WaitGroup
	for i := range answers {
		wait.Go(func() { answers[i] = r.decide(fmt.Sprint("t", i/8), "c", "10.00", "") })
	}
	wait.Wait()
	fresh := map[string]int{}
	for _, a := range answers {
		if !a.Retry {
			fresh[a.TransactionID]++
		}
	}
	for i := range 5 {
		if id := fmt.Sprint("t", i); fresh[id] != 1 {
			t.Errorf("%s was decided %d times", id, fresh[id])
		}
	}
	if got := r.decide("last", "c", "10.00", ""); !got.fired("velocity-2m") {
		t.Error("five payments at once and the sixth do not count")
	}
}

// Events and labels are taken once per id.
func TestRepeatedEventsAndLabels(t *testing.T) {
	r := newRig(t)
	r.decide("t", "c", "10.00", `"terminal_id":"term"`)
	const login = `{"event_id":"e1","event_type":"login_failed","timestamp":"2026-03-14T12:00:00Z","customer_id":"c"}`
	label := func(id string, fraud bool) string {
		return fmt.Sprintf(`{"label_id":%q,"transaction_id":"t","kind":"chargeback","fraud":%v,"reported_at":"2026-03-14T12:00:00Z"}`, id, fraud)
	}
	accepted := func(path, body string, retry bool) {
		t.Helper()
		a := as[struct{ Retry bool }](t, r.post(path, body).mustBe(t, http.StatusAccepted))
		if a.Retry != retry {
			t.Errorf("%s: retry is %v", body, a.Retry)
		}
	}
	accepted("/v1/events", login, false)
	accepted("/v1/labels", label("l1", true), false)
	for range 2 {
		accepted("/v1/events", login, true)
		accepted("/v1/labels", label("l1", true), true)
		if a := r.post("/v1/labels", label("l1", false)); a.status != http.StatusConflict || a.Pointer != "/label_id" {
			t.Errorf("another label under the id: %d %s", a.status, a.body)
		}
		if a := r.post("/v1/events", strings.Replace(login, "login_failed", "login", 1)); a.status != http.StatusConflict || a.Pointer != "/event_id" {
			t.Errorf("another event under the id: %d %s", a.status, a.body)
		}
		r.restart()
	}
	if retries, conflicts := r.metric(`tidegate_inputs_total{kind="retry"}`), r.metric(`tidegate_inputs_total{kind="conflict"}`); retries+conflicts != 0 {
		t.Errorf("%v retries and %v conflicts are counted since the restart", retries, conflicts)
	}
	// An event that would be too old is still one that was told.
	r.pass(25 * time.Hour)
	accepted("/v1/events", login, true)
	accepted("/v1/labels", label("l1", true), true)
	for code, body := range map[tidegate.Code]string{
		tidegate.CodeConflict: strings.Replace(login, "login_failed", "login", 1),
		tidegate.CodeTooOld:   strings.Replace(login, "e1", "e2", 1),
	} {
		if a := r.post("/v1/events", body); a.Code != code {
			t.Errorf("%s: %d %s", body, a.status, a.body)
		}
	}
	r.post("/v1/labels", label("l1", false)).mustBe(t, http.StatusConflict)
	if retries, conflicts := r.metric(`tidegate_inputs_total{kind="retry"}`), r.metric(`tidegate_inputs_total{kind="conflict"}`); retries != 2 || conflicts != 2 {
		t.Errorf("%v retries and %v conflicts of events and labels are counted, want 2 and 2", retries, conflicts)
	}
	r.pass(-25 * time.Hour)
	known := as[struct{ Features map[string]any }](t, r.get("/v1/features/customer/c").mustBe(t, http.StatusOK))
	if known.Features["customer_failed_logins_1h"] != 1.0 || known.Features["customer_fraud_count_30d"] != 1.0 {
		t.Errorf("counted twice: %v", known.Features)
	}
}
