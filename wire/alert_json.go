package wire

import (
	"strconv"

	"github.com/tidegate/tidegate"
)

// AppendAlert appends an alert as JSON: the record of the fraud-alerts topic
// and of the alert stream (docs/schemas/alert.json). What is absent is null.
func AppendAlert(dst []byte, a *tidegate.Alert) []byte {
	dst = append(dst, `{"schema_version":`...)
	dst = strconv.AppendInt(dst, tidegate.SchemaVersion, 10)
	dst = appendTextMember(dst, "alert_id", a.ID)
	dst = appendTextMember(dst, "transaction_id", a.TransactionID)
	dst = appendOptionalText(dst, "customer_id", a.CustomerID)
	dst = appendOptionalText(dst, "card_last_four", a.CardLastFour)
	dst = appendMoney(appendKey(dst, "amount"), a.Amount, a.HasAmount)
	currency := ""
	if a.HasAmount {
		currency = a.Amount.Currency.String()
	}
	dst = appendOptionalText(dst, "currency", currency)
	dst = appendMoney(appendKey(dst, "base_amount"), a.Base, a.HasBase)
	dst = appendOptionalText(dst, "merchant_id", a.MerchantID)
	dst = appendTextMember(dst, "outcome", a.Outcome.String())
	dst = appendTextMember(dst, "severity", a.Severity.String())
	dst = appendTextMember(append(appendKey(dst, "rule"), '{'), "id", a.RuleID)
	dst = append(appendTextMember(dst, "version", a.RuleVersion), '}')
	dst = appendReason(appendKey(dst, "reason"), a.Reason)
	dst = append(appendKey(dst, "evidence"), '{')
	for i := range a.Evidence {
		e := &a.Evidence[i]
		if i > 0 {
			dst = append(dst, ',')
		}
		dst = append(appendText(dst, e.Name), ':')
		dst = appendValue(dst, e.Kind, e.Num, e.Text)
	}
	dst = append(dst, '}')
	dst = appendTextList(dst, "event_ids", a.EventIDs)
	dst = append(appendKey(dst, "suppressed_since_last"), '{')
	dst = strconv.AppendInt(appendKey(dst, "count"), a.SuppressedCount, 10)
	suppressed := tidegate.Money{Minor: a.SuppressedAmount, Currency: a.Base.Currency}
	dst = append(appendMoney(appendKey(dst, "amount"), suppressed, true), '}')
	dst = appendTime(appendKey(dst, "event_time"), a.EventTime)
	return append(dst, '}')
}

// appendMoney appends the exact decimal amount in major units.
func appendMoney(dst []byte, m tidegate.Money, has bool) []byte {
	if !has {
		return append(dst, "null"...)
	}
	return m.Append(dst)
}
