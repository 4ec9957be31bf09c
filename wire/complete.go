package wire

import "github.com/tidegate/tidegate"

// complete checks what only the whole event shows: that nothing required is
// missing for its type.
func (d *eventDecoder) complete() bool {
	ev := d.ev
	switch kind := d.opts.Kind; {
	case ev.Type == "" && kind == OtherEvent:
		return d.failAt(tidegate.CodeInvalid, "/event_type", "is missing")
	case ev.Type == "":
		ev.Type = tidegate.TypeTransaction
	case ev.Type == tidegate.TypeTransaction && kind == OtherEvent:
		return d.failAt(tidegate.CodeInvalid, "/event_type", "a transaction asks for a decision: send it to be authorized")
	case ev.Type != tidegate.TypeTransaction && kind == Transaction:
		return d.failAt(tidegate.CodeInvalid, "/event_type", "only "+tidegate.TypeTransaction+" is decided: send other events where events go")
	}
	if !d.hasTime {
		return d.failAt(tidegate.CodeInvalid, "/timestamp", "is missing")
	}
	switch ev.Type {
	case tidegate.TypeTransaction:
		return d.completeTransaction()
	case tidegate.TypeOutcome:
		return d.required(tidegate.TransactionID) && d.required(tidegate.Final)
	case tidegate.TypeCaptured, tidegate.TypeReversed, tidegate.TypeRefunded:
		return d.required(tidegate.TransactionID)
	case tidegate.TypeLabel:
		return d.failAt(tidegate.CodeInvalid, "/event_type", "a label is no event: send it where labels go")
	}
	if HasKey(ev) {
		return true
	}
	return d.failAt(tidegate.CodeInvalid, d.at(member(tidegate.CustomerID)),
		"is missing: an event needs at least one key, as customer_id, card_id, account_id, device_fingerprint or ip_address")
}

// HasKey reports whether an event has one of the keys that features are kept by.
func HasKey(ev *tidegate.Event) bool {
	for _, f := range [...]tidegate.Field{
		tidegate.CustomerID, tidegate.CardID, tidegate.AccountID, tidegate.TransactionID, tidegate.DeviceFingerprint,
		tidegate.IPAddress, tidegate.MerchantID, tidegate.TerminalID, tidegate.EmailHash, tidegate.PhoneHash,
	} {
		if ev.Text[f] != "" {
			return true
		}
	}
	return false
}

func (d *eventDecoder) completeTransaction() bool {
	ev := d.ev
	if !d.required(tidegate.TransactionID) {
		return false
	}
	if !ev.HasAmount {
		return d.failAt(tidegate.CodeInvalid, d.at(memberAmount), "is missing")
	}
	if ev.Text[tidegate.CustomerID] == "" && ev.Text[tidegate.CardID] == "" && ev.Text[tidegate.AccountID] == "" {
		return d.failAt(tidegate.CodeInvalid, d.at(member(tidegate.CustomerID)), "is missing: a transaction needs one of customer_id, card_id and account_id")
	}
	if ev.Text[tidegate.Follows] == ev.Text[tidegate.TransactionID] {
		return d.failAt(tidegate.CodeInvalid, d.at(member(tidegate.Follows)), "names the transaction itself")
	}
	if !knownTransactionType(ev.Text[tidegate.TransactionType]) {
		d.left.warn("not one of purchase, account_verification, cash, transfer, payout, refund: " + d.at(member(tidegate.TransactionType)))
	}
	// How it ended is not for the one who asks to say.
	for _, f := range [...]tidegate.Field{tidegate.Final, tidegate.By, tidegate.ResponseCode} {
		if ev.Text[f] != "" {
			ev.Text[f] = ""
			d.left.warn("left out, not of a " + tidegate.TypeTransaction + ": " + d.at(member(f)))
		}
	}
	if ev.ID == "" {
		ev.ID = ev.Text[tidegate.TransactionID]
	}
	return true
}

func (d *eventDecoder) required(f tidegate.Field) bool {
	if d.ev.Text[f] != "" {
		return true
	}
	return d.failAt(tidegate.CodeInvalid, d.at(member(f)), "is missing")
}
