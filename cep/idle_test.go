package cep

import (
	"testing"
	"time"
)

func isLetter(c byte) Condition[byte] {
	return If(func(e byte) bool { return e == c }).As(string(c))
}

func TestIdle(t *testing.T) {
	const hour = int64(time.Hour / time.Millisecond)
	for _, c := range []struct {
		name    string
		pattern *Pattern[byte]
		begins  string // the letters that begin a match
		byTime  bool
		memory  int64
		bounded bool
	}{
		{"within", Begin[byte]("a").Where(isLetter('a')).Next("b").Where(isLetter('b')).Within(time.Hour), "a", false, hour, true},
		{"one stage", Begin[byte]("a").Where(isLetter('a')), "a", false, 0, true},
		{"for ever", Begin[byte]("a").Where(isLetter('a')).Next("b").Where(isLetter('b')), "a", false, 0, false},
		{"gap", Begin[byte]("a").Where(isLetter('a')).Next("b").Where(isLetter('b')).WithinPrevious(time.Hour), "a", false, hour, true},
		{"optional", Begin[byte]("a").Where(isLetter('a')).Optional().Next("b").Where(isLetter('b')).Within(time.Hour), "ab", false, hour, true},
		{"nothing follows", Begin[byte]("a").Where(isLetter('a')).NotFollowedBy("b").Where(isLetter('b')).Within(time.Hour), "a", true, hour, true},
		{"anything", Begin[byte]("a").Next("b").Where(isLetter('b')).Within(time.Hour), "abc", false, hour, true},
	} {
		t.Run(c.name, func(t *testing.T) {
			a, err := Compile(c.pattern)
			if err != nil {
				t.Fatal(err)
			}
			if got := a.CompletesByTime(); got != c.byTime {
				t.Errorf("completes by time: %v", got)
			}
			if ms, bounded := a.Memory(); ms != c.memory || bounded != c.bounded {
				t.Errorf("remembers %d, %v", ms, bounded)
			}
			m := NewMatcher(a)
			begins := ""
			for _, e := range []byte("abc") {
				if m.Begins(e, 5) {
					begins += string(e)
				} else if s := (&State[byte]{}); true {
					live, err := m.Live(s, e, 5)
					if err != nil || !s.Idle() || len(live.Completed)+len(live.Outputs) > 0 {
						t.Errorf("%c does not begin anything, but is %+v, %v", e, live, err)
					}
				}
			}
			if begins != c.begins {
				t.Errorf("begun by %q, want %q", begins, c.begins)
			}
		})
	}
}
