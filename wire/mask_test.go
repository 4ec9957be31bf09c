package wire_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/tidegate/tidegate/wire"
)

func TestMask(t *testing.T) {
	for body, want := range map[string]string{
		good: good,
		`{"card_id":"4111111111111111","n":4111111111111111}`:                  `{"card_id":"****************","n":9999999999999999}`,
		`{"a":"paid with 4111-1111-1111-1111, sorry"}`:                         `{"a":"paid with ****-****-****-****, sorry"}`,
		`{"a":"\u0034111111111111111","b":4.111111111111111e15}`:               `{"a":"*********************","b":9.999999999999999e99}`,
		`{"4111111111111111":1}`:                                               `{"****************":1}`,
		`{"cvv": "123","CVC":12.5,"p\u0069n":null,"x":1}`:                      `{"cvv": "***","CVC":99.9,"p\u0069n":null,"x":1}`,
		`{"track":{"data":"%B41","n":[1,{"a":"b"}]},"x":[1]}`:                  `{"track":{"****":"****","*":[9,{"*":"*"}]},"x":[1]}`,
		`{"pan":"x\"y","x":"z"}`:                                               `{"pan":"****","x":"z"}`,
		`{"pan":true}`:                                                         `{"pan":true}`,
		`{"timestamp":1773497366535,"at":1773497366535000}`:                    `{"timestamp":1773497366535,"at":1773497366535000}`,
		`{"hash":"a4111111111111111","id":"x_4111111111111111"}`:               `{"hash":"a4111111111111111","id":"x_4111111111111111"}`,
		`{"a":"4111111111111112"}`:                                             `{"a":"4111111111111112"}`,
		`{"cvv":"12`:                                                           `{"cvv":"**`,
		`{"cvv":`:                                                              `{"cvv":`,
		`card 4111 1111 1111 1111, "4111111111111111`:                          `card 9999 9999 9999 9999, "****************`,
		`{"a":"\\\\","b":"` + strings.Repeat("m", 300) + ` 4111111111111111"}`: `{"a":"\\\\","b":"` + strings.Repeat("m", 300) + ` ****************"}`,
		`"`:  `"`,
		`"\`: `"\`,
		``:   ``,
	} {
		got := string(wire.Mask([]byte(body)))
		if got != want {
			t.Errorf("%s\n got %s\nwant %s", body, got, want)
		}
	}
}

// TestMaskMuch: a text of nothing but card numbers takes as many steps as it has
// bytes. If each of them cost a copy of the rest, this would take minutes.
func TestMaskMuch(t *testing.T) {
	const n = 200_000
	for form, masked := range map[string]string{`{"a":%q}`: "**** **** **** ****", "%s": "9999 9999 9999 9999"} {
		number := func(s string) string { return fmt.Sprintf(form, strings.Repeat(s+", ", n)) }
		if got := string(wire.Mask([]byte(number("4111 1111 1111 1111")))); got != number(masked) {
			t.Errorf("%.100s", got)
		}
	}
}

func FuzzMask(f *testing.F) {
	f.Add([]byte(`{"cvv":"123","a":["4111 1111 1111 1111",4111111111111111,{"pin":{"x":[1,"y"]}}]}`))
	f.Add([]byte(aTransaction))
	f.Fuzz(func(t *testing.T, b []byte) {
		valid, length := json.Valid(b), len(b)
		masked := wire.Mask(b)
		if len(masked) != length {
			t.Fatalf("%d bytes became %d", length, len(masked))
		}
		if valid && !json.Valid(masked) {
			t.Fatalf("no longer valid: %q", masked)
		}
		once := string(masked)
		if again := string(wire.Mask(masked)); again != once {
			t.Fatalf("%q masked again is %q", once, again)
		}
	})
}

func ExampleMask() {
	fmt.Printf("%s\n", wire.Mask([]byte(`{"card_id": "4111 1111 1111 1111", "cvv": 123, "amount": 12.5`)))
	// Output:
	// {"card_id": "**** **** **** ****", "cvv": 999, "amount": 12.5
}
