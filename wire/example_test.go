package wire_test

import (
	"fmt"

	"github.com/tidegate/tidegate"
	"github.com/tidegate/tidegate/wire"
)

func ExampleDecodeEvent() {
	body := []byte(`{"timestamp": "2026-03-14T15:09:26+01:00", "transaction_id": "tx_1", "amount": "12.50", "currency": "EUR", "card_id": "c_1", "colour": "red"}`)
	var ev tidegate.Event
	if err := wire.DecodeEvent(body, wire.Options{}, &ev); err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(ev.Type, ev.Time, ev.Amount, ev.Amount.Currency)
	fmt.Println(ev.Warnings[0])
	// Output:
	// transaction.initiated 2026-03-14T14:09:26.000Z 12.50 EUR
	// left out, unknown: /colour
}

func ExampleDecodeEvent_refused() {
	body := []byte(`{"timestamp": 1773497366535, "payload": {"transaction_id": "tx_1", "amount": 12.505, "currency": "EUR", "card_id": "c_1"}}`)
	err := wire.DecodeEvent(body, wire.Options{}, new(tidegate.Event))
	fmt.Println(err)
	// Output:
	// /payload/amount: amount has more decimals than EUR allows (2)
}

func ExampleAppendDecision() {
	d := tidegate.Decision{TransactionID: "tx_1", Outcome: tidegate.Decline, WouldBe: tidegate.Decline, ResponseCode: "59", Score: 940}
	fmt.Printf("%.104s…\n", wire.AppendDecision(nil, &d, wire.Features{}))
	// Output:
	// {"schema_version":1,"transaction_id":"tx_1","outcome":"decline","would_be":"decline","response_code":"59…
}

func ExampleAppendEventBinary() {
	ev := tidegate.Event{Type: "login", Tenant: tidegate.DefaultTenant, Time: 1773497366535}
	ev.Text[tidegate.CustomerID] = "cus_1"
	record := wire.AppendEventBinary(nil, &ev)

	var back tidegate.Event
	rest, err := wire.DecodeEventBinary(record, &back)
	fmt.Println(len(record), "bytes:", back.Type, back.Text[tidegate.CustomerID], len(rest), err)
	// Output:
	// 23 bytes: login cus_1 0 <nil>
}
