package patterns

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"regexp"
	"slices"

	"github.com/tidegate/tidegate"
	"github.com/tidegate/tidegate/cep"
	"github.com/tidegate/tidegate/rules/condition"
)

// File is a pattern file. Name is its slash-separated path in the
// configuration directory; errors show it.
type File struct {
	Name string
	Data []byte
}

// Options say what else patterns can refer to.
type Options struct {
	Attributes map[string]tidegate.Kind // free attributes with their types
	Base       tidegate.CurrencyCode    // of amounts in tests that name no currency
	SkipTests  bool                     // do not run the tests in the files
}

// maxPatterns bounds a set: every event is shown to each.
const maxPatterns = 1000

// Compile reads, checks and compiles pattern files, and runs the tests in
// them. The error joins everything that is wrong, each with its place.
func Compile(files []File, o Options) (*Set, error) {
	c := newCompiler(o)
	hash := sha256.New()
	for _, f := range files {
		fmt.Fprintf(hash, "%q %d\n%s", f.Name, len(f.Data), f.Data)
		c.file(f)
	}
	c.set.files, c.set.options = files, o
	c.set.version = hex.EncodeToString(hash.Sum(nil)[:6])
	if len(c.wrong) > 0 {
		return nil, errors.Join(c.wrong...)
	}
	c.build()
	for _, p := range c.set.patterns {
		if o.SkipTests {
			break
		}
		for _, f := range c.set.Test(p) {
			c.wrong = append(c.wrong, f.Err)
		}
	}
	return c.set, errors.Join(c.wrong...)
}

// compiler collects patterns and the conditions in them.
type compiler struct {
	set     *Set
	alone   *condition.Compiler // conditions on the event alone, of all patterns
	schema  *tidegate.Schema    // of the event
	looking map[string]*looking // by id, of the file at hand
	all     []*looking
	wrong   []error
}

// looking is a pattern whose conditions are being compiled.
type looking struct {
	pattern    *Pattern
	schema     *tidegate.Schema // of the event and of earlier ones
	references []reference      // behind the event's variables
	compiler   *condition.Compiler
	back       []*lookingBack
}

func newCompiler(o Options) *compiler {
	l := newLanguage(o.Attributes)
	c := &compiler{set: &Set{language: l, attributes: o.Attributes, base: o.Base, byID: map[string]*Pattern{}}}
	c.set.view = &view{language: l}
	c.schema, _ = tidegate.NewSchema(l.variables) // its names differ: fields have no prefix in common with attributes
	c.alone = condition.NewCompiler(c.schema, nil)
	return c
}

func (c *compiler) file(f File) {
	c.looking = map[string]*looking{}
	definitions, err := cep.Load(f.Name, f.Data, c)
	if err != nil {
		c.wrong = append(c.wrong, err)
	}
	for _, d := range definitions {
		fail := func(line, column int, format string, args ...any) {
			c.wrong = append(c.wrong, tidegate.FileErrorf(f.Name, line, column, format, args...))
		}
		field, ok := key(d.Key)
		switch {
		case !ok:
			fail(d.KeyPlace.Line, d.KeyPlace.Column, "the key of a pattern is a field of text, as customer_id or device_fingerprint%s", c.unknown(d.Key))
		case !named.MatchString(d.ID):
			fail(d.Place.Line, d.Place.Column, "the id %q can't be a part of pattern.%s.stage: write letters, digits and _", d.ID, d.ID)
		case c.set.byID[d.ID] != nil:
			fail(d.Place.Line, d.Place.Column, "the id %q is taken in %s", d.ID, c.set.byID[d.ID].File)
		case len(c.set.patterns) == maxPatterns:
			fail(d.Place.Line, d.Place.Column, "there are more than %d patterns", maxPatterns)
		default:
			l := c.of(cep.Scope{Pattern: d.ID, Stages: d.Automaton.Stages()})
			p := newPattern(d, f.Name, field, c.set, l)
			c.all = append(c.all, l)
			c.set.patterns = append(c.set.patterns, p)
			c.set.byID[p.ID] = p
		}
	}
}

var named = regexp.MustCompile(`^[A-Za-z_][A-Za-z0-9_]*$`)

// unknown is what conditions would say of a name, for its suggestion.
func (c *compiler) unknown(name string) string {
	if _, known := c.schema.Index(name); known {
		return ""
	}
	if _, faults := condition.NewCompiler(c.schema, nil).Add("missing("+name+")", false); len(faults) > 0 {
		return ": " + faults[0].Message
	}
	return ""
}

// of is the pattern at hand, with the names of its stages.
func (c *compiler) of(scope cep.Scope) *looking {
	if l := c.looking[scope.Pattern]; l != nil {
		return l
	}
	l := &looking{pattern: &Pattern{}}
	var stages []string
	for _, s := range scope.Stages {
		if named.MatchString(s) && s != "tx" && s != "attributes" {
			stages = append(stages, s)
		}
	}
	variables, references := c.set.language.references(stages)
	l.references = references
	l.pattern.variables = append(slices.Clip(c.set.language.variables), variables...)
	var err error
	if l.schema, err = tidegate.NewSchema(l.pattern.variables); err != nil {
		l.schema = c.schema // two stages of one name: refused when the pattern is compiled
	}
	l.compiler = condition.NewCompiler(l.schema, nil)
	c.looking[scope.Pattern] = l
	return l
}

// CompileCondition makes a condition of its text. What it asks of the event
// alone is asked once per event, and before the rest.
func (c *compiler) CompileCondition(source string, scope cep.Scope) (cep.Condition[*Event], error) {
	l := c.of(scope)
	number, faults := l.compiler.Add(source, false)
	if len(faults) > 0 {
		return cep.Condition[*Event]{}, located(source, faults)
	}
	if !c.looksBack(l, source) {
		alone, _ := c.alone.Add(source, true)
		return c.set.view.alone(alone), nil
	}
	back := &lookingBack{pattern: l.pattern, number: number}
	l.back = append(l.back, back)
	condition := back.condition()
	if plain := conjunctsAlone(source, func(part string) bool { return !c.looksBack(l, part) }); plain != "" {
		if alone, faults := c.alone.Add(plain, true); len(faults) == 0 {
			condition = c.set.view.alone(alone).And(condition)
		}
	}
	return condition, nil
}

// looksBack tells whether a sound condition refers to earlier events.
func (c *compiler) looksBack(l *looking, source string) bool {
	trial := condition.NewCompiler(l.schema, nil)
	number, faults := trial.Add(source, false)
	if len(faults) > 0 {
		return true // sound only beside the rest
	}
	return slices.ContainsFunc(trial.Build().Variables(number), func(place int) bool { return place >= c.schema.Len() })
}

// located joins faults as errors with their places in the source.
func located(source string, faults []condition.Fault) error {
	f := faults[0]
	line, column := 1, 1
	for _, r := range []rune(source)[:min(f.Offset, len([]rune(source)))] {
		if column++; r == '\n' {
			line, column = line+1, 1
		}
	}
	return tidegate.FileErrorf("", line, column, "%s", f.Message)
}
