package rules

import (
	"errors"
	"fmt"
	"math"
	"strings"
	"sync"
	"testing"

	"pgregory.net/rapid"

	"github.com/tidegate/tidegate"
)

const velocityFile = `
rules:
  - id: velocity
    when: customer_tx_count_2m > 5
    then: {outcome: decline, score: 400, reason: VELOCITY, severity: high, alert: true}
    tests: [{given: {customer_tx_count_2m: 6}, expect: true}]
  - id: travel
    when: travel_km > 500 and travel_s < 3600
    then: {outcome: challenge, score: 300, reason: TRAVEL}
    mode: shadow
  - id: border
    when: in_list("countries", tx.card_country) and tx.card_country != tx.merchant_country and tx.amount / customer_amount_avg_30d > 3
    then: {outcome: review, score: 100, reason: BORDER}
    rollout: 10%
  - {id: old, when: tx.amount > 1, then: {outcome: decline, reason: OLD}, mode: off}
`

const countriesFile = `
lists:
  - {name: countries, kind: plain, field: tx.card_country, entries: [DE, FR]}
  - {name: bad-nets, kind: block, field: tx.ip_address, entries: [192.0.2.0/24]}
  - {name: bins, kind: watch, field: tx.card_bin, match: prefix, entries: ["400000"]}
`

func testSet(t testing.TB) *Set {
	t.Helper()
	schema := testSchema(t)
	lists, err := LoadLists([]File{{"lists/l.yaml", []byte(countriesFile)}}, schema)
	if err != nil {
		t.Fatal(err)
	}
	set, err := Load([]File{{"rules/r.yaml", []byte(velocityFile)}}, schema, lists, Options{Suppressions: []File{{"suppressions.yaml",
		[]byte("suppressions: [{rule: velocity, field: tx.customer_id, value: c-1, until: 2026-01-01}]")}}})
	if err != nil {
		t.Fatal(err)
	}
	return set
}

// riskyFacts make every rule fire and every list hit.
func riskyFacts(t testing.TB) *tidegate.Facts {
	schema := testSchema(t)
	facts := tidegate.NewFacts(schema.Len())
	set := func(name string, v any) {
		i, ok := schema.Index(name)
		if !ok {
			t.Fatal(name)
		}
		switch v := v.(type) {
		case float64:
			facts.SetNumber(i, v)
		case string:
			facts.SetText(i, v)
		}
	}
	set("customer_tx_count_2m", 6.0)
	set("travel_km", 501.0)
	set("travel_s", 60.0)
	set("tx.amount", 400.0)
	set("customer_amount_avg_30d", 100.0)
	set("tx.card_country", "DE")
	set("tx.merchant_country", "US")
	set("tx.ip_address", "192.0.2.7")
	set("tx.card_bin", "40000012")
	set("tx.customer_id", "c-2")
	return facts
}

func TestSetDescribesItself(t *testing.T) {
	set := testSet(t)
	schema := testSchema(t)
	r := set.Rules()[2]
	if r.ID != "border" || r.Rollout != 0.1 || r.Mode != Live || r.File != "rules/r.yaml" || r.Line != 11 || r.Severity != tidegate.Medium {
		t.Errorf("%+v", r)
	}
	var evidence []string
	for _, i := range r.Evidence() {
		evidence = append(evidence, schema.At(i).Name)
	}
	if want := "tx.card_country tx.merchant_country tx.amount customer_amount_avg_30d"; strings.Join(evidence, " ") != want {
		t.Errorf("evidence %s", evidence)
	}
	var references []string
	for _, i := range set.References() {
		references = append(references, schema.At(i).Name)
	}
	// The rule that is off is not among them, nor its variables; lists and suppressions are.
	if want := "tx.amount tx.customer_id tx.card_bin tx.card_country tx.merchant_country tx.ip_address customer_tx_count_2m customer_amount_avg_30d travel_km travel_s"; strings.Join(references, " ") != want {
		t.Errorf("references %s", references)
	}
}

func TestVersionIsTheContent(t *testing.T) {
	schema := testSchema(t)
	load := func(rules string) *Set {
		set, err := Load([]File{{"a.yaml", []byte(rules)}}, schema, nil, Options{})
		if err != nil {
			t.Fatal(err)
		}
		return set
	}
	const file = "rules: [{id: a, when: tx.amount > 1, then: {outcome: review, reason: X}}]"
	a, b, c := load(file), load(file), load(strings.Replace(file, "1", "2", 1))
	if a.Version() != b.Version() || a.Version() == c.Version() || len(a.Version()) != 12 {
		t.Errorf("%s %s %s", a.Version(), b.Version(), c.Version())
	}
	if x, y := a.Rules()[0].Version, c.Rules()[0].Version; x == y {
		t.Errorf("rule versions %s and %s", x, y)
	}
	if got := load("version: 7\n" + file).Rules()[0].Version; got != "7" {
		t.Errorf("version %s", got)
	}
}

