package wire_test

import (
	"bytes"
	"encoding/json"
	"io"
	"math/rand/v2"
	"strings"
	"testing"
	"unicode/utf8"

	"pgregory.net/rapid"

	"github.com/tidegate/tidegate"
	"github.com/tidegate/tidegate/wire"
)

// acceptable is what the scanner should say, said slowly by the standard
// library: valid JSON in valid UTF-8, without duplicate names, lone
// surrogates or deep nesting.
func acceptable(b []byte) bool {
	if !json.Valid(b) || !utf8.Valid(b) || loneSurrogate(string(b)) {
		return false
	}
	d := json.NewDecoder(bytes.NewReader(b))
	d.UseNumber()
	var open []map[string]bool // nil for arrays
	var name, inObject = false, false
	for {
		token, err := d.Token()
		if err == io.EOF {
			return true
		}
		if err != nil {
			return false
		}
		switch token {
		case json.Delim('{'):
			open = append(open, map[string]bool{})
		case json.Delim('['):
			open = append(open, nil)
		case json.Delim('}'), json.Delim(']'):
			open = open[:len(open)-1]
		default:
			if text, ok := token.(string); ok && inObject && name {
				if open[len(open)-1][text] {
					return false
				}
				open[len(open)-1][text] = true
				name = false
				continue
			}
		}
		if len(open) > wire.MaxDepth {
			return false
		}
		inObject = len(open) > 0 && open[len(open)-1] != nil
		name = inObject // after a value or an opening brace
	}
}

// loneSurrogate looks for \ud800 to \udfff that are no pair, in valid JSON.
func loneSurrogate(s string) bool {
	high := false // the last thing was a high surrogate
	for i := 0; i < len(s); i++ {
		kind := byte(0)
		if s[i] == '\\' {
			i++
			if s[i] == 'u' {
				hex := strings.ToLower(s[i+1 : i+5])
				i += 4
				if hex[0] == 'd' && hex[1] >= '8' && hex[1] <= 'b' {
					kind = 'h'
				} else if hex[0] == 'd' && hex[1] >= 'c' {
					kind = 'l'
				}
			}
		}
		if high != (kind == 'l') {
			return true
		}
		high = kind == 'h'
	}
	return high
}

// sameVerdict compares the scanner with the oracle, except where the scanner
// refuses for what a value is, not for its form.
func sameVerdict(t interface{ Errorf(string, ...any) }, b []byte) {
	err := wire.WellFormed(b)
	if code := tidegate.CodeOf(err); err != nil && (code == tidegate.CodePAN || code == tidegate.CodeSensitive) {
		return
	}
	if ok := acceptable(b); ok != (err == nil) {
		t.Errorf("%q: %v, the standard library says %v", b, err, ok)
	}
}

// What JSON is made of, and what it isn't.
var jsonPieces = []string{
	"{", "}", "[", "]", ",", ":", " ", "\n", `"`, `"a"`, `"b":`, `"a":1`, "true", "false", "null", "tru", "0", "-", "1.5", "1e9", "01", ".", "e", "+",
	`\`, `\n`, `\u0061`, `\ud83d\ude00`, `\ud83d`, `\ude00`, "é", "\xff", "\xed\xa0\x80", "\x00", "\t", "12345678", "abcdefgh", `"abcdefghijk"`,
	"{}", "[]", `{"a":{"a":[1,2,{"b":null}]}}`, "NaN", "//", "\ufeff", "😀",
}

func TestWellFormedAgreesWithEncodingJSON(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		pieces := rapid.SliceOfN(rapid.SampledFrom(jsonPieces), 0, 12).Draw(t, "pieces")
		sameVerdict(t, []byte(strings.Join(pieces, "")))
	})
}

// Valid documents, and the same with a few bytes changed.
func TestWellFormedOnDamagedDocuments(t *testing.T) {
	random := rand.New(rand.NewPCG(3, 4))
	for range 3000 {
		doc := randomValue(random, 0)
		sameVerdict(t, doc)
		for range random.IntN(3) + 1 {
			damaged := bytes.Clone(doc)
			for range random.IntN(2) + 1 {
				piece := jsonPieces[random.IntN(len(jsonPieces))]
				at := random.IntN(len(damaged))
				switch random.IntN(3) {
				case 0:
					damaged = append(damaged[:at:at], damaged[at+1:]...)
				case 1:
					damaged = append(damaged[:at:at], piece+string(damaged[at:])...)
				case 2:
					damaged = append(damaged[:at:at], piece+string(damaged[at+1:])...)
				}
				if len(damaged) == 0 {
					break
				}
			}
			sameVerdict(t, damaged)
		}
	}
}

func randomValue(random *rand.Rand, depth int) []byte {
	space := func() string { return []string{"", "", "", " ", "\n\t"}[random.IntN(5)] }
	switch n := random.IntN(9); {
	case n < 2 && depth < 40:
		out := []byte("{")
		for i := range random.IntN(5) {
			if i > 0 {
				out = append(out, ',')
			}
			out = append(out, space()+randomString(random)+space()+":"+space()...)
			out = append(append(out, randomValue(random, depth+1)...), space()...)
		}
		return append(out, '}')
	case n < 4 && depth < 40:
		out := []byte("[")
		for i := range random.IntN(4) {
			if i > 0 {
				out = append(out, ',')
			}
			out = append(append(out, randomValue(random, depth+1)...), space()...)
		}
		return append(out, ']')
	case n < 5:
		return []byte([]string{"true", "false", "null"}[random.IntN(3)])
	case n < 7:
		return []byte([]string{"0", "-0", "17", "-1.25", "1e5", "2E-7", "0.001", "9007199254740993"}[random.IntN(8)])
	}
	return []byte(randomString(random))
}

func randomString(random *rand.Rand) string {
	parts := []string{"a", "b", "name", "longer_than_eight", "é", "😀", `\"`, `\\`, `\n`, `\u00e9`, `\ud83d\ude00`, " ", "12"}
	out := `"`
	for range random.IntN(5) {
		out += parts[random.IntN(len(parts))]
	}
	return out + `"`
}

func TestNestingIsRefusedAtItsLimit(t *testing.T) {
	for depth := 1; depth < 40; depth++ {
		for _, doc := range []string{nested(depth), strings.Repeat(`{"a":`, depth) + "1" + strings.Repeat("}", depth)} {
			sameVerdict(t, []byte(doc))
		}
	}
}
