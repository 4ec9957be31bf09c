package scoring

import (
	"io/fs"
	"testing"

	"github.com/tidegate/tidegate/examples"
)

// What a threshold leaves out is not guessed: from 0 points on, or approve.
func TestPolicyMistakes(t *testing.T) {
	for in, want := range map[string]string{
		"thresholds: [{outcome: decline}]\n":                           `1:14: thresholds[0] has no score: write {score: 900, outcome: review}`,
		"thresholds: [{score: 900}]\n":                                 `1:14: thresholds[0] has no outcome: write {score: 900, outcome: review}`,
		"thresholds: [{score: 1500, outcome: decline}]\n":              `1:22: thresholds[0].score is outside of 0..1000`,
		"thresholds: [{score: .nan, outcome: decline}]\n":              `1:22: thresholds[0].score is outside of 0..1000`,
		"thresholds: [{score: 0.95, outcome: decline}]\n":              `1:22: thresholds[0].score is in points, 0..1000, and no probability: write 950 for 0.95`,
		"thresholds: [{score: 900, outcome: decline, reason: high}]\n": `1:53: "high" is not a reason code: write capitals, digits and _`,
		"deadline: 0s\n":           `1:11: deadline must be more than 0, and not more than 30s`,
		"deadline: 5m\n":           `1:11: deadline must be more than 0, and not more than 30s`,
		"clock: {max_ahead: 0s}\n": `1:20: clock.max_ahead must be more than 0: no two clocks are the same`,
		"score: {model: .nan}\n":   `1:16: score.model is outside of 0..1000`,
		"score: {model: -5}\n":     `1:16: score.model is outside of 0..1000`,
		"score: {rules: mean}\n":   `1:16: score.rules is "mean": write sum or max`,
	} {
		_, err := ParsePolicy("policy.yaml", []byte(in))
		if err == nil || err.Error() != "policy.yaml:"+want {
			t.Errorf("%s%v\nwant policy.yaml:%s", in, err, want)
		}
	}
}

// ISO 8583 response codes are two characters, and analysts do not quote them.
func TestResponseCodesAreTexts(t *testing.T) {
	p, err := ParsePolicy("policy.yaml", []byte("response_codes: {approve: 00, decline: 05}\nversion: 1.10\n"))
	if err != nil || p.ResponseCodes.Approve != "00" || p.ResponseCodes.Decline != "05" || p.Version != "1.10" {
		t.Errorf("%+v, %v", p, err)
	}
}

// One mistake is one error.
func TestRatesMistakes(t *testing.T) {
	for in, want := range map[string]string{
		"base: XYZ\n":                       `1:7: base "XYZ" is not an ISO 4217 code`,
		"base: EUR\nrates: {EUX: 1}\n":      `2:14: rates: "EUX" is not an ISO 4217 code`,
		"base: EUR\nrates: {USD: 0}\n":      `2:14: rates: USD must be more than 0`,
		"rates: {USD: 0.9, EUR: 1.1}\n":     `1:24: rates: EUR is the base, and one of it is one: leave it out`,
		"base: USD\nrates: {USD: 2.0001}\n": `2:14: rates: USD is the base, and one of it is one: leave it out`,
	} {
		if _, err := ParseRates("rates.yaml", []byte(in)); err == nil || err.Error() != "rates.yaml:"+want {
			t.Errorf("%s%v\nwant rates.yaml:%s", in, err, want)
		}
	}
	if _, err := ParseRates("rates.yaml", []byte("base: EUR\nrates: {EUR: 1}\n")); err != nil {
		t.Error(err)
	}
	tested, err := fs.ReadFile(examples.Issuer(), "patterns/account.yaml") // with amounts
	if err != nil {
		t.Fatal(err)
	}
	files := map[string][]byte{"rates.yaml": []byte("base: XYZ\n"), "patterns/account.yaml": tested}
	if _, err := Compile(files); err == nil || err.Error() != `rates.yaml:1:7: base "XYZ" is not an ISO 4217 code` {
		t.Errorf("%v", err)
	}
}
