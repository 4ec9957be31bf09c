// Package exprsyntax says what is wrong with the text of an expression in
// words for those who write conditions.
package exprsyntax

import (
	"strconv"
	"strings"
)

// What people write who know SQL or spreadsheets, and what it is here.
var here = map[string]string{
	"=":   "equality is written ==",
	"and": "write and", "or": "write or", "not": "write not", "in": "write in", "true": "write true", "false": "write false",
	"is": "write missing(x), or not missing(x)", "like": "write contains, startsWith, endsWith or matches",
	"between": "write 1 < x < 5, or x in 1..5",
}

// Message rewords the commonest messages of expr's parser, without its token
// classes and with what to write.
func Message(parser string) string {
	rest, ok := strings.CutPrefix(parser, "unexpected token ")
	start := strings.Index(rest, `("`)
	if !ok || start < 0 {
		return parser
	}
	quoted := strings.TrimSuffix(rest[start+1:], ")")
	text, err := strconv.Unquote(quoted)
	if hint := here[strings.ToLower(text)]; err == nil && hint != "" {
		return "unexpected " + quoted + ": " + hint
	}
	return "unexpected " + quoted
}
