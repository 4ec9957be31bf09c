package cep

import (
	"encoding/hex"
	"errors"
	"math"
	"testing"
	"time"

	"github.com/tidegate/tidegate"
)

// letterCodec writes a letter in two bytes.
type letterCodec struct{}

func (letterCodec) Append(b []byte, l letter) []byte { return append(b, byte(l.at), l.kind) }

func (letterCodec) Decode(b []byte) (letter, error) {
	if len(b) != 2 {
		return letter{}, errors.New("not a letter")
	}
	return letter{int(b[0]), b[1]}, nil
}

var odd = IfEarlier(func(_ letter, e Earlier[letter]) bool {
	first, _ := e.First("a")
	return first.at%2 == 1
}).As("began oddly")

func codecPattern() *Pattern[letter] {
	return Begin[letter]("a").Where(is("a")).TimesBetween(1, 2).
		FollowedBy("b").Where(is("b")).WithinPrevious(500 * time.Millisecond).
		FollowedByAny("c").Where(is("c").And(odd)).Within(time.Second).AfterMatch(SkipPastLastEvent())
}

// aState has partial matches, a match that is held back, events that wait and
// a timer.
func aState(t testing.TB, a *Automaton[letter]) *State[letter] {
	m, s := NewMatcher(a), &State[letter]{}
	for i, kind := range "aabc" {
		if _, err := m.Live(s, letter{i, byte(kind)}, int64(100*i)); err != nil {
			t.Fatal(err)
		}
	}
	m.Offer(s, letter{5, 'a'}, 500, 300)
	m.Offer(s, letter{4, 'b'}, 400, 300)
	return s
}

// What the releases of the format wrote of one state. It must be readable for
// ever.
const writtenV2 = "02b2b4023d0345efa20401d804040001020061c80101020161c80101020262c801010203630700000001010000010002020101020103020106030204016303613a3003613a310a24656e64537461746524050004000501030006020001030702a006020462c80102056102d00fc801"

const writtenV1 = "01b2b4023d0345efa20401d804040001020061c80101020161c80101020262c8010102036307000000010100000100020201010201030201060302050104010504030106050001000702a006020462c80102056102d00fc801"

func TestStateIsReadAcrossVersions(t *testing.T) {
	a, err := Compile(codecPattern())
	if err != nil {
		t.Fatal(err)
	}
	s := aState(t, a)
	for _, written := range []string{writtenV1, writtenV2} {
		b, _ := hex.DecodeString(written)
		restored, err := a.DecodeState(b, letterCodec{})
		if err != nil {
			t.Fatal(err)
		}
		if restored.Partials() != s.Partials() || restored.Held() != s.Held() || restored.Waiting() != 2 {
			t.Errorf("%d partial matches, %d held, %d waiting", restored.Partials(), restored.Held(), restored.Waiting())
		}
		if got := hex.EncodeToString(a.AppendState(nil, restored, letterCodec{})); got != writtenV2 {
			t.Errorf("writes %s", got)
		}
	}
}

func TestUnreadableStates(t *testing.T) {
	a, err := Compile(codecPattern())
	if err != nil {
		t.Fatal(err)
	}
	b := a.AppendState(nil, aState(t, a), letterCodec{})
	for n := range b {
		if _, err := a.DecodeState(b[:n], letterCodec{}); tidegate.CodeOf(err) != tidegate.CodeCorrupt {
			t.Errorf("cut to %d bytes: %v", n, err)
		}
	}
	if _, err := a.DecodeState(append(b, 0), letterCodec{}); tidegate.CodeOf(err) != tidegate.CodeCorrupt {
		t.Errorf("too long: %v", err)
	}
	newer := append([]byte{stateVersion + 1}, b[1:]...)
	if _, err := a.DecodeState(newer, letterCodec{}); tidegate.CodeOf(err) != tidegate.CodeCorrupt {
		t.Errorf("newer format: %v", err)
	}
	changed, err := Compile(codecPattern().Where(is("cd")))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := changed.DecodeState(b, letterCodec{}); !errors.Is(err, ErrPatternChanged) {
		t.Errorf("changed pattern: %v", err)
	}
	bounded, err := Compile(codecPattern().Limit(Limit{Partials: 7}))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := bounded.DecodeState(b, letterCodec{}); err != nil {
		t.Errorf("another limit keeps the partial matches: %v", err)
	}
}

// FuzzDecodeState checks that whatever is read can be worked with.
func FuzzDecodeState(f *testing.F) {
	a, err := Compile(codecPattern())
	if err != nil {
		f.Fatal(err)
	}
	f.Add(a.AppendState(nil, aState(f, a), letterCodec{}))
	f.Add(a.AppendState(nil, &State[letter]{}, letterCodec{}))
	f.Fuzz(func(t *testing.T, b []byte) {
		s, err := a.DecodeState(b, letterCodec{})
		if err != nil {
			return
		}
		m := NewMatcher(a)
		m.Partials(s)
		for i, kind := range "abc" {
			if _, err := m.Process(s, letter{i, byte(kind)}, math.MaxInt64-10); err != nil {
				t.Fatal(err)
			}
		}
		if _, err := m.Watermark(s, math.MaxInt64); err != nil {
			t.Fatal(err)
		}
	})
}
