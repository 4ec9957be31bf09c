package cep

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/tidegate/tidegate"
)

// fields is an event of the tests: what stands in a case.
type fields struct {
	id     string
	values map[string]any
}

// words compiles conditions of the form "type" or "type earlier.field": the
// event has that type and, if given, another value than the earlier stage's
// first event.
type words struct{}

func (words) CompileCondition(source string, scope Scope) (Condition[fields], error) {
	kind, earlier, hasEarlier := strings.Cut(source, " ")
	if kind == "bad" {
		return Condition[fields]{}, tidegate.FileErrorf("", 1, 5, "unknown name %q", earlier)
	}
	c := If(func(f fields) bool { return f.values["type"] == kind })
	if hasEarlier {
		stage, field, _ := strings.Cut(earlier, ".")
		c = c.And(IfEarlier(func(f fields, e Earlier[fields]) bool {
			first, ok := e.First(stage)
			return ok && first.values[field] != f.values[field]
		}))
	}
	return c, nil
}

func (words) ReadEvent(id string, _ int64, values map[string]any) (fields, error) {
	if values["type"] == nil {
		return fields{}, errors.New("has no type")
	}
	return fields{id, values}, nil
}

func (words) EventID(f fields) string { return f.id }

const takeoverFile = `# Account takeover.
patterns:
  - id: account_takeover
    description: failed logins, then one from elsewhere, then a payment
    key: customer_id
    within: 1h
    after_match: skip_past_last_event
    limit: 32
    then: {reason: ACCOUNT_TAKEOVER, text: a login from elsewhere after failed ones, severity: high}
    stages:
      - begin: failed
        where: failed
        times: 3
      - followed_by: login
        where: login failed.ip
      - not_followed_by: logout
        where: logout
      - followed_by:
          - {begin: card, where: card}
          - {next: payment, where: payment}
        times: 1..2
    tests:
      - name: three failures and a login from elsewhere
        events:
          - {id: f1, at: 0s, type: failed, ip: 1.1.1.1}
          - {id: f2, at: 10s, type: failed, ip: 1.1.1.1}
          - {id: f3, at: 20s, type: failed, ip: 1.1.1.1}
          - {id: ok, at: 30s, type: login, ip: 2.2.2.2}
          - {id: 5, at: 40s, type: card}
          - {id: 6, at: 1m, type: payment}
        expect: [{failed: [f1, f2, f3], login: [ok], card: [5], payment: [6]}]
        stage: ""
      - name: the card is not used
        events:
          - {id: f1, at: 0s, type: failed, ip: 1.1.1.1}
          - {id: f2, at: 10s, type: failed, ip: 1.1.1.1}
          - {id: f3, at: 20s, type: failed, ip: 1.1.1.1}
          - {id: ok, at: 30s, type: login, ip: 2.2.2.2}
          - {id: 5, at: 40s, type: card}
        stage: card
        timed_out: [{failed: [f1, f2, f3], login: [ok], card: [5]}, {failed: [f2, f3]}, {failed: [f3]}]
`

func TestLoad(t *testing.T) {
	definitions, err := Load("patterns/takeover.yaml", []byte(takeoverFile), words{})
	if err != nil {
		t.Fatal(err)
	}
	d := definitions[0]
	if d.ID != "account_takeover" || d.Key != "customer_id" || tidegate.Severity(d.Then.Severity) != tidegate.High || len(d.Cases) != 2 {
		t.Errorf("got %+v", d)
	}
	for _, failure := range d.Test(words{}) {
		t.Error(failure)
	}
}

func TestCasesFail(t *testing.T) {
	for _, c := range []struct{ from, to, want string }{
		{"ip: 2.2.2.2", "ip: 1.1.1.1", "matches:"},
		{"stage: card", "stage: payment", `is at stage "card", want "payment"`},
		{"type: card", "kind: card", "has no type"},
		{"timed_out: [{", "timed_out: [{}, {", "time-outs:"},
	} {
		definitions, err := Load("f.yaml", []byte(strings.ReplaceAll(takeoverFile, c.from, c.to)), words{})
		if err != nil {
			t.Fatal(err)
		}
		failures := definitions[0].Test(words{})
		if len(failures) == 0 || !strings.Contains(fmt.Sprint(failures), c.want) {
			t.Errorf("%s for %s: %v, want %s", c.to, c.from, failures, c.want)
		}
	}
}

