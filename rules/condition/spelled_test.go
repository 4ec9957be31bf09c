package condition_test

import (
	"testing"

	"github.com/tidegate/tidegate"
	"github.com/tidegate/tidegate/rules/condition"
)

// TestVariablesSpeltAsCalls checks that a schema may have names like
// sum(small.amount), which are variables and no calls.
func TestVariablesSpeltAsCalls(t *testing.T) {
	schema, err := tidegate.NewSchema([]tidegate.Variable{
		{Name: "amount"},
		{Name: "sum(small.amount)"},
		{Name: "count(small)"},
		{Name: "last(login).ip_address", Kind: tidegate.KindText, Optional: true},
		{Name: "first(login).attributes.city", Kind: tidegate.KindText, Optional: true},
	})
	if err != nil {
		t.Fatal(err)
	}
	facts := tidegate.NewFacts(schema.Len())
	facts.SetNumber(0, 7)
	facts.SetNumber(1, 12)
	facts.SetNumber(2, 3)
	facts.SetText(3, "::1")
	facts.SetText(4, " Bonn ")
	for source, want := range map[string]bool{
		"sum( small.amount ) + amount == 19":                             true,
		"count(small) >= 4":                                              false,
		`last(login).ip_address == "::1"`:                                true,
		`trim(first(login).attributes.city) == "Bonn"`:                   true,
		`sum([1, 2]) == 3 and any(["a"], # == last(login).ip_address)`:   false,
		`len(split(last(login).ip_address, ":")) == 3 and amount == 7.0`: true,
	} {
		c := condition.NewCompiler(schema, nil)
		number, faults := c.Add(source, true)
		if len(faults) > 0 {
			t.Errorf("%s: %v", source, faults)
			continue
		}
		if got := c.Build().NewMachine().Holds(number, condition.Input{Facts: facts}); got != want {
			t.Errorf("%s: got %v", source, got)
		}
	}
	for source, want := range map[string]string{
		"sum(small.amuont) > 1":         `unknown name "sum(small.amuont)": did you mean "sum(small.amount)"?`,
		"last(logn).ip_address == \"\"": `unknown name "last(logn).ip_address": did you mean "last(login).ip_address"?`,
		"count(smal) > 1":               `unknown name "count(smal)": did you mean "count(small)"?`,
	} {
		_, faults := condition.NewCompiler(schema, nil).Add(source, true)
		if len(faults) != 1 || faults[0].Message != want {
			t.Errorf("%s: got %v\nwant %s", source, faults, want)
		}
	}
}
