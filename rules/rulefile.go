package rules

import (
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/goccy/go-yaml/ast"

	"github.com/tidegate/tidegate"
	"github.com/tidegate/tidegate/internal/yamlfile"
)

// source is a rule as it stands in its file.
type source struct {
	Rule
	doc   *document
	at    place // of the rule
	when  ast.Node
	tests []testSource
}

// testSource is one entry of tests.
type testSource struct {
	at     place
	given  ast.Node
	expect bool
}

// ruleFile is one parsed file.
type ruleFile struct {
	version string
	rules   []*source
	reasons map[tidegate.ReasonCode]reasonText
}

// reasonText is the sentence that goes with a reason code.
type reasonText struct {
	text string
	at   place
}

var idPattern = regexp.MustCompile(`^[a-zA-Z0-9][a-zA-Z0-9._-]{0,99}$`)

func readRuleFile(d *document) ruleFile {
	f := ruleFile{reasons: map[tidegate.ReasonCode]reasonText{}}
	body := d.body()
	if body == nil {
		return f
	}
	d.mapping(body, "a rule file", map[string]member{
		"version": func(n ast.Node) { f.version, _ = d.word(n, "version") },
		"rules": func(n ast.Node) {
			for _, r := range d.sequence(n, "rules") {
				f.rules = append(f.rules, readRule(d, r))
			}
		},
		"reasons": func(n ast.Node) {
			d.entries(n, "reasons", func(code string, at place, value ast.Node) {
				if why := tidegate.ReasonCode(code).Wrong(); why != "" {
					d.fail(at, "%s", why)
				}
				text, _ := d.text(value, "a reason's text")
				f.reasons[tidegate.ReasonCode(code)] = reasonText{text, at}
			})
		},
	})
	for _, r := range f.rules {
		if f.version != "" {
			r.Version = f.version
		}
	}
	return f
}

func readRule(d *document, n ast.Node) *source {
	r := &source{doc: d, at: placeOf(n)}
	r.File, r.Line, r.Rollout, r.Severity = d.file, r.at.line, 1, tidegate.Medium
	var rollout ast.Node
	d.mapping(n, "a rule", map[string]member{
		"id": func(n ast.Node) {
			r.at = placeOf(n)
			if id, ok := d.text(n, "id"); ok {
				if r.ID = id; !idPattern.MatchString(id) {
					d.fail(placeOf(n), "%q is not an id: write up to 100 letters, digits, ., _ and -", id)
				}
			}
		},
		"name": func(n ast.Node) { r.Name, _ = d.text(n, "name") },
		"when": func(n ast.Node) {
			if b, ok := n.(*ast.BoolNode); ok {
				r.When, r.when = fmt.Sprint(b.Value), n
			} else if text, ok := d.text(n, "when"); ok {
				r.When, r.when = text, n
			}
		},
		"then":    func(n ast.Node) { r.readThen(n) },
		"mode":    func(n ast.Node) { r.Mode = Mode(d.choice(n, "mode", modeNames)) },
		"rollout": func(n ast.Node) { rollout = n; r.readRollout(n) },
		"tests": func(n ast.Node) {
			for _, t := range d.sequence(n, "tests") {
				r.readTest(t)
			}
		},
	}, "id", "when", "then")
	if rollout != nil && r.Mode != Live {
		d.fail(placeOf(rollout), "rollout is the share that a live rule acts on, and this rule is %s", r.Mode)
	}
	r.Tests = len(r.tests)
	r.Version, r.seed = r.fingerprint()
	return r
}

func (r *source) readThen(n ast.Node) {
	d := r.doc
	d.mapping(n, "then", map[string]member{
		"outcome": func(n ast.Node) {
			r.Outcome = tidegate.Outcome(d.choice(n, "outcome", []string{"approve", "review", "challenge", "decline"}))
		},
		"severity": func(n ast.Node) {
			r.Severity = tidegate.Severity(d.choice(n, "severity", []string{"low", "medium", "high", "critical"}))
		},
		"score": func(n ast.Node) {
			if r.Score, _ = d.number(n, "score"); r.Score > tidegate.MaxScore || r.Score < -tidegate.MaxScore {
				d.fail(placeOf(n), "score is outside of -%d..%d", tidegate.MaxScore, tidegate.MaxScore)
			}
		},
		"reason": func(n ast.Node) {
			if code, ok := d.text(n, "reason"); ok {
				r.Reason.Code = tidegate.ReasonCode(code)
				if why := r.Reason.Code.Wrong(); why != "" {
					d.fail(placeOf(n), "%s", why)
				}
			}
		},
		"text":  func(n ast.Node) { r.Reason.Text, _ = d.text(n, "text") },
		"alert": func(n ast.Node) { r.Alert, _ = d.bool(n, "alert") },
	}, "outcome", "reason")
}

// choice reads one of several words and returns its place among them.
func (d *document) choice(n ast.Node, what string, words []string) int {
	text := n.GetToken().Value // off is a bool to some writers of YAML
	if i := slices.Index(words, text); i >= 0 {
		return i
	}
	d.fail(placeOf(n), "%s %q is unknown: write %s", what, text, strings.Join(words, ", "))
	return 0
}

func (r *source) readRollout(n ast.Node) {
	var share yamlfile.Share
	if err := share.UnmarshalYAML(n); err != nil {
		r.doc.problems.addError(r.doc.file, err)
		return
	}
	r.Rollout = float64(share)
}

func (r *source) readTest(n ast.Node) {
	d := r.doc
	t := testSource{at: placeOf(n)}
	sound := true
	complete := d.mapping(n, "a test", map[string]member{
		"given":  func(n ast.Node) { t.given = n },
		"expect": func(n ast.Node) { t.expect, sound = d.bool(n, "expect") },
	}, "expect")
	if complete && sound {
		r.tests = append(r.tests, t)
	}
}

// fingerprint is a short hash of what the rule does, and the seed of its
// rollout, which must not change when the rule does.
func (r *source) fingerprint() (version string, seed uint64) {
	h := sha256.New()
	fmt.Fprintf(h, "%q %q %s %g %q %q %s %t %s %g", r.ID, r.When, r.Outcome, r.Score, r.Reason.Code, r.Reason.Text, r.Severity, r.Alert, r.Mode, r.Rollout)
	id := sha256.Sum256([]byte(r.ID))
	return hex.EncodeToString(h.Sum(nil)[:4]), binary.LittleEndian.Uint64(id[:])
}
