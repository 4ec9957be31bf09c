package wire_test

import (
	"errors"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/tidegate/tidegate"
	"github.com/tidegate/tidegate/wire"
)

// good is the least that is a transaction; cases replace or add to it.
const good = `{"timestamp":"2026-03-14T15:09:26Z","transaction_id":"tx_1","amount":12.5,"currency":"EUR","customer_id":"cus_1"}`

// with adds members to the good transaction.
func with(members string) string { return good[:len(good)-1] + "," + members + "}" }

// but replaces a part of the good transaction.
func but(old, new string) string {
	if !strings.Contains(good, old) {
		panic(old)
	}
	return strings.Replace(good, old, new, 1)
}

func envelope(payload string) string {
	return `{"event_type":"transaction.initiated","timestamp":1773497366535,"payload":` + payload + `}`
}

func nested(levels int) string {
	return strings.Repeat("[", levels) + strings.Repeat("]", levels)
}

func TestBadInput(t *testing.T) {
	const (
		malformed = tidegate.CodeMalformed
		invalid   = tidegate.CodeInvalid
		large     = tidegate.CodeTooLarge
		pan       = tidegate.CodePAN
		sensitive = tidegate.CodeSensitive
	)
	long := strings.Repeat("x", 10<<10)
	for _, c := range []struct {
		what, body string
		code       tidegate.Code
		field      string
	}{
		{"nothing", ``, malformed, ""},
		{"only space", " \n", malformed, ""},
		{"no object", `[1]`, invalid, ""},
		{"null", `null`, invalid, ""},
		{"cut off", good[:len(good)-3], malformed, "/customer_id"},
		{"cut off between members", good[:len(good)-1], malformed, ""},
		{"two values", good + good, malformed, ""},
		{"a comma too many", good[:len(good)-1] + ",}", malformed, ""},
		{"a comma too few", strings.Replace(good, ",", " ", 1), malformed, ""},
		{"a byte order mark", "\ufeff" + good, malformed, ""},
		{"single quotes", `{'a':1}`, malformed, ""},
		{"a comment", `{/**/}`, malformed, ""},
		{"no colon", `{"a" 1}`, malformed, ""},
		{"no value", `{"amount":}`, malformed, "/amount"},
		{"NaN", but("12.5", "NaN"), malformed, "/amount"},
		{"Infinity", but("12.5", "-Infinity"), malformed, "/amount"},
		{"a number with a leading zero", but("12.5", "012"), malformed, ""},
		{"a number that ends with its point", but("12.5", "12."), malformed, "/amount"},
		{"a misspelt literal", with(`"recurring":tru`), malformed, "/recurring"},
		{"a control character", but("cus_1", "cus\n1"), malformed, "/customer_id"},
		{"an unknown escape", but("cus_1", `\x41`), malformed, "/customer_id"},
		{"a cut escape", but("cus_1", `\u00`), malformed, "/customer_id"},
		{"invalid UTF-8", but("cus_1", "cus_\xff"), malformed, "/customer_id"},
		{"invalid UTF-8 after valid", but("cus_1", "ü\xc3"), malformed, "/customer_id"},
		{"a surrogate in UTF-8", but("cus_1", "\xed\xa0\x80"), malformed, "/customer_id"},
		{"invalid UTF-8 in a name", with("\"\xff\":1"), malformed, ""},
		{"invalid UTF-8 in an unknown member", with("\"a\":\"\xff\""), malformed, "/a"},
		{"a lone high surrogate", but("cus_1", `\ud83d`), malformed, "/customer_id"},
		{"a lone low surrogate", but("cus_1", `\ude00`), malformed, "/customer_id"},
		{"two high surrogates", but("cus_1", `\ud83d\ud83d`), malformed, "/customer_id"},
		{"nested too deep", with(`"a":` + nested(32)), malformed, "/a" + strings.Repeat("/0", 31)},
		{"nested very deep and open", with(`"a":` + strings.Repeat("[", 60_000)), malformed, "/a" + strings.Repeat("/0", 31)},

		{"a duplicate", with(`"amount":12.5`), malformed, "/amount"},
		{"a duplicate in other spelling", with(`"\u0061mount":12.5`), malformed, "/amount"},
		{"a duplicate in the payload", envelope(with(`"amount":12.5`)), malformed, "/payload/amount"},
		{"a duplicate of an unknown member", with(`"a":1,"a":1`), malformed, "/a"},
		{"a duplicate within an unknown member", with(`"a":[{"b":1,"b":2}]`), malformed, "/a/0/b"},
		{"a duplicate attribute", with(`"attributes":{"a":null,"a":1}`), malformed, "/attributes/a"},
		{"a duplicate payload", `{"payload":{},"payload":{}}`, malformed, "/payload"},
		{"a duplicate in metadata", with(`"metadata":{"trace_id":"a","trace_id":"a"}`), malformed, "/metadata/trace_id"},
		{"a duplicate in geo_location", with(`"geo_location":{"lat":1,"lat":1}`), malformed, "/geo_location/lat"},
		{"a duplicate among many", with(`"a":{` + manyMembers(100) + `,"m50":1}`), malformed, "/a/m50"},

		{"a body over its limit", with(`"a":"` + strings.Repeat("x", 64<<10) + `"`), large, ""},
		{"an id of 257 bytes", but("cus_1", strings.Repeat("x", 257)), large, "/customer_id"},
		{"an id of 10 KB", but("tx_1", long), large, "/transaction_id"},
		{"an event_id of 10 KB", with(`"event_id":"` + long + `"`), large, "/event_id"},
		{"a schema version of 10 KB", with(`"metadata":{"schema_version":1` + strings.Repeat("0", 10<<10) + `}`), large, "/metadata/schema_version"},
		{"an attribute of 10 KB", with(`"attributes":{"a":"` + long + `"}`), large, "/attributes/a"},
		{"65 attributes", with(`"attributes":{` + manyMembers(65) + `}`), large, "/attributes"},
		{"an id with a zero byte", but("cus_1", `cus\u0000`), invalid, "/customer_id"},

		{"an amount of another type", but("12.5", "true"), invalid, "/amount"},
		{"an amount that is a list", but("12.5", "[12.5]"), invalid, "/amount"},
		{"an amount that is no number", but("12.5", `"twelve"`), invalid, "/amount"},
		{"an amount with space", but("12.5", `" 12.5"`), invalid, "/amount"},
		{"an empty amount", but("12.5", `""`), invalid, "/amount"},
		{"an amount that is NaN as text", but("12.5", `"NaN"`), invalid, "/amount"},
		{"a negative amount", but("12.5", "-12.5"), invalid, "/amount"},
		{"a too precise amount", but("12.5", "12.505"), invalid, "/amount"},
		{"an amount beyond int64", but("12.5", "92233720368547758.08"), invalid, "/amount"},
		{"an amount far beyond int64", but("12.5", "1e400"), invalid, "/amount"},
		{"no amount", but(`"amount":12.5,`, ``), invalid, "/amount"},
		{"a null amount", but("12.5", "null"), invalid, "/amount"},
		{"both amounts", with(`"amount_minor":1250`), invalid, "/amount_minor"},
		{"both amounts, minor first", envelope(`{"amount_minor":1,"amount":1}`), invalid, "/payload/amount"},
		{"a negative minor amount", but(`"amount":12.5`, `"amount_minor":-1`), invalid, "/amount_minor"},
		{"half a minor unit", but(`"amount":12.5`, `"amount_minor":0.5`), invalid, "/amount_minor"},
		{"a minor amount beyond int64", but(`"amount":12.5`, `"amount_minor":9223372036854775808`), invalid, "/amount_minor"},
		{"an unknown currency", but("EUR", "EUX"), invalid, "/currency"},
		{"a currency in small letters", but("EUR", "eur"), invalid, "/currency"},
		{"a numeric currency", but(`"EUR"`, "978"), invalid, "/currency"},
		{"no currency", but(`"currency":"EUR",`, ``), invalid, "/currency"},
		{"decimals of a yen", but(`12.5,"currency":"EUR"`, `12.5,"currency":"JPY"`), invalid, "/amount"},

		{"no transaction_id", but(`"transaction_id":"tx_1",`, ``), invalid, "/transaction_id"},
		{"an empty transaction_id", but("tx_1", ""), invalid, "/transaction_id"},
		{"a numeric transaction_id", but(`"tx_1"`, "1"), invalid, "/transaction_id"},
		{"no customer, card or account", but(`,"customer_id":"cus_1"`, ``), invalid, "/customer_id"},
		{"none of them in the payload", envelope(`{"transaction_id":"t","amount":1,"currency":"EUR"}`), invalid, "/payload/customer_id"},
		{"following itself", with(`"follows":"tx_1"`), invalid, "/follows"},

		{"no timestamp", but(`"timestamp":"2026-03-14T15:09:26Z",`, ``), invalid, "/timestamp"},
		{"a null timestamp", but(`"2026-03-14T15:09:26Z"`, `null`), invalid, "/timestamp"},
		{"a timestamp without offset", but("26Z", "26"), invalid, "/timestamp"},
		{"a timestamp without time", but("T15:09:26Z", ""), invalid, "/timestamp"},
		{"a leap second", but("2026-03-14T15:09:26Z", "2016-12-31T23:59:60Z"), invalid, "/timestamp"},
		{"the 30th of February", but("03-14", "02-30"), invalid, "/timestamp"},
		{"a timestamp in nanoseconds", but(`"2026-03-14T15:09:26Z"`, "1773497366535000000"), invalid, "/timestamp"},
		{"half a millisecond", but(`"2026-03-14T15:09:26Z"`, "1773497366535.5"), invalid, "/timestamp"},
		{"a timestamp of another type", but(`"2026-03-14T15:09:26Z"`, "{}"), invalid, "/timestamp"},
		{"a timestamp in the payload only", `{"payload":` + good + `}`, invalid, "/timestamp"},

		{"an mcc of three digits", with(`"mcc":"581"`), invalid, "/mcc"},
		{"a numeric mcc", with(`"mcc":5812`), invalid, "/mcc"},
		{"card_last_four with a letter", with(`"card_last_four":"42a2"`), invalid, "/card_last_four"},
		{"a card_bin of five digits", with(`"card_bin":"42424"`), invalid, "/card_bin"},
		{"a card_bin of nine digits", with(`"card_bin":"424242424"`), invalid, "/card_bin"},
		{"a country of three letters", with(`"card_country":"DEU"`), invalid, "/card_country"},
		{"a country in small letters", with(`"merchant_country":"de"`), invalid, "/merchant_country"},
		{"a billing country of digits", with(`"billing_country":"49"`), invalid, "/billing_country"},
		{"a shipping country that isn't", with(`"shipping_country":"Ü"`), invalid, "/shipping_country"},
		{"no ip address", with(`"ip_address":"203.0.113.256"`), invalid, "/ip_address"},
		{"an ip address with a zone", with(`"ip_address":"fe80::1%eth0"`), invalid, "/ip_address"},
		{"a latitude beyond the pole", with(`"geo_location":{"lat":90.1,"lon":0}`), invalid, "/geo_location/lat"},
		{"a longitude beyond the date line", with(`"geo_location":{"lat":0,"lon":-180.5}`), invalid, "/geo_location/lon"},
		{"a latitude that is huge", with(`"geo_location":{"lat":1e999,"lon":0}`), invalid, "/geo_location/lat"},
		{"a latitude that is text", with(`"geo_location":{"lat":"52","lon":0}`), invalid, "/geo_location/lat"},
		{"a latitude alone", with(`"geo_location":{"lat":52}`), invalid, "/geo_location"},
		{"a location that is text", with(`"geo_location":"Berlin"`), invalid, "/geo_location"},
		{"card_present that is text", with(`"card_present":"yes"`), invalid, "/card_present"},
		{"three_ds that is text", with(`"three_ds":"Y"`), invalid, "/three_ds"},
		{"a numeric eci", with(`"three_ds":{"eci":5}`), invalid, "/three_ds/eci"},
		{"an incumbent's score that is text", with(`"incumbent":{"score":"1"}`), invalid, "/incumbent/score"},
		{"metadata that is a list", with(`"metadata":[]`), invalid, "/metadata"},
		{"a payload that is text", `{"payload":"x"}`, invalid, "/payload"},
		{"attributes that are a list", with(`"attributes":[1]`), invalid, "/attributes"},
		{"an attribute that is an object", with(`"attributes":{"a":{}}`), invalid, "/attributes/a"},
		{"an attribute that is a list", with(`"attributes":{"a":[1]}`), invalid, "/attributes/a"},
		{"an attribute that is huge", with(`"attributes":{"a":1e999}`), invalid, "/attributes/a"},
		{"an attribute without a name", with(`"attributes":{"":1}`), invalid, "/attributes/"},
		{"an attribute of another kind than declared", with(`"attributes":{"declared_number":"1"}`), invalid, "/attributes/declared_number"},
		{"a label", with(`"event_type":"label"`), invalid, "/event_type"},

		{"a cvv", with(`"cvv":"123"`), sensitive, "/cvv"},
		{"a null cvv", with(`"cvv":null`), sensitive, "/cvv"},
		{"a cvv in the payload", envelope(with(`"CVV2":"123"`)), sensitive, "/payload/CVV2"},
		{"a cvc among the attributes", with(`"attributes":{"cvc":"123"}`), sensitive, "/attributes/cvc"},
		{"a cvv in another spelling", with(`"\u0063V_v":"123"`), sensitive, "/cV_v"},
		{"a pin in metadata", with(`"metadata":{"pin":"1234"}`), sensitive, "/metadata/pin"},
		{"track data deep in the unknown", with(`"a":[{"b":{"Track-2-Data":"x"}}]`), sensitive, "/a/0/b/Track-2-Data"},
		{"a security code in three_ds", with(`"three_ds":{"card_security_code":"123"}`), sensitive, "/three_ds/card_security_code"},
		{"a pan", with(`"pan":"x"`), pan, "/pan"},
		{"a card_number", with(`"a":{"cardNumber":"x"}`), pan, "/a/cardNumber"},
		{"a card number for a transaction_id", but("tx_1", "4111111111111111"), pan, "/transaction_id"},
		{"a card number for a card_id", with(`"card_id":"4111 1111 1111 1111"`), pan, "/card_id"},
		{"a card number with dashes", with(`"merchant_id":"5500-0000-0000-0004"`), pan, "/merchant_id"},
		{"a card number escaped", with(`"merchant_id":"\u0034111111111111111"`), pan, "/merchant_id"},
		{"a card number for a trace_id", with(`"metadata":{"trace_id":"378282246310005"}`), pan, "/metadata/trace_id"},
		{"a card number for a version", with(`"metadata":{"schema_version":378282246310005}`), pan, "/metadata/schema_version"},
		{"a card number for an amount", but("12.5", "4111111111111111"), pan, "/amount"},
		{"a card number for an amount as text", but("12.5", `"378282246310005"`), pan, "/amount"},
		{"a card number for minor units", but(`"amount":12.5`, `"amount_minor":5500000000000004`), pan, "/amount_minor"},
		{"a card number in an attribute", with(`"attributes":{"note":"4111111111111111"}`), pan, "/attributes/note"},
		{"a card number as a number", with(`"attributes":{"n":4111111111111111}`), pan, "/attributes/n"},
		{"a card number as a fraction", with(`"attributes":{"n":4111111111111111.0}`), pan, "/attributes/n"},
		{"a card number with an exponent", with(`"attributes":{"n":4.111111111111111e15}`), pan, "/attributes/n"},
		{"a card number for a score", with(`"incumbent":{"score":4111111111111111}`), pan, "/incumbent/score"},
		{"a card number in the unknown", with(`"a":{"b":["4111111111111111"]}`), pan, "/a/b/0"},
		{"a card number in the unknown as a number", with(`"a":{"b":4111111111111111}`), pan, "/a/b"},
		{"a card number for an attribute's name", with(`"attributes":{"4111111111111111":1}`), pan, "/attributes"},
		{"a card number for an unknown name", with(`"4111111111111111":1`), pan, ""},
	} {
		t.Run(c.what, func(t *testing.T) {
			ev := tidegate.Event{ID: "left over", Warnings: []string{"left over"}}
			opts := wire.Options{Attributes: map[string]tidegate.Kind{"declared_number": tidegate.KindNumber}}
			err := wire.DecodeEvent([]byte(c.body), opts, &ev)
			var e *tidegate.Error
			if !errors.As(err, &e) {
				t.Fatalf("accepted: %v", err)
			}
			if e.Code != c.code || e.Field != c.field {
				t.Errorf("%s at %q (%v), want %s at %q", e.Code, e.Field, err, c.code, c.field)
			}
			for _, value := range []string{"12.5", "tx_1", "cus_", "4111", "twelve", "xxxx", "EUX"} {
				if strings.Contains(e.Message, value) {
					t.Errorf("the message repeats a value: %v", e)
				}
			}
			if ev.ID != "" || ev.Type != "" || ev.HasAmount || ev.Text != [tidegate.NumText]string{} || len(ev.Warnings)+len(ev.Attributes) > 0 {
				t.Errorf("half applied: %+v", ev)
			}
		})
	}
}

