package condition

import (
	"fmt"
	"strconv"

	"github.com/expr-lang/expr/ast"

	"github.com/tidegate/tidegate"
)

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
