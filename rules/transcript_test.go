package rules

import (
	"fmt"
	"strings"
	"testing"

	"github.com/cockroachdb/datadriven"

	"github.com/tidegate/tidegate"
)

// testSchema is what the rules of the tests can look at.
func testSchema(t testing.TB) *tidegate.Schema {
	t.Helper()
	number, text, truth := tidegate.KindNumber, tidegate.KindText, tidegate.KindBool
	s, err := tidegate.NewSchema([]tidegate.Variable{
		{Name: "tx.amount", Kind: number},
		{Name: "tx.customer_id", Kind: text, Optional: true},
		{Name: "tx.card_bin", Kind: text, Optional: true},
		{Name: "tx.card_country", Kind: text, Optional: true},
		{Name: "tx.merchant_country", Kind: text, Optional: true},
		{Name: "tx.mcc", Kind: text, Optional: true},
		{Name: "tx.ip_address", Kind: text, Optional: true},
		{Name: "tx.card_present", Kind: truth, Optional: true},
		{Name: "tx.attributes.basket_items", Kind: number, Optional: true},
		{Name: "customer_tx_count_2m", Kind: number},
		{Name: "customer_amount_avg_30d", Kind: number, Optional: true},
		{Name: "customer_new_device_30d", Kind: truth},
		{Name: "travel_km", Kind: number, Optional: true},
		{Name: "travel_s", Kind: number, Optional: true},
		{Name: "model.fraud", Kind: number},
	})
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// TestTranscripts plays the files of testdata. Their commands:
//
//	file NAME        remembers the input as a file
//	load             loads the remembered files and prints the report or the errors
//	evaluate         facts, a line each as in a rule's test; prints the verdict.
//	                 Arguments: at=INSTANT, tenant=NAME, hash=NUMBER
func TestTranscripts(t *testing.T) {
	datadriven.Walk(t, "testdata/transcripts", func(t *testing.T, path string) {
		p := &player{t: t, schema: testSchema(t)}
		datadriven.RunTest(t, path, p.play)
	})
}

type player struct {
	t                          *testing.T
	schema                     *tidegate.Schema
	rules, lists, suppressions []File
	set                        *Set
}

func (p *player) play(t *testing.T, d *datadriven.TestData) string {
	switch d.Cmd {
	case "file":
		f := File{d.CmdArgs[0].Key, []byte(d.Input + "\n")}
		switch {
		case strings.HasPrefix(f.Name, "lists/"):
			p.lists = append(p.lists, f)
		case f.Name == "suppressions.yaml":
			p.suppressions = append(p.suppressions, f)
		default:
			p.rules = append(p.rules, f)
		}
		return ""
	case "load":
		defer func() { p.rules, p.lists, p.suppressions = nil, nil, nil }()
		lists, err := LoadLists(p.lists, p.schema)
		if err != nil {
			return err.Error()
		}
		set, err := Load(p.rules, p.schema, lists, Options{Suppressions: p.suppressions})
		if err != nil {
			return err.Error()
		}
		p.set = set
		_, rest, _ := strings.Cut(p.set.Report(), ":")
		return "rules:" + rest
	case "evaluate":
		if p.set == nil {
			return "no rules are loaded"
		}
		return p.evaluate(d)
	}
	t.Fatalf("unknown command %s", d.Cmd)
	return ""
}

func (p *player) evaluate(d *datadriven.TestData) string {
	problems := &problems{}
	doc := &document{file: "given", data: []byte(d.Input), problems: problems}
	facts, _ := doc.given(doc.body(), p.schema)
	if err := problems.err(); err != nil {
		return err.Error()
	}
	ctx := &Context{Facts: facts, Tenant: tidegate.DefaultTenant}
	for _, arg := range d.CmdArgs {
		switch arg.Key {
		case "at":
			ctx.Now, _ = parseInstant(arg.Vals[0])
		case "tenant":
			ctx.Tenant = arg.Vals[0]
		case "hash":
			fmt.Sscan(arg.Vals[0], &ctx.IDHash)
		}
	}
	p.set.Evaluate(ctx)
	var out []string
	for _, f := range ctx.Verdict.Fired {
		line := p.set.Rule(f.Rule).ID
		if f.Shadow {
			line += " (shadow)"
		}
		if f.Suppressed {
			line += " (suppressed)"
		}
		out = append(out, line)
	}
	for _, lists := range [][]*List{ctx.Verdict.Block, ctx.Verdict.Allow, ctx.Verdict.Watch} {
		for _, l := range lists {
			out = append(out, l.Kind.String()+" list "+l.Name)
		}
	}
	if out == nil {
		return "nothing"
	}
	return strings.Join(out, "\n")
}
