package condition_test

import (
	"fmt"

	"github.com/tidegate/tidegate"
	"github.com/tidegate/tidegate/rules/condition"
)

func Example() {
	schema, _ := tidegate.NewSchema([]tidegate.Variable{
		{Name: "tx.amount"},
		{Name: "customer_tx_count_2m"},
		{Name: "travel_km", Optional: true},
	})
	c := condition.NewCompiler(schema, nil)
	for _, source := range []string{
		"customer_tx_count_2m > 5",
		"travel_km > 500 or tx.amount > 1000",
		"missing(travel_km) and tx.amount > 10",
	} {
		c.Add(source, true)
	}
	machine := c.Build().NewMachine()

	facts := tidegate.NewFacts(schema.Len())
	facts.SetNumber(0, 50)
	facts.SetNumber(1, 6)
	fmt.Println(machine.Evaluate(condition.Input{Facts: facts}))
	// Output: [0 2]
}

func ExampleCompiler_Add_faults() {
	schema, _ := tidegate.NewSchema([]tidegate.Variable{{Name: "travel_km", Optional: true}})
	c := condition.NewCompiler(schema, nil)
	_, faults := c.Add("travel_kms > 3 or not (travel_km > 500)", true)
	for _, f := range faults {
		fmt.Println(f.Offset, f.Message)
	}
	_, faults = c.Add("not (travel_km > 500)", true)
	fmt.Println(faults[0].Message)
	// Output:
	// 0 unknown name "travel_kms": did you mean "travel_km"?
	// "not" would hold when travel_km is missing: put "not missing(travel_km) and" before it, or write (travel_km ?? 0), or turn the comparison round (<=)
}
