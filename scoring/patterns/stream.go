package patterns

import (
	"slices"
	"sync"

	"github.com/tidegate/tidegate"
	"github.com/tidegate/tidegate/cep"
	"github.com/tidegate/tidegate/cep/detect"
	"github.com/tidegate/tidegate/stream"
	"github.com/tidegate/tidegate/wire"
)

// Finding is what a pattern finds in a stream: a match, or a partial match
// that ran out of time.
type Finding struct {
	Pattern string           `json:"pattern"`
	Tenant  string           `json:"tenant"`
	Key     string           `json:"key"` // the field whose values have partial matches of their own
	Value   string           `json:"value"`
	Time    stream.Millis    `json:"time"` // of a match when it came out, of a time-out the window's end, Unix ms
	Events  []FindingOfStage `json:"events"`
}

// FindingOfStage is an event of a finding.
type FindingOfStage struct {
	Stage string        `json:"stage"`
	ID    string        `json:"id"`
	Time  stream.Millis `json:"time"`
}

// Late is an event that came after its key's events had been looked at.
type Late struct {
	Key   string
	Event *tidegate.Event
}

// Findings are the streams of what is found.
type Findings struct {
	Matches  stream.Stream[Finding]
	TimedOut stream.Stream[Finding]
	Late     stream.Stream[Late]
}

// Detect looks for all patterns of a set in a stream of events, whose
// amounts must have been converted to the base currency if conditions ask for
// it. It sorts the events of each entity by time, up to the watermark. What is
// open is state of the pipeline; a pattern whose definition has changed since
// the checkpoint starts fresh. Then, and OnTimeout, are live mode's.
func (s *Set) Detect(p *stream.Pipeline, events stream.Stream[*tidegate.Event]) (Findings, error) {
	stream.Register(p, eventCodec{})
	all := &spares{files: s.files, options: s.options}
	all.options.SkipTests = true
	var matches, timedOut []stream.Stream[Finding]
	var lates []stream.Stream[Late]
	for _, k := range s.keys {
		field := k.field
		late := stream.SideOutput[*tidegate.Event](p, field.String()+" late")
		having := stream.Filter(events, func(e *tidegate.Event) bool { return e.Text[field] != "" }).Named("with " + field.String())
		entity := stream.KeyBy(having, func(e *tidegate.Event) string { return string(appendKey(nil, e.Tenant, e.Text[field])) }).Named(field.String())
		sorted := stream.SortByEventTime(entity).Named(field.String() + " sorted").LateTo(late)
		lates = append(lates, stream.Map(late.Stream, func(e *tidegate.Event) Late { return Late{field.String(), e} }))
		for _, pattern := range k.patterns {
			expired := stream.SideOutput[detect.Found[string, *Event]](p, pattern.ID+" timed out")
			place := pattern.place
			found := detect.With(sorted, detect.StateCodec(pattern.Automaton, cep.EventCodec[*Event](pattern)), func() detect.Matching[*tidegate.Event, *Event] {
				return matching{all, place, pattern}
			}).Named(pattern.ID).TimedOutTo(expired)
			matches = append(matches, stream.Map(found.Stream, pattern.finding))
			timedOut = append(timedOut, stream.Map(expired.Stream, pattern.finding))
		}
	}
	if len(matches) == 0 {
		return Findings{}, tidegate.Errorf(tidegate.CodeInvalid, "there are no patterns to look for")
	}
	return Findings{
		stream.Union(matches[0], matches[1:]...), stream.Union(timedOut[0], timedOut[1:]...), stream.Union(lates[0], lates[1:]...),
	}, nil
}

func (p *Pattern) finding(f detect.Found[string, *Event]) Finding {
	tenant, value := splitKey(f.Key)
	x := Finding{Pattern: p.ID, Tenant: tenant, Key: p.Key, Value: value, Time: f.Time}
	for _, t := range f.Match.Events {
		x.Events = append(x.Events, FindingOfStage{t.Stage, t.Event.ID, stream.Millis(t.Time)})
	}
	return x
}

// matching is one pattern in a stream. Conditions look at the event through
// the memory of their set, so each goroutine takes a set for itself.
type matching struct {
	*spares
	place int
	first *Pattern // for what needs no conditions and no memory
}

func (m matching) Live(s *cep.State[*Event], e *tidegate.Event, t int64) (cep.Live[*Event], error) {
	set, err := m.take()
	if err != nil {
		return cep.Live[*Event]{}, err
	}
	defer m.put(set)
	if set.view.at != e {
		set.view.turn(e)
	}
	p := set.patterns[m.place]
	if s.Idle() && !p.begins(e) {
		return cep.Live[*Event]{}, nil
	}
	event := p.newEvent(e)
	live, err := p.matcher.Live(s, event, t)
	event.tx = nil // its values stay
	return cep.Live[*Event]{Outputs: slices.Clone(live.Outputs), Dropped: live.Dropped}, err
}

func (m matching) Advance(s *cep.State[*Event], t int64) ([]cep.Output[*Event], error) {
	set, err := m.take()
	if err != nil {
		return nil, err
	}
	defer m.put(set)
	outputs, err := set.patterns[m.place].matcher.Advance(s, t)
	return slices.Clone(outputs), err
}

func (m matching) Timer(s *cep.State[*Event]) (int64, bool) {
	return m.first.matcher.Timer(s)
}

// spares are sets of the same patterns that nobody uses. There are as many as
// goroutines have ever looked at once.
type spares struct {
	files   []File
	options Options
	mu      sync.Mutex
	free    []*Set
}

func (s *spares) take() (*Set, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if n := len(s.free); n > 0 {
		set := s.free[n-1]
		s.free = s.free[:n-1]
		return set, nil
	}
	return Compile(s.files, s.options)
}

func (s *spares) put(set *Set) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.free = append(s.free, set)
}

// eventCodec writes events that wait for the watermark.
type eventCodec struct{}

func (eventCodec) Append(b []byte, e **tidegate.Event) []byte { return wire.AppendEventBinary(b, *e) }

func (eventCodec) Decode(b []byte, e **tidegate.Event) error {
	*e = &tidegate.Event{}
	rest, err := wire.DecodeEventBinary(b, *e)
	if err == nil && len(rest) > 0 {
		err = tidegate.Errorf(tidegate.CodeCorrupt, "an event goes on after its end")
	}
	return err
}
