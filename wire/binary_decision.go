package wire

import (
	"github.com/tidegate/tidegate"
)

const decisionVersion = 1

// AppendDecisionBinary appends a decision in the journal's form: everything
// but DecidedInUS and Retry, which belong to an answer, and Versions, which
// the Generation stands for.
func AppendDecisionBinary(dst []byte, d *tidegate.Decision) []byte {
	dst, body := beginRecord(dst, decisionVersion)
	dst = appendUint(dst, d.Sequence)
	dst = appendUint(dst, uint64(d.Generation))
	dst = append(dst, byte(d.Outcome), byte(d.WouldBe))
	dst = appendInt(dst, int64(d.EventTime))
	dst = appendInt(dst, int64(d.ArrivalTime-d.EventTime))
	dst = appendFloat(dst, d.Score)
	dst = appendString(dst, d.TransactionID)
	dst = appendString(dst, d.CustomerID)
	dst = appendString(dst, d.ResponseCode)
	dst = appendUint(dst, uint64(len(d.Reasons)))
	for i := range d.Reasons {
		dst = appendReasonBinary(dst, &d.Reasons[i])
	}
	dst = appendUint(dst, uint64(len(d.Rules)))
	for i := range d.Rules {
		r := &d.Rules[i]
		dst = append(dst, byte(r.Outcome), byte(r.Alert))
		dst = appendString(appendString(appendFloat(dst, r.Score), r.ID), r.Mode)
	}
	dst = appendUint(dst, uint64(len(d.Models)))
	for i := range d.Models {
		m := &d.Models[i]
		fallback := byte(0)
		if m.Fallback {
			fallback = 1
		}
		dst = appendFloat(append(dst, fallback), m.Score)
		dst = appendString(appendString(appendString(dst, m.Name), m.Version), m.Role)
	}
	dst = appendUint(dst, uint64(len(d.Patterns)))
	for i := range d.Patterns {
		dst = appendStrings(appendString(dst, d.Patterns[i].Name), d.Patterns[i].EventIDs)
	}
	dst = appendStrings(dst, d.Degraded)
	dst = appendStrings(dst, d.Warnings)
	dst = appendUint(dst, uint64(len(d.Alerts)))
	for i := range d.Alerts {
		dst = appendAlertBody(dst, &d.Alerts[i])
	}
	return endRecord(dst, body)
}

// DecodeDecisionBinary reads the decision that b begins with into d, whose
// slices it reuses, and returns what follows it. An error is a
// *[tidegate.Error] of [tidegate.CodeCorrupt].
func DecodeDecisionBinary(b []byte, d *tidegate.Decision) (rest []byte, err error) {
	*d = tidegate.Decision{
		Reasons: d.Reasons[:0], Rules: d.Rules[:0], Models: d.Models[:0], Patterns: d.Patterns[:0],
		Degraded: d.Degraded[:0], Warnings: d.Warnings[:0], Alerts: d.Alerts[:0],
	}
	r, rest, err := openRecord(b, decisionVersion)
	if err != nil {
		return nil, err
	}
	d.Sequence = r.uint()
	d.Generation = uint32(r.uint())
	d.Outcome, d.WouldBe = r.outcome(), r.outcome()
	d.EventTime = tidegate.Millis(r.int())
	d.ArrivalTime = d.EventTime + tidegate.Millis(r.int())
	d.Score = r.float()
	d.TransactionID, d.CustomerID, d.ResponseCode = r.string(), r.string(), r.string()
	for n := r.count(); n > 0 && r.err == nil; n-- {
		d.Reasons = append(d.Reasons, r.reason())
	}
	for n := r.count(); n > 0 && r.err == nil; n-- {
		var f tidegate.FiredRule
		f.Outcome, f.Alert = r.outcome(), tidegate.Alerted(r.enum(int(tidegate.Suppressed)+1))
		f.Score = r.float()
		f.ID, f.Mode = r.string(), r.string()
		d.Rules = append(d.Rules, f)
	}
	for n := r.count(); n > 0 && r.err == nil; n-- {
		var m tidegate.ModelScore
		m.Fallback = r.enum(2) == 1
		m.Score = r.float()
		m.Name, m.Version, m.Role = r.string(), r.string(), r.string()
		d.Models = append(d.Models, m)
	}
	for n := r.count(); n > 0 && r.err == nil; n-- {
		d.Patterns = append(d.Patterns, tidegate.PatternMatch{Name: r.string(), EventIDs: r.strings(nil)})
	}
	d.Degraded = r.strings(d.Degraded)
	d.Warnings = r.strings(d.Warnings)
	for n := r.count(); n > 0 && r.err == nil; n-- {
		d.Alerts = append(d.Alerts, tidegate.Alert{})
		r.alert(&d.Alerts[len(d.Alerts)-1])
	}
	return rest, r.done()
}

func (r *reader) outcome() tidegate.Outcome {
	return tidegate.Outcome(r.enum(int(tidegate.Decline) + 1))
}

func appendReasonBinary(dst []byte, r *tidegate.Reason) []byte {
	return appendString(appendString(dst, string(r.Code)), r.Text)
}

func (r *reader) reason() tidegate.Reason {
	return tidegate.Reason{Code: tidegate.ReasonCode(r.string()), Text: r.string()}
}
