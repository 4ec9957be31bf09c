package wire

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"strconv"

	"github.com/tidegate/tidegate"
)

// panPrefix marks a card number's HMAC.
const panPrefix = "pan:"

// allowedName refuses the names of members that must never reach us, at
// whatever depth (PCI DSS 3.3: sensitive authentication data), and names that
// are card numbers themselves.
func (sc *scanner) allowedName(name string) bool {
	switch sensitiveName(name) {
	case tidegate.CodeSensitive:
		return sc.fail(tidegate.CodeSensitive, "security codes, PINs and track data are not accepted: don't send them")
	case tidegate.CodePAN:
		return sc.fail(tidegate.CodePAN, "card numbers are not accepted: send a token as card_id")
	}
	if isCardNumber(name) {
		return sc.failAt(tidegate.CodePAN, sc.pointer(sc.depth-1), "a member's name is a card number")
	}
	return true
}

// sensitiveName says what a member of this name would hold, or "". Capitals,
// '_', '-', '.' and spaces make no difference.
func sensitiveName(name string) tidegate.Code {
	var plain [24]byte
	n := 0
	for i := 0; i < len(name); i++ {
		c := name[i]
		switch {
		case c == '_' || c == '-' || c == '.' || c == ' ':
			continue
		case c >= 'A' && c <= 'Z':
			c += 'a' - 'A'
		}
		if n == len(plain) {
			return ""
		}
		plain[n] = c
		n++
	}
	switch string(plain[:n]) {
	case "cvv", "cvv1", "cvv2", "cvc", "cvc1", "cvc2", "cvn", "cvn2", "csc", "cav", "cav2", "icvv", "dcvv", "cvvcode", "cvccode",
		"cvvnumber", "cvcnumber", "cardcvv", "cardcvc", "cardcode", "securitycode", "cardsecuritycode",
		"cardverificationcode", "cardverificationvalue",
		"pin", "pinblock", "pindata", "pinnumber", "cardpin", "encryptedpin", "encryptedpinblock",
		"track", "tracks", "track1", "track2", "track3", "trackdata", "track1data", "track2data", "track3data",
		"trackone", "tracktwo", "track2equivalent", "track2equivalentdata",
		"magstripedata", "magneticstripedata", "magnetictrackdata":
		return tidegate.CodeSensitive
	case "pan", "pans", "fullpan", "rawpan", "clearpan", "cardpan", "pannumber", "primaryaccountnumber",
		"cardnumber", "cardnum", "cardno", "cardnr", "fullcardnumber", "ccnumber", "ccnum", "ccno",
		"creditcardnumber", "debitcardnumber":
		return tidegate.CodePAN
	}
	return ""
}

// isCardNumber reports whether s has the form of a primary account number:
// 13 to 19 digits whose check digit is right (ISO/IEC 7812-1), spaces and
// dashes aside.
func isCardNumber(s string) bool {
	if len(s) < 13 {
		return false
	}
	for i := 0; i < len(s); i++ {
		if isDigit(s[i]) {
			continue
		}
		width := gap(s[i:])
		if width == 0 {
			return false
		}
		i += width - 1
	}
	return checks(s)
}

// checks reports whether the digits of s are 13 to 19 and the last one is the
// right check digit (Luhn; ISO/IEC 7812-1, annex B).
func checks(s string) bool {
	// Which digits are doubled depends on how many there are: sum both ways.
	var sums [2]int
	n := 0
	for i := range len(s) {
		d := s[i] - '0'
		if d > 9 {
			continue
		}
		if n == 19 {
			return false
		}
		doubled := int(d) * 2
		if doubled > 9 {
			doubled -= 9
		}
		sums[n&1] += doubled
		sums[n&1^1] += int(d)
		n++
	}
	return n >= 13 && sums[n&1]%10 == 0
}

// isCardNumberJSON is isCardNumber for a JSON number: its text if it is an
// integer, else the integer that it is equal to.
func isCardNumberJSON(text string, v float64) bool {
	if v < 1e12 || v >= 1e19 {
		return false
	}
	if digitsEnd(text, 0) != len(text) {
		if v != float64(uint64(v)) {
			return false
		}
		text = strconv.FormatUint(uint64(v), 10)
	}
	return isCardNumber(text) && !isEpoch(text)
}

// isEpoch reports whether digits may be today's time in milli-, micro- or
// nanoseconds: 13, 16 or 19, and the first is a 1, which no card of these
// lengths begins with. One in ten would pass for a card number.
func isEpoch(digits string) bool { return digits[0] == '1' && len(digits)%3 == 1 }

// withoutPAN refuses a card number, or replaces it where there is a key.
func (sc *scanner) withoutPAN(s string) (string, bool) {
	if !hasCardNumber(s) {
		return s, true
	}
	if sc.opts.PANKey == nil {
		return "", sc.refusePAN()
	}
	return replacePAN(sc.opts.PANKey, s), true
}

// replacePAN replaces every card number in a text.
func replacePAN(key []byte, s string) string {
	from, to := cardNumberIn(s)
	if to == 0 {
		return s
	}
	return s[:from] + hashPAN(key, s[from:to]) + replacePAN(key, s[to:])
}

func (sc *scanner) refusePAN() bool {
	return sc.fail(tidegate.CodePAN, whyNoPAN)
}

const whyNoPAN = "13 to 19 digits that pass the Luhn check are taken for a card number, also within a text: send a token"

func hashPAN(key []byte, s string) string {
	digits := make([]byte, 0, 19)
	for i := 0; i < len(s); i++ {
		if s[i]-'0' <= 9 {
			digits = append(digits, s[i])
		}
	}
	mac := hmac.New(sha256.New, key)
	mac.Write(digits)
	return panPrefix + hex.EncodeToString(mac.Sum(nil))
}
