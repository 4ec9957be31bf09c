package cep

import (
	"compress/gzip"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"
	"time"
)

// TestStatesOfOlderBinaries goes on with states that a binary with version 1
// of the format wrote in the middle of Flink's cases: the rest of the output
// must be Flink's.
func TestStatesOfOlderBinaries(t *testing.T) {
	f, err := os.Open("testdata/states.v1.json.gz")
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	z, err := gzip.NewReader(f)
	if err != nil {
		t.Fatal(err)
	}
	var stored []struct {
		Name  string
		After int // the input after which the state was written
		State string
	}
	if err := json.NewDecoder(z).Decode(&stored); err != nil {
		t.Fatal(err)
	}
	cases := map[string]vector{}
	for _, vectors := range readVectors(t, isCase) {
		for _, v := range vectors {
			cases[v.Name] = v
		}
	}
	for _, x := range stored {
		v := cases[x.Name]
		a, err := v.compile()
		if err != nil {
			t.Fatal(err)
		}
		old, err := hex.DecodeString(x.State)
		if err != nil || old[0] != numberedStates {
			t.Fatal(x.Name, old[0], err)
		}
		at := -1
		got := v.run(a, func(a *Automaton[*vectorEvent], s *State[*vectorEvent]) *State[*vectorEvent] {
			if at++; at != x.After {
				return s
			}
			if s, err = a.DecodeState(old, vectorCodec{}); err != nil {
				t.Fatal(x.Name, err)
			}
			if b := a.AppendState(nil, s, vectorCodec{}); b[0] != stateVersion {
				t.Fatalf("%s: written anew with version %d", x.Name, b[0])
			}
			return s
		})
		if want := v.expected(t); !slices.Equal(got, want) {
			t.Errorf("%s\ngot:\n  %s\nwant:\n  %s", x.Name, strings.Join(got, "\n  "), strings.Join(want, "\n  "))
		}
	}
	if len(stored) < 100 {
		t.Errorf("only %d states", len(stored))
	}
}

// TestRenumberedStates checks that a state outlives another numbering of the
// automaton's states, and that one in a state that is gone starts fresh.
func TestRenumberedStates(t *testing.T) {
	compile := func() *Automaton[letter] {
		a, err := Compile(Begin[letter]("a").Where(is("a")).Times(2).FollowedBy("b").Where(is("b")).Within(time.Minute))
		if err != nil {
			t.Fatal(err)
		}
		return a
	}
	a, s := compile(), &State[letter]{}
	m := NewMatcher(a)
	for i, kind := range "aaxa" {
		if _, err := m.Process(s, letter{i, byte(kind)}, int64(i)); err != nil {
			t.Fatal(err)
		}
	}
	b := a.AppendState(nil, s, letterCodec{})
	other := compile()
	slices.Reverse(other.graph.states)
	for i, n := range other.graph.states {
		n.id = i
	}
	other.table = other.graph.tabulate(len(other.atoms), maxPaths)
	for _, x := range []*Automaton[letter]{a, other} {
		read, err := x.DecodeState(b, letterCodec{})
		if err != nil {
			t.Fatal(err)
		}
		outputs, err := NewMatcher(x).Process(read, letter{9, 'b'}, 9)
		var ids []string
		for _, o := range outputs {
			ids = append(ids, fmt.Sprint(o.Match.Events))
		}
		if err != nil || len(outputs) != 2 {
			t.Errorf("found %v, %v", ids, err)
		}
	}
	for _, n := range other.graph.states {
		n.name = "renamed " + n.name
	}
	if _, err := other.DecodeState(b, letterCodec{}); !errors.Is(err, ErrPatternChanged) {
		t.Errorf("got %v", err)
	}
}

// TestFingerprintsStay pins what tells definitions apart: if another binary
// computes it in another way, all that is open is lost.
func TestFingerprintsStay(t *testing.T) {
	for want, p := range map[uint64]*Pattern[letter]{
		14927108061340294705: Begin[letter]("a").Where(is("a").As("a")).OneOrMore().Greedy().Until(is("x").As("x")).FollowedBy("b").Where(is("b").As("b")).Within(time.Minute).AfterMatch(SkipPastLastEvent()),
		9627793940029232374:  BeginGroup(Begin[letter]("a").NotFollowedBy("c").Next("b")).TimesBetween(2, 4).Optional().FollowedByAny("d").WithinPrevious(time.Second).AfterMatch(SkipToLast("d").OrFail()),
	} {
		a, err := Compile(p)
		if err != nil {
			t.Fatal(err)
		}
		if got := a.Fingerprint(); got != want {
			t.Errorf("the fingerprint %d has become %d", want, got)
		}
	}
}
