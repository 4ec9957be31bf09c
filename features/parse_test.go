package features_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/tidegate/tidegate"
	"github.com/tidegate/tidegate/features"
)

// TestErrors names the place and, where it can, the mend of each mistake.
func TestErrors(t *testing.T) {
	const head = "features:\n"
	one := func(members string) string { return head + "  - {name: f, " + members + "}\n" }
	for _, c := range []struct{ name, in, want string }{
		{"syntax", "features: [", `f.yaml:1:11: sequence end token ']' not found`},
		{"a list", "- name: f\n", `f.yaml:1:1: a feature file is a mapping: features: [...]`},
		{"other top member", "feature: []\n", `f.yaml:1:1: unknown member "feature"; did you mean features?`},
		{"no list", "features: count\n", `f.yaml:1:11: features is a list of definitions: write each on a line that begins with a dash`},
		{"no name", head + "  - key: customer_id\n", `f.yaml:2:5: a feature needs a name`},
		{"bad name", head + "  - name: 2x\n", `f.yaml:2:11: "2x" is not a name: letters, digits and _, beginning with a letter`},
		{"unknown member", one("key: customer_id, agregate: count"), `f.yaml:2:33: unknown member "agregate"; did you mean aggregate?`},
		{"twice", head + "  - name: f\n    value: hour\n  - name: f\n    value: hour\n", `f.yaml:4:11: feature "f": defined before, in line 2`},
		{"member twice", head + "  - name: f\n    name: g\n", `f.yaml:3:5: mapping key "name" already defined at [2:5]`},
		{"aggregate", one("key: customer_id, aggregate: cuont, window: 1h"), `f.yaml:2:44: unknown aggregate "cuont"; did you mean count?`},
		{"aggregate's form", one("key: customer_id, aggregate: sum, window: 1h"), `f.yaml:2:44: aggregate "sum": write it as sum(amount)`},
		{"quantile", head + "  - name: f\n    key: customer_id\n    aggregate: quantile(amount, 90)\n",
			`f.yaml:4:16: the quantile is a number from 0 to 1, as in quantile(amount, 0.9)`},
		{"window", one("key: customer_id, aggregate: count, window: 1 month"), `f.yaml:2:59: "1 month" is not a duration: write it as 90s, 5m, 24h or 30d`},
		{"no window", one("key: customer_id, aggregate: count"), `f.yaml:2:44: feature "f": count needs a window, as window: 30d`},
		{"no aggregate", one("key: customer_id"), `f.yaml:2:6: feature "f": a feature needs an aggregate, as aggregate: count`},
		{"no key", one("aggregate: count, window: 1h"), `f.yaml:2:6: feature "f": a feature needs a key (the field whose history it looks at) or a value`},
		{"value and window", one("value: hour, window: 1h"), `f.yaml:2:36: feature "f": an expression over the current event (value) takes no window`},
		{"kind", one("key: customer_id, kind: voyage"), `f.yaml:2:39: unknown kind "voyage": travel is the only one`},
		{"default", one("value: hour, default: none"), `f.yaml:2:37: default is a number`},
		{"key", one("key: custmer_id, aggregate: count, window: 1h"), `f.yaml:2:20: feature "f": unknown field "custmer_id"; did you mean customer_id?`},
		{"number key", one("key: amount, aggregate: count, window: 1h"), `f.yaml:2:20: feature "f": amount is a number; a key is made of texts`},
		{"field", one("key: customer_id, aggregate: sum(amuont), window: 1h"), `f.yaml:2:44: feature "f": unknown field "amuont"; did you mean amount?`},
		{"text summed", one("key: customer_id, aggregate: sum(channel), window: 1h"), `f.yaml:2:44: feature "f": channel is a text; sum needs a number`},
		{"fraud's maximum", one("key: customer_id, aggregate: max(fraud), window: 1h"), `f.yaml:2:44: feature "f": fraud goes with sum, avg and where, not with max`},
		{"taken name", head + "  - {name: amount, value: hour}\n", `f.yaml:2:12: feature "amount": amount is a field or an attribute of the event already`},
		{"taken attribute", head + "  - {name: weight, value: hour}\n", `f.yaml:2:12: feature "weight": weight is a field or an attribute of the event already`},
		{"text default", one("key: customer_id, aggregate: last(channel), window: 1h, default: 0"),
			`f.yaml:2:80: feature "f": default is a number, but this feature is a text`},
		{"where: name", head + "  - name: f\n    key: customer_id\n    aggregate: count\n    window: 1h\n    where: amount > 5 and chanel == \"pos\"\n",
			`f.yaml:6:27: feature "f": unknown name "chanel"; did you mean channel?`},
		{"where: type", one(`key: customer_id, aggregate: count, window: 1h, where: channel > 5`),
			`f.yaml:2:78: feature "f": > compares a text with a number`},
		{"where: one =", one(`key: customer_id, aggregate: count, window: 1h, where: channel = "pos"`),
			`f.yaml:2:78: feature "f": unexpected "=": equality is written ==`},
		{"where: SQL", one(`key: customer_id, aggregate: count, window: 1h, where: channel == "pos" AND amount > 5`),
			`f.yaml:2:87: feature "f": unexpected "AND": write and`},
		{"where: no test", one(`key: customer_id, aggregate: count, window: 1h, where: amount`),
			`f.yaml:2:70: feature "f": the condition is a number; write a comparison, as amount > 100`},
		{"where: outcome", one(`key: customer_id, aggregate: count, window: 1h, where: outcome == "declined"`),
			`f.yaml:2:81: feature "f": there is no outcome declined; did you mean decline?`},
		{"where: negation", one(`key: customer_id, aggregate: count, window: 1h, where: not (channel == "pos")`),
			`f.yaml:2:70: feature "f": the negated comparison is true where channel is missing: turn the comparison around, or guard it with missing(channel) or channel ?? ...`},
		{"value: history", one(`value: outcome == "decline"`), `f.yaml:2:22: feature "f": unknown name "outcome"`},
		{"value: syntax", one(`value: amount >`), `f.yaml:2:29: feature "f": unexpected token EOF`},
	} {
		t.Run(c.name, func(t *testing.T) {
			defs, err := features.Parse("f.yaml", []byte(c.in))
			if err == nil {
				_, err = features.Compile(defs, features.Options{Attributes: map[string]tidegate.Kind{"weight": tidegate.KindNumber}})
			}
			var typed *tidegate.Error
			if !errors.As(err, &typed) || typed.Code != tidegate.CodeConfig {
				t.Fatalf("no typed error: %v", err)
			}
			if err.Error() != c.want {
				t.Errorf("got  %s\nwant %s", err, c.want)
			}
		})
	}
}

