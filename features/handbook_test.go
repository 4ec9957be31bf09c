package features_test

import (
	"encoding/csv"
	"io"
	"math"
	"os"
	"path/filepath"
	"strconv"
	"testing"
	"time"

	"github.com/tidegate/tidegate"
	"github.com/tidegate/tidegate/features"
	"github.com/tidegate/tidegate/stream/state"
)

// handbookFeatures are those that the Fraud Detection Handbook publishes.
const handbookFeatures = `
features:
  - {name: tx_during_weekend, value: "weekday in [0, 6] ? 1 : 0"}
  - {name: tx_during_night, value: "hour <= 6 ? 1 : 0"}
  - {name: customer_id_nb_tx_1day_window, key: customer_id, aggregate: count, window: 1d}
  - {name: customer_id_avg_amount_1day_window, key: customer_id, aggregate: avg(amount), window: 1d}
  - {name: customer_id_nb_tx_7day_window, key: customer_id, aggregate: count, window: 7d}
  - {name: customer_id_avg_amount_7day_window, key: customer_id, aggregate: avg(amount), window: 7d}
  - {name: customer_id_nb_tx_30day_window, key: customer_id, aggregate: count, window: 30d}
  - {name: customer_id_avg_amount_30day_window, key: customer_id, aggregate: avg(amount), window: 30d}
  - {name: terminal_id_nb_tx_1day_window, key: terminal_id, aggregate: count, window: 1d, delay: 7d}
  - {name: terminal_id_risk_1day_window, key: terminal_id, aggregate: avg(fraud), window: 1d, delay: 7d, default: 0}
  - {name: terminal_id_nb_tx_7day_window, key: terminal_id, aggregate: count, window: 7d, delay: 7d}
  - {name: terminal_id_risk_7day_window, key: terminal_id, aggregate: avg(fraud), window: 7d, delay: 7d, default: 0}
  - {name: terminal_id_nb_tx_30day_window, key: terminal_id, aggregate: count, window: 30d, delay: 7d}
  - {name: terminal_id_risk_30day_window, key: terminal_id, aggregate: avg(fraud), window: 30d, delay: 7d, default: 0}
`

// TestHandbook replays the handbook's transactions from $TIDEGATE_DATA and
// compares with the features it publishes. It computed two rows of customers
// with two payments in one second in the other order.
func TestHandbook(t *testing.T) {
	dir := os.Getenv("TIDEGATE_DATA")
	if dir == "" {
		t.Skip("TIDEGATE_DATA names no data")
	}
	dir = filepath.Join(dir, "handbook")
	eur, _ := tidegate.ParseCurrency("EUR")
	set := compile(t, handbookFeatures, features.Options{Base: eur})
	st, err := features.NewState(set, state.NewMemory())
	if err != nil {
		t.Fatal(err)
	}
	want := csv.NewReader(gunzip(t, filepath.Join(dir, "features_2018-07-25_2018-08-14.csv.gz")))
	header, err := want.Read()
	if err != nil {
		t.Fatal(err)
	}
	if len(header)-1 != len(set.Variables()) {
		t.Fatalf("%d columns, %d features", len(header)-1, len(set.Variables()))
	}
	row, err := want.Read()
	if err != nil {
		t.Fatal(err)
	}
	in := csv.NewReader(gunzip(t, filepath.Join(dir, "transactions.csv.gz")))
	in.ReuseRecord = true
	if _, err := in.Read(); err != nil {
		t.Fatal(err)
	}
	facts := tidegate.NewFacts(len(set.Variables()))
	rows, differing := 0, map[string]bool{}
	events := 0
	for err == nil && row != nil {
		var tx []string
		if tx, err = in.Read(); err != nil {
			break
		}
		ev := handbookEvent(t, tx, eur)
		if err := st.Observe(ev, facts, 0); err != nil {
			t.Fatal(err)
		}
		if err := st.Apply(ev, features.Effect{}); err != nil {
			t.Fatal(err)
		}
		if tx[5] == "1" {
			if err := st.ApplyLabel(ev, true); err != nil {
				t.Fatal(err)
			}
		}
		events++
		if row[0] != tx[0] {
			continue
		}
		rows++
		for i := range facts.Num {
			x, err := strconv.ParseFloat(row[i+1], 64)
			if err != nil || math.Abs(facts.Num[i]-x) > 1e-9*math.Abs(x) {
				if !differing[tx[0]] && len(differing) < 5 {
					t.Logf("transaction %s: %s = %v, published %s", tx[0], header[i+1], facts.Num[i], row[i+1])
				}
				differing[tx[0]] = true
			}
		}
		row, err = want.Read()
	}
	if err != io.EOF {
		t.Fatal(err)
	}
	if rows != 201_295 || len(differing) > 2 {
		t.Errorf("%d rows compared, %d differ", rows, len(differing))
	}
	t.Logf("%d of %d rows agree after %d transactions", rows-len(differing), rows, events)
}

func handbookEvent(t failer, tx []string, cur tidegate.CurrencyCode) *tidegate.Event {
	at, err := time.Parse(time.RFC3339, tx[1])
	if err != nil {
		t.Fatal(err)
	}
	amount, perr := tidegate.ParseAmount(tx[4], cur)
	if perr != nil {
		t.Fatal(perr)
	}
	ev := &tidegate.Event{Type: tidegate.TypeTransaction, Time: tidegate.MillisOf(at), Amount: amount, HasAmount: true}
	ev.Text[tidegate.TransactionID] = tx[0]
	ev.Text[tidegate.CustomerID] = tx[2]
	ev.Text[tidegate.TerminalID] = tx[3]
	return ev
}
