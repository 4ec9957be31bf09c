package features_test

import (
	"fmt"

	"github.com/tidegate/tidegate"
	"github.com/tidegate/tidegate/features"
	"github.com/tidegate/tidegate/stream/state"
)

func Example() {
	defs, err := features.Parse("features.yaml", []byte(`
features:
  - {name: customer_tx_count_2m, key: customer_id, aggregate: count, window: 2m}
  - {name: customer_amount_avg_30d, key: customer_id, aggregate: avg(amount), window: 30d}
  - {name: customer_new_device, key: [customer_id, device_fingerprint], aggregate: first_seen, window: 90d}
`))
	if err != nil {
		fmt.Println(err)
		return
	}
	eur, _ := tidegate.ParseCurrency("EUR")
	set, err := features.Compile(defs, features.Options{Base: eur})
	if err != nil {
		fmt.Println(err)
		return
	}
	known, err := features.NewState(set, state.NewMemory())
	if err != nil {
		fmt.Println(err)
		return
	}

	facts := tidegate.NewFacts(len(set.Variables()))
	for i, amount := range []int64{1000, 2000, 6000} {
		ev := &tidegate.Event{
			Type: tidegate.TypeTransaction, Time: tidegate.Millis(i) * 50_000,
			Amount: tidegate.Money{Minor: amount, Currency: eur}, HasAmount: true,
		}
		ev.Text[tidegate.TransactionID] = fmt.Sprint("t", i)
		ev.Text[tidegate.CustomerID] = "c1"
		ev.Text[tidegate.DeviceFingerprint] = "d1"
		if err := known.Observe(ev, facts, 0); err != nil {
			fmt.Println(err)
			return
		}
		for i, v := range set.Variables() {
			if i > 0 {
				fmt.Print(" ")
			}
			fmt.Printf("%s=%v", v.Name, facts.Num[i])
		}
		fmt.Println()
		if err := known.Apply(ev, features.Effect{}); err != nil {
			fmt.Println(err)
			return
		}
	}
	// Output:
	// customer_tx_count_2m=1 customer_amount_avg_30d=10 customer_new_device=1
	// customer_tx_count_2m=2 customer_amount_avg_30d=15 customer_new_device=0
	// customer_tx_count_2m=3 customer_amount_avg_30d=30 customer_new_device=0
}