func TestBadEventsOfOtherTypes(t *testing.T) {
	for _, c := range []struct {
		what, body string
		kind       wire.Kind
		field      string
	}{
		{"no key", `{"event_type":"login","timestamp":1773497366535}`, wire.AnyEvent, "/customer_id"},
		{"no key in the payload", `{"event_type":"login","timestamp":1773497366535,"payload":{}}`, wire.AnyEvent, "/payload/customer_id"},
		{"no timestamp", `{"event_type":"login","customer_id":"c"}`, wire.AnyEvent, "/timestamp"},
		{"no event_type", `{"timestamp":1773497366535,"customer_id":"c"}`, wire.OtherEvent, "/event_type"},
		{"a transaction among events", with(`"event_type":"transaction.initiated"`), wire.OtherEvent, "/event_type"},
		{"a login to decide", `{"event_type":"login","timestamp":1773497366535,"customer_id":"c"}`, wire.Transaction, "/event_type"},
		{"an outcome of nothing", `{"event_type":"transaction.outcome","timestamp":1773497366535,"final":"approved","customer_id":"c"}`, wire.OtherEvent, "/transaction_id"},
		{"an outcome that isn't", `{"event_type":"transaction.outcome","timestamp":1773497366535,"transaction_id":"t"}`, wire.OtherEvent, "/final"},
		{"an outcome of another name", `{"event_type":"transaction.outcome","timestamp":1773497366535,"transaction_id":"t","final":"ok"}`, wire.OtherEvent, "/final"},
		{"an outcome by nobody", `{"event_type":"transaction.outcome","timestamp":1773497366535,"transaction_id":"t","final":"approved","by":"me"}`, wire.OtherEvent, "/by"},
		{"a capture of nothing", `{"event_type":"transaction.captured","timestamp":1773497366535,"customer_id":"c"}`, wire.OtherEvent, "/transaction_id"},
		{"a reversal of nothing", `{"event_type":"transaction.reversed","timestamp":1773497366535,"customer_id":"c"}`, wire.OtherEvent, "/transaction_id"},
		{"a refund of nothing", `{"event_type":"transaction.refunded","timestamp":1773497366535,"customer_id":"c"}`, wire.OtherEvent, "/transaction_id"},
	} {
		t.Run(c.what, func(t *testing.T) {
			var ev tidegate.Event
			var e *tidegate.Error
			err := wire.DecodeEvent([]byte(c.body), wire.Options{Kind: c.kind}, &ev)
			if !errors.As(err, &e) || e.Code != tidegate.CodeInvalid || e.Field != c.field {
				t.Errorf("%v, want invalid at %q", err, c.field)
			}
		})
	}
}

func manyMembers(n int) string {
	var b strings.Builder
	for i := range n {
		if i > 0 {
			b.WriteByte(',')
		}
		b.WriteString(`"m` + string(rune('0'+i/100)) + string(rune('0'+i/10%10)) + string(rune('0'+i%10)) + `":1`)
	}
	return strings.ReplaceAll(b.String(), `"m0`, `"m`)
}

// A body cut short or garbled at any byte is an error or an event, never a panic.
func TestDamagedBodies(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	var ev tidegate.Event
	for i := range aTransaction {
		if err := wire.DecodeEvent([]byte(aTransaction[:i]), wire.Options{}, &ev); tidegate.CodeOf(err) != tidegate.CodeMalformed {
			t.Errorf("cut at %d: %v", i, err)
		}
		for range 20 {
			b := []byte(aTransaction)
			b[i] = byte(random.Uint32())
			var e *tidegate.Error
			if err := wire.DecodeEvent(b, wire.Options{}, &ev); err != nil && !errors.As(err, &e) {
				t.Errorf("byte %d: %v", i, err)
			}
		}
	}
}
