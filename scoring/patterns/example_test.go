package patterns_test

import (
	"fmt"

	"github.com/tidegate/tidegate"
	"github.com/tidegate/tidegate/scoring/patterns"
	"github.com/tidegate/tidegate/stream/state"
)

// A small payment tests a card, and a large one uses it.
func Example() {
	file := patterns.File{Name: "patterns/card.yaml", Data: []byte(`
patterns:
  - id: tested
    key: card_id
    within: 1h
    stages:
      - {begin: small, where: amount < 2, times: 2}
      - {followed_by: large, where: amount > 50 * sum(small.amount)}
`)}
	set, err := patterns.Compile([]patterns.File{file}, patterns.Options{})
	if err != nil {
		fmt.Println(err)
		return
	}
	known, err := patterns.NewState(set, state.NewMemory())
	if err != nil {
		fmt.Println(err)
		return
	}
	euro, _ := tidegate.ParseCurrency("EUR")
	for i, cents := range []int64{100, 50, 2000, 90000} {
		tx := &tidegate.Event{ID: fmt.Sprint("p", i), Type: tidegate.TypeTransaction, Time: tidegate.Millis(i * 1000)}
		tx.Text[tidegate.CardID] = "card"
		tx.Amount, tx.HasAmount = tidegate.Money{Minor: cents, Currency: euro}, true
		found, err := known.Advance(tx, tidegate.CardID, 0)
		if err != nil {
			fmt.Println(err)
			return
		}
		for _, f := range found {
			fmt.Println(tx.ID, f.Pattern.ID, "is at stage", f.Stage, f.Completed)
		}
	}
	// Output:
	// p0 tested is at stage 1 []
	// p1 tested is at stage 1 []
	// p2 tested is at stage 1 []
	// p3 tested is at stage 1 [[p0 p1 p3]]
}

// A misspelt name is told with its place.
func ExampleCompile() {
	_, err := patterns.Compile([]patterns.File{{Name: "patterns/session.yaml", Data: []byte(`
patterns:
  - id: session
    key: customer_id
    stages:
      - {begin: login, where: 'type == "login"'}
      - {followed_by: other, where: 'ip_address != last(login).ip_adress'}
`)}}, patterns.Options{})
	fmt.Println(err)
	// Output:
	// patterns/session.yaml:7:52: unknown name "last(login).ip_adress": did you mean "last(login).ip_address"?
}
