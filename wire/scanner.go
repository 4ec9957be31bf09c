package wire

import (
	"strconv"

	"github.com/tidegate/tidegate"
)

// scanner reads one JSON text (RFC 8259) in one pass, stricter than the
// standard library: no duplicate names, no lone surrogates, no invalid UTF-8,
// no deep nesting. Its methods leave the first error in err and return false.
type scanner struct {
	b    []byte // what is read
	s    string // a copy of b: the strings handed out are parts of it
	i    int
	opts Options
	err  *tidegate.Error

	depth   int
	frames  [MaxDepth]frame
	names   [24]string // of the open objects' members that need comparing, a stack
	named   int        // its height
	control bool       // the last string had an escaped control character
}

// frame is an open object or array.
type frame struct {
	name    string // of an object's current member
	member  bool   // there is one
	started bool
	index   int                 // of an array's current element, -1 for an object
	names   int                 // where this object's names begin in scanner.names
	many    map[string]struct{} // the names, once there is no room for them there
}

func (sc *scanner) peek() byte {
	if sc.i < len(sc.b) {
		return sc.b[sc.i]
	}
	return 0
}

func (sc *scanner) space() {
	for sc.i < len(sc.b) {
		switch sc.b[sc.i] {
		case ' ', '\n', '\t', '\r':
			sc.i++
		default:
			return
		}
	}
}

func (sc *scanner) open(index int) bool {
	if sc.depth == MaxDepth {
		return sc.fail(tidegate.CodeMalformed, "nested deeper than "+strconv.Itoa(MaxDepth)+" levels")
	}
	sc.i++
	sc.frames[sc.depth] = frame{index: index, names: sc.named}
	sc.depth++
	return true
}

func (sc *scanner) close() {
	sc.i++
	sc.depth--
	sc.named = sc.frames[sc.depth].names
}

// object opens an object; the caller then loops over member.
func (sc *scanner) object() bool {
	if sc.peek() != '{' {
		return sc.wrongType("an object")
	}
	return sc.open(-1)
}

// member goes to the next member's value and returns its name. It is false at
// the object's end and after an error.
func (sc *scanner) member() (string, bool) {
	if sc.err != nil {
		return "", false
	}
	f := &sc.frames[sc.depth-1]
	sc.space()
	c := sc.peek()
	if c == '}' {
		sc.close()
		return "", false
	}
	f.member = false
	if f.started {
		if c != ',' {
			return "", sc.broken("',' or '}' expected")
		}
		sc.i++
		sc.space()
		c = sc.peek()
	}
	f.started = true
	if c != '"' {
		return "", sc.broken("a member's name in quotes expected")
	}
	name, ok := sc.string()
	if !ok {
		return "", false
	}
	sc.space()
	if sc.peek() != ':' {
		return "", sc.broken("':' expected")
	}
	sc.i++
	sc.space()
	f.name, f.member = name, true
	return name, true
}

// element goes to the next element of an array. It is false at the array's end
// and after an error.
func (sc *scanner) element() bool {
	if sc.err != nil {
		return false
	}
	f := &sc.frames[sc.depth-1]
	sc.space()
	c := sc.peek()
	if !f.started {
		f.started = true
		if c == ']' {
			sc.close()
			return false
		}
		return true
	}
	switch c {
	case ']':
		sc.close()
		return false
	case ',':
		sc.i++
		sc.space()
		f.index++
		return true
	}
	return sc.broken("',' or ']' expected")
}

// once refuses the second member of this name in the current object.
func (sc *scanner) once(name string) bool {
	f := &sc.frames[sc.depth-1]
	if f.many != nil {
		if _, dup := f.many[name]; dup {
			return sc.duplicate()
		}
		f.many[name] = struct{}{}
		return true
	}
	own := sc.names[f.names:sc.named]
	for _, n := range own {
		if n == name {
			return sc.duplicate()
		}
	}
	if sc.named < len(sc.names) {
		sc.names[sc.named] = name
		sc.named++
		return true
	}
	f.many = make(map[string]struct{}, len(own)+1)
	for _, n := range own {
		f.many[n] = struct{}{}
	}
	f.many[name] = struct{}{}
	return true
}

// end checks that nothing but space is left.
func (sc *scanner) end() bool {
	if sc.err != nil {
		return false
	}
	sc.space()
	if sc.i != len(sc.b) {
		return sc.broken("nothing may follow the JSON value")
	}
	return true
}

func (sc *scanner) literal(text string) bool {
	if len(sc.s)-sc.i < len(text) || sc.s[sc.i:sc.i+len(text)] != text {
		return sc.broken("a value expected")
	}
	sc.i += len(text)
	return true
}

// null reads over a null. A null member is an absent one.
func (sc *scanner) null() bool {
	return sc.peek() == 'n' && sc.literal("null")
}

// boolean reads true or false; Absent is null or an error.
func (sc *scanner) boolean() tidegate.Tristate {
	switch sc.peek() {
	case 't':
		if sc.literal("true") {
			return tidegate.True
		}
	case 'f':
		if sc.literal("false") {
			return tidegate.False
		}
	case 'n':
		sc.literal("null")
	default:
		sc.wrongType("true or false")
	}
	return tidegate.Absent
}
