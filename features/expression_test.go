package features

import (
	"math"
	"strings"
	"testing"

	"github.com/expr-lang/expr"

	"github.com/tidegate/tidegate"
)

func testVocabulary() *vocabulary {
	eur, _ := tidegate.ParseCurrency("EUR")
	return &vocabulary{base: eur, attributes: map[string]tidegate.Kind{
		"weight": tidegate.KindNumber, "vip": tidegate.KindBool, "basket": tidegate.KindText,
	}}
}

func fullEvent() *tidegate.Event {
	eur, _ := tidegate.ParseCurrency("EUR")
	ev := &tidegate.Event{
		Type: tidegate.TypeTransaction, Time: 1_700_000_000_000, // Tuesday, 22:13 UTC
		Amount: tidegate.Money{Minor: 12_050, Currency: eur}, HasAmount: true, CardPresent: tidegate.True, Recurring: tidegate.False,
		Attributes: []tidegate.Attribute{
			{Name: "basket", Kind: tidegate.KindText, Text: "shoes"}, {Name: "vip", Kind: tidegate.KindBool, Num: 1},
			{Name: "weight", Kind: tidegate.KindNumber, Num: 2.5},
		},
	}
	ev.Text[tidegate.Channel] = "pos"
	ev.Text[tidegate.MerchantCountry] = "DE"
	return ev
}

func evaluate(t testing.TB, text string, s *scope) (any, bool) {
	t.Helper()
	e, err := (&compiler{vocabulary: testVocabulary(), historyNames: true}).compile(text)
	if err != nil {
		t.Fatalf("%s: %s", text, err.message)
	}
	return e.value(s)
}

// value is the expression's value as Go has it; false is missing.
func (e *expression) value(s *scope) (any, bool) {
	switch {
	case e.kind == tidegate.KindText:
		return e.text(s)
	case e.kind == tidegate.KindBool:
		v := e.asNumber()(s)
		return v == 1, v == v
	}
	v := e.number(s)
	return v, v == v
}

// TestExpressionsAgreeWithExpr holds the closures against expr-lang's own
// virtual machine, where nothing is missing.
func TestExpressionsAgreeWithExpr(t *testing.T) {
	env := map[string]any{
		"amount": 120.5, "channel": "pos", "merchant_country": "DE", "hour": 22.0, "weekday": 2.0, "card_present": true, "recurring": false,
		"weight": 2.5, "vip": true, "basket": "shoes", "outcome": "decline", "fraud": true, "event_type": tidegate.TypeTransaction,
	}
	s := &scope{event: fullEvent(), outcome: "decline", fraud: true}
	for _, text := range []string{
		`amount > 120`, `amount >= 120.5 and amount <= 120.5`, `amount < 120.5 or amount != 120.5`, `amount == 120.5`,
		`channel == "pos"`, `channel != "pos"`, `channel in ["pos", "atm"]`, `channel not in ["pos", "atm"]`, `merchant_country not in ["FR"]`,
		`channel startsWith "p" and channel endsWith "s" and channel contains "o"`, `channel matches "^p.s$"`, `not (basket matches "hat" ) or vip`,
		`card_present`, `card_present == true`, `recurring == false`, `card_present and not fraud`, `!fraud`, `not (hour > 3 and weekday == 2)`,
		`hour - 2 * weekday`, `-amount + 3`, `amount / weight`, `(amount - 20.5) * 2 == 200`, `abs(-amount)`, `floor(weight) + ceil(weight) + round(amount)`,
		`hour > 6 ? 1.5 : 0`, `channel == "atm" ? "cash" : basket`, `vip ? card_present : recurring`, `outcome == "decline" ? weight : amount`,
		`outcome in ["decline", "challenge"]`, `outcome == "approve"`, `weight ?? 7`, `(weight ?? 7) > 2`, `basket ?? "none"`,
		`event_type == "transaction.initiated"`, `true`, `1 < 2 and "a" == "a"`,
	} {
		want, err := expr.Eval(text, env)
		if err != nil {
			t.Fatalf("%s: %v", text, err)
		}
		if n, ok := want.(int); ok {
			want = float64(n)
		}
		if got, ok := evaluate(t, text, s); !ok || got != want {
			t.Errorf("%s = %v, want %v", text, got, want)
		}
	}
	for text, want := range map[string]bool{`hour in 20..23`: true, `amount % weight == 0.5`: true, `hour in 0..6`: false, `weight in 2..3`: false, `hour not in 0..6`: true} {
		if got, _ := evaluate(t, text, s); got != want {
			t.Errorf("%s = %v", text, got)
		}
	}
}

