package cep

// Skip says which partial matches end when a match is emitted. The zero value
// is [NoSkip]. With any other strategy a finished match is held back while a
// partial match with an earlier start is open, as in Flink.
type Skip struct {
	kind  skipKind
	stage string
	fail  bool
}

type skipKind uint8

const (
	noSkip skipKind = iota
	skipToNext
	skipPastLast
	skipToFirst
	skipToLast
)

// NoSkip emits every match.
func NoSkip() Skip { return Skip{} }

// SkipToNext ends every partial match that started with the match's first event.
func SkipToNext() Skip { return Skip{kind: skipToNext} }

// SkipPastLastEvent ends every partial match that started before the match ended.
func SkipPastLastEvent() Skip { return Skip{kind: skipPastLast} }

// SkipToFirst ends every partial match that started before the match's first
// event of the stage. A match without that stage ends nothing.
func SkipToFirst(stage string) Skip { return Skip{kind: skipToFirst, stage: stage} }

// SkipToLast ends every partial match that started before the match's last
// event of the stage. A match without that stage ends nothing.
func SkipToLast(stage string) Skip { return Skip{kind: skipToLast, stage: stage} }

// OrFail makes a match without the stage, or one that starts with it, a [*SkipError].
func (s Skip) OrFail() Skip {
	s.fail = true
	return s
}

func (s Skip) String() string {
	names := [...]string{"no_skip", "skip_to_next", "skip_past_last_event", "skip_to_first", "skip_to_last"}
	text := names[s.kind]
	if s.stage != "" {
		text += "(" + s.stage + ")"
	}
	if s.fail {
		text += " or fail"
	}
	return text
}

// SkipError is the failure that [Skip.OrFail] asks for. The key's state has
// been emptied: going on would meet the same match again.
type SkipError struct {
	Stage string
	First bool // the stage holds the match's first event; else it is missing
}

func (e *SkipError) Error() string {
	if e.First {
		return "cep: can't skip to stage " + e.Stage + ": it holds the first event of the match"
	}
	return "cep: can't skip to stage " + e.Stage + ": the match has no such event"
}
