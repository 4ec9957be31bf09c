package wire_test

import (
	"bytes"
	"math"
	"strings"
	"testing"

	"github.com/cespare/xxhash/v2"

	"github.com/tidegate/tidegate"
	"github.com/tidegate/tidegate/wire"
)

// The journal keeps records for weeks: these bytes are written by hand from
// the description of the format, and must go on being what is written.
func TestEventFormat(t *testing.T) {
	eurMinor := []byte{0xac, 0x13} // 1238 = 2 x 619, zigzag
	want := slab(
		1, 0x80|50, 0, // version, length of the body in two bytes
		0x92, 0x02, // hasType, hasPartitionKey, hasAmount
		0x03,                               // transaction_id, customer_id
		0x8e, 0xe0, 0xf1, 0xca, 0x9d, 0x67, // time, zigzag
		4, "tx_1", 5, "cus_1",
		17, "transaction.other",
		5, "key_1",
		eurMinor, 3, "EUR",
	)
	ev := &tidegate.Event{
		ID: "tx_1", Type: "transaction.other", Tenant: tidegate.DefaultTenant, Time: 1773497366535, PartitionKey: "key_1",
		Amount: eur(1238), HasAmount: true,
	}
	ev.Text[tidegate.TransactionID], ev.Text[tidegate.CustomerID] = "tx_1", "cus_1"
	if got := wire.AppendEventBinary(nil, ev); !bytes.Equal(got, want) {
		t.Errorf("\n got %x\nwant %x", got, want)
	}
}

// slab puts bytes, texts and parts together.
func slab(parts ...any) (b []byte) {
	for _, p := range parts {
		switch p := p.(type) {
		case int:
			b = append(b, byte(p))
		case string:
			b = append(b, p...)
		case []byte:
			b = append(b, p...)
		}
	}
	return b
}

func TestFloatFormat(t *testing.T) {
	for _, c := range []struct {
		v    float64
		want []byte
	}{
		{0, []byte{0}},
		{6, []byte{12}},
		{100, []byte{0xc8, 0x01}},
		{149.9, []byte{0xb9, 0xd4, 0x03}}, // 14990 x 4 + 1
		{math.NaN(), []byte{7}},
		{-1, []byte{3, 0, 0, 0, 0, 0, 0, 0xf0, 0xbf}},
		{0.1, []byte{41}}, // 10 hundredths
		{0.125, []byte{3, 0, 0, 0, 0, 0, 0, 0xc0, 0x3f}},
	} {
		if got := wire.AppendFloat(nil, c.v); !bytes.Equal(got, c.want) {
			t.Errorf("%v is %x, want %x", c.v, got, c.want)
		}
	}
}

// A record names fields by their number.
func TestFieldNumbersStay(t *testing.T) {
	const order = "transaction_id customer_id card_id account_id card_last_four card_bin card_network card_funding card_country merchant_id " +
		"merchant_category mcc merchant_country terminal_id acquirer_id device_fingerprint ip_address channel entry_mode initiator transaction_type " +
		"three_ds_version three_ds_eci three_ds_status avs_result cvv_result billing_country shipping_country email_hash phone_hash follows portfolio " +
		"final by response_code"
	for i, name := range strings.Fields(order) {
		if f, ok := tidegate.FieldByName(name); !ok || int(f) != i {
			t.Errorf("%s is field %d, and %d in the journal", name, f, i)
		}
	}
}

func TestCorruptRecords(t *testing.T) {
	event := wire.AppendEventBinary(nil, decode(t, aTransaction, wire.Options{}))
	decision := wire.AppendDecisionBinary(nil, aDecision())
	for name, c := range map[string]struct {
		record []byte
		decode func([]byte) ([]byte, error)
	}{
		"event": {event, func(b []byte) ([]byte, error) { return wire.DecodeEventBinary(b, new(tidegate.Event)) }},
		"decision": {decision, func(b []byte) ([]byte, error) {
			return wire.DecodeDecisionBinary(b, new(tidegate.Decision))
		}},
	} {
		for i := range c.record {
			if _, err := c.decode(c.record[:i]); tidegate.CodeOf(err) != tidegate.CodeCorrupt {
				t.Errorf("%s cut at %d: %v", name, i, err)
			}
			for bit := range 8 {
				b := bytes.Clone(c.record)
				b[i] ^= 1 << bit
				if _, err := c.decode(b); err != nil && tidegate.CodeOf(err) != tidegate.CodeCorrupt {
					t.Errorf("%s with byte %d changed: %v", name, i, err)
				}
			}
		}
		other := bytes.Clone(c.record)
		other[0] = 99
		if _, err := c.decode(other); err == nil || !strings.Contains(err.Error(), "version 99") {
			t.Errorf("%s of a later version: %v", name, err)
		}
	}
}

func TestContentHash(t *testing.T) {
	ev := decode(t, aTransaction, wire.Options{})
	// transaction, customer, card, account, merchant, amount; each length first.
	want := xxhash.Sum64(slab(11, "tx_7f3a91c2", 8, "cus_8812", 9, "card_5521", 0, 7, "mer_310", 0x9c, 0xea, 0x01, 3, "EUR"))
	if got := wire.ContentHash(ev); got != want {
		t.Errorf("%x, want %x", got, want)
	}
}

func TestARetryIsTheSameQuestion(t *testing.T) {
	first := wire.ContentHash(decode(t, good, wire.Options{}))
	for what, body := range map[string]string{
		"another spelling of the amount": but("12.5", `"12.500"`),
		"minor units":                    but(`"amount":12.5`, `"amount_minor":1250`),
		"another timestamp":              but("15:09:26", "15:09:27"),
		"an envelope":                    envelope(but(`"timestamp":"2026-03-14T15:09:26Z",`, "")),
		"escapes":                        but("cus_1", `\u0063us_1`),
		"enrichment":                     with(`"mcc":"5812","device_fingerprint":"d","event_id":"other","attributes":{"a":1}`),
	} {
		if wire.ContentHash(decode(t, body, wire.Options{})) != first {
			t.Errorf("%s makes it another question", what)
		}
	}
	for what, body := range map[string]string{
		"another transaction": but("tx_1", "tx_2"),
		"another amount":      but("12.5", "12.51"),
		"another currency":    but("EUR", "USD"),
		"another customer":    but("cus_1", "cus_2"),
		"a card":              with(`"card_id":"c"`),
		"an account":          with(`"account_id":"c"`),
		"a merchant":          with(`"merchant_id":"c"`),
	} {
		if wire.ContentHash(decode(t, body, wire.Options{})) == first {
			t.Errorf("%s makes it no other question", what)
		}
	}
	card, account := with(`"card_id":"c"`), with(`"account_id":"c"`)
	if wire.ContentHash(decode(t, card, wire.Options{})) == wire.ContentHash(decode(t, account, wire.Options{})) {
		t.Error("a card is not an account")
	}
}
