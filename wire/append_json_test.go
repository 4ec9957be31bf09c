package wire_test

import (
	"encoding/json"
	"math"
	"strconv"
	"testing"

	"pgregory.net/rapid"

	"github.com/tidegate/tidegate"
	"github.com/tidegate/tidegate/wire"
)

// encoding/json reads back what was written.
func TestTextReadsBack(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		text := rapid.OneOf(rapid.String(), rapid.StringOf(rapid.RuneFrom([]rune{'"', '\\', '\n', 0, 0x1f, 0x7f, '\u2028', '\u2029', '😀', 'a', '/'}))).Draw(t, "text")
		b := wire.AppendText(nil, text)
		var back string
		if err := json.Unmarshal(b, &back); err != nil || back != text {
			t.Fatalf("%q became %q, %v", text, back, err)
		}
	})
	if got := string(wire.AppendText(nil, "a\xffb\u2028")); got != `"a\ufffdb\u2028"` {
		t.Errorf("%s", got)
	}
}

// Numbers are written as encoding/json writes them: the shortest that reads
// back, except that whole numbers have all their digits.
func TestNumbersAreShortest(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		v := numbers.Draw(t, "number")
		got := string(wire.AppendNumber(nil, v))
		if math.IsNaN(v) || math.IsInf(v, 0) {
			if got != "null" {
				t.Fatalf("%v is written %s", v, got)
			}
			return
		}
		want, _ := json.Marshal(v)
		back, err := strconv.ParseFloat(got, 64)
		if err != nil || math.Float64bits(back) != math.Float64bits(v) || len(got) > len(want)+1 {
			t.Fatalf("%v is written %s, by encoding/json %s", v, got, want)
		}
	})
}

func TestDecisionJSON(t *testing.T) {
	const want = `{"schema_version":1,"transaction_id":"tx_7f3a91c2","outcome":"decline","would_be":"decline","response_code":"59","score":812.25,` +
		`"reasons":[{"code":"VELOCITY","text":"more than 5 transactions in 2 minutes"},{"code":"MODEL_SCORE","text":"the model finds it likely"}],` +
		`"rules":[{"id":"velocity-2m","mode":"live","outcome":"decline","score":40,"alert":"sent"},{"id":"night","mode":"shadow","outcome":"review","score":5}],` +
		`"models":[{"name":"handbook","version":"3","role":"champion","score":0.77225}],` +
		`"patterns":[{"name":"card-testing","event_ids":["evt_1","evt_2"]}],` +
		`"versions":{"engine":"1.0.0","rules":"r-12","features":"f-3","models":"m-2","policy":"p-1"},` +
		`"degraded":["ledger"],"warnings":["left out, unknown: /payload/foo"],"retry":false,"event_time":"2026-03-14T14:09:26.535Z","decided_in_us":740,` +
		`"features":{"count":6,"country":"DE","avg":null},"warming":["avg"]}`
	shown := wire.Features{
		Variables: []tidegate.Variable{{Name: "count"}, {Name: "country", Kind: tidegate.KindText}, {Name: "avg"}},
		Num:       []float64{6, 0, math.NaN()}, Text: []string{"", "DE", ""}, Warming: []string{"avg"},
	}
	if got := string(wire.AppendDecision(nil, aDecision(), shown)); got != want {
		t.Errorf("\n got %s\nwant %s", got, want)
	}
}

func TestAlertJSON(t *testing.T) {
	const want = `{"schema_version":1,"alert_id":"al_1","transaction_id":"tx_7f3a91c2","customer_id":"cus_8812","card_last_four":"4242",` +
		`"amount":149.90,"currency":"EUR","base_amount":149.90,"merchant_id":"mer_310","outcome":"decline","severity":"high",` +
		`"rule":{"id":"velocity-2m","version":"r-12"},"reason":{"code":"VELOCITY","text":"more than 5 transactions in 2 minutes"},` +
		`"evidence":{"customer_tx_count_2m":6,"customer_amount_avg_30d":null,"device_is_new":true,"merchant_country":"DE"},` +
		`"event_ids":["evt_01HZX3K9Q2"],"suppressed_since_last":{"count":2,"amount":39.98},"event_time":"2026-03-14T14:09:26.535Z"}`
	if got := string(wire.AppendAlert(nil, &aDecision().Alerts[0])); got != want {
		t.Errorf("\n got %s\nwant %s", got, want)
	}
}
