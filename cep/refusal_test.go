package cep

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"
)

// TestRefusals are the refusals that are not among Flink's.
func TestRefusals(t *testing.T) {
	begin := func() *Pattern[letter] { return Begin[letter]("a") }
	for want, p := range map[Reason]*Pattern[letter]{
		NoStages:           {},
		QuantifierTwice:    begin().Times(2).OneOrMore(),
		InnerTwice:         begin().Times(2).Consecutive().AllowCombinations(),
		UntilTwice:         begin().OneOrMore().Until(is("x")).Until(is("y")),
		WindowNotPositive:  begin().Within(time.Microsecond),
		StepWindowOnSingle: begin().StepWithin(time.Second),
		TooLarge:           BeginGroup(BeginGroup(begin().Times(100)).Times(100)).Times(100),
	} {
		_, err := Compile(p)
		var refusal *Refusal
		if !errors.As(err, &refusal) || refusal.Reason != want {
			t.Errorf("%s: %v", want, err)
		}
	}
	skippable := Begin[letter]("first")
	for i := range 20 {
		skippable.FollowedByGroup(Begin[letter](fmt.Sprint(i)).Optional()).Optional()
	}
	if _, err := Compile(skippable); err == nil || !strings.Contains(err.Error(), "ways") {
		t.Errorf("a million ways: %v", err)
	}
	for _, p := range []*Pattern[letter]{nil, BeginGroup(&Pattern[letter]{}), BeginGroup[letter](nil), (&Pattern[letter]{}).Optional().Where(is("a"))} {
		if _, err := Compile(p); err == nil {
			t.Errorf("%+v: accepted", p)
		}
	}
}

func TestFingerprint(t *testing.T) {
	base := func() *Pattern[letter] {
		return Begin[letter]("a").Where(is("a")).Times(2).FollowedBy("b").Where(is("b")).Within(time.Second)
	}
	seen := map[uint64]string{}
	for name, p := range map[string]*Pattern[letter]{
		"base":          base(),
		"condition":     base().Where(is("c")),
		"optional":      base().Optional(),
		"window":        base().Within(time.Minute),
		"step":          base().WithinPrevious(time.Millisecond),
		"skip":          base().AfterMatch(SkipToNext()),
		"skip target":   base().AfterMatch(SkipToLast("b")),
		"another stage": base().Next("c"),
		"group":         BeginGroup(base()),
	} {
		a, err := Compile(p)
		if err != nil {
			t.Fatal(err)
		}
		if other, ok := seen[a.Fingerprint()]; ok {
			t.Errorf("%s and %s have one fingerprint", name, other)
		}
		seen[a.Fingerprint()] = name
	}
	again, err := Compile(base().Limit(Unlimited))
	if err != nil || seen[again.Fingerprint()] != "base" {
		t.Error("the same definition has another fingerprint")
	}
}
