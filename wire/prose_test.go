package wire_test

import (
	"bytes"
	"fmt"
	"strings"
	"testing"

	"github.com/tidegate/tidegate"
	"github.com/tidegate/tidegate/wire"
)

// The networks' test cards, among text.
var prose = []string{
	"my card 4111111111111111 was stolen", "card 4111 1111 1111 1111 exp 12/27", "4111-1111-1111-1111 12/27", "(5555 5555 5555 4444)",
	"amex 3782 822463 10005.", "diners: 3056 930902 5904", "jcb 3530111333300000;cvv", "#2223003122003222", "ok 6011 1111 1111 1117",
	"4111\u00a01111\u00a01111\u00a01111", "card\u00a04111 1111 1111 1111\u00a0exp", "card 4111\u20111111\u20111111\u20111111!", "visa 4111\u202f1111\u20091111\u30001111",
	"4111.1111.1111.1111", "a=4111_1111_1111_1111", "3782.822463.10005",
}

// What is none, though the check digit of many would be right.
var noCards = []string{
	"phone +4111111111111111", "IBAN DE44 4111 1111 1111 1111", "DE444111111111111111", "id x4111111111111111", "4111111111111111x", "0.4111111111111111",
	"order 1234567890123452", "4111 1111 1111 1112", "4111\u00e91111\u00e91111\u00e91111", "411111111111111", "550e8400-e29b-41d4-a716-446655440000", "2026-11-28 15:58:26", "4111.1111.1111.1112", "1.4111.1111.1111.1111", "41111111.11111111", "mcc 5411,5812,4111,1111", "5411/5812/4111/1119", "x 41111111111111111111 x",
}

func TestCardNumberInText(t *testing.T) {
	key := []byte(strings.Repeat("k", 32))
	for _, text := range prose {
		for _, body := range []string{`"merchant_name":%q`, `"attributes":{"note":%q}`, `"unknown":[{"a":%q}]`} {
			body := []byte(with(fmt.Sprintf(body, text)))
			var ev tidegate.Event
			if err := wire.DecodeEvent(body, wire.Options{}, &ev); tidegate.CodeOf(err) != tidegate.CodePAN {
				t.Errorf("%s: %v", body, err)
			}
			if masked := wire.Mask(bytes.Clone(body)); hasDigits(masked, text) {
				t.Errorf("kept %s", masked)
			}
		}
		ev := decode(t, with(fmt.Sprintf(`"merchant_id":%q`, text+" and "+text)), wire.Options{PANKey: key})
		if got := ev.Text[tidegate.MerchantID]; strings.Count(got, "pan:") != 2 || hasDigits([]byte(got), text) {
			t.Errorf("%s became %s", text, got)
		}
	}
	for _, text := range noCards {
		if ev := decode(t, with(fmt.Sprintf(`"merchant_id":%q`, text)), wire.Options{}); ev.Text[tidegate.MerchantID] != text {
			t.Errorf("%s became %s", text, ev.Text[tidegate.MerchantID])
		}
	}
}

// hasDigits reports whether b holds the first eight digits of text's number.
func hasDigits(b []byte, text string) bool {
	plain := strings.NewReplacer(" ", "", "-", "", ".", "", "/", "", "_", "", "\u00a0", "", "\u2011", "", "\u202f", "", "\u2009", "", "\u3000", "").Replace
	i := strings.IndexAny(text, "0123456789")
	return strings.Contains(plain(string(b)), plain(text[i:])[:8])
}

func BenchmarkCardNumberInText(b *testing.B) {
	for _, text := range []string{"m-1234", "550e8400-e29b-41d4-a716-446655440000", strings.Repeat("word ", 40)} {
		b.Run(fmt.Sprint(len(text)), func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				wire.HasCardNumber(text)
			}
		})
	}
}
