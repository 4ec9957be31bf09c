package condition

import (
	"strings"
	"testing"

	"github.com/tidegate/tidegate"
)

// languageSchema has what can be missing (o…) and what cannot.
var languageSchema, _ = tidegate.NewSchema([]tidegate.Variable{
	{Name: "tx.amount"},
	{Name: "o.km", Optional: true},
	{Name: "tx.mcc", Kind: tidegate.KindText},
	{Name: "o.country", Kind: tidegate.KindText, Optional: true},
	{Name: "new", Kind: tidegate.KindBool},
	{Name: "o.present", Kind: tidegate.KindBool, Optional: true},
	{Name: "in", Kind: tidegate.KindNumber}, // a name that is an operator cannot be reached, and hurts nobody
	{Name: "o.matches", Optional: true},     // after a dot it can
})

type testLists map[string]string // entries separated by spaces

func (l testLists) Find(name string) (List, bool) { s, ok := l[name]; return testList(s), ok }
func (l testLists) Names() []string               { return []string{"bad"} }

type testList string

func (l testList) Contains(_, value string, now tidegate.Millis) bool {
	return now < 100 && strings.Contains(" "+string(l)+" ", " "+value+" ")
}

// TestLanguage says for each condition what it is where nothing is missing
// (amount 12.5, km 700, mcc "6051", country "DE", new, present false), and
// what it is where everything that can be missing is.
func TestLanguage(t *testing.T) {
	full, gaps := tidegate.NewFacts(8), tidegate.NewFacts(8)
	for _, f := range []*tidegate.Facts{full, gaps} {
		f.SetNumber(0, 12.5)
		f.SetText(2, "6051")
		f.SetBool(4, true)
		f.SetNumber(6, 1)
	}
	full.SetNumber(1, 700)
	full.SetText(3, "DE")
	full.SetBool(5, false)
	full.SetNumber(7, 1)
	for _, c := range []struct {
		source     string
		full, gaps bool
	}{
		{"true", true, true},
		{"false", false, false},
		{"new", true, true},
		{"!new", false, false},
		{"tx.amount == 12.5 && tx.amount != 12 and tx.amount >= 12.5 and tx.amount <= 12.5", true, true},
		{"12 < tx.amount < 13", true, true},
		{"13 > tx.amount", true, true},
		{"0.5e1 < tx.amount and 0x0C < tx.amount and 1_000 > tx.amount", true, true},
		{"tx.amount + 1 - 2 * 3 / 4 == 12", true, true},
		{"tx.amount % 5 == 2.5 and 7 % 4 == 3 and -7 % 4 == -3", true, true},
		{"2 ** 3 == 8 and 2 ^ 3 == 8 and -2 ** 2 == -4", true, true},
		{"abs(-tx.amount) == 12.5 and ceil(tx.amount) == 13 and floor(tx.amount) == 12 and round(tx.amount) == 13", true, true},
		{"min(tx.amount, 3, 4) == 3 and max(tx.amount, 3, 40) == 40", true, true},
		{"tx.amount in [12.5, 13] and tx.amount not in [12, 13]", true, true},
		{"round(tx.amount) in 10..13", true, true},
		{"tx.amount in 10..13", false, false}, // no whole number
		{`tx.mcc == "6051" and tx.mcc in ["6051"] and tx.mcc < "7" and tx.mcc != "605"`, true, true},
		{`tx.mcc contains "05" and tx.mcc startsWith "60" and tx.mcc endsWith "51" and tx.mcc matches "^6[0-9]+$"`, true, true},
		{`tx.mcc not contains "05"`, false, false},
		{`hasPrefix(tx.mcc, "60") and hasSuffix(tx.mcc, "51") and len(tx.mcc) == 4 and len("né") == 2`, true, true},
		{`lower("AÉ") == "aé" and upper(tx.mcc + "x") == "6051X"`, true, true},
		{`"6051" | len() == 4`, true, true},
		{"new ? tx.amount > 12 : tx.amount > 13", true, true},
		{"tx.amount > (new ? 12 : 13)", true, true},
		{"if new { tx.amount > 12 } else { tx.amount > 13 }", true, true},
		{"let x = tx.amount * 2; x > 24 and x < 26", true, true},
		{"new == true and new != false and (tx.amount > 12) == true", true, true},
		{`in_list("bad", tx.mcc)`, true, true},
		{`not in_list("bad", tx.mcc)`, false, false},

		{"o.km > 500", true, false},
		{"o.km <= 500", false, false},
		{"o.km != 500", true, false},
		{"o.km == o.km", true, false},
		{"o.km in [700, 800]", true, false},
		{"o.km in 600..800", true, false},
		{"o.matches == 1", true, false},
		{"o.km > 500 or tx.amount > 12", true, true},
		{"missing(o.km)", false, true},
		{"not missing(o.km)", true, false},
		{"missing(o.km + 1) and missing(abs(o.km)) and missing(min(o.km, 1)) and missing(o.km * 0)", false, true},
		{"missing(1 ** o.km) and missing(o.km ** 0)", false, true},
		{"(o.km ?? 3) == 3", false, true},
		{"(o.km ?? o.matches ?? 4) == 4", false, true},
		{"o.present", false, false},
		{"o.present == false", true, false},
		{"o.present != true", true, false},
		{"not (o.present ?? true)", true, false},
		{"missing(o.present) or not o.present", true, true},
		{`o.country != "FR"`, true, false},
		{`o.country in [tx.mcc, "DE"]`, true, false},
		{`tx.mcc in [o.country, "6051"]`, true, true},
		{`in_list("bad", o.country)`, false, false},
		{`missing(o.country + "x") and missing(upper(o.country)) and missing(len(o.country))`, false, true},
		{"missing(tx.amount / 0.0 + 0) or true", true, true},
		{"missing(tx.amount / (tx.amount - 12.5))", true, true},
		{"missing(tx.amount % (tx.amount - 12.5))", true, true},
		{"missing(new ? o.km : 1)", false, true},
		{"missing(new ? 1 : o.km)", false, false},

		{`any(["6051", "x"], # == tx.mcc)`, true, true},
		{`any(["DE"], # == o.country)`, true, false},
		{`missing(any(["DE"], # == o.country))`, false, true},
		{`trim(" 6051 ") == tx.mcc and indexOf(tx.mcc, "5") == 2 and replace(tx.mcc, "5", "6") == "6061"`, true, true},
		{`len(split(o.country, "E")) == 2`, true, false},
		{`int("x" + tx.mcc) == 1 or missing(int("x" + tx.mcc))`, true, true}, // it fails
		{`len(filter([1, 20, 30], # > tx.amount)) == 2 and count([1, 20], # > tx.amount) == 1 and int(max([1, 2])) == 2`, true, true},
		{`tx.mcc[0:2] == "60"`, true, true},
		{`split(tx.mcc, "0")[1] == "51"`, true, true},
	} {
		compiler := NewCompiler(languageSchema, testLists{"bad": "6051 9999"})
		if _, faults := compiler.Add(c.source, true); faults != nil {
			if !strings.Contains(c.source, "/ 0.0") || !strings.Contains(faults[0].Message, "has no value") {
				t.Errorf("%s: %v", c.source, faults)
			}
			continue
		}
		m := compiler.Build().NewMachine()
		for _, row := range []struct {
			what  string
			facts *tidegate.Facts
			want  bool
		}{{"full", full, c.full}, {"gaps", gaps, c.gaps}} {
			in := Input{Facts: row.facts}
			together, alone := len(m.Evaluate(in)) == 1, m.Holds(0, in)
			if together != row.want || alone != row.want {
				t.Errorf("%s: %s: together %v, alone %v", c.source, row.what, together, alone)
			}
		}
	}
}