func TestEvaluateDoesNotAllocate(t *testing.T) {
	set := testSet(t)
	ctx := &Context{Facts: riskyFacts(t), IDHash: 7, Tenant: "default", Now: 1}
	if n := testing.AllocsPerRun(100, func() { set.Evaluate(ctx) }); n != 0 {
		t.Errorf("%v allocations", n)
	}
	v := ctx.Verdict
	if len(v.Fired) != 3 || len(v.Block) != 1 || len(v.Watch) != 1 || len(v.Allow) != 0 {
		t.Errorf("%+v", v)
	}
}

// A set may be shared, and a context may go from set to set.
func TestGoroutinesShareASet(t *testing.T) {
	sets := []*Set{testSet(t), testSet(t)}
	var wg sync.WaitGroup
	for g := range 4 {
		wg.Go(func() {
			ctx := &Context{Facts: riskyFacts(t)}
			for i := range 200 {
				ctx.IDHash = mix(uint64(i * g))
				sets[i%2].Evaluate(ctx)
				if len(ctx.Verdict.Fired) != 3 {
					t.Errorf("%+v", ctx.Verdict)
				}
			}
		})
	}
	wg.Wait()
}

// Rollouts are shares of ids, the same at every evaluation, and those of
// different rules are independent of each other.
func TestRollout(t *testing.T) {
	schema := testSchema(t)
	file := "rules:\n"
	for _, id := range []string{"a", "b"} {
		file += fmt.Sprintf("  - {id: %s, when: true, then: {outcome: review, reason: X}, rollout: 10%%}\n", id)
	}
	set, err := Load([]File{{"a.yaml", []byte(file)}}, schema, nil, Options{})
	if err != nil {
		t.Fatal(err)
	}
	const n = 100_000
	var a, b, both float64
	ctx := &Context{Facts: tidegate.NewFacts(schema.Len())}
	for i := range n {
		ctx.IDHash = uint64(i) // even of hashes that are close to each other
		set.Evaluate(ctx)
		x, y := ctx.Verdict.Fired[0].Acts(), ctx.Verdict.Fired[1].Acts()
		if x {
			a++
		}
		if y {
			b++
		}
		if x && y {
			both++
		}
	}
	for _, c := range []struct{ got, want float64 }{{a, 0.1 * n}, {b, 0.1 * n}, {both, 0.01 * n}} {
		if math.Abs(c.got-c.want) > 5*math.Sqrt(c.want) {
			t.Errorf("%v of %v, want about %v", c.got, n, c.want)
		}
	}
}

func TestNoFilesAreAnEmptySet(t *testing.T) {
	set, err := Load(nil, testSchema(t), nil, Options{})
	if err != nil {
		t.Fatal(err)
	}
	ctx := &Context{Facts: tidegate.NewFacts(testSchema(t).Len())}
	set.Evaluate(ctx)
	if len(ctx.Verdict.Fired) != 0 {
		t.Errorf("%+v", ctx.Verdict)
	}
}

func TestErrorsAreTyped(t *testing.T) {
	_, err := Load([]File{{"a.yaml", []byte("rules: [{id: a}]")}}, testSchema(t), nil, Options{})
	var first *tidegate.Error
	if !errors.As(err, &first) || first.File != "a.yaml" || first.Line != 1 || tidegate.CodeOf(err) != tidegate.CodeConfig {
		t.Errorf("%v", err)
	}
}

// However a condition is written in YAML, a fault in it has its place in the file.
func TestPlacesInScalars(t *testing.T) {
	schema := testSchema(t)
	words := []string{"tx.amount", ">", "5", "and", "tx.mcc", "==", `"é's \"x\""`, "and", "wrong_name", "or", "travel_km", "<", "3"}
	rapid.Check(t, func(t *rapid.T) {
		var plain, single, double, literal strings.Builder
		for i, w := range words {
			gap, fold := " ", "\n        "
			if rapid.IntRange(0, 3).Draw(t, "wide") == 0 && i > 0 {
				gap = "  "
			}
			if i == 0 {
				gap, fold = "", ""
			}
			broken := rapid.Bool().Draw(t, "break")
			for b, text := range map[*strings.Builder]string{&plain: w, &single: strings.ReplaceAll(w, "'", "''"),
				&double: strings.NewReplacer(`\`, `\\`, `"`, `\"`, "é", `\u00e9`).Replace(w), &literal: w} {
				switch {
				case broken && i > 0:
					b.WriteString(fold)
				default:
					b.WriteString(gap)
				}
				b.WriteString(text)
			}
		}
		style := rapid.SampledFrom([]string{plain.String(), "'" + single.String() + "'", `"` + double.String() + `"`,
			"|\n        " + literal.String(), ">-\n        " + literal.String()}).Draw(t, "style")
		file := "rules:\n  - id: é\n    when: " + style + "\n    then: {outcome: review, reason: X}\n"
		file = strings.Replace(file, "id: é", "id: e # é", 1)
		_, err := Load([]File{{"a.yaml", []byte(file)}}, schema, nil, Options{})
		var e *tidegate.Error
		if !errors.As(err, &e) || !strings.Contains(e.Message, "wrong_name") {
			t.Fatalf("%s\n%v", file, err)
		}
		line := []rune(strings.Split(file, "\n")[e.Line-1])
		if !strings.HasPrefix(string(line[e.Column-1:]), "wrong_name") {
			t.Fatalf("%s\n%v", file, err)
		}
	})
}
