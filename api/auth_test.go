package api

import (
	"crypto/sha256"
	"encoding/hex"
	"net/http"
	"strings"
	"testing"

	"github.com/tidegate/tidegate"
	"github.com/tidegate/tidegate/node"
)

func keyOf(id, tenant, source string, scopes ...Scope) Key {
	sum := sha256.Sum256([]byte("secret-" + id))
	return Key{ID: id, SHA256: strings.ToUpper(hex.EncodeToString(sum[:])), Tenant: tenant, Source: source, Scopes: scopes}
}

func bearer(id string) []string { return []string{"Authorization", "Bearer secret-" + id} }

func withKeys(o *Options) {
	o.Keys = []Key{
		keyOf("gateway", "", "gateway-1", ScopeDecide, ScopeEvent),
		keyOf("labels", "", "disputes", ScopeLabel),
		keyOf("reader", "", "", ScopeRead),
		keyOf("admin", "", "", ScopeAdmin),
		keyOf("other", "other-bank", "gateway-2", ScopeDecide, ScopeEvent, ScopeLabel, ScopeRead),
	}
}

// Each path asks for its scope; admin may do all; what everybody may see needs
// no key.
func TestScopes(t *testing.T) {
	r := newRig(t, withKeys)
	bodies := map[string]string{
		"/v1/authorize": r.payment("t", "c", "1.00", ""),
		"/v1/events":    `{"event_type":"login","timestamp":"2026-03-14T12:00:00Z","customer_id":"c"}`,
		"/v1/labels":    `{"label_id":"l","transaction_id":"t","kind":"customer","fraud":false}`,
	}
	ask := func(path string, headers ...string) answer {
		if body, ok := bodies[path]; ok {
			return r.post(path, body, headers...)
		}
		return r.get(path, headers...)
	}
	for path, ids := range map[string]string{
		"/v1/authorize":           "gateway admin other",
		"/v1/events":              "gateway admin other",
		"/v1/labels":              "labels admin other",
		"/v1/decisions/t":         "reader admin other",
		"/v1/features/customer/c": "reader admin other",
		"/v1/alerts":              "reader admin other",
		"/v1/rules":               "reader admin other",
		"/metrics":                "reader admin other",
	} {
		before := r.records()
		for what, headers := range map[string][]string{
			"no key":        nil,
			"another key":   {"Authorization", "Bearer secret-nobody"},
			"an empty key":  {"Authorization", "Bearer "},
			"another way":   {"Authorization", "Basic c2VjcmV0LWFkbWlu"},
			"the hash":      {"Authorization", "Bearer " + withKeysHash("admin")},
			"a spaced key":  {"Authorization", "Bearer  secret-admin"},
			"a short key":   {"Authorization", "Bearer secret-admi"},
			"an X-API-Key":  {"X-API-Key", "secret-nobody"},
			"both, 1 wrong": {"Authorization", "Bearer secret-nobody", "X-API-Key", "secret-admin"},
		} {
			a := ask(path, headers...)
			if a.status != http.StatusUnauthorized || a.Code != tidegate.CodeUnauthorized || a.header.Get("WWW-Authenticate") != "Bearer" {
				t.Errorf("%s with %s: %d %s", path, what, a.status, a.body)
			}
		}
		for _, id := range []string{"gateway", "labels", "reader", "admin", "other"} {
			a := ask(path, bearer(id)...)
			if allowed := strings.Contains(ids, id); !allowed && (a.status != http.StatusForbidden || a.Code != tidegate.CodeForbidden) {
				t.Errorf("%s with the key of %s: %d %s", path, id, a.status, a.body)
			} else if allowed && (a.status == http.StatusForbidden || a.status == http.StatusUnauthorized) {
				t.Errorf("%s with the key of %s: %d %s", path, id, a.status, a.body)
			}
			if strings.Contains(string(a.body), "secret") {
				t.Errorf("%s shows a key: %s", path, a.body)
			}
		}
		if _, writes := bodies[path]; !writes && r.records() != before {
			t.Errorf("%s made records", path)
		}
	}
	ask("/v1/rules", "X-API-Key", "secret-reader").mustBe(t, http.StatusOK)
	ask("/v1/rules", "Authorization", "bearer secret-reader").mustBe(t, http.StatusOK) // RFC 9110: in any case
	for _, path := range []string{"/healthz", "/readyz", "/openapi.json"} {
		ask(path).mustBe(t, http.StatusOK)
	}
}

