package stream

import (
	"encoding/json"
	"strings"

	"github.com/tidegate/tidegate"
)

// State is what an operator of the running pipeline keeps of a key, as JSON;
// nil if it keeps nothing. The key is given as text, integers in decimal. Of a
// processor it is an object of its states; of the others, how they keep it.
// When the pipeline has ended it can still be asked for, as long as its
// backend is open.
func (p *Pipeline) State(operator, key string) (json.RawMessage, error) {
	r := p.running.Load()
	if r == nil {
		return nil, tidegate.Errorf(tidegate.CodeUnavailable, "pipeline %s is not running", p.name)
	}
	return r.inspect(operator, key)
}

func (r *run) inspect(operator, key string) (json.RawMessage, error) {
	for _, n := range r.nodes {
		switch {
		case n.name != operator:
		case n.inspect == nil:
			return nil, tidegate.Errorf(tidegate.CodeInvalid, "operator %s has no keyed state", operator)
		default:
			shown, err := n.inspect(key)
			if shown == nil || err != nil {
				return nil, err
			}
			return json.Marshal(shown)
		}
	}
	return nil, tidegate.Errorf(tidegate.CodeNotFound, "pipeline %s has no operator %s", r.p.name, operator)
}

// inspect shows an operator's parts of a key's row: the one of its name, or
// those of its states by theirs.
func (s *keyspace[K]) inspect(operator, text string) (any, error) {
	k, err := s.codec.parse(text)
	if err != nil {
		return nil, tidegate.Errorf(tidegate.CodeInvalid, "operator %s: %v", operator, err)
	}
	key := s.codec.append(nil, k)
	shard := s.group.Shard(key)
	shard.Lock()
	defer shard.Unlock()
	e, err := s.table.Get(key)
	if e == nil || err != nil {
		return nil, err
	}
	var own any
	states := map[string]any{}
	for i, contents := range e.Value().parts {
		if contents == nil {
			continue
		}
		switch name := s.parts[i].name(); {
		case name == operator:
			own = snapshotOf(s.parts[i].show(contents))
		case strings.HasPrefix(name, operator+"/"):
			states[strings.TrimPrefix(name, operator+"/")] = snapshotOf(s.parts[i].show(contents))
		}
	}
	if len(states) > 0 {
		return states, nil
	}
	return own, nil
}

// snapshotOf is a value as JSON, taken while its key is locked.
func snapshotOf(v any) json.RawMessage {
	b, err := marshal(v)
	if err != nil {
		b, _ = json.Marshal(err.Error())
	}
	return b
}
