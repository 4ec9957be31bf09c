package cep_test

import (
	"fmt"
	"time"

	"github.com/tidegate/tidegate/cep"
)

// event is something a customer did.
type event struct {
	id     string
	kind   string
	amount float64
}

func kind(name string) cep.Condition[event] {
	return cep.If(func(e event) bool { return e.kind == name }).As(name)
}

// A small payment to test a card, then a large one that is more than a hundred
// times as much.
func Example() {
	pattern := cep.Begin[event]("small").Where(kind("payment")).
		Where(cep.If(func(e event) bool { return e.amount < 5 })).
		FollowedBy("large").Where(kind("payment")).
		Where(cep.IfEarlier(func(e event, earlier cep.Earlier[event]) bool {
			small, _ := earlier.Last("small")
			return e.amount > 100*small.amount
		})).
		Within(time.Hour)
	automaton, err := cep.Compile(pattern)
	if err != nil {
		fmt.Println(err)
		return
	}
	matcher, customer := cep.NewMatcher(automaton), &cep.State[event]{}
	for i, e := range []event{{"p1", "payment", 1}, {"p2", "payment", 80}, {"p3", "payment", 400}} {
		live, err := matcher.Live(customer, e, int64(i)*60_000)
		if err != nil {
			fmt.Println(err)
			return
		}
		stage, number := automaton.Progress(customer)
		fmt.Printf("%s: at stage %d %q\n", e.id, number, stage)
		for _, match := range live.Completed {
			fmt.Printf("  %s after %s\n", match.Of("large")[0].id, match.Of("small")[0].id)
		}
	}
	// Output:
	// p1: at stage 1 "small"
	// p2: at stage 1 "small"
	// p3: at stage 0 ""
	//   p3 after p1
}

// A card is added and used, once or more, and nobody logs out in between.
func ExampleBeginGroup() {
	use := cep.Begin[event]("card").Where(kind("card added")).FollowedBy("payment").Where(kind("payment"))
	pattern := cep.Begin[event]("login").Where(kind("login")).
		NotFollowedBy("logout").Where(kind("logout")).
		FollowedByGroup(use).TimesOrMore(2).
		Within(time.Hour)
	automaton, err := cep.Compile(pattern)
	if err != nil {
		fmt.Println(err)
		return
	}
	operator := cep.NewOperator(automaton, func(customer string, out cep.Output[event]) {
		fmt.Println(customer, out.Match.Stages(), len(out.Match.Events), "events")
	}, nil)
	for i, kind := range []string{"login", "card added", "payment", "card added", "payment"} {
		operator.Event("alice", event{kind: kind}, int64(i))
	}
	if err := operator.Watermark(10); err != nil {
		fmt.Println(err)
	}
	// Output:
	// alice [login card payment] 5 events
}

// A pattern that can't be meant is refused.
func ExampleCompile() {
	_, err := cep.Compile(cep.Begin[event]("login").NotFollowedBy("logout").Where(kind("logout")))
	fmt.Println(err)
	// Output:
	// cep: stage logout: not_followed_by at the end needs a window: without one its match would never be complete
}

// Events may come in any order as long as they come before the watermark.
func ExampleMatcher_Watermark() {
	automaton, err := cep.Compile(cep.Begin[event]("login").Where(kind("login")).
		NotFollowedBy("logout").Where(kind("logout")).Within(time.Minute))
	if err != nil {
		fmt.Println(err)
		return
	}
	matcher, customer := cep.NewMatcher(automaton), &cep.State[event]{}
	watermark := int64(-1)
	matcher.Offer(customer, event{kind: "logout"}, 20_000, watermark)
	matcher.Offer(customer, event{kind: "login"}, 10_000, watermark)
	matcher.Offer(customer, event{kind: "login"}, 30_000, watermark)
	for due, ok := matcher.Timer(customer); ok; due, ok = matcher.Timer(customer) {
		outputs, err := matcher.Watermark(customer, due)
		if err != nil {
			fmt.Println(err)
			return
		}
		for _, out := range outputs {
			fmt.Println("a login without a logout, known at", out.Time)
		}
	}
	// Output:
	// a login without a logout, known at 90000
}

// kinds compiles conditions that are the name of a kind of event. A real
// compiler knows expressions, and the events of earlier stages.
type kinds struct{}

func (kinds) CompileCondition(source string, _ cep.Scope) (cep.Condition[event], error) {
	return kind(source), nil
}

func (kinds) ReadEvent(id string, _ int64, fields map[string]any) (event, error) {
	name, _ := fields["type"].(string)
	return event{id: id, kind: name}, nil
}

func (kinds) EventID(e event) string { return e.id }

// Patterns stand in files, with their tests beside them.
func ExampleLoad() {
	file := []byte(`
patterns:
  - id: login_without_logout
    key: customer_id
    within: 8h
    stages:
      - {begin: login, where: login}
      - {not_followed_by: logout, where: logout}
    tests:
      - name: logged out in time
        events: [{id: a, at: 0s, type: login}, {id: b, at: 2h, type: logout}]
        expect: []
      - name: logged out too late
        events: [{id: a, at: 0s, type: login}, {id: b, at: 9h, type: logout}]
        expect: [{login: [a]}]
      - name: still time
        events: [{id: a, at: 0s, type: login}]
        until: 7h
        stage: login
`)
	definitions, err := cep.Load("patterns/sessions.yaml", file, kinds{})
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, d := range definitions {
		fmt.Println(d.ID, d.Key, d.Automaton.Stages(), len(d.Test(kinds{})), "failures")
	}
	// Output:
	// login_without_logout customer_id [login logout] 0 failures
}
