package cep

import "fmt"

// Reason names why a pattern is refused. The names are stable.
type Reason string

const (
	NoStages                 Reason = "no_stages"
	DuplicateName            Reason = "duplicate_name"
	WhereOnGroup             Reason = "where_on_group"
	GroupNegated             Reason = "group_negated"
	QuantifierOnNot          Reason = "quantifier_on_not"
	QuantifierTwice          Reason = "quantifier_twice"
	TimesNotPositive         Reason = "times_not_positive"
	TimesRangeReversed       Reason = "times_range_reversed"
	ConsecutiveOnSingle      Reason = "consecutive_on_single"
	CombinationsOnSingle     Reason = "combinations_on_single"
	InnerTwice               Reason = "inner_contiguity_twice"
	GreedyGroup              Reason = "greedy_group"
	GreedyOnSingle           Reason = "greedy_on_single"
	GreedyWithCombinations   Reason = "greedy_with_combinations"
	OptionalAfterGreedy      Reason = "optional_after_greedy"
	OptionalTwice            Reason = "optional_twice"
	OptionalNot              Reason = "optional_not"
	NotAfterOptional         Reason = "not_after_optional"
	UntilOnNonLooping        Reason = "until_on_non_looping"
	UntilTwice               Reason = "until_twice"
	StepWindowOnSingle       Reason = "step_window_on_single"
	WindowNotPositive        Reason = "window_not_positive"
	SkipTargetUnknown        Reason = "skip_target_unknown"
	StepWindowLargerThanAll  Reason = "prev_window_larger_than_total"
	NotLastWithoutWindow     Reason = "not_followed_by_last_without_window"
	EndlessEmptyLoop         Reason = "endless_empty_loop"
	NotAfterAllOptionalStart Reason = "not_after_all_optional_start"
	TooLarge                 Reason = "too_large"
	GreedyOptionalUntil      Reason = "greedy_optional_until"
)

// Refusal is why [Compile] does not accept a pattern.
type Refusal struct {
	Reason  Reason
	Stage   string // the stage at fault; "" if it is the pattern as a whole or a group
	Message string
}

func (r *Refusal) Error() string {
	if r.Stage == "" {
		return "cep: " + r.Message
	}
	return "cep: stage " + r.Stage + ": " + r.Message
}

func refuse(reason Reason, stage, format string, args ...any) *Refusal {
	return &Refusal{Reason: reason, Stage: stage, Message: fmt.Sprintf(format, args...)}
}
