package api

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"math/rand/v2"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"
)

// Whatever comes, the answer is one of those that are documented (the rig holds
// each against the OpenAPI document), a refusal leaves no record, and no card
// number is shown. Requests are sound ones with some mutations.
func TestMutatedRequests(t *testing.T) {
	r := newRig(t)
	m := &mutator{rng: rand.New(rand.NewPCG(7, 7)), rig: r}
	answers := map[string]int{}
	for range 1200 {
		path, body := m.request()
		before := r.records()
		var a answer
		if body == nil {
			a = r.get(path)
		} else {
			a = r.post(path, string(body))
		}
		short, _, _ := strings.Cut(path[1:], "?")
		answers[fmt.Sprint(strings.Join(strings.Split(short, "/")[:2], "/"), " ", a.status)]++
		made := r.records() - before
		switch {
		case a.status >= 500, a.status >= 300 && a.status < 400:
			t.Fatalf("%s %s: %d %s", path, body, a.status, a.body)
		case a.status >= 400 && (made > 0 || a.Type != "urn:tidegate:problem:"+string(a.Code) || a.problem.Status != a.status):
			t.Fatalf("%s %s: %d records and %d %s", path, body, made, a.status, a.body)
		case made > 1:
			t.Fatalf("%s %s: %d records", path, body, made)
		case strings.Contains(string(a.body), aCard):
			t.Fatalf("%s %s: a card number is shown: %s", path, body, a.body)
		}
	}
	for _, what := range []string{"v1/authorize 200", "v1/authorize 422", "v1/authorize 400", "v1/events 202", "v1/events 422", "v1/labels 202", "v1/labels 422", "v1/decisions 404", "v1/features 200", "v1/alerts 422"} {
		if answers[what] == 0 {
			t.Errorf("%s came %d times: the mutations are too strong or too weak: %v", what, answers[what], answers)
		}
	}
	r.post("/v1/authorize", r.payment("last", "c-last", "1.00", "")).mustBe(t, http.StatusOK)
}

const aCard = "4111111111111111"

// mutator makes requests.
type mutator struct {
	rng *rand.Rand
	rig *rig
	n   int
}

var strangeValues = []any{nil, true, 0, -1, 1.5, 1e300, "", "x", "\x00", "é", strings.Repeat("x", 257), strings.Repeat("x", 70_000), []any{}, map[string]any{}, []any{1},
	aCard, 4111111111111111, "NaN", "1e5", "0.001", "99999999999999999999", "2026-13-01T00:00:00Z", "2016-12-31T23:59:60Z", 1, "EUX", "JPY", "..", "::1", "transaction.initiated"}

var strangeNames = []string{"cvv", "PIN", "unknown", "payload", "attributes", "customer_tx_count_2m", "timestamp", aCard, "a/b~c", ""}

func (m *mutator) any(of []any) any { return of[m.rng.IntN(len(of))] }

func (m *mutator) request() (path string, body []byte) {
	m.n++
	now, id := m.rig.clock().Format(time.RFC3339Nano), fmt.Sprint("m", m.n)
	other := fmt.Sprint("m", m.rng.IntN(m.n))
	var members map[string]any
	switch m.rng.IntN(8) {
	case 0, 1, 2:
		path = "/v1/authorize" + []string{"", "?features=true", "?features=no"}[m.rng.IntN(3)]
		members = map[string]any{"transaction_id": id, "customer_id": fmt.Sprint("c", m.rng.IntN(9)), "amount": "12.50", "currency": "EUR", "card_id": "k",
			"ip_address": "192.0.2.1", "mcc": "5411", "merchant_country": "DE", "follows": other, "geo_location": map[string]any{"lat": 52.5, "lon": 13.4},
			"card_present": true, "three_ds": map[string]any{"eci": "05"}, "attributes": map[string]any{"basket_items": 2}}
		if m.rng.IntN(2) == 0 {
			members = map[string]any{"event_id": id, "payload": members, "metadata": map[string]any{"trace_id": "t"}}
		}
		members["timestamp"] = now
	case 3, 4:
		path = "/v1/events"
		members = map[string]any{"event_type": m.any([]any{"login", "transaction.outcome", "transaction.captured", "label"}), "timestamp": now, "event_id": id,
			"customer_id": "c1", "transaction_id": other, "final": "approved", "by": "issuer", "amount_minor": 100, "currency": "EUR"}
	case 5, 6:
		path = "/v1/labels"
		members = map[string]any{"label_id": id, "transaction_id": other, "fraud": m.rng.IntN(2) == 0, "kind": m.any([]any{"chargeback", "reversal", "analyst"}),
			"reason_code": "r", "occurred_at": now, "reported_at": now, "source": "s"}
	default:
		return m.question(other), nil
	}
	for range m.rng.IntN(3) {
		m.mutate(members)
	}
	body, err := json.Marshal(members)
	if err != nil {
		panic(err)
	}
	return path, m.garble(body)
}

func (m *mutator) question(id string) string {
	segment := func(of ...any) string { return url.PathEscape(fmt.Sprint(m.any(append(of, strangeValues...)))) }
	switch m.rng.IntN(3) {
	case 0:
		return "/v1/decisions/" + segment(id, id, id)
	case 1:
		return "/v1/features/" + []string{"customer", "card", "ip", aCard}[m.rng.IntN(4)] + "/" + segment("c1", "k") + "?at=" + url.QueryEscape(fmt.Sprint(m.any(strangeValues)))
	}
	return "/v1/alerts?" + []string{"limit", "after", "other"}[m.rng.IntN(3)] + "=" + url.QueryEscape(fmt.Sprint(m.any(strangeValues)))
}

// mutate changes a member somewhere below.
func (m *mutator) mutate(o map[string]any) {
	names := slices.Sorted(maps.Keys(o)) // in an order, so that a failure comes again
	if len(names) == 0 {
		return
	}
	name := names[m.rng.IntN(len(names))]
	if below, ok := o[name].(map[string]any); ok && m.rng.IntN(4) > 0 {
		m.mutate(below)
		return
	}
	switch m.rng.IntN(4) {
	case 0:
		delete(o, name)
	case 1:
		o[strangeNames[m.rng.IntN(len(strangeNames))]] = m.any(strangeValues)
	default:
		o[name] = m.any(strangeValues)
	}
}

// garble damages the JSON itself, now and then.
func (m *mutator) garble(b []byte) []byte {
	i := m.rng.IntN(len(b))
	switch m.rng.IntN(20) {
	case 0:
		return b[:i]
	case 1:
		b[i] = byte(m.rng.IntN(256))
	case 2:
		return slices.Concat(b[:i], b[max(i-9, 0):i], b[i:])
	case 3:
		return bytes.Repeat(b, 2)
	}
	return b
}
