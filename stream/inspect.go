package stream

import (
	"encoding/json"

	"github.com/tidegate/tidegate"
)

// inspect shows a key's state at an operator.
func (r *run) inspect(operator, key string) (json.RawMessage, error) {
	for _, n := range r.nodes {
		switch {
		case n.name != operator:
		case n.inspect == nil:
			return nil, tidegate.Errorf(tidegate.CodeInvalid, "operator %s has no keyed state", operator)
		default:
			b, err := n.inspect(key)
			return b, err
		}
	}
	return nil, tidegate.Errorf(tidegate.CodeNotFound, "pipeline %s has no operator %s", r.p.name, operator)
}