func TestParse(t *testing.T) {
	defs, err := features.Parse("f.yaml", []byte(`# a comment
features:
  - name: declines
    description: How often a customer was declined in the last hour
    key: [customer_id, merchant_id]
    aggregate: count
    window: 1.5h
    delay: 2d
    where: outcome == "decline"
    events: [transaction.initiated, login]
    exclude_current: true
    default: -1
    unit: times
  - {name: travel, key: customer_id, kind: travel, by: country}
  - {name: p90, key: customer_id, aggregate: "quantile(amount, 0.9)", window: 4w}
  - name: night
    value: |
      hour <= 6
        ? 1 : 0
`))
	if err != nil {
		t.Fatal(err)
	}
	var lines []string
	for _, d := range defs {
		lines = append(lines, d.Name+": "+d.String())
	}
	want := []string{
		`declines: count per customer_id, merchant_id over 90m delayed 2d where outcome == "decline" of transaction.initiated, login without the current event else -1`,
		`travel: travel per customer_id by country`,
		`p90: quantile(amount, 0.9) per customer_id over 28d`,
		"night: hour <= 6\n  ? 1 : 0",
	}
	if d := cmp.Diff(want, lines); d != "" {
		t.Error(d)
	}
}

func TestEmptyFile(t *testing.T) {
	for _, in := range []string{"", "# nothing\n", "features:\n", "features: []\n"} {
		defs, err := features.Parse("f.yaml", []byte(in))
		if err != nil || len(defs) != 0 {
			t.Errorf("%q: %v, %v", in, defs, err)
		}
	}
}

