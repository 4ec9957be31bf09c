package main

import (
	"bytes"
	"encoding/binary"
	"encoding/json"
	"math/bits"

	"github.com/tidegate/tidegate"
)

// scanner reads JSON (RFC 8259) in place, a value at a time. After a fault it
// reads nothing more, and end tells.
type scanner struct {
	b      []byte
	i      int
	closed bool // the object being read is at its end
	fault  string
}

func (s *scanner) fail(what string) {
	if s.fault == "" {
		s.fault = what
	}
	s.i = len(s.b)
	s.closed = true
}

// end checks that nothing follows.
func (s *scanner) end() error {
	if s.space(); s.fault == "" && s.i < len(s.b) {
		s.fail("something behind the value")
	}
	if s.fault != "" {
		return tidegate.Errorf(tidegate.CodeMalformed, "not the JSON of a transaction: %s", s.fault)
	}
	return nil
}

func (s *scanner) space() {
	for s.i < len(s.b) {
		switch s.b[s.i] {
		case ' ', '\t', '\r', '\n':
			s.i++
		default:
			return
		}
	}
}

// peek is the first byte of what comes next, 0 at the end.
func (s *scanner) peek() byte {
	if s.i < len(s.b) && s.b[s.i] > ' ' {
		return s.b[s.i]
	}
	return s.peekPast()
}

func (s *scanner) peekPast() byte {
	s.space()
	if s.i == len(s.b) {
		return 0
	}
	return s.b[s.i]
}

// open enters an object and returns its first key; more is false if it has
// none.
func (s *scanner) open(bracket byte) (key []byte) {
	s.closed = false
	if s.peek() != bracket {
		s.fail("an object was expected")
		return nil
	}
	s.i++
	if s.peek() == '}' {
		s.i++
		s.closed = true
		return nil
	}
	return s.name()
}

// more is false when the object has been read, and true again in the one
// around it.
func (s *scanner) more() bool {
	if s.closed {
		s.closed = s.fault != ""
		return false
	}
	return true
}

// key is the next key of the object.
func (s *scanner) key() []byte {
	switch s.peek() {
	case ',':
		s.i++
		return s.name()
	case '}':
		s.i++
		s.closed = true
	default:
		s.fail("a comma or the end of an object was expected")
	}
	return nil
}

func (s *scanner) name() []byte {
	key := s.text()
	if s.peek() != ':' {
		s.fail("a colon was expected")
		return nil
	}
	s.i++
	return key
}

// text reads a text. It is a part of the input, unless it had to be unescaped.
func (s *scanner) text() []byte {
	if s.peek() != '"' {
		s.fail("a text was expected")
		return nil
	}
	rest := s.b[s.i+1:]
	n := plain(rest)
	if n == len(rest) {
		s.fail("a text without an end")
		return nil
	}
	if rest[n] != '"' {
		return s.unescaped()
	}
	s.i += n + 2
	return rest[:n]
}

// plain is how many bytes come before the first quote, escape or control
// character. It looks at eight bytes at a time: the lowest high bit set of y-1
// without y's own is where the first byte of y is zero, and of x-0x20 where the
// first of x is less than 0x20.
func plain(b []byte) int {
	const ones, highs = 0x0101010101010101, 0x8080808080808080
	n := 0
	for ; len(b)-n >= 8; n += 8 {
		x := binary.LittleEndian.Uint64(b[n:])
		quote, escape := x^'"'*ones, x^'\\'*ones
		if found := ((quote-ones)&^quote | (escape-ones)&^escape | (x-' '*ones)&^x) & highs; found != 0 {
			return n + bits.TrailingZeros64(found)/8
		}
	}
	for n < len(b) && b[n] >= ' ' && b[n] != '"' && b[n] != '\\' {
		n++
	}
	return n
}

// unescaped reads a text with escapes, by package json.
func (s *scanner) unescaped() []byte {
	end := s.i + 1
	for end < len(s.b) && s.b[end] != '"' {
		if s.b[end] == '\\' {
			end++
		}
		end++
	}
	if end >= len(s.b) {
		s.fail("a text without an end")
		return nil
	}
	var text string
	if err := json.Unmarshal(s.b[s.i:end+1], &text); err != nil {
		s.fail("a text that is not JSON")
		return nil
	}
	s.i = end + 1
	return []byte(text)
}

// number reads the characters of a number, which are checked by what it is
// for.
func (s *scanner) number() []byte {
	s.space()
	start := s.i
	for s.i < len(s.b) && isNumeric[s.b[s.i]] {
		s.i++
	}
	if s.i == start {
		s.fail("a number was expected")
		return nil
	}
	return s.b[start:s.i]
}

var isNumeric = func() (is [256]bool) {
	for _, c := range []byte("0123456789+-.eE") {
		is[c] = true
	}
	return is
}()

// skip steps over a value. It looks at its structure, not at its details.
func (s *scanner) skip() {
	switch c := s.peek(); {
	case c == '"':
		s.skipText()
	case c == '{' || c == '[':
		s.skipNested()
	case c == '-' || c >= '0' && c <= '9':
		s.number()
	default:
		for _, word := range [...]string{"true", "false", "null"} {
			if bytes.HasPrefix(s.b[s.i:], []byte(word)) {
				s.i += len(word)
				return
			}
		}
		s.fail("a value was expected")
	}
}

func (s *scanner) skipText() {
	for i := s.i + 1; ; {
		if i += plain(s.b[min(i, len(s.b)):]); i >= len(s.b) {
			s.fail("a text without an end")
			return
		}
		switch s.b[i] {
		case '"':
			s.i = i + 1
			return
		case '\\':
			i += 2
		default:
			i++
		}
	}
}

// maxDepth bounds how deep a value may be nested.
const maxDepth = 64

func (s *scanner) skipNested() {
	var brackets [maxDepth]byte
	depth := 0
	for s.i < len(s.b) {
		switch c := s.b[s.i]; c {
		case '"':
			s.skipText()
			continue
		case '{', '[':
			if depth == maxDepth {
				s.fail("a value nested too deep")
				return
			}
			brackets[depth] = c + 2 // the closing bracket is two behind the opening one
			depth++
		case '}', ']':
			depth--
			if brackets[depth] != c {
				s.fail("brackets that don't match")
				return
			}
			if depth == 0 {
				s.i++
				return
			}
		}
		s.i++
	}
	s.fail("a value without an end")
}