// TestLoadNamesThePlace checks that every mistake is told where it stands.
func TestLoadNamesThePlace(t *testing.T) {
	const head = "patterns:\n  - id: p\n    key: k\n    stages:\n"
	for _, c := range []struct{ name, in, want string }{
		{"condition", head + "      - begin: a\n        where: bad x.y\n", `f.yaml:6:20: unknown name "x.y"`},
		{"condition in quotes", head + "      - begin: a\n        where: \"bad x.y\"\n", `f.yaml:6:21: unknown name "x.y"`},
		{"condition in a block", head + "      - begin: a\n        where: |\n          bad x.y\n", `f.yaml:7:15: unknown name "x.y"`},
		{"refused", head + "      - {begin: a, where: a}\n      - {next: b, optional: true}\n      - {not_next: c}\n", "f.yaml:7:20: stage c: not_next can't come after an optional stage"},
		{"refused in the end", head + "      - {begin: a, one_or_more: true}\n      - {not_followed_by: b}\n", "f.yaml:6:27: stage b: not_followed_by"},
		{"not in a group", head + "      - begin: [{begin: a, until: x}]\n", "f.yaml:5:25: stage a: until is for a stage"},
		{"group forbidden", head + "      - begin: a\n      - not_next: [{begin: b}]\n", "f.yaml:2:9: a group can't be forbidden"},
		{"no begin", head + "      - next: a\n", "f.yaml:5:15: the first stage, and no other, has begin"},
		{"two ways", head + "      - {begin: a, next: b}\n", "f.yaml:5:26: a stage has exactly one of"},
		{"times", head + "      - {begin: a, times: often}\n", `f.yaml:5:27: "often" is not a number of times: write 3, 2..4 or 3+`},
		{"outcome", "patterns:\n  - id: p\n    key: k\n    then: {outcome: deny}\n    stages: [{begin: a}]\n", `f.yaml:4:21: "deny" is no outcome`},
		{"severity", "patterns:\n  - id: p\n    key: k\n    then: {severity: grave}\n    stages: [{begin: a}]\n", `f.yaml:4:22: "grave" is no severity`},
		{"window", head + "      - {begin: a, within: soon}\n", `f.yaml:5:28: "soon" is not a duration`},
		{"unknown member", head + "      - {begin: a, wher: b}\n", `f.yaml:5:20: unknown field "wher"`},
		{"unknown member in a group", head + "      - begin: [{begin: a, wher: b}]\n", `unknown field "wher"`},
		{"no stages", "patterns:\n  - id: p\n    key: k\n", "f.yaml:2:9: a pattern needs stages"},
		{"no key", "patterns:\n  - id: p\n    stages: [{begin: a}]\n", "f.yaml:2:9: pattern p needs a key"},
		{"id twice", "patterns:\n  - {id: p, key: k, stages: [{begin: a}]}\n  - {id: p, key: k, stages: [{begin: a}]}\n", `f.yaml:3:10: the id "p" is taken`},
		{"name twice", head + "      - begin: a\n      - next: a\n", "f.yaml:6:15: stage a: the name is taken"},
		{"skip", "patterns:\n  - id: p\n    key: k\n    after_match: never\n    stages: [{begin: a}]\n", "f.yaml:4:18: after_match is no_skip"},
		{"skip target", "patterns:\n  - id: p\n    key: k\n    after_match: {skip_to_last: z}\n    stages: [{begin: a}]\n", "f.yaml:2:9: stage z: can't skip to it"},
		{"time-out without a window", "patterns:\n  - id: p\n    key: k\n    on_timeout: {alert: true}\n    stages: [{begin: a}, {next: b}]\n", "f.yaml:2:9: on_timeout: without a window"},
		{"case", head + "      - begin: a\n    tests: [{name: t, events: [{id: 1}], expect: [{b: [1]}]}]\n", "f.yaml:6:13: test t expects events of stage b"},
		{"case id", head + "      - begin: a\n    tests: [{name: t, events: [{id: 1}], expect: [{a: [2]}]}]\n", "f.yaml:6:13: test t expects event 2"},
		{"case event", head + "      - begin: a\n    tests: [{name: t, events: [{at: 1s}]}]\n", "f.yaml:6:32: an event of a test needs an id"},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, err := Load("f.yaml", []byte(c.in), words{})
			if err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("got %v\nwant %s", err, c.want)
			}
		})
	}
}

// FuzzLoad checks that no file makes the loader or the compiler fail in
// another way than with an error.
func FuzzLoad(f *testing.F) {
	f.Add([]byte(takeoverFile))
	f.Add([]byte("patterns: [{id: p, key: k, after_match: {skip_to_last: a}, stages: [{begin: [{begin: a}, {not_next: b}], times: 2..4, optional: true}, {next: c, until: x, times: 1+, greedy: true}]}]"))
	f.Fuzz(func(t *testing.T, data []byte) {
		definitions, _ := Load("f.yaml", data, words{})
		for _, d := range definitions {
			d.Automaton.Mermaid()
			d.Test(words{})
		}
	})
}
