package wire

import (
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/tidegate/tidegate"
)

// fail notes the first error, at the current member, and is always false.
func (sc *scanner) fail(code tidegate.Code, message string) bool {
	return sc.failAt(code, sc.pointer(sc.depth), message)
}

func (sc *scanner) failAt(code tidegate.Code, pointer, message string) bool {
	if sc.err == nil {
		sc.err = &tidegate.Error{Code: code, Field: pointer, Message: message}
	}
	return false
}

// broken notes that this is not JSON, and where.
func (sc *scanner) broken(what string) bool {
	return sc.fail(tidegate.CodeMalformed, "not valid JSON at byte "+strconv.Itoa(sc.i)+": "+what)
}

// wrongType notes a value of another type, or that there is no value at all.
func (sc *scanner) wrongType(want string) bool {
	switch c := sc.peek(); {
	case c == '{', c == '[', c == '"', c == '-', c-'0' <= 9,
		c == 't' && sc.literal("true"), c == 'f' && sc.literal("false"), c == 'n' && sc.literal("null"):
		return sc.fail(tidegate.CodeInvalid, "must be "+want)
	}
	return sc.broken("a value expected")
}

func (sc *scanner) duplicate() bool {
	return sc.fail(tidegate.CodeMalformed, "occurs twice")
}

// pointer is the JSON pointer (RFC 6901) of the current member of the first n
// open objects and arrays.
func (sc *scanner) pointer(n int) string {
	var p []byte
	for i := range sc.frames[:n] {
		switch f := &sc.frames[i]; {
		case f.index >= 0:
			p = append(p, '/')
			p = strconv.AppendInt(p, int64(f.index), 10)
		case f.member:
			p = append(p, '/')
			p = append(p, shown(f.name)...)
		}
	}
	return string(p)
}

const shownName = 64 // bytes of a member's name that are shown

// shown makes a member's name fit to be shown: the names are the sender's,
// and end up in answers, logs and on terminals.
func shown(name string) string {
	clean, digits := true, 0
	for i := 0; i < len(name); i++ {
		c := name[i]
		clean = clean && c > ' ' && c < 0x7f && c != '~' && c != '/'
		if c-'0' <= 9 {
			digits++
		}
	}
	if clean && digits < 13 && len(name) <= shownName {
		return name
	}
	if len(name) > shownName {
		cut := shownName
		for cut > 0 && !utf8.RuneStart(name[cut]) {
			cut--
		}
		name = name[:cut] + "…"
	}
	var b strings.Builder
	for _, r := range name {
		switch {
		case r == '~':
			b.WriteString("~0")
		case r == '/':
			b.WriteString("~1")
		case digits >= 13 && r >= '0' && r <= '9': // may be most of a card number
			b.WriteByte('#')
		case r != ' ' && !unicode.IsPrint(r):
			b.WriteByte('?')
		default:
			b.WriteRune(r)
		}
	}
	return b.String()
}
