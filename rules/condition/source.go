package condition

import (
	"errors"
	"fmt"
	"strings"
	"unicode/utf8"

	"github.com/expr-lang/expr/ast"
	"github.com/expr-lang/expr/file"
	"github.com/expr-lang/expr/parser"

	"github.com/tidegate/tidegate/internal/exprsyntax"
)

// Limits of one condition. They bound what a hostile or broken file can cost.
const (
	MaxBytes = 16 << 10 // longer lists of values belong into a list file
	maxDepth = 400      // of the syntax tree
	maxTerms = 10_000   // with every use of a let written out
)

// Fault is one thing that is wrong with a condition.
type Fault struct {
	Offset  int // in characters from the start of the source
	Message string
}

func (f Fault) Error() string { return f.Message }

// parse reads the source with expr's own parser.
func parse(source string) (node ast.Node, fault *Fault) {
	switch {
	case len(source) > MaxBytes:
		return nil, &Fault{0, fmt.Sprintf("the condition is longer than %d bytes: put long lists of values into a list file and ask in_list", MaxBytes)}
	case !utf8.ValidString(source):
		return nil, &Fault{0, "the condition is not valid UTF-8"}
	case strings.TrimSpace(source) == "":
		return nil, &Fault{0, "the condition is empty"}
	}
	// The parser is foreign code that sees whatever people write.
	defer func() {
		if r := recover(); r != nil {
			node, fault = nil, &Fault{0, "the condition cannot be parsed"}
		}
	}()
	tree, err := parser.Parse(source)
	var e *file.Error
	switch {
	case err == nil:
		return tree.Node, nil
	case !errors.As(err, &e):
		return nil, &Fault{0, err.Error()}
	case strings.HasPrefix(e.Message, "unexpected token EOF"):
		return nil, &Fault{utf8.RuneCountInString(strings.TrimRight(source, " \t\r\n")), "the condition ends too early"}
	}
	return nil, &Fault{e.From, exprsyntax.Message(e.Message)}
}
