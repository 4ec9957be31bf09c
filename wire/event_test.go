package wire_test

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/tidegate/tidegate"
	"github.com/tidegate/tidegate/wire"
)

func decode(t testing.TB, body string, opts wire.Options) *tidegate.Event {
	t.Helper()
	var ev tidegate.Event
	if err := wire.DecodeEvent([]byte(body), opts, &ev); err != nil {
		t.Fatalf("%v\n%s", err, body)
	}
	return &ev
}

func eur(minor int64) tidegate.Money {
	c, _ := tidegate.ParseCurrency("EUR")
	return tidegate.Money{Minor: minor, Currency: c}
}

func TestEnvelope(t *testing.T) {
	want := &tidegate.Event{
		ID: "evt_01HZX3K9Q2", Type: tidegate.TypeTransaction, Tenant: tidegate.DefaultTenant,
		Time:   tidegate.MillisOf(time.Date(2026, 3, 14, 14, 9, 26, 535e6, time.UTC)),
		Source: "gateway-eu-1", PartitionKey: "cus_8812", SchemaVersion: "1", CorrelationID: "c-1", TraceID: "t-1",
		Text: [tidegate.NumText]string{
			tidegate.TransactionID: "tx_7f3a91c2", tidegate.CustomerID: "cus_8812", tidegate.CardID: "card_5521",
			tidegate.CardLastFour: "4242", tidegate.CardBIN: "424242", tidegate.CardNetwork: "visa", tidegate.MerchantID: "mer_310",
			tidegate.MCC: "5812", tidegate.MerchantCountry: "DE", tidegate.TerminalID: "term_9", tidegate.DeviceFingerprint: "dev_ab12cd",
			tidegate.IPAddress: "203.0.113.7", tidegate.Channel: "ecom", tidegate.ThreeDSVersion: "2.2.0", tidegate.ThreeDSECI: "05",
			tidegate.ThreeDSStatus: "Y",
		},
		Amount: eur(14990), HasAmount: true, HasLocation: true, Lat: 52.52, Lon: 13.405, CardPresent: tidegate.False,
		Attributes: []tidegate.Attribute{{Name: "basket_items", Num: 3}, {Name: "loyal", Kind: tidegate.KindBool, Num: 1}},
	}
	if diff := cmp.Diff(want, decode(t, aTransaction, wire.Options{}), cmpopts.EquateEmpty()); diff != "" {
		t.Error(diff)
	}
}

// Every text field has a member of its name, in the payload or within it.
func TestEveryTextField(t *testing.T) {
	for f := range tidegate.NumText {
		body, kind := with(fmt.Sprintf("%q:%q", f, textFor(f))), "transaction.initiated"
		switch f {
		case tidegate.TransactionID, tidegate.CustomerID:
			continue // in every other test
		case tidegate.ThreeDSVersion, tidegate.ThreeDSECI, tidegate.ThreeDSStatus:
			body = with(fmt.Sprintf(`"three_ds":{%q:%q}`, strings.TrimPrefix(f.String(), "three_ds_"), textFor(f)))
		case tidegate.Final, tidegate.By, tidegate.ResponseCode:
			kind = "dispute.opened"
		}
		ev := decode(t, strings.Replace(body, "{", `{"event_type":"`+kind+`",`, 1), wire.Options{})
		if ev.Text[f] != textFor(f) || len(ev.Warnings) > 0 {
			t.Errorf("%s is %q, warnings %q", f, ev.Text[f], ev.Warnings)
		}
	}
}

func textFor(f tidegate.Field) string {
	switch f {
	case tidegate.CardLastFour, tidegate.MCC:
		return "0742"
	case tidegate.CardBIN:
		return "42424242"
	case tidegate.CardCountry, tidegate.MerchantCountry, tidegate.BillingCountry, tidegate.ShippingCountry:
		return "GB"
	case tidegate.IPAddress:
		return "198.51.100.9"
	case tidegate.Final:
		return "approved"
	case tidegate.By:
		return "issuer"
	case tidegate.TransactionType:
		return "cash"
	}
	return "text-" + f.String()
}

