package wire_test

import (
	"math"

	"github.com/tidegate/tidegate"
)

// aTransaction is a transaction as gateways send it, some 600 bytes.
const aTransaction = `{"event_id":"evt_01HZX3K9Q2","event_type":"transaction.initiated","timestamp":"2026-03-14T15:09:26.535+01:00",` +
	`"source":"gateway-eu-1","partition_key":"cus_8812","payload":{"transaction_id":"tx_7f3a91c2","amount":149.90,"currency":"EUR",` +
	`"customer_id":"cus_8812","card_id":"card_5521","card_last_four":"4242","card_bin":"424242","card_network":"visa","merchant_id":"mer_310",` +
	`"mcc":"5812","merchant_country":"DE","terminal_id":"term_9","geo_location":{"lat":52.5200,"lon":13.4050},` +
	`"device_fingerprint":"dev_ab12cd","ip_address":"203.0.113.7","channel":"ecom","card_present":false,` +
	`"three_ds":{"version":"2.2.0","eci":"05","status":"Y"},"attributes":{"basket_items":3,"loyal":true}},` +
	`"metadata":{"schema_version":"1","correlation_id":"c-1","trace_id":"t-1"}}`

func aDecision() *tidegate.Decision {
	eur, _ := tidegate.ParseCurrency("EUR")
	return &tidegate.Decision{
		Sequence: 901_233, Generation: 7, TransactionID: "tx_7f3a91c2", CustomerID: "cus_8812",
		Outcome: tidegate.Decline, WouldBe: tidegate.Decline, ResponseCode: "59", Score: 812.25,
		Reasons:  []tidegate.Reason{{Code: "VELOCITY", Text: "more than 5 transactions in 2 minutes"}, {Code: tidegate.ReasonModelScore, Text: "the model finds it likely"}},
		Rules:    []tidegate.FiredRule{{ID: "velocity-2m", Mode: "live", Outcome: tidegate.Decline, Score: 40, Alert: tidegate.Sent}, {ID: "night", Mode: "shadow", Outcome: tidegate.Review, Score: 5}},
		Models:   []tidegate.ModelScore{{Name: "handbook", Version: "3", Role: "champion", Score: 0.77225}},
		Patterns: []tidegate.PatternMatch{{Name: "card-testing", EventIDs: []string{"evt_1", "evt_2"}}},
		Versions: tidegate.Versions{Engine: "1.0.0", Rules: "r-12", Features: "f-3", Models: "m-2", Policy: "p-1"},
		Degraded: []string{"ledger"}, Warnings: []string{"left out, unknown: /payload/foo"},
		EventTime: 1773497366535, ArrivalTime: 1773497366600, DecidedInUS: 740,
		Alerts: []tidegate.Alert{{
			ID: "al_1", TransactionID: "tx_7f3a91c2", CustomerID: "cus_8812", CardLastFour: "4242",
			Amount: tidegate.Money{Minor: 14990, Currency: eur}, HasAmount: true, Base: tidegate.Money{Minor: 14990, Currency: eur}, HasBase: true,
			MerchantID: "mer_310", Outcome: tidegate.Decline, Severity: tidegate.High, RuleID: "velocity-2m", RuleVersion: "r-12",
			Reason: tidegate.Reason{Code: "VELOCITY", Text: "more than 5 transactions in 2 minutes"},
			Evidence: []tidegate.Evidence{
				{Name: "customer_tx_count_2m", Kind: tidegate.KindNumber, Num: 6},
				{Name: "customer_amount_avg_30d", Kind: tidegate.KindNumber, Num: math.NaN()},
				{Name: "device_is_new", Kind: tidegate.KindBool, Num: 1},
				{Name: "merchant_country", Kind: tidegate.KindText, Text: "DE"},
			},
			EventIDs: []string{"evt_01HZX3K9Q2"}, SuppressedCount: 2, SuppressedAmount: 3998, EventTime: 1773497366535,
		}},
	}
}