func TestCatalog(t *testing.T) {
	eur, _ := tidegate.ParseCurrency("EUR")
	const yaml = `
features:
  - {name: n, key: customer_id, aggregate: count, window: 2m, description: Velocity}
  - {name: a, key: card_id, aggregate: avg(amount), window: 30d, default: 0}
  - {name: own, key: [card_id, currency], aggregate: max(amount), window: 30d}
  - {name: channel_before, key: customer_id, aggregate: last(channel), window: 1d, exclude_current: true}
  - {name: fresh_device, key: [customer_id, device_fingerprint], aggregate: first_seen, window: 90d}
  - {name: travel, key: customer_id, kind: travel}
  - {name: night, value: hour <= 6}
`
	set := compile(t, yaml, features.Options{Base: eur})
	want := []tidegate.Variable{
		{Name: "n", Kind: tidegate.KindNumber, Unit: "count", Key: "customer_id", Description: "Velocity", Definition: "count per customer_id over 2m", Optional: true},
		{Name: "a", Kind: tidegate.KindNumber, Unit: "EUR", Key: "card_id", Definition: "avg(amount) per card_id over 30d else 0"},
		{Name: "own", Kind: tidegate.KindNumber, Key: "card_id,currency", Definition: "max(amount) per card_id, currency over 30d", Optional: true},
		{Name: "channel_before", Kind: tidegate.KindText, Key: "customer_id", Definition: "last(channel) per customer_id over 1d without the current event", Optional: true},
		{Name: "fresh_device", Kind: tidegate.KindBool, Key: "customer_id,device_fingerprint", Definition: "first_seen per customer_id, device_fingerprint over 90d", Optional: true},
		{Name: "travel_km", Kind: tidegate.KindNumber, Unit: "km", Key: "customer_id", Definition: "travel per customer_id", Optional: true},
		{Name: "travel_s", Kind: tidegate.KindNumber, Unit: "s", Key: "customer_id", Definition: "travel per customer_id", Optional: true},
		{Name: "travel_kmh", Kind: tidegate.KindNumber, Unit: "km/h", Key: "customer_id", Definition: "travel per customer_id", Optional: true},
		{Name: "night", Kind: tidegate.KindBool, Definition: "hour <= 6"},
	}
	if d := cmp.Diff(want, set.Variables()); d != "" {
		t.Error(d)
	}
	again := compile(t, strings.ReplaceAll(yaml, "description: Velocity", "description: Speed"), features.Options{Base: eur})
	if set.Hash() != again.Hash() {
		t.Error("a description changes the hash")
	}
	other := compile(t, strings.ReplaceAll(yaml, "2m", "3m"), features.Options{Base: eur})
	if set.Hash() == other.Hash() {
		t.Error("a window does not change the hash")
	}
}

// FuzzParse: whatever is in a file, it is refused with a typed error or
// compiles.
func FuzzParse(f *testing.F) {
	f.Add([]byte("features:\n  - {name: f, key: customer_id, aggregate: count, window: 1h}\n"))
	f.Add([]byte("features:\n  - {name: f, value: \"hour <= 6 ? 1 : 0\"}\n"))
	f.Add([]byte("features:\n  - name: f\n    key: [customer_id, currency]\n    aggregate: quantile(amount, 0.9)\n    window: 1d\n    where: outcome in [\"decline\"] and not (fraud)\n"))
	f.Add([]byte("features: &a\n  - *a\n"))
	f.Fuzz(func(t *testing.T, data []byte) {
		defs, err := features.Parse("f.yaml", data)
		if err == nil {
			_, err = features.Compile(defs, features.Options{})
		}
		var typed *tidegate.Error
		if err != nil && !errors.As(err, &typed) {
			t.Fatalf("untyped error %v", err)
		}
	})
}
