package scoring

import "testing"

// What a threshold leaves out is not guessed: from 0 points on, or approve.
func TestPolicyMistakes(t *testing.T) {
	for in, want := range map[string]string{
		"thresholds: [{outcome: decline}]\n":                           `1:14: thresholds[0] has no score: write {score: 900, outcome: review}`,
		"thresholds: [{score: 900}]\n":                                 `1:14: thresholds[0] has no outcome: write {score: 900, outcome: review}`,
		"thresholds: [{score: 1500, outcome: decline}]\n":              `1:22: thresholds[0].score is outside of 0..1000`,
		"thresholds: [{score: .nan, outcome: decline}]\n":              `1:22: thresholds[0].score is outside of 0..1000`,
		"thresholds: [{score: 0.95, outcome: decline}]\n":              `1:22: thresholds[0].score is in points, 0..1000, and no probability: write 950 for 0.95`,
		"thresholds: [{score: 900, outcome: decline, reason: high}]\n": `1:53: "high" is not a reason code: write capitals, digits and _`,
		"score: {model: .nan}\n":                                       `1:16: score.model is outside of 0..1000`,
		"score: {model: -5}\n":                                         `1:16: score.model is outside of 0..1000`,
		"score: {rules: mean}\n":                                       `1:16: score.rules is "mean": write sum or max`,
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
