package cep

import (
	"compress/gzip"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// The vectors were made by Apache Flink's own operator; see testdata/cep.
type vector struct {
	Name     string
	Pattern  vectorPattern
	Skip     vectorSkip
	Input    []vectorInput
	Output   []json.RawMessage
	Category Reason
}

type vectorPattern struct {
	Stages     []vectorStage
	WithinMs   int64  `json:"within_ms"`
	WithinType string `json:"within_type"`
}

type vectorSkip struct {
	Strategy string
	Pattern  string `json:"pattern_name"`
	Throw    bool   `json:"throw_on_miss"`
}

type vectorStage struct {
	Name       string
	Contiguity string
	Group      []vectorStage
	Where      *vectorCondition
	Until      *vectorCondition
	Quantifier vectorQuantifier
	WithinMs   int64  `json:"within_ms"`
	WithinType string `json:"within_type"`
}

type vectorQuantifier struct {
	Kind             string
	From, To         int
	Inner            string
	Optional, Greedy bool
	WithinMs         int64 `json:"within_ms"`
}

type vectorCondition struct {
	Type    string
	ValueGt *float64 `json:"value_gt"`
	ValueLt *float64 `json:"value_lt"`
	And, Or []vectorCondition
	SumOf   string  `json:"sum_of"`
	Lt      float64 `json:"lt"`
	AvgOf   string  `json:"value_gt_avg_of"`
	LastOf  string  `json:"value_gt_last_of"`
}

type vectorEvent struct {
	ID, Ts int64
	Type   string
	Value  float64
}

type vectorInput struct {
	Event     *vectorEvent
	Watermark int64
}

func ms(n int64) time.Duration { return time.Duration(n) * time.Millisecond }

func (c *vectorCondition) condition() Condition[*vectorEvent] {
	var all Condition[*vectorEvent]
	if c == nil {
		return all
	}
	if c.Type != "" {
		all = all.And(If(func(e *vectorEvent) bool { return e.Type == c.Type }).As("type=" + c.Type))
	}
	if c.ValueGt != nil {
		all = all.And(If(func(e *vectorEvent) bool { return e.Value > *c.ValueGt }))
	}
	if c.ValueLt != nil {
		all = all.And(If(func(e *vectorEvent) bool { return e.Value < *c.ValueLt }))
	}
	for _, d := range c.And {
		all = all.And(d.condition())
	}
	if len(c.Or) > 0 {
		either := c.Or[0].condition()
		for _, d := range c.Or[1:] {
			either = either.Or(d.condition())
		}
		all = all.And(either)
	}
	if c.SumOf != "" {
		all = all.And(IfEarlier(func(e *vectorEvent, earlier Earlier[*vectorEvent]) bool {
			sum := e.Value
			for x := range earlier.All(c.SumOf) {
				sum += x.Value
			}
			return sum < c.Lt
		}))
	}
	if c.AvgOf != "" {
		all = all.And(IfEarlier(func(e *vectorEvent, earlier Earlier[*vectorEvent]) bool {
			sum, n := 0.0, 0
			for x := range earlier.All(c.AvgOf) {
				sum, n = sum+x.Value, n+1
			}
			return n == 0 || e.Value > sum/float64(n)
		}))
	}
	if c.LastOf != "" {
		all = all.And(IfEarlier(func(e *vectorEvent, earlier Earlier[*vectorEvent]) bool {
			last, ok := earlier.Last(c.LastOf)
			return !ok || e.Value > last.Value
		}))
	}
	return all
}

// build calls the builder in the order in which Flink's was called.
func (v *vectorPattern) build() *Pattern[*vectorEvent] {
	p := buildStages(v.Stages)
	if v.WithinMs != 0 {
		within(p, v.WithinMs, v.WithinType)
	}
	return p
}

func buildStages(stages []vectorStage) *Pattern[*vectorEvent] {
	var p *Pattern[*vectorEvent]
	for i, s := range stages {
		var inner *Pattern[*vectorEvent]
		if s.Group != nil {
			inner = buildStages(s.Group)
		}
		switch {
		case i == 0 && inner != nil:
			p = BeginGroup(inner)
		case i == 0:
			p = Begin[*vectorEvent](s.Name)
		case inner != nil:
			p.addGroup(contiguities[s.Contiguity], inner)
		case strings.HasPrefix(s.Contiguity, "not"):
			p.addNot(contiguities[s.Contiguity], s.Name)
		default:
			p.add(contiguities[s.Contiguity], s.Name)
		}
		if s.Where != nil {
			p.Where(s.Where.condition())
		}
		q := s.Quantifier
		switch q.Kind {
		case "one_or_more":
			p.OneOrMore()
		case "times":
			p.Times(q.From)
		case "times_range":
			p.TimesBetween(q.From, q.To)
		case "times_or_more":
			p.TimesOrMore(q.From)
		}
		if q.WithinMs != 0 {
			p.StepWithin(ms(q.WithinMs))
		}
		switch q.Inner {
		case "consecutive":
			p.Consecutive()
		case "allow_combinations":
			p.AllowCombinations()
		}
		if q.Greedy {
			p.Greedy()
		}
		if q.Optional {
			p.Optional()
		}
		if s.Until != nil {
			p.Until(s.Until.condition())
		}
		if s.WithinMs != 0 {
			within(p, s.WithinMs, s.WithinType)
		}
	}
	return p
}

var contiguities = map[string]contiguity{"strict": strict, "relaxed": relaxed, "relaxed_any": relaxedAny,
	"not_strict": notStrict, "not_relaxed": notRelaxed}

func within(p *Pattern[*vectorEvent], n int64, kind string) {
	if kind == "previous_and_current" {
		p.WithinPrevious(ms(n))
	} else {
		p.Within(ms(n))
	}
}

func (s vectorSkip) skip() Skip {
	skip := map[string]Skip{"no_skip": NoSkip(), "skip_to_next": SkipToNext(), "skip_past_last_event": SkipPastLastEvent(),
		"skip_to_first": SkipToFirst(s.Pattern), "skip_to_last": SkipToLast(s.Pattern)}[s.Strategy]
	if s.Throw {
		skip = skip.OrFail()
	}
	return skip
}

func readVectors(t testing.TB, match func(name string) bool) map[string][]vector {
	dirs := []string{"testdata/cep"}
	if dir := os.Getenv("TIDEGATE_VECTORS"); dir != "" {
		dirs = append(dirs, filepath.Join(dir, "cep"))
	}
	all := map[string][]vector{}
	for _, dir := range dirs {
		files, err := filepath.Glob(filepath.Join(dir, "*.json.gz"))
		if err != nil || len(files) == 0 {
			t.Fatalf("no vectors in %s (%v)", dir, err)
		}
		for _, file := range files {
			if match(filepath.Base(file)) {
				if _, ok := vectorFiles[file]; !ok {
					vectorFiles[file] = readVectorFile(t, file)
				}
				all[file] = vectorFiles[file]
			}
		}
	}
	return all
}

// vectorFiles are the files that have been read.
var vectorFiles = map[string][]vector{}

func readVectorFile(t testing.TB, file string) []vector {
	f, err := os.Open(file)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	z, err := gzip.NewReader(f)
	if err != nil {
		t.Fatal(err)
	}
	var vectors []vector
	if err := json.NewDecoder(z).Decode(&vectors); err != nil {
		t.Fatalf("%s: %v", file, err)
	}
	return vectors
}

// said is one line of output, written as in the vectors.
func said(o Output[*vectorEvent], at int) string {
	kind := "match"
	if o.Kind == TimedOut {
		kind = "timeout"
	}
	return fmt.Sprintf("%s %s ts=%d at=%d", kind, stagesOf(o.Match), o.Time, at)
}

func stagesOf(m Match[*vectorEvent]) string {
	var b strings.Builder
	for _, name := range m.Stages() {
		fmt.Fprintf(&b, "%s[", name)
		for _, e := range m.Of(name) {
			fmt.Fprintf(&b, " %d", e.ID)
		}
		b.WriteString(" ]")
	}
	return b.String()
}

// persistence replaces the state between two inputs; nil leaves it.
type persistence func(*Automaton[*vectorEvent], *State[*vectorEvent]) *State[*vectorEvent]

// run feeds the input to a matcher in stream mode.
func (v *vector) run(a *Automaton[*vectorEvent], persist persistence) []string {
	m, s := NewMatcher(a), &State[*vectorEvent]{}
	watermark := int64(-1 << 63)
	var lines []string
	for at, in := range v.Input {
		if in.Event != nil {
			if m.Offer(s, in.Event, in.Event.Ts, watermark) {
				lines = append(lines, fmt.Sprintf("late %d at=%d", in.Event.ID, at))
			}
		} else {
			watermark = in.Watermark
			outputs, err := m.Watermark(s, watermark)
			for _, o := range outputs {
				lines = append(lines, said(o, at))
			}
			var skip *SkipError
			if errors.As(err, &skip) {
				reason := "skip_target_missing"
				if skip.First {
					reason = "skip_to_first_element"
				}
				return append(lines, fmt.Sprintf("error %s at=%d", reason, at))
			}
		}
		if persist != nil {
			s = persist(a, s)
		}
	}
	return lines
}

// expected is the output of the vector, in the same form.
func (v *vector) expected(t *testing.T) []string {
	lines := []string{}
	for _, raw := range v.Output {
		var o struct {
			Match, Timeout json.RawMessage
			Late           *int64
			Error          string
			Ts             int64
			At             int
		}
		if err := json.Unmarshal(raw, &o); err != nil {
			t.Fatal(err)
		}
		switch {
		case o.Match != nil:
			lines = append(lines, fmt.Sprintf("match %s ts=%d at=%d", orderedStages(t, o.Match), o.Ts, o.At))
		case o.Timeout != nil:
			lines = append(lines, fmt.Sprintf("timeout %s ts=%d at=%d", orderedStages(t, o.Timeout), o.Ts, o.At))
		case o.Late != nil:
			lines = append(lines, fmt.Sprintf("late %d at=%d", *o.Late, o.At))
		default:
			lines = append(lines, fmt.Sprintf("error %s at=%d", o.Error, o.At))
		}
	}
	return lines
}

// orderedStages keeps the order of the keys, which is the order of first use.
func orderedStages(t *testing.T, raw json.RawMessage) string {
	d := json.NewDecoder(strings.NewReader(string(raw)))
	var b strings.Builder
	for {
		token, err := d.Token()
		if err != nil {
			return b.String()
		}
		if name, ok := token.(string); ok {
			var ids []int64
			if err := d.Decode(&ids); err != nil {
				t.Fatal(err)
			}
			fmt.Fprintf(&b, "%s[", name)
			for _, id := range ids {
				fmt.Fprintf(&b, " %d", id)
			}
			b.WriteString(" ]")
		}
	}
}

func (v *vector) compile() (*Automaton[*vectorEvent], error) {
	return Compile(v.Pattern.build().AfterMatch(v.Skip.skip()).Limit(Unlimited))
}

func isCase(name string) bool { return !strings.HasPrefix(name, "rejected") }