// Which negations are refused is decided by what is known to their left.
func TestGuards(t *testing.T) {
	for _, c := range []struct {
		source string
		ok     bool
	}{
		{"not (tx.amount > 1)", true},
		{"not (o.km > 1)", false},
		{"!(o.km > 1 and new)", false},
		{"!(new and o.km > 1)", false},
		{"!(new or tx.amount > 1)", true},
		{"not not (o.km > 1)", false},
		{"not (o.km != 1)", false},
		{"o.km not in [1]", false},
		{`o.country not contains "x"`, false},
		{`not in_list("bad", o.country)`, false},
		{"not o.present", false},
		{"not missing(o.km)", true},
		{"not missing(o.km) and not (o.km > 1)", true},
		{"not (o.km > 1) and not missing(o.km)", false},
		{"not missing(o.km) or not (o.km > 1)", false},
		{"missing(o.km) or not (o.km > 1)", true},
		{"missing(o.km) and not (o.km > 1)", false},
		{"not missing(o.country) and not (o.km > 1)", false},
		{"o.km > 1 and not (o.km > 5)", true},
		{"o.km > 1 or not (o.km > 5)", false},
		{"(o.km > 1 or new) and not (o.km > 5)", false},
		{"(o.km > 1 or o.km < 0) and not (o.km == 5)", true},
		{"not missing(o.km + o.matches) and not (o.km > o.matches)", true},
		{"not missing(o.km ?? o.matches) and not (o.km > 1)", false},
		{"not missing(o.km ?? o.matches) and not ((o.km ?? o.matches) > 1)", false}, // more than we follow: refused
		{"not ((o.km ?? 0) > 1)", true},
		{"not ((o.km ?? o.matches) > 1)", false},
		{"not ((o.km ?? o.matches ?? 1) > 1)", true},
		{"not (tx.amount / 2 > 1)", true},
		{"not (2 / tx.amount > 1)", false},
		{"not (((2 / tx.amount) ?? 0) > 1)", true},
		{"not (tx.amount % 2 == 1)", true},
		{"not (tx.amount ** 2 > 1)", false},
		{"o.km > 1 ? true : false", false},
		{"missing(o.km) ? false : o.km > 1 ? false : true", true},
		{"tx.amount > (o.km > 1 ? 1 : 2)", false},
		{"tx.amount > (missing(o.km) ? 1 : o.km)", true},
		{"not (tx.amount > (missing(o.km) ? 1 : o.km))", true},
		{"not (tx.amount > (missing(o.km) ? o.km : 1))", false},
		{"(o.km > 1) == true", false},
		{"(o.km > 1) != true", false},
		{"(tx.amount > 1) == (o.km > 1)", false},
		{"(tx.amount > 1) == new", true},
		{"o.present == (tx.amount > 1)", true},
		{"not (o.present == true)", false},
		{"any([true], # == (o.km > 1))", false},
		{"let far = o.km > 1; not far", false},
		{"let far = o.km > 1; not missing(o.km) and not far", true},
		{`not (trim(tx.mcc) == "x")`, false}, // expr's VM may fail
		{`not ((trim(tx.mcc) ?? "") == "x")`, true},
		{"if o.km > 1 { new } else { new }", false},
	} {
		_, faults := NewCompiler(languageSchema, testLists{"bad": ""}).Add(c.source, true)
		if (faults == nil) != c.ok {
			t.Errorf("%s: %v", c.source, faults)
		}
	}
}

