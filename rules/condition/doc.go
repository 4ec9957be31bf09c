// Package condition is the language of rules: expressions in the syntax of
// expr-lang/expr over the variables of a [tidegate.Schema], type-checked,
// compiled together and evaluated over [tidegate.Facts] without allocating.
//
//	c := condition.NewCompiler(schema, nil)
//	_, faults := c.Add("customer_tx_count_2m > 5 and tx.amount > 100", true)
//	machine := c.Build().NewMachine()
//	held := machine.Evaluate(condition.Input{Facts: facts})
//
// # What can be written
//
// Names are the schema's, dots included: tx.amount, tx.attributes.NAME,
// model.fraud. Values are numbers (64-bit floating point), texts and bools;
// nothing is converted.
//
//	== != < <= > >=            numbers and texts; == and != also bools; 1 < x < 5
//	and or not && || !
//	in [..]  in 1..5           lists of values; ranges of whole numbers, bounds included
//	contains startsWith endsWith matches   texts; a pattern is RE2 and written out
//	+ - * / % ** ^             numbers; + joins texts; % also of fractions
//	c ? x : y   if c {x} else {y}   let n = ...; ...
//	abs ceil floor round min max    numbers
//	len lower upper hasPrefix hasSuffix   texts; len counts characters
//	missing(x)  x ?? default
//	in_list("name", x)         whether the list has an entry for x that has not expired
//
// Less common functions are left to expr's own VM, which is slower and
// allocates: trim, trimPrefix, trimSuffix, replace, indexOf, lastIndexOf,
// join, split, int, float, string, and on lists all, any, none, one, count,
// sum, mean, median, find, first, last, filter, map, uniq, sort and reverse.
// What reads a clock is not available.
//
// # Missing values
//
// A missing value is not a zero. A comparison with a missing operand is
// false, with != and in too; so is a bool that is missing, where a condition
// is needed. x in [a, b] is x == a or x == b. What is computed from a missing
// value is missing, and so is what has no finite value, as a division by
// zero. A function of expr's VM is missing when an input is missing, or when
// it fails.
//
// So "not (travel_km > 500)" would hold for everybody whose travel is not
// known. This is refused when conditions are compiled, wherever a comparison
// is turned round: by not, by the test of c ? x : y, by comparing a condition
// with a bool as in (x > 5) == false. It is accepted where no operand can be
// missing: because the schema says so ([tidegate.Variable].Optional), because
// a default is given (x ?? 0), or because it was asked for to the left:
//
//	not missing(travel_km) and not (travel_km > 500)
//	missing(travel_km) or not (travel_km > 500)
//	travel_km > 100 and not (travel_km > 500)   // a comparison that holds had its operands
//
// ?? binds tighter than all other operators: -x ?? 0 is -(x ?? 0), and
// a / b ?? 0 is a / (b ?? 0).
//
// Of what is accepted it can be said: it holds exactly when three-valued
// logic (Kleene, 1938) is certain that it does. Filling in a gap never turns
// a rule off that had fired, unless the rule itself asks missing or ??.
//
// # How it is evaluated
//
// Conditions are split at and and or. What compares one variable with
// constants, in any condition, is answered for all conditions together by one
// search among the sorted constants and one row of bits (index.go). Only for
// what may still hold then is the rest evaluated, each sub-expression at most
// once per event however many conditions share it (program.go).
package condition
