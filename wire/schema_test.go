package wire_test

import (
	"bytes"
	"encoding/json"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v6"
	"pgregory.net/rapid"

	"github.com/tidegate/tidegate"
	"github.com/tidegate/tidegate/wire"
)

// schema compiles a published schema. Strict closes its objects: readers must
// bear members that a later release adds, but all of ours are described.
func schema(t *testing.T, name string, strict bool) *jsonschema.Schema {
	t.Helper()
	b, err := os.ReadFile(filepath.Join("..", "docs", "schemas", name+".json"))
	if err != nil {
		t.Fatal(err)
	}
	doc, err := jsonschema.UnmarshalJSON(bytes.NewReader(b))
	if err != nil {
		t.Fatal(err)
	}
	if strict {
		closeObjects(doc)
	}
	c := jsonschema.NewCompiler()
	c.AssertFormat()
	if err := c.AddResource(name+".json", doc); err != nil {
		t.Fatal(err)
	}
	s, err := c.Compile(name + ".json")
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func closeObjects(v any) {
	switch v := v.(type) {
	case map[string]any:
		_, described := v["properties"]
		_, open := v["additionalProperties"]
		if described && !open && v["type"] == "object" {
			v["additionalProperties"] = false
		}
		for _, child := range v {
			closeObjects(child)
		}
	case []any:
		for _, child := range v {
			closeObjects(child)
		}
	}
}

func validate(s *jsonschema.Schema, b []byte) error {
	v, err := jsonschema.UnmarshalJSON(bytes.NewReader(b))
	if err != nil {
		return err
	}
	return s.Validate(v)
}

func TestDecisionsMatchTheirSchema(t *testing.T) {
	s := schema(t, "decision", true)
	shown := wire.Features{
		Variables: []tidegate.Variable{{Name: "count"}, {Name: "country", Kind: tidegate.KindText}, {Name: "new", Kind: tidegate.KindBool}, {Name: "avg"}},
		Num:       []float64{6, 0, 1, math.NaN()}, Text: []string{"", "DE", "", ""}, Warming: []string{"avg"},
	}
	for what, b := range map[string][]byte{
		"full":          wire.AppendDecision(nil, aDecision(), shown),
		"least":         wire.AppendDecision(nil, &tidegate.Decision{TransactionID: "t"}, wire.Features{}),
		"without score": wire.AppendDecision(nil, &tidegate.Decision{TransactionID: "t", Score: math.NaN()}, wire.Features{}),
	} {
		if err := validate(s, b); err != nil {
			t.Errorf("%s: %v\n%s", what, err, b)
		}
	}
	if err := validate(s, []byte(`{"schema_version":1}`)); err == nil {
		t.Error("the schema requires nothing")
	}
}

func TestAlertsMatchTheirSchema(t *testing.T) {
	s := schema(t, "alert", true)
	full, least := aDecision().Alerts[0], tidegate.Alert{ID: "a"}
	for what, a := range map[string]*tidegate.Alert{"full": &full, "least": &least} {
		if b := wire.AppendAlert(nil, a); validate(s, b) != nil {
			t.Errorf("%s: %v\n%s", what, validate(s, b), b)
		}
	}
	if err := validate(s, []byte(`{"schema_version":1}`)); err == nil {
		t.Error("the schema requires nothing")
	}
}

// Whatever is in a decision, its JSON is valid.
func TestAnyDecisionIsJSON(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		d := decisions.Draw(t, "decision")
		for _, b := range append([][]byte{wire.AppendDecision(nil, d, wire.Features{})}, alertsOf(d)...) {
			if !acceptable(b) && !repeatedEvidence(d) {
				t.Fatalf("%s", b)
			}
		}
	})
}

func alertsOf(d *tidegate.Decision) (all [][]byte) {
	for i := range d.Alerts {
		all = append(all, wire.AppendAlert(nil, &d.Alerts[i]))
	}
	return all
}

// Names of evidence are drawn here without care for their being different.
func repeatedEvidence(d *tidegate.Decision) bool {
	for i := range d.Alerts {
		seen := map[string]bool{}
		for _, e := range d.Alerts[i].Evidence {
			if seen[e.Name] {
				return true
			}
			seen[e.Name] = true
		}
	}
	return false
}

