package patterns

import (
	"fmt"
	"strings"
	"testing"
)

// TestConditions tells what conditions mean, as a transcript: the events that
// came before as one stage, the event at hand, and which conditions hold.
func TestConditions(t *testing.T) {
	for condition, want := range map[string]bool{
		`type == "login"`: true,
		`event_type == "login" and tx.event_type == type`:             true,
		`amount == 30 and tx.amount == amount`:                        true,
		`attributes.city == "Bonn" and attributes.age > 7`:            true,
		`attributes.age == tx.attributes.age`:                         true,
		`merchant_id == "m"`:                                          false, // missing
		`merchant_id != "m"`:                                          false,
		`missing(merchant_id)`:                                        true,
		`count(first) == 3`:                                           true,
		`first.amount == 5`:                                           true, // the newest of the stage
		`last(first).amount == 5`:                                     true,
		`first(first).amount == 1`:                                    true,
		`sum(first.amount) == 8 and sum(first.amount) + amount == 38`: true,
		`avg(first.amount) == 8 / 3`:                                  true,
		`min(first.amount) == 1 and max(first.amount) == 5`:           true,
		`count_distinct(first.ip_address) == 2`:                       true,
		`first(first).ip_address == "10.0.0.1"`:                       true,
		`last(first).ip_address == "10.0.0.1"`:                        true,
		`last(first).merchant_id == merchant_id`:                      false,
		`time - first(first).time == 30`:                              true,
		`time - first.time == 10`:                                     true,
		`last(first).attributes.city == "Köln"`:                       true,
		`count(later) == 0 and sum(later.amount) == 0`:                true,
		`avg(later.amount) >= 0`:                                      false, // missing
		`missing(last(later).ip_address)`:                             true,
		`(last(later).amount ?? first.amount) == 5`:                   true,
		`max(first.amount, amount) == 30`:                             true, // the function of two numbers
		`ip_address in ["x", last(first).ip_address]`:                 true,
	} {
		file := fmt.Sprintf(`
patterns:
  - id: p
    key: customer_id
    stages:
      - {begin: first, where: 'type == "before"', times: 3}
      - {next: now, where: %q}
      - {next: later}
    tests:
      - name: t
        events:
          - {id: a, at: 0s, type: before, amount: 1, ip_address: 10.0.0.1}
          - {id: b, at: 10s, type: before, amount: 2, ip_address: 10.0.0.2}
          - {id: c, at: 20s, type: before, amount: 5, ip_address: 10.0.0.1, attributes: {city: Köln}}
          - {id: d, at: 30s, type: login, amount: 30, ip_address: 10.0.0.1, attributes: {city: Bonn, age: 8}}
        expect: []
        stage: now
`, condition)
		_, err := Compile([]File{{"f.yaml", []byte(file)}}, Options{Attributes: kinds, Base: euro})
		switch {
		case err == nil && !want:
			t.Errorf("%s holds", condition)
		case err != nil && (want || !strings.Contains(err.Error(), `is at stage "first"`)):
			t.Errorf("%s: %v", condition, err)
		}
	}
}

// TestMistakes checks that what is wrong is told, with its place.
func TestMistakes(t *testing.T) {
	const head = "patterns:\n  - id: p\n    key: customer_id\n    stages:\n"
	const two = head + "      - {begin: login, where: 'type == \"login\"'}\n      - next: pay\n        where: "
	for _, c := range []struct{ name, file, want string }{
		{"field", two + "amuont > 3", `f.yaml:7:16: unknown name "amuont": did you mean "amount"?`},
		{"field of a stage", two + "amount > 3 and login.ip_adress == \"\"", `f.yaml:7:31: unknown name "login.ip_adress": did you mean "login.ip_address"?`},
		{"stage", two + "last(logn).ip_address == ip_address", `f.yaml:7:16: unknown name "last(logn).ip_address": did you mean "last(login).ip_address"?`},
		{"aggregate", two + "sum(login.ip_address) > 3", `f.yaml:7:16: unknown name "sum(login.ip_address)"`},
		{"count", two + "count(logins) > 3", `f.yaml:7:16: unknown name "count(logins)": did you mean "count(login)"?`},
		{"feature", two + "customer_tx_count_1h > 3", `f.yaml:7:16: unknown name "customer_tx_count_1h"`},
		{"type", two + "login.ip_address > 3", `f.yaml:7:`},
		{"no condition", two + "amount", `f.yaml:7:16: a condition is needed here`},
		{"missing", two + "not (amount > login.amount)", `f.yaml:7:16: "not" would hold when`},
		{"list", two + "in_list(\"x\", ip_address)", `unknown list "x"`},
		{"reason", head + "      - {begin: a}\n    then: {outcome: decline, reason: bad code}\n", `f.yaml:6:38: "bad code" is not a reason code: write capitals, digits and _`},
		{"reason of a time-out", head + "      - {begin: a}\n      - {next: b}\n    within: 1m\n    on_timeout: {reason: late}\n", `f.yaml:8:26: "late" is not a reason code: write capitals, digits and _`},
		{"score", head + "      - {begin: a}\n    then: {outcome: decline, score: .nan}\n", `f.yaml:6:37: score is outside of -1000..1000`},
		{"limit", head + "      - {begin: a}\n    limit: 2.5\n", `f.yaml:6:12: 2.5 was used where a whole number is expected: write a number, as 5`},
		{"event of a test", head + "      - {begin: a}\n    tests:\n      - name: t\n        events:\n          - {id: e, at: 0s, type: transaction, amont: 5}\n        expect: []\n", `f.yaml:9:13: pattern p, test t: event e: `},
		{"second line", two + "|\n          amount > 3\n          and ammount < 4\n", `f.yaml:9:15: unknown name "ammount"`},
		{"stage called tx", head + "      - {begin: tx}\n      - {next: b, where: 'tx.foo == 1'}\n", `unknown name "tx.foo"`},
		{"key", "patterns:\n  - id: p\n    key: custmer_id\n    stages: [{begin: a}]\n", `f.yaml:3:10: the key of a pattern is a field of text, as customer_id or device_fingerprint: unknown name "custmer_id": did you mean "customer_id"?`},
		{"key of no text", "patterns:\n  - id: p\n    key: amount\n    stages: [{begin: a}]\n", `f.yaml:3:10: the key of a pattern is a field of text`},
		{"id", "patterns:\n  - id: a-b\n    key: card_id\n    stages: [{begin: a}]\n", `f.yaml:2:9: the id "a-b" can't be a part of`},
		{"test", head + "      - {begin: a, where: 'type == \"x\"'}\n    tests: [{name: t, events: [{id: e, type: x}], expect: []}]\n", "f.yaml:6:13: pattern p, test t: matches:"},
		{"member of a test", head + "      - {begin: a}\n    tests: [{name: t, events: [{id: e, type: x, amont: 3}], expect: []}]\n", "event e: "},
		{"test without a type", head + "      - {begin: a}\n    tests: [{name: t, events: [{id: e}], expect: []}]\n", "event e: has no type"},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, err := Compile([]File{{"f.yaml", []byte(c.file)}}, Options{Attributes: kinds, Base: euro})
			if err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("got %v\nwant %s", err, c.want)
			}
		})
	}
	one := File{"a.yaml", []byte(head + "      - {begin: a}\n")}
	_, err := Compile([]File{one, {"b.yaml", one.Data}}, Options{})
	if want := `b.yaml:2:9: the id "p" is taken in a.yaml`; err == nil || err.Error() != want {
		t.Errorf("got %v\nwant %s", err, want)
	}
}
