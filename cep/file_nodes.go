package cep

import (
	"strconv"
	"strings"
	"time"

	"github.com/goccy/go-yaml"
	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/token"

	"github.com/tidegate/tidegate"
	"github.com/tidegate/tidegate/internal/yamlfile"
)

// patternNode is a pattern as it stands in a file.
type patternNode struct {
	ID          text        `yaml:"id"`
	Description string      `yaml:"description"`
	Key         text        `yaml:"key"`
	Within      *lengthNode `yaml:"within"`
	AfterMatch  *skipNode   `yaml:"after_match"`
	Limit       int         `yaml:"limit"`
	Then        Then        `yaml:"then"`
	OnTimeout   *Report     `yaml:"on_timeout"`
	Stages      []stageNode `yaml:"stages"`
	Tests       []Case      `yaml:"tests"`
}

func (n patternNode) place() yamlfile.Place { return n.ID.place }

// stageNode is a stage as it stands in a file. Exactly one of the first six
// names it, and says how it follows the stage before.
type stageNode struct {
	Begin          *follows    `yaml:"begin"`
	Next           *follows    `yaml:"next"`
	FollowedBy     *follows    `yaml:"followed_by"`
	FollowedByAny  *follows    `yaml:"followed_by_any"`
	NotNext        *follows    `yaml:"not_next"`
	NotFollowedBy  *follows    `yaml:"not_followed_by"`
	Where          *text       `yaml:"where"`
	Until          *text       `yaml:"until"`
	OneOrMore      bool        `yaml:"one_or_more"`
	Times          *timesNode  `yaml:"times"`
	Consecutive    bool        `yaml:"consecutive"`
	Combinations   bool        `yaml:"combinations"`
	Greedy         bool        `yaml:"greedy"`
	Optional       bool        `yaml:"optional"`
	Within         *lengthNode `yaml:"within"`
	WithinPrevious *lengthNode `yaml:"within_previous"`
	StepWithin     *lengthNode `yaml:"step_within"`
}

// follows is the name of a stage, or the stages of a group.
type follows struct {
	contiguity contiguity
	name       string
	group      []stageNode
	place      yamlfile.Place
}

func (f *follows) UnmarshalYAML(node ast.Node) error {
	f.place = yamlfile.PlaceOf(node)
	if _, ok := node.(*ast.SequenceNode); ok {
		return yaml.NodeToValue(node, &f.group, yaml.Strict())
	}
	if err := yaml.NodeToValue(node, &f.name); err != nil {
		return err
	}
	if f.name == "" {
		return yamlfile.At(node, "a stage needs a name, or a list of stages")
	}
	return nil
}

// follows is the one way in which s follows; count says how many there are.
func (s stageNode) follows() (f follows) {
	for c, way := range s.ways() {
		if way != nil {
			f = *way
			f.contiguity = [...]contiguity{strict, strict, relaxed, relaxedAny, notStrict, notRelaxed}[c]
		}
	}
	return f
}

func (s stageNode) count() int {
	n := 0
	for _, way := range s.ways() {
		if way != nil {
			n++
		}
	}
	return n
}

func (s stageNode) ways() []*follows {
	return []*follows{s.Begin, s.Next, s.FollowedBy, s.FollowedByAny, s.NotNext, s.NotFollowedBy}
}

// quantity is how often s is wanted; nil: once.
func (s stageNode) quantity() *quantity {
	if s.OneOrMore {
		return &quantity{kind: looping, from: 1, to: 1}
	}
	if s.Times == nil {
		return nil
	}
	return &s.Times.quantity
}

// timesNode is 3, 2..4 or 3+.
type timesNode struct{ quantity quantity }