func TestAmounts(t *testing.T) {
	for amount, minor := range map[string]int64{
		`"amount":12.5`: 1250, `"amount":"12.50"`: 1250, `"amount":0`: 0, `"amount":"0.00"`: 0, `"amount":1e2`: 10000,
		`"amount_minor":1250`: 1250, `"amount_minor":"1250"`: 1250, `"amount_minor":0`: 0,
		`"amount_minor":9223372036854775807`: 1<<63 - 1, `"amount":null,"amount_minor":7`: 7,
	} {
		ev := decode(t, but(`"amount":12.5`, amount), wire.Options{})
		if !ev.HasAmount || ev.Amount != eur(minor) {
			t.Errorf("%s is %v %v", amount, ev.HasAmount, ev.Amount)
		}
	}
}

func TestUnknownMembersAreLeftOutAndNamed(t *testing.T) {
	body := `{"x":1,"amount":"ok later","timestamp":1773497366535,"payload":{"transaction_id":"t","amount":1,"currency":"EUR","card_id":"c",` +
		`"event_id":"no","basket":{"a":[1,{"b":null}]},"geo_location":{"lat":1,"lon":2,"alt":3},"three_ds":{"cavv":"x"},"a/b~c\u0000":true},` +
		`"merchant_id":"not here","metadata":{"region":"eu"}}`
	body = strings.Replace(body, `"ok later"`, `"99"`, 1)
	ev := decode(t, body, wire.Options{})
	want := []string{
		"left out, unknown: /x", "left out, unknown: /amount", "left out, unknown: /payload/event_id", "left out, unknown: /payload/basket",
		"left out, unknown: /payload/geo_location/alt", "left out, unknown: /payload/three_ds/cavv", "left out, unknown: /payload/a~1b~0c?",
		"left out, unknown: /merchant_id", "left out, unknown: /metadata/region",
	}
	if diff := cmp.Diff(want, ev.Warnings); diff != "" {
		t.Error(diff)
	}
	if ev.Amount != eur(100) || ev.Text[tidegate.MerchantID] != "" || ev.ID != "t" {
		t.Errorf("%+v", ev)
	}
}

func TestWarningsAreBounded(t *testing.T) {
	ev := decode(t, with(`"`+strings.Repeat("é", 500)+`":1,`+manyMembers(40)), wire.Options{})
	if len(ev.Warnings) != wire.MaxWarnings+1 || ev.Warnings[wire.MaxWarnings] != "and 25 more" {
		t.Errorf("%d warnings, the last %q", len(ev.Warnings), ev.Warnings[len(ev.Warnings)-1])
	}
	if first := ev.Warnings[0]; len(first) > 100 || !strings.HasSuffix(first, "é…") {
		t.Errorf("a long name is shown as %q", first)
	}
	ev = decode(t, with(`"card 4111-1111-1111-1111 x":1`), wire.Options{})
	if strings.ContainsAny(ev.Warnings[0], "0123456789") {
		t.Errorf("digits of a name are shown: %q", ev.Warnings[0])
	}
}

func TestBesideThePayloadNothingOfItCounts(t *testing.T) {
	before := `{"timestamp":1,"merchant_id":"m","recurring":true,"attributes":{"a":1},"geo_location":{"lat":1,"lon":1},"amount_minor":5,` +
		`"payload":{"transaction_id":"t","amount":1,"currency":"EUR","customer_id":"c"}}`
	ev := decode(t, before, wire.Options{})
	if ev.Text[tidegate.MerchantID] != "" || ev.Recurring != tidegate.Absent || len(ev.Attributes) > 0 || ev.HasLocation || ev.Amount != eur(100) {
		t.Errorf("%+v", ev)
	}
	if len(ev.Warnings) != 5 {
		t.Errorf("warnings %q", ev.Warnings)
	}
}

func TestNullAndEmptyAreAbsent(t *testing.T) {
	ev := decode(t, with(`"event_id":null,"metadata":null,"merchant_id":null,"card_id":"","mcc":"","geo_location":null,"card_present":null,`+
		`"three_ds":null,"incumbent":{"outcome":null,"score":null},"attributes":{"a":null},"ip_address":null`), wire.Options{})
	plain := decode(t, good, wire.Options{})
	if diff := cmp.Diff(plain, ev, cmpopts.EquateEmpty()); diff != "" {
		t.Error(diff)
	}
	if plain.ID != "tx_1" || plain.Type != tidegate.TypeTransaction {
		t.Errorf("a bare transaction is %q of type %q", plain.ID, plain.Type)
	}
}

