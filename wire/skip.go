package wire

import "strconv"

// leaveOut reads over an unknown member and notes it for the warnings. It is
// checked like the rest: broken JSON, security codes and card numbers are
// refused wherever they are.
func (sc *scanner) leaveOut(name string, left *leftOut) bool {
	if !sc.allowedName(name) || !sc.once(name) {
		return false
	}
	left.add(sc)
	return sc.skip()
}

// skip reads over any value.
func (sc *scanner) skip() bool {
	switch c := sc.peek(); {
	case c == '"':
		text, ok := sc.string()
		if ok && sc.opts.PANKey == nil && hasCardNumber(text) {
			return sc.refusePAN()
		}
		return ok
	case c == '{':
		if !sc.open(-1) {
			return false
		}
		for name, ok := sc.member(); ok; name, ok = sc.member() {
			if !sc.allowedName(name) || !sc.once(name) || !sc.skip() {
				return false
			}
		}
		return sc.err == nil
	case c == '[':
		if !sc.open(0) {
			return false
		}
		for sc.element() {
			if !sc.skip() {
				return false
			}
		}
		return sc.err == nil
	case c == '-' || c-'0' <= 9:
		return sc.skipNumber()
	case c == 't':
		return sc.literal("true")
	case c == 'f':
		return sc.literal("false")
	case c == 'n':
		return sc.literal("null")
	}
	return sc.broken("a value expected")
}

// skipNumber reads over a number of any size: nothing is made of it.
func (sc *scanner) skipNumber() bool {
	text, ok := sc.number()
	if !ok {
		return false
	}
	if len(text) < 13 || sc.opts.PANKey != nil {
		return true
	}
	if v, err := strconv.ParseFloat(text, 64); err == nil && isCardNumberJSON(text, v) {
		return sc.refusePAN()
	}
	return true
}
