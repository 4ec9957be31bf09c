package wire

import "github.com/tidegate/tidegate"

// amountText keeps the amount as it was sent until its currency is known.
func (d *eventDecoder) amountText(m member) bool {
	var text string
	var ok bool
	switch c := d.peek(); {
	case c == 'n':
		return d.literal("null")
	case c == '"':
		text, ok = d.string()
		if ok && (text == "" || numberEnd(text, 0) != len(text)) {
			return d.fail(tidegate.CodeInvalid, "must be a decimal number")
		}
	case c == '-' || c-'0' <= 9:
		text, ok = d.number()
	default:
		return d.wrongType("a number, or text that is one")
	}
	if !ok {
		return false
	}
	if isCardAmount(text) {
		return d.refusePAN() // its HMAC would be no amount
	}
	if d.amount != "" {
		return d.fail(tidegate.CodeInvalid, "send amount or amount_minor, not both")
	}
	d.amount, d.minorUnits = text, m == memberAmountMinor
	return true
}

// CheckAmount refuses an amount that came otherwise than as JSON and is a card
// number.
func CheckAmount(text string) error {
	if isCardAmount(text) {
		return tidegate.FieldErrorf(tidegate.CodePAN, "amount", whyNoPAN)
	}
	return nil
}

// isCardAmount tells a card number that stands where an amount should: of the
// large networks, and so long that it can hardly be money.
func isCardAmount(text string) bool {
	switch len(text) {
	case 15, 16, 19:
		return digitsEnd(text, 0) == len(text) && issued(text) && checks(text)
	}
	return false
}

func (d *eventDecoder) currencyCode() bool {
	switch d.peek() {
	case '"':
	case 'n':
		return d.literal("null")
	default:
		return d.wrongType("text")
	}
	code, ok := d.string()
	if !ok {
		return false
	}
	if d.currency, ok = tidegate.ParseCurrency(code); !ok {
		return d.fail(tidegate.CodeInvalid, `is no active currency: three capital letters (ISO 4217), as "EUR"`)
	}
	return true
}

// amountOf makes money of the amount once its currency is known.
func (d *eventDecoder) amountOf() bool {
	if d.amount == "" {
		return true
	}
	if d.currency == 0 {
		return d.failAt(tidegate.CodeInvalid, d.at(memberCurrency), "is missing, and an amount needs one")
	}
	parse, at := tidegate.ParseAmount, memberAmount
	if d.minorUnits {
		parse, at = tidegate.ParseMinor, memberAmountMinor
	}
	money, err := parse(d.amount, d.currency)
	if err != nil {
		return d.failAt(err.Code, d.at(at), err.Message)
	}
	d.ev.Amount, d.ev.HasAmount = money, true
	return true
}