// Why a topic is not read may name addresses: it is for those who may read.
func TestReasonsAreForReaders(t *testing.T) {
	inputs := func(o *Options) {
		o.Inputs = func() []InputStatus {
			return []InputStatus{{Topic: "payments", State: "waiting", Reason: "10.0.0.7 is away"}}
		}
	}
	for who, c := range map[string]struct {
		rig     *rig
		headers []string
		told    bool
	}{
		"nobody":            {newRig(t, withKeys, inputs), nil, false},
		"a wrong key":       {newRig(t, withKeys, inputs), bearer("nobody"), false},
		"another scope":     {newRig(t, withKeys, inputs), bearer("gateway"), false},
		"a reader":          {newRig(t, withKeys, inputs), bearer("reader"), true},
		"an admin":          {newRig(t, withKeys, inputs), bearer("admin"), true},
		"all, without keys": {newRig(t, inputs), nil, true},
	} {
		ready := as[struct{ Inputs []InputStatus }](t, c.rig.get("/readyz", c.headers...).mustBe(t, http.StatusOK))
		if len(ready.Inputs) != 1 || ready.Inputs[0].State != "waiting" || (ready.Inputs[0].Reason != "") != c.told {
			t.Errorf("%s: %+v", who, ready.Inputs)
		}
	}
}

func withKeysHash(id string) string { return strings.ToLower(keyOf(id, "", "").SHA256) }

// Two tenants share a process and nothing else.
func TestTenants(t *testing.T) {
	r := newRig(t, withKeys)
	mine, theirs := bearer("admin"), bearer("other")
	r.burst("c", mine...)
	r.awaitAlerts(1, mine...)
	if list := r.alerts(theirs...); len(list) != 0 {
		t.Errorf("%d alerts of another tenant", len(list))
	}
	r.get("/v1/decisions/c-0", mine...).mustBe(t, http.StatusOK)
	r.get("/v1/decisions/c-0", theirs...).mustBe(t, http.StatusNotFound)
	if d := r.decide("c-0", "c", "999.00", "", theirs...); d.Retry || d.fired("velocity-2m") {
		t.Errorf("the id or the customer of another tenant: %+v", d)
	}
	for headers, want := range map[*[]string]float64{&mine: 6, &theirs: 1} {
		known := as[struct{ Features map[string]any }](t, r.get("/v1/features/customer/c", *headers...).mustBe(t, http.StatusOK))
		if got := known.Features["customer_tx_count_30d"]; got != want {
			t.Errorf("%v payments are known, want %v", got, want)
		}
	}
	r.restart()
	if list := r.alerts(theirs...); len(list) != 0 {
		t.Errorf("%d alerts of another tenant after a restart", len(list))
	}
	// The body has no say.
	d := as[decided](t, r.post("/v1/authorize", r.payment("c-1", "c", "10.00", `"tenant":"default"`), theirs...).mustBe(t, http.StatusOK))
	if d.Retry || len(d.Warnings) != 1 {
		t.Errorf("the body chose the tenant: %+v", d)
	}
}

// A key with a source writes it; without one the body may.
func TestSourceIsTheKeys(t *testing.T) {
	r := newRig(t, withKeys)
	for id, want := range map[string]string{"gateway": "gateway-1", "admin": "mine"} {
		r.decide("by-"+id, "c", "1.00", `"source":"mine"`, bearer(id)...)
		record, _, err := r.node.Decision(t.Context(), tidegate.DefaultTenant, "by-"+id)
		if err != nil {
			t.Fatal(err)
		}
		if record.Event.Source != want {
			t.Errorf("the source is %q, want %q", record.Event.Source, want)
		}
	}
}

// With a key file, a card number becomes its HMAC before anything is kept.
func TestCardNumbersAreReplaced(t *testing.T) {
	const number = "4111111111111111"
	r := newRig(t, func(o *Options) { o.PANKey = []byte("0123456789abcdef0123456789abcdef") })
	r.decide("t", "c", "1.00", `"card_id":"`+number+`"`)
	d := r.decide("u", "c", "1.00", `"card_id":"4111-1111-1111-1111"`)
	if d.Outcome != "approve" {
		t.Errorf("%+v", d)
	}
	record, _, err := r.node.Decision(t.Context(), tidegate.DefaultTenant, "u")
	if err != nil {
		t.Fatal(err)
	}
	card := record.Event.Text[tidegate.CardID]
	if !strings.HasPrefix(card, "pan:") || strings.Contains(card, number) {
		t.Errorf("card_id is kept as %q", card)
	}
	known := as[struct{ Features map[string]any }](t, r.get("/v1/features/card/"+card).mustBe(t, http.StatusOK))
	if known.Features["card_tx_count_1h"] != 2.0 {
		t.Errorf("two spellings are two cards: %v", known.Features)
	}
	r.post("/v1/authorize", r.payment("v", "c", "1.00", `"pin":"1234"`)).mustBe(t, http.StatusUnprocessableEntity)
}

var _ Node = (*node.Node)(nil)
