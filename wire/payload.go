package wire

import (
	"github.com/tidegate/tidegate"
)

// payloadMember reads one member of the payload.
func (d *eventDecoder) payloadMember(m member) bool {
	ev := d.ev
	switch m {
	case memberAmount, memberAmountMinor:
		return d.amountText(m)
	case memberCurrency:
		return d.currencyCode()
	case memberGeoLocation:
		return d.geoLocation()
	case memberCardPresent:
		ev.CardPresent = d.boolean()
	case memberRecurring:
		ev.Recurring = d.boolean()
	case memberThreeDS:
		return d.threeDS()
	case memberIncumbent:
		return d.incumbent()
	case memberAttributes:
		return d.attributes()
	default:
		return d.text(tidegate.Field(m))
	}
	return d.err == nil
}

// text reads a typed text.
func (d *eventDecoder) text(f tidegate.Field) bool {
	to := &d.ev.Text[f]
	if !d.id(to) || *to == "" {
		return d.err == nil
	}
	if why := checkText(f, to); why != "" {
		return d.fail(tidegate.CodeInvalid, why)
	}
	return true
}

// id reads an id or another short text; null is absent.
func (sc *scanner) id(to *string) bool {
	switch sc.peek() {
	case '"':
	case 'n':
		return sc.literal("null")
	default:
		return sc.wrongType("text")
	}
	text, ok := sc.string()
	switch {
	case !ok:
		return false
	case len(text) > MaxID:
		return sc.tooLong(MaxID)
	case sc.control:
		return sc.fail(tidegate.CodeInvalid, "has control characters")
	}
	*to, ok = sc.withoutPAN(text)
	return ok
}

func (d *eventDecoder) geoLocation() bool {
	if d.null() {
		return true
	}
	if !d.object() {
		return false
	}
	var lat, lon, hasLat, hasLon = 0.0, 0.0, false, false
	for name, ok := d.member(); ok; name, ok = d.member() {
		switch name {
		case "lat":
			if !d.once(name) || !d.degrees(90, &lat, &hasLat) {
				return false
			}
		case "lon":
			if !d.once(name) || !d.degrees(180, &lon, &hasLon) {
				return false
			}
		default:
			if !d.leaveOut(name, &d.left) {
				return false
			}
		}
	}
	if d.err != nil {
		return false
	}
	if hasLat != hasLon {
		return d.fail(tidegate.CodeInvalid, "needs both lat and lon")
	}
	d.ev.Lat, d.ev.Lon, d.ev.HasLocation = lat, lon, hasLat
	return true
}

func (d *eventDecoder) degrees(most float64, to *float64, has *bool) bool {
	v, _, ok := d.float()
	if !ok {
		return d.err == nil
	}
	if v < -most || v > most {
		return d.fail(tidegate.CodeInvalid, "is no degree of latitude (-90 to 90) or longitude (-180 to 180)")
	}
	*to, *has = v, true
	return true
}

func (d *eventDecoder) threeDS() bool {
	if d.null() {
		return true
	}
	if !d.object() {
		return false
	}
	for name, ok := d.member(); ok; name, ok = d.member() {
		switch name {
		case "version":
			ok = d.once(name) && d.text(tidegate.ThreeDSVersion)
		case "eci":
			ok = d.once(name) && d.text(tidegate.ThreeDSECI)
		case "status":
			ok = d.once(name) && d.text(tidegate.ThreeDSStatus)
		default:
			ok = d.leaveOut(name, &d.left)
		}
		if !ok {
			return false
		}
	}
	return d.err == nil
}

func (d *eventDecoder) incumbent() bool {
	if d.null() {
		return true
	}
	if !d.object() {
		return false
	}
	in := &d.ev.Incumbent
	for name, ok := d.member(); ok; name, ok = d.member() {
		switch name {
		case "outcome":
			ok = d.once(name) && d.id(&in.Outcome)
		case "score":
			var text string
			ok = d.once(name)
			if ok {
				in.Score, text, in.HasScore = d.float()
				ok = d.err == nil
			}
			if ok && in.HasScore && isCardNumberJSON(text, in.Score) {
				ok = d.refusePAN()
			}
		default:
			ok = d.leaveOut(name, &d.left)
		}
		if !ok {
			return false
		}
	}
	return d.err == nil
}
