package wire

import "github.com/tidegate/tidegate"

// An alert is kept within its decision's record.

const (
	alertHasAmount = 1 << iota
	alertHasBase
	endOfAlertFlags
)

func appendAlertBody(dst []byte, a *tidegate.Alert) []byte {
	var flags byte
	if a.HasAmount {
		flags |= alertHasAmount
	}
	if a.HasBase {
		flags |= alertHasBase
	}
	dst = append(dst, flags, byte(a.Outcome), byte(a.Severity))
	dst = appendInt(dst, int64(a.EventTime))
	for _, s := range [...]string{a.ID, a.TransactionID, a.CustomerID, a.CardLastFour, a.MerchantID, a.RuleID, a.RuleVersion} {
		dst = appendString(dst, s)
	}
	dst = appendReasonBinary(dst, &a.Reason)
	if a.HasAmount {
		dst = appendMoneyBinary(dst, a.Amount)
	}
	// The currency of the suppressed amount is the base currency.
	dst = appendMoneyBinary(dst, a.Base)
	dst = appendInt(dst, a.SuppressedCount)
	dst = appendInt(dst, a.SuppressedAmount)
	dst = appendUint(dst, uint64(len(a.Evidence)))
	for i := range a.Evidence {
		e := &a.Evidence[i]
		dst = appendNamedValue(dst, e.Name, e.Kind, e.Num, e.Text)
	}
	return appendStrings(dst, a.EventIDs)
}

func (r *reader) alert(a *tidegate.Alert) {
	flags := r.enum(endOfAlertFlags)
	a.HasAmount, a.HasBase = flags&alertHasAmount != 0, flags&alertHasBase != 0
	a.Outcome = r.outcome()
	a.Severity = tidegate.Severity(r.enum(int(tidegate.Critical) + 1))
	a.EventTime = tidegate.Millis(r.int())
	for _, to := range [...]*string{&a.ID, &a.TransactionID, &a.CustomerID, &a.CardLastFour, &a.MerchantID, &a.RuleID, &a.RuleVersion} {
		*to = r.string()
	}
	a.Reason = r.reason()
	if a.HasAmount {
		a.Amount = r.money()
	}
	a.Base = r.money()
	a.SuppressedCount = r.int()
	a.SuppressedAmount = r.int()
	for n := r.count(); n > 0 && r.err == nil; n-- {
		var e tidegate.Evidence
		e.Name, e.Kind, e.Num, e.Text = r.namedValue()
		a.Evidence = append(a.Evidence, e)
	}
	a.EventIDs = r.strings(nil)
}
