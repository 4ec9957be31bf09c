package wire

import (
	"strconv"

	"github.com/tidegate/tidegate"
)

// Features are the values that were decided on, for an answer that shows them.
// Num and Text are as in [tidegate.Facts], by the places of Variables.
type Features struct {
	Variables []tidegate.Variable // none: the answer has no "features"
	Num       []float64
	Text      []string
	Warming   []string // features whose history is shorter than their window
}

// AppendDecision appends a decision as JSON: the answer of /v1/authorize and
// the record of the decisions topic (docs/schemas/decision.json).
func AppendDecision(dst []byte, d *tidegate.Decision, shown Features) []byte {
	dst = append(dst, `{"schema_version":`...)
	dst = strconv.AppendInt(dst, tidegate.SchemaVersion, 10)
	dst = appendTextMember(dst, "transaction_id", d.TransactionID)
	dst = appendTextMember(dst, "outcome", d.Outcome.String())
	dst = appendTextMember(dst, "would_be", d.WouldBe.String())
	dst = appendTextMember(dst, "response_code", d.ResponseCode)
	dst = appendNumber(appendKey(dst, "score"), d.Score)
	dst = appendReasons(dst, d.Reasons)
	dst = appendRules(dst, d.Rules)
	dst = appendModels(dst, d.Models)
	dst = appendPatterns(dst, d.Patterns)
	dst = appendVersions(dst, &d.Versions)
	dst = appendTextList(dst, "degraded", d.Degraded)
	dst = appendTextList(dst, "warnings", d.Warnings)
	dst = strconv.AppendBool(appendKey(dst, "retry"), d.Retry)
	dst = appendTime(appendKey(dst, "event_time"), d.EventTime)
	dst = strconv.AppendInt(appendKey(dst, "decided_in_us"), d.DecidedInUS, 10)
	if len(shown.Variables) > 0 {
		dst = appendFeatures(dst, &shown)
	}
	return append(dst, '}')
}

func appendReasons(dst []byte, reasons []tidegate.Reason) []byte {
	dst = append(appendKey(dst, "reasons"), '[')
	for i, r := range reasons {
		if i > 0 {
			dst = append(dst, ',')
		}
		dst = appendReason(dst, r)
	}
	return append(dst, ']')
}

func appendReason(dst []byte, r tidegate.Reason) []byte {
	dst = appendTextMember(append(dst, '{'), "code", string(r.Code))
	return append(appendTextMember(dst, "text", r.Text), '}')
}

var alertedNames = [...]string{tidegate.Sent: "sent", tidegate.Suppressed: "suppressed"}

func appendRules(dst []byte, rules []tidegate.FiredRule) []byte {
	dst = append(appendKey(dst, "rules"), '[')
	for i := range rules {
		if i > 0 {
			dst = append(dst, ',')
		}
		r := &rules[i]
		dst = appendTextMember(append(dst, '{'), "id", r.ID)
		dst = appendTextMember(dst, "mode", r.Mode)
		dst = appendTextMember(dst, "outcome", r.Outcome.String())
		dst = appendNumber(appendKey(dst, "score"), r.Score)
		if r.Alert != tidegate.NoAlert {
			dst = appendTextMember(dst, "alert", alertedNames[r.Alert])
		}
		dst = append(dst, '}')
	}
	return append(dst, ']')
}

func appendModels(dst []byte, models []tidegate.ModelScore) []byte {
	dst = append(appendKey(dst, "models"), '[')
	for i := range models {
		if i > 0 {
			dst = append(dst, ',')
		}
		m := &models[i]
		dst = appendTextMember(append(dst, '{'), "name", m.Name)
		dst = appendTextMember(dst, "version", m.Version)
		dst = appendTextMember(dst, "role", m.Role)
		dst = appendNumber(appendKey(dst, "score"), m.Score)
		if m.Fallback {
			dst = append(appendKey(dst, "fallback"), "true"...)
		}
		dst = append(dst, '}')
	}
	return append(dst, ']')
}

func appendPatterns(dst []byte, patterns []tidegate.PatternMatch) []byte {
	dst = append(appendKey(dst, "patterns"), '[')
	for i := range patterns {
		if i > 0 {
			dst = append(dst, ',')
		}
		dst = appendTextMember(append(dst, '{'), "name", patterns[i].Name)
		dst = append(appendTextList(dst, "event_ids", patterns[i].EventIDs), '}')
	}
	return append(dst, ']')
}

func appendVersions(dst []byte, v *tidegate.Versions) []byte {
	dst = append(appendKey(dst, "versions"), '{')
	dst = appendTextMember(dst, "engine", v.Engine)
	dst = appendTextMember(dst, "rules", v.Rules)
	dst = appendTextMember(dst, "features", v.Features)
	dst = appendTextMember(dst, "models", v.Models)
	return append(appendTextMember(dst, "policy", v.Policy), '}')
}

func appendFeatures(dst []byte, f *Features) []byte {
	dst = append(appendKey(dst, "features"), '{')
	for i := range f.Variables {
		if i > 0 {
			dst = append(dst, ',')
		}
		v := &f.Variables[i]
		dst = append(appendText(dst, v.Name), ':')
		dst = appendValue(dst, v.Kind, f.Num[i], f.Text[i])
	}
	dst = append(dst, '}')
	return appendTextList(dst, "warming", f.Warming)
}
