package wire_test

import (
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/tidegate/tidegate"
	"github.com/tidegate/tidegate/wire"
)

func TestSensitiveNames(t *testing.T) {
	for name, code := range map[string]tidegate.Code{
		"cvv": tidegate.CodeSensitive, "CVV": tidegate.CodeSensitive, "c_v-v": tidegate.CodeSensitive, "cvc": tidegate.CodeSensitive,
		"cvv2": tidegate.CodeSensitive, "Pin": tidegate.CodeSensitive, "PIN_BLOCK": tidegate.CodeSensitive, "track": tidegate.CodeSensitive,
		"track1": tidegate.CodeSensitive, "track_2": tidegate.CodeSensitive, "trackData": tidegate.CodeSensitive, "Track2-Data": tidegate.CodeSensitive,
		"securityCode": tidegate.CodeSensitive, "card.security.code": tidegate.CodeSensitive,
		"pan": tidegate.CodePAN, "PAN": tidegate.CodePAN, "cardNumber": tidegate.CodePAN, "primary_account_number": tidegate.CodePAN,
		"cvv_present": "", "cavv": "", "pin_verified": "", "pincode": "", "tracking_id": "", "track_id": "", "pan_token": "", "company": "",
		"card_number_hash": "", strings.Repeat("_", 300) + "x": "", strings.Repeat("x", 300): "",
	} {
		var ev tidegate.Event
		err := wire.DecodeEvent([]byte(with(`"`+name+`":true`)), wire.Options{}, &ev)
		if code == "" && err != nil || code != "" && (err == nil || tidegate.CodeOf(err) != code) {
			t.Errorf("%s: %v, want %q", name, err, code)
		}
	}
	ev := decode(t, with(`"cvv_result":"M"`), wire.Options{})
	if ev.Text[tidegate.CVVResult] != "M" {
		t.Error("cvv_result is a typed member")
	}
}

// luhn is the check of ISO/IEC 7812-1, Annex B, as it is written there: from
// the right, every second digit doubled, the digits of the products added.
func luhn(digits string) bool {
	sum := 0
	for i := range len(digits) {
		d := int(digits[len(digits)-1-i] - '0')
		if i%2 == 1 {
			d *= 2
		}
		sum += d/10 + d%10
	}
	return sum%10 == 0
}

func TestCardNumbers(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		text := rapid.StringMatching(`[ -]?([0-9][ -]?){11,20}x?`).Draw(t, "text")
		digits := strings.NewReplacer(" ", "", "-", "").Replace(text)
		want := !strings.Contains(text, "x") && len(digits) >= 13 && len(digits) <= 19 && luhn(digits)
		if got := wire.IsCardNumber(text); got != want {
			t.Fatalf("%q: %v, want %v", text, got, want)
		}
	})
}

func TestEveryLengthOfCardNumber(t *testing.T) {
	for _, number := range []string{ // of the networks' test cards
		"4222222222222", "30569309025904", "378282246310005", "4111111111111111", "6304000000000000000"[:17] + "0", "6759649826438453", "5019717010103742",
	} {
		if luhn(number) != wire.IsCardNumber(number) {
			t.Errorf("%s", number)
		}
	}
	for n := 13; n <= 19; n++ {
		body := strings.Repeat("7", n-1)
		found := 0
		for check := '0'; check <= '9'; check++ {
			if wire.IsCardNumber(body + string(check)) {
				found++
			}
		}
		if found != 1 {
			t.Errorf("%d digits: %d check digits are right", n, found)
		}
	}
}
