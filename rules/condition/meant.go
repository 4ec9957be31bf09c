package condition

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/expr-lang/expr/ast"

	"github.com/tidegate/tidegate"
)

// What people write who know SQL or spreadsheets, and what it is here.
var spelledHere = map[string]string{
	"=": "equality is written ==", "<>": "write !=",
	"and": "write and", "or": "write or", "not": "write not", "in": "write in", "true": "write true", "false": "write false",
	"is": "write missing(x), or not missing(x)", "like": "write contains, startsWith, endsWith or matches",
	"between": "write 1 < x < 5, or x in 1..5",
}

// stumble words what the parser stumbles over.
func stumble(quoted string) string {
	text, err := strconv.Unquote(quoted)
	if hint := spelledHere[strings.ToLower(text)]; err == nil && hint != "" {
		return "unexpected " + quoted + ": " + hint
	}
	return "unexpected " + quoted
}

// bareText refuses a word without quotes that is compared with a text: it is
// none of the names, so a text is meant.
func (c *checker) bareText(with *term, n ast.Node) bool {
	word, ok := n.(*ast.IdentifierNode)
	if !ok || with == nil || with.kind != tidegate.KindText {
		return false
	}
	_, local := c.locals[word.Value]
	if _, known := c.schema.Index(word.Value); known || local {
		return false
	}
	c.fault(place(n), "unknown name %q: if it is a text, write it in quotes, as %q", word.Value, word.Value)
	return true
}

// meant is how a constant is written so that it can be compared with a value
// of another kind; "" where that is not clear.
func meant(constant *term, kind tidegate.Kind) string {
	if !constant.constant() {
		return ""
	}
	switch {
	case kind == tidegate.KindText && constant.kind == tidegate.KindNumber:
		return fmt.Sprintf(": write %q", fmt.Sprint(constant.num))
	case kind == tidegate.KindNumber && constant.kind == tidegate.KindText:
		if _, err := strconv.ParseFloat(constant.text, 64); err == nil {
			return ": write " + constant.text
		}
	case kind == tidegate.KindBool && constant.kind == tidegate.KindNumber && (constant.num == 0 || constant.num == 1):
		return fmt.Sprintf(": write %t", constant.num == 1)
	}
	return ""
}