// What is computed can't be sent, and other attributes can.
func TestAttributesNamedLikeFeatures(t *testing.T) {
	o := wire.Options{Computed: func(name string) bool { return name == "customer_tx_count_2m" }}
	decode(t, with(`"attributes":{"customer_tx_count":0}`), o)
	for _, body := range []string{with(`"attributes":{"customer_tx_count_2m":0}`), with(`"attributes":{"customer_tx_count_\u0032m":"x"}`)} {
		err := wire.DecodeEvent([]byte(body), o, &tidegate.Event{})
		var e *tidegate.Error
		if !errors.As(err, &e) || e.Code != tidegate.CodeInvalid || e.Field != "/attributes/customer_tx_count_2m" {
			t.Errorf("%s: %v", body, err)
		}
	}
}

func TestAttributesStayInTheirNamespace(t *testing.T) {
	ev := decode(t, with(`"attributes":{"customer_tx_count_2m":0,"amount":1,"zeta":"z","transaction_id":"other","alpha":-0.5}`), wire.Options{})
	var names []string
	for _, a := range ev.Attributes {
		names = append(names, a.Name)
	}
	if got := strings.Join(names, " "); got != "alpha amount customer_tx_count_2m transaction_id zeta" {
		t.Errorf("attributes %s", got)
	}
	if ev.Amount != eur(1250) || ev.Text[tidegate.TransactionID] != "tx_1" {
		t.Error("an attribute changed a typed member")
	}
	if a, _ := ev.Attribute("alpha"); a.Kind != tidegate.KindNumber || a.Num != -0.5 {
		t.Errorf("alpha is %v", a)
	}
}

func TestOneSpellingPerAddress(t *testing.T) {
	for sent, kept := range map[string]string{
		"203.0.113.7": "203.0.113.7", "::ffff:203.0.113.7": "203.0.113.7", "2001:DB8:0:0::1": "2001:db8::1", "::1": "::1",
	} {
		if got := decode(t, with(`"ip_address":"`+sent+`"`), wire.Options{}).Text[tidegate.IPAddress]; got != kept {
			t.Errorf("%s is kept as %s, want %s", sent, got, kept)
		}
	}
}

func TestOtherEvents(t *testing.T) {
	for _, body := range []string{
		`{"event_type":"login","timestamp":1773497366535,"customer_id":"c","ip_address":"::1"}`,
		`{"event_type":"password_change","timestamp":1773497366535,"payload":{"account_id":"a"}}`,
		`{"event_type":"card_added","timestamp":1773497366535,"payload":{"card_id":"a","customer_id":"c"},"event_id":"e"}`,
		`{"event_type":"device_seen","timestamp":1773497366535,"device_fingerprint":"d"}`,
		`{"event_type":"transaction.outcome","timestamp":1773497366535,"transaction_id":"t","final":"declined","by":"stand_in","response_code":"91"}`,
		`{"event_type":"transaction.captured","timestamp":1773497366535,"transaction_id":"t","amount":5,"currency":"EUR"}`,
		`{"event_type":"transaction.reversed","timestamp":1773497366535,"transaction_id":"t"}`,
		`{"event_type":"transaction.refunded","timestamp":1773497366535,"transaction_id":"t","amount_minor":500,"currency":"EUR"}`,
	} {
		if ev := decode(t, body, wire.Options{Kind: wire.OtherEvent}); len(ev.Warnings) > 0 || ev.Time != 1773497366535 {
			t.Errorf("%s: %q", body, ev.Warnings)
		}
	}
}

func TestTheOneWhoAsksDoesNotSayHowItEnds(t *testing.T) {
	ev := decode(t, with(`"final":"approved","by":"issuer","transaction_type":"topup"`), wire.Options{})
	if ev.Text[tidegate.Final] != "" || ev.Text[tidegate.By] != "" || len(ev.Warnings) != 3 || ev.Text[tidegate.TransactionType] != "topup" {
		t.Errorf("%q %q", ev.Text[tidegate.Final], ev.Warnings)
	}
}

func TestTenantIsNeverOfTheBody(t *testing.T) {
	body := with(`"tenant":"other"`)
	if ev := decode(t, body, wire.Options{}); ev.Tenant != tidegate.DefaultTenant || len(ev.Warnings) != 1 {
		t.Errorf("tenant %q, %q", ev.Tenant, ev.Warnings)
	}
	if ev := decode(t, body, wire.Options{Tenant: "acme"}); ev.Tenant != "acme" {
		t.Errorf("tenant %q", ev.Tenant)
	}
}