func TestEventsMatchTheirSchema(t *testing.T) {
	s := schema(t, "event", false)
	for _, body := range []string{
		aTransaction, good, envelope(good), with(`"attributes":{"a":1,"b":"x","c":true,"d":null},"geo_location":null,"mcc":"","unknown":{}`),
		but(`"amount":12.5`, `"amount_minor":"1250"`), but("12.5", `"12.50"`),
		`{"event_type":"login","timestamp":1773497366535,"payload":{"customer_id":"c"}}`,
		`{"event_type":"transaction.outcome","timestamp":1773497366535,"transaction_id":"t","final":"approved"}`,
	} {
		decode(t, body, wire.Options{})
		if err := validate(s, []byte(body)); err != nil {
			t.Errorf("%v\n%s", err, body)
		}
	}
	for _, body := range []string{ // refused by both
		but(`"timestamp":"2026-03-14T15:09:26Z",`, ``), but("12.5", "-1"), but("12.5", `"x"`), with(`"amount_minor":1`), but(`"EUR"`, "978"), but("EUR", "eur"),
		but(`,"customer_id":"cus_1"`, ``), but("tx_1", ""), but("tx_1", strings.Repeat("x", 257)), with(`"mcc":5812`), with(`"card_country":"de"`),
		with(`"ip_address":"1.2.3"`), with(`"geo_location":{"lat":91,"lon":0}`), with(`"geo_location":{"lat":1}`), with(`"card_present":"yes"`),
		with(`"attributes":{"a":{}}`), with(`"attributes":{"":1}`), with(`"attributes":{` + manyMembers(65) + `}`), with(`"three_ds":{"eci":5}`),
		`{"event_type":"transaction.outcome","timestamp":1,"transaction_id":"t"}`, envelope(`{"amount":1}`), but("2026-03-14T15:09:26Z", "yesterday"),
	} {
		if err := wire.DecodeEvent([]byte(body), wire.Options{}, new(tidegate.Event)); err == nil {
			t.Errorf("decoded: %s", body)
		}
		if err := validate(s, []byte(body)); err == nil {
			t.Errorf("the schema takes %s", body)
		}
	}
}

// The event schema has every field, and no other.
func TestEventSchemaIsComplete(t *testing.T) {
	b, err := os.ReadFile("../docs/schemas/event.json")
	if err != nil {
		t.Fatal(err)
	}
	var doc struct {
		Defs struct {
			Payload struct {
				Properties map[string]json.RawMessage `json:"properties"`
			} `json:"payload"`
		} `json:"$defs"`
	}
	if err := json.Unmarshal(b, &doc); err != nil {
		t.Fatal(err)
	}
	for f := range tidegate.NumText {
		_, ok := doc.Defs.Payload.Properties[f.String()]
		if flat := strings.HasPrefix(f.String(), "three_ds_"); ok == flat {
			t.Errorf("%s is in the schema: %v", f, ok)
		}
	}
}

func TestLabelsMatchTheirSchema(t *testing.T) {
	s := schema(t, "label", false)
	for body, ok := range map[string]bool{
		`{"label_id":"l","transaction_id":"t","fraud":true,"kind":"chargeback","reason_code":"10.4","occurred_at":1,"reported_at":"2026-03-14T15:09:26Z","source":"visa"}`: true,
		`{"label_id":"l","transaction_id":"t","kind":"reversal"}`:               true,
		`{"label_id":"l","transaction_id":"t","kind":"analyst"}`:                false,
		`{"label_id":"l","transaction_id":"t","kind":"guess","fraud":true}`:     false,
		`{"label_id":"","transaction_id":"t","kind":"analyst","fraud":true}`:    false,
		`{"label_id":"l","transaction_id":"t","kind":"analyst","fraud":"true"}`: false,
	} {
		_, err := wire.DecodeLabel([]byte(body), wire.Options{}, new(tidegate.Label))
		if (err == nil) != ok {
			t.Errorf("decoded: %v %s", err, body)
		}
		if err := validate(s, []byte(body)); (err == nil) != ok {
			t.Errorf("by the schema: %v %s", err, body)
		}
	}
}
