package wire

import (
	"net/netip"
	"strconv"
	"unicode/utf8"

	"github.com/tidegate/tidegate"
)

// checkText says what is wrong with a field's text, or "". It may bring the
// text into the one spelling that keys are compared in.
func checkText(f tidegate.Field, text *string) string {
	s := *text
	switch f {
	case tidegate.CardLastFour, tidegate.MCC:
		if len(s) != 4 || digitsEnd(s, 0) != 4 {
			return "must be four digits"
		}
	case tidegate.CardBIN:
		if len(s) < 6 || len(s) > 8 || digitsEnd(s, 0) != len(s) {
			return "must be six to eight digits"
		}
	case tidegate.CardCountry, tidegate.MerchantCountry, tidegate.BillingCountry, tidegate.ShippingCountry:
		if len(s) != 2 || s[0]-'A' > 25 || s[1]-'A' > 25 {
			return "must be two capital letters (ISO 3166-1 alpha-2)"
		}
	case tidegate.IPAddress:
		addr, err := netip.ParseAddr(s)
		if err != nil || addr.Zone() != "" {
			return "must be an IPv4 or IPv6 address"
		}
		if !addr.Is4() {
			*text = Address(s)
		}
	case tidegate.Final:
		if s != "approved" && s != "declined" && s != "abandoned" {
			return "must be approved, declined or abandoned"
		}
	case tidegate.By:
		if s != "tidegate" && s != "stand_in" && s != "issuer" {
			return "must be tidegate, stand_in or issuer"
		}
	}
	return ""
}

// Address is an IP address in the one spelling that keys are compared in; what
// is none stays as it is.
func Address(text string) string {
	addr, err := netip.ParseAddr(text)
	if err != nil || addr.Zone() != "" {
		return text
	}
	return addr.Unmap().String()
}

// knownTransactionType lists what rules and features may count on.
func knownTransactionType(s string) bool {
	switch s {
	case "", "purchase", "account_verification", "cash", "transfer", "payout", "refund":
		return true
	}
	return false
}

func (sc *scanner) tooLong(limit int) bool {
	return sc.fail(tidegate.CodeTooLarge, "longer than "+strconv.Itoa(limit)+" bytes")
}

// CheckTexts holds the texts of an event that came otherwise than as JSON, say
// from the columns of a file, to what every text has to keep: a length, UTF-8,
// and no card number, which panKey replaces as [Options.PANKey] does.
func CheckTexts(e *tidegate.Event, panKey []byte) error {
	for f := range e.Text {
		if e.Text[f] == "" {
			continue
		}
		if err := CheckText(tidegate.Field(f).String(), &e.Text[f], panKey); err != nil {
			return err
		}
		if why := checkText(tidegate.Field(f), &e.Text[f]); why != "" {
			return tidegate.FieldErrorf(tidegate.CodeInvalid, tidegate.Field(f).String(), "%s", why)
		}
	}
	return nil
}

// CheckText is [CheckTexts] for one text.
func CheckText(name string, text *string, panKey []byte) error {
	switch s := *text; {
	case len(s) > MaxID:
		return tidegate.FieldErrorf(tidegate.CodeTooLarge, name, "longer than %d bytes", MaxID)
	case !utf8.ValidString(s):
		return tidegate.FieldErrorf(tidegate.CodeMalformed, name, "not UTF-8")
	case !hasCardNumber(s):
		return nil
	case panKey == nil:
		return tidegate.FieldErrorf(tidegate.CodePAN, name, whyNoPAN)
	}
	*text = replacePAN(panKey, *text)
	return nil
}
