package rules

import (
	"cmp"
	"errors"
	"slices"
	"strings"

	"github.com/tidegate/tidegate"
)

// Errors is everything that is wrong with a set of files, in the order of
// files and places. errors.As finds the first.
type Errors []*tidegate.Error

func (e Errors) Error() string {
	lines := make([]string, len(e))
	for i, one := range e {
		lines[i] = one.Error()
	}
	return strings.Join(lines, "\n")
}

func (e Errors) Unwrap() []error {
	out := make([]error, len(e))
	for i, one := range e {
		out[i] = one
	}
	return out
}

// problems collects errors during a load.
type problems struct{ found Errors }

// maxProblems bounds what a badly broken file can produce.
const maxProblems = 1000

func (p *problems) add(file string, at place, format string, args ...any) {
	if len(p.found) < maxProblems {
		p.found = append(p.found, tidegate.FileErrorf(file, at.line, at.column, format, args...))
	}
}

// addError adds an error of another package, giving it a file if it has none.
func (p *problems) addError(file string, err error) {
	var own *tidegate.Error
	if !errors.As(err, &own) {
		p.add(file, place{}, "%s", err)
		return
	}
	p.add(file, place{own.Line, own.Column}, "%s", own.Message)
}

// err is nil if nothing was found.
func (p *problems) err() error {
	if len(p.found) == 0 {
		return nil
	}
	slices.SortStableFunc(p.found, func(a, b *tidegate.Error) int {
		return cmp.Or(cmp.Compare(a.File, b.File), cmp.Compare(a.Line, b.Line), cmp.Compare(a.Column, b.Column))
	})
	return p.found
}
