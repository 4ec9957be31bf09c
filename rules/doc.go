// Package rules loads the rules that analysts write in YAML files, with their
// lists and suppressions, and evaluates all of them over one event at a time.
//
//	rules:
//	  - id: velocity-2m
//	    when: customer_tx_count_2m > 5
//	    then: {outcome: decline, score: 40, reason: VELOCITY, severity: high, alert: true}
//	    mode: live                # live (default), shadow or off
//	    rollout: 10%              # the share of transactions that it acts on
//	    tests: [{given: {customer_tx_count_2m: 6}, expect: true}]
//	reasons: {VELOCITY: more payments than usual}
//
// then needs outcome and reason; score is 0, severity medium and alert false
// unless they are given. A shadow rule is evaluated and recorded, never acted
// on; so is a live one for the transactions outside of its rollout. What
// conditions can say, and what a missing value does to them, is described in
// package condition. A test gives values by name; what it leaves out is
// missing if it can be, and otherwise 0, false or an empty text.
//
// [Load] reports everything that is wrong, with file, line and column, and
// runs the tests; a [Set] that it returns is sound and never changes, so that
// it can be swapped for another between two events. Watching files (package
// watch), activating a set and acting on a verdict are done elsewhere.
package rules