func TestLimits(t *testing.T) {
	deep := strings.Repeat("(", 5000) + "new" + strings.Repeat(")", 5000)
	for _, c := range []struct{ source, want string }{
		{strings.Repeat("x", MaxBytes+1), "the condition is longer than 16384 bytes"},
		{strings.Repeat("!", 5000) + "new", "the condition is nested deeper than 400"},
		{"new" + strings.Repeat(" and new", 1000), "the condition is nested deeper than 400"},
		{"new and \xff", "the condition is not valid UTF-8"},
		{" \n", "the condition is empty"},
		{deep, ""},
		{"tx.amount in [" + strings.Repeat("1,", 5000) + "1]", ""},
	} {
		_, faults := NewCompiler(languageSchema, nil).Add(c.source, true)
		switch {
		case c.want == "" && faults != nil:
			t.Errorf("%.40s: %v", c.source, faults)
		case c.want != "" && (len(faults) != 1 || !strings.HasPrefix(faults[0].Message, c.want)):
			t.Errorf("%.40s: %v", c.source, faults)
		}
	}
}

// What conditions share is evaluated once an event, and only if it is needed.
func TestSharedPartsAreEvaluatedOnce(t *testing.T) {
	list := &countingList{}
	c := NewCompiler(languageSchema, countingLists{list})
	for _, s := range []string{
		`in_list("bad", tx.mcc) and tx.amount > 1`, `in_list("bad", tx.mcc) and tx.amount > 2`,
		`in_list("bad", tx.mcc) and tx.amount > 100`, `tx.amount > 3 and in_list("bad", tx.mcc)`,
	} {
		if _, faults := c.Add(s, true); faults != nil {
			t.Fatal(faults)
		}
	}
	m := c.Build().NewMachine()
	facts := tidegate.NewFacts(8)
	facts.SetText(2, "x")
	for _, step := range []struct {
		amount float64
		held   int
		asked  int
	}{{50, 3, 1}, {50, 3, 2}, {0, 0, 2}, {1.5, 1, 3}} {
		facts.SetNumber(0, step.amount)
		if held := len(m.Evaluate(Input{Facts: facts})); held != step.held || list.asked != step.asked {
			t.Errorf("amount %v: %d held, asked %d times", step.amount, held, list.asked)
		}
	}
}

type countingLists struct{ list *countingList }

func (l countingLists) Find(string) (List, bool) { return l.list, true }
func (l countingLists) Names() []string          { return nil }

type countingList struct{ asked int }

func (l *countingList) Contains(string, string, tidegate.Millis) bool { l.asked++; return true }