func TestLimitsAreInclusive(t *testing.T) {
	ev := decode(t, with(`"card_id":"`+strings.Repeat("x", wire.MaxID)+`","attributes":{`+manyMembers(wire.MaxAttributes-1)+
		`,"t":"`+strings.Repeat("x", wire.MaxText)+`"},"a":`+nested(wire.MaxDepth-1)), wire.Options{})
	if len(ev.Text[tidegate.CardID]) != wire.MaxID || len(ev.Attributes) != wire.MaxAttributes {
		t.Errorf("%d bytes, %d attributes", len(ev.Text[tidegate.CardID]), len(ev.Attributes))
	}
	var small tidegate.Event
	if err := wire.DecodeEvent([]byte(good), wire.Options{MaxBody: len(good)}, &small); err != nil {
		t.Error(err)
	}
	if err := wire.DecodeEvent([]byte(good), wire.Options{MaxBody: len(good) - 1}, &small); tidegate.CodeOf(err) != tidegate.CodeTooLarge {
		t.Error(err)
	}
}

func TestBodyMayBeOverwritten(t *testing.T) {
	b := []byte(aTransaction)
	var ev tidegate.Event
	if err := wire.DecodeEvent(b, wire.Options{}, &ev); err != nil {
		t.Fatal(err)
	}
	for i := range b {
		b[i] = '#'
	}
	if diff := cmp.Diff(decode(t, aTransaction, wire.Options{}), &ev, cmpopts.EquateEmpty()); diff != "" {
		t.Error(diff)
	}
}

func TestCheckClock(t *testing.T) {
	const arrival = tidegate.Millis(1773497366535)
	day := wire.Options{MaxAge: 24 * time.Hour}
	for _, c := range []struct {
		what string
		at   tidegate.Millis
		opts wire.Options
		code tidegate.Code
	}{
		{"now", arrival, day, ""},
		{"a day old", arrival - 86_400_000, day, ""},
		{"older than a day", arrival - 86_400_001, day, tidegate.CodeTooOld},
		{"old, without a limit", arrival - 1e11, wire.Options{}, ""},
		{"of 1970", 0, wire.Options{}, tidegate.CodeTooOld},
		{"seconds for milliseconds", arrival / 1000, wire.Options{}, tidegate.CodeTooOld},
		{"before 1970", -1, wire.Options{}, tidegate.CodeTooOld},
		{"five minutes ahead", arrival + 300_000, day, ""},
		{"more than five minutes ahead", arrival + 300_001, day, tidegate.CodeInFuture},
		{"of tomorrow", arrival + 86_400_000, wire.Options{}, tidegate.CodeInFuture},
		{"a second ahead of a strict clock", arrival + 1000, wire.Options{MaxAhead: time.Millisecond}, tidegate.CodeInFuture},
	} {
		err := wire.CheckClock(&tidegate.Event{Time: c.at}, arrival, c.opts)
		if c.code == "" && err != nil || c.code != "" && (err == nil || tidegate.CodeOf(err) != c.code || err.(*tidegate.Error).Field != "/timestamp") {
			t.Errorf("%s: %v, want %q", c.what, err, c.code)
		}
	}
}

func TestPANKey(t *testing.T) {
	opts := wire.Options{PANKey: []byte("secret")}
	body := strings.Replace(with(`"card_id":"4111-1111 11111111","attributes":{"a":"4111111111111111","n":4111111111111111,"x":"4111111111111112"},"u":4111111111111111`),
		"cus_1", "4111111111111111", 1)
	ev := decode(t, body, opts)
	// printf 4111111111111111 | openssl dgst -sha256 -hmac secret
	const want = "pan:d6c005134ac50dec0e01cbc4aeaf3fbdb511c4ceeb55f909c29def3b0cffba36"
	a, _ := ev.Attribute("a")
	n, _ := ev.Attribute("n")
	x, _ := ev.Attribute("x")
	for what, got := range map[string]string{"card_id": ev.Text[tidegate.CardID], "customer_id": ev.Text[tidegate.CustomerID], "a": a.Text, "n": n.Text} {
		if got != want {
			t.Errorf("%s is %q, want %q", what, got, want)
		}
	}
	if n.Kind != tidegate.KindText || x.Text != "4111111111111112" {
		t.Errorf("%v %v", n, x)
	}
}

func TestEpochTimesAreNoCardNumbers(t *testing.T) {
	for _, unit := range []int64{1, 1000, 1_000_000} {
		for i := range int64(100) {
			v := strconv.FormatInt((1773497366535+i)*unit, 10)
			decode(t, with(`"started_at":`+v+`,"attributes":{"started":`+v+`}`), wire.Options{})
		}
	}
}