func (t *timesNode) UnmarshalYAML(node ast.Node) error {
	text := node.GetToken().Value
	from, to, isRange := strings.Cut(text, "..")
	kind := times
	if n, more := strings.CutSuffix(text, "+"); more {
		from, kind = n, looping
	}
	if !isRange {
		to = from
	}
	a, err := strconv.Atoi(from)
	b, err2 := strconv.Atoi(to)
	if err != nil || err2 != nil {
		return yamlfile.At(node, "%q is not a number of times: write 3, 2..4 or 3+", text)
	}
	t.quantity = quantity{kind: kind, from: a, to: b}
	return nil
}

// lengthNode is the length of a window.
type lengthNode struct{ yamlfile.Duration }

func (n *lengthNode) UnmarshalYAML(node ast.Node) error { return n.Duration.UnmarshalYAML(node) }

// apply hands the length to set if there is one.
func apply[E any](n *lengthNode, set func(time.Duration) *Pattern[E]) {
	if n != nil {
		set(n.Std())
	}
}

// skipNode is the name of a skip strategy, or one that goes to a stage, as
// {skip_to_first: login, or_fail: true}.
type skipNode struct{ skip Skip }

func (n *skipNode) UnmarshalYAML(node ast.Node) error {
	var to struct {
		First  string `yaml:"skip_to_first"`
		Last   string `yaml:"skip_to_last"`
		OrFail bool   `yaml:"or_fail"`
	}
	if _, ok := node.(*ast.StringNode); ok {
		for _, s := range []Skip{NoSkip(), SkipToNext(), SkipPastLastEvent()} {
			if s.String() == node.GetToken().Value {
				n.skip = s
				return nil
			}
		}
	} else if err := yaml.NodeToValue(node, &to, yaml.Strict()); err != nil {
		return err
	}
	switch {
	case to.First != "" && to.Last == "":
		n.skip = SkipToFirst(to.First)
	case to.Last != "" && to.First == "":
		n.skip = SkipToLast(to.Last)
	default:
		return yamlfile.At(node, "after_match is no_skip, skip_to_next, skip_past_last_event, {skip_to_first: stage} or {skip_to_last: stage}")
	}
	n.skip.fail = to.OrFail
	return nil
}

// text is a piece of text with the place of its first character.
type text struct {
	text  string
	place yamlfile.Place
	block bool // its lines have a common indentation
}

// at is the place of a line and column of the text itself.
func (t text) at(line, column int) yamlfile.Place {
	place := yamlfile.Place{Line: t.place.Line + line - 1, Column: column}
	if line == 1 || t.block {
		place.Column += t.place.Column - 1
	}
	return place
}

func (t *text) UnmarshalYAML(node ast.Node) error {
	t.place = yamlfile.PlaceOf(node)
	if err := yaml.NodeToValue(node, &t.text); err != nil {
		return err
	}
	if literal, ok := node.(*ast.LiteralNode); ok {
		lines := literal.Value.GetToken().Origin
		t.text, t.block = strings.TrimRight(t.text, "\n"), true
		t.place = yamlfile.Place{Line: literal.Start.Position.Line + 1, Column: 1 + len(lines) - len(strings.TrimLeft(lines, " "))}
	}
	switch node.GetToken().Type {
	case token.SingleQuoteType, token.DoubleQuoteType:
		t.place.Column++
	}
	return nil
}

// Outcome is an outcome in a file.
type Outcome tidegate.Outcome

func (o *Outcome) UnmarshalYAML(node ast.Node) error {
	v, ok := tidegate.ParseOutcome(node.GetToken().Value)
	if !ok {
		return yamlfile.At(node, "%q is no outcome: write approve, review, challenge or decline", node.GetToken().Value)
	}
	*o = Outcome(v)
	return nil
}

// Severity is a severity in a file.
type Severity tidegate.Severity

func (s *Severity) UnmarshalYAML(node ast.Node) error {
	v, ok := tidegate.ParseSeverity(node.GetToken().Value)
	if !ok {
		return yamlfile.At(node, "%q is no severity: write low, medium, high or critical", node.GetToken().Value)
	}
	*s = Severity(v)
	return nil
}
