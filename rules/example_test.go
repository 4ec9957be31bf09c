package rules_test

import (
	"fmt"

	"github.com/tidegate/tidegate"
	"github.com/tidegate/tidegate/rules"
)

func Example() {
	schema, _ := tidegate.NewSchema([]tidegate.Variable{
		{Name: "customer_tx_count_2m"},
		{Name: "tx.customer_id", Kind: tidegate.KindText, Optional: true},
	})
	lists, err := rules.LoadLists([]rules.File{{Name: "lists/customers.yaml", Data: []byte(`
lists: [{name: staff, kind: watch, field: tx.customer_id, entries: [c-1]}]
`)}}, schema)
	if err != nil {
		fmt.Println(err)
		return
	}
	set, err := rules.Load([]rules.File{{Name: "rules/velocity.yaml", Data: []byte(`
rules:
  - id: velocity-2m
    when: customer_tx_count_2m > 5
    then: {outcome: decline, score: 40, reason: VELOCITY, severity: high, alert: true}
    tests: [{given: {customer_tx_count_2m: 6}, expect: true}]
`)}}, schema, lists, rules.Options{})
	if err != nil {
		fmt.Println(err)
		return
	}

	ctx := &rules.Context{Facts: tidegate.NewFacts(schema.Len()), Tenant: tidegate.DefaultTenant}
	ctx.Facts.SetNumber(0, 7)
	ctx.Facts.SetText(1, "c-1")
	set.Evaluate(ctx)
	for _, f := range ctx.Verdict.Fired {
		r := set.Rule(f.Rule)
		fmt.Println(r.ID, r.Outcome, r.Score, r.Reason.Code)
	}
	for _, l := range ctx.Verdict.Watch {
		fmt.Println("watched:", l.Name)
	}
	// Output:
	// velocity-2m decline 40 VELOCITY
	// watched: staff
}

func ExampleLoad_errors() {
	schema, _ := tidegate.NewSchema([]tidegate.Variable{{Name: "customer_tx_count_2m"}})
	_, err := rules.Load([]rules.File{{Name: "rules/velocity.yaml", Data: []byte(`rules:
  - id: velocity-2m
    when: customer_tx_count_2min > 5
    then: {outcome: deny, reason: VELOCITY}
`)}}, schema, nil, rules.Options{})
	fmt.Println(err)
	// Output:
	// rules/velocity.yaml:3:11: unknown name "customer_tx_count_2min": did you mean "customer_tx_count_2m"?
	// rules/velocity.yaml:4:21: outcome "deny" is unknown: write approve, review, challenge, decline
}