// TestMissing: comparisons with what is missing are false, arithmetic is missing.
func TestMissing(t *testing.T) {
	s := &scope{event: &tidegate.Event{Type: "login", Time: 1_700_000_000_000}}
	for _, c := range []struct {
		text    string
		want    any
		missing bool
	}{
		{`channel == "pos"`, false, false},
		{`channel != "pos"`, false, false},
		{`channel in ["pos"]`, false, false},
		{`channel not in ["pos"]`, false, false},
		{`amount > 0 or amount <= 0`, false, false},
		{`amount != 0`, false, false},
		{`weight in 0..9`, false, false},
		{`weight not in [1]`, false, false},
		{`missing(channel)`, true, false},
		{`missing(amount)`, true, false},
		{`missing(channel) or not (channel == "pos")`, true, false},
		{`not ((channel ?? "none") == "pos")`, true, false},
		{`outcome == "decline"`, false, false},
		{`vip`, nil, true},
		{`vip or hour > 3`, true, false},
		{`vip == false`, false, false},
		{`not (vip ?? false)`, true, false},
		{`amount + 1`, nil, true},
		{`hour / 0`, nil, true},
		{`hour % 0`, nil, true},
		{`amount ?? -1`, -1.0, false},
		{`vip ? 1 : 0`, 0.0, false},
		{`basket`, nil, true},
		{`hour > 3 ? basket : "none"`, nil, true},
	} {
		got, ok := evaluate(t, c.text, s)
		if ok == c.missing || ok && got != c.want {
			t.Errorf("%s = %v, missing %v", c.text, got, !ok)
		}
	}
}

func TestRefusedExpressions(t *testing.T) {
	for text, want := range map[string]string{
		`not vip`:                          "not vip is true where vip is missing",
		`not (amount > 5)`:                 "the negated comparison is true where amount is missing",
		`not (1 > hour and amount in [5])`: "the negated comparison is true where amount is missing",
		`amount > "5"`:                     "> compares a number with a text",
		`channel in ["pos", 5]`:            "the list holds constants of the type text",
		`channel in basket`:                "in needs a list",
		`channel + basket`:                 "+ needs numbers, this is a text",
		`amount and vip`:                   "and needs conditions, this is a number",
		`len(channel) > 2`:                 `unknown function "len"`,
		`missing(5, 6)`:                    "missing takes one argument",
		`missing(1 > 2)`:                   "this is never missing",
		`amount > 5 ? 1 : "a"`:             "one branch is a number, the other a text",
		`filter([1], # > 0)`:               `unknown function "filter"`,
		`amount.x > 5`:                     "this is not supported here",
		`channel matches "("`:              "error parsing regexp",
		`channel matches basket`:           "matches needs a regular expression in quotes",
		`amount ** 2 > 3`:                  "operator ** is not supported here",
		`vip > fraud`:                      "> does not compare bools",
		`amount contains 5`:                "contains needs texts",
		`let x = 5; x > 3`:                 "this is not supported here",
		`outcome in ["declined"]`:          "there is no outcome declined; did you mean decline?",
		strings.Repeat("1+", 6000) + "1":   "the expression is longer than 10000 bytes",
	} {
		_, err := (&compiler{vocabulary: testVocabulary(), historyNames: true}).compile(text)
		if err == nil || !strings.Contains(err.message, want) {
			t.Errorf("%.40s: %v, want %s", text, err, want)
		}
	}
}

// TestOwnAmount: with the currency in the key, amounts are the transaction's own.
func TestOwnAmount(t *testing.T) {
	usd, _ := tidegate.ParseCurrency("USD")
	ev := fullEvent()
	ev.Base, ev.HasBase = ev.Amount, true
	ev.Amount = tidegate.Money{Minor: 99_00, Currency: usd}
	for own, want := range map[bool]float64{false: 120.5, true: 99} {
		e, err := (&compiler{vocabulary: testVocabulary(), ownAmount: own}).compile("amount")
		if err != nil {
			t.Fatal(err)
		}
		if got := e.number(&scope{event: ev}); got != want {
			t.Errorf("own %v: %v", own, got)
		}
	}
	ev.HasBase = false
	e, _ := (&compiler{vocabulary: testVocabulary()}).compile("amount")
	if got := e.number(&scope{event: ev}); !math.IsNaN(got) {
		t.Errorf("an amount without a rate is %v", got)
	}
}

func TestExpressionsAllocateNothing(t *testing.T) {
	s := &scope{event: fullEvent()}
	e, err := (&compiler{vocabulary: testVocabulary()}).compileTest(
		`amount > 100 and channel in ["pos", "atm"] and (weight ?? 0) * 2 < 9 and basket startsWith "sh" and hour not in 0..6`)
	if err != nil {
		t.Fatal(err.message)
	}
	if !e(s) {
		t.Fatal("the condition should hold")
	}
	if n := testing.AllocsPerRun(100, func() { e(s) }); n != 0 {
		t.Errorf("%v allocations", n)
	}
}

// FuzzExpression: any text is refused or evaluates, on a full event and on an
// empty one.
func FuzzExpression(f *testing.F) {
	for _, text := range []string{`amount > 100 and channel in ["pos"]`, `not (fraud) ? 1 : 0`, `missing(vip) or vip`, `hour in 0..6`, `-(amount ?? 1) % 3`, `channel matches "a+"`} {
		f.Add(text)
	}
	full, empty := &scope{event: fullEvent(), outcome: "decline"}, &scope{event: &tidegate.Event{}}
	f.Fuzz(func(t *testing.T, text string) {
		e, err := (&compiler{vocabulary: testVocabulary(), historyNames: true}).compile(text)
		if err != nil {
			if err.message == "" {
				t.Error("an error without a message")
			}
			return
		}
		for _, s := range []*scope{full, empty} {
			if v, ok := e.value(s); !ok && !e.optional {
				t.Errorf("%q is missing, though it is said never to be: %v", text, v)
			}
		}
	})
}
