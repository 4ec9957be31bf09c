package node

import (
	"encoding/json"
	"slices"
	"sync"

	"github.com/tidegate/tidegate"
	"github.com/tidegate/tidegate/wire"
)

// generations remembers what the activations in the journal stand for, so
// that old records can be shown with the versions that decided them.
type generations struct {
	node  *Node
	mu    sync.Mutex
	known map[uint32]described
}

type described struct {
	versions tidegate.Versions
	features []tidegate.Variable
	kinds    []tidegate.Kind
}

// note remembers a configuration when it begins to decide.
func (g *generations) note(a *active) {
	d := described{versions: a.scorer.Versions(), features: a.scorer.Features()}
	for _, v := range d.features {
		d.kinds = append(d.kinds, v.Kind)
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.known == nil {
		g.known = map[uint32]described{}
	}
	g.known[a.Generation] = d
}

// of describes a generation; one from before the last start is looked for in
// the journal.
func (g *generations) of(generation uint32) (described, error) {
	g.mu.Lock()
	d, ok := g.known[generation]
	g.mu.Unlock()
	if ok {
		return d, nil
	}
	a, err := g.node.findActivation(generation)
	if err != nil {
		return described{}, err
	}
	g.note(a)
	return g.of(generation)
}

// featureValues copies the feature values of the transaction decided last.
func (n *Node) featureValues() Values {
	nums, texts := n.scorer.FeatureRow()
	v := Values{Variables: n.scorer.Features(), Num: slices.Clone(nums), Text: slices.Clone(texts)}
	warming := n.scorer.Warming(nil)
	slices.Sort(warming)
	v.warm(warming)
	return v
}

func (v *Values) warm(places []int) {
	for _, i := range places {
		v.Warming = append(v.Warming, v.Variables[i].Name)
	}
}

// values takes a decision's feature values out of its record.
func (n *Node) values(r *Record) (Values, error) {
	d, err := n.generations.of(r.Decision.Generation)
	if err != nil {
		return Values{}, err
	}
	v := Values{Variables: d.features, Num: make([]float64, len(d.kinds)), Text: make([]string, len(d.kinds))}
	rest, err := wire.DecodeFacts(r.Facts, v.Num, v.Text, d.kinds)
	if err != nil || len(rest) == 0 { // a record of before this was recorded
		return v, err
	}
	warming, _, err := wire.DecodePlaces(rest, nil, len(d.kinds))
	v.warm(warming)
	return v, err
}

// findActivation compiles a configuration that decided once.
func (n *Node) findActivation(generation uint32) (*active, error) {
	n.lock()
	body, ok, err := n.known.Activation(generation)
	n.release()
	if err != nil {
		return nil, n.fail(err)
	}
	if !ok {
		return nil, tidegate.Errorf(tidegate.CodeNotFound, "the configuration that decided this is no longer kept")
	}
	var a Activation
	if err := json.Unmarshal(body, &a); err != nil {
		return nil, &tidegate.Error{Code: tidegate.CodeCorrupt, Message: "a kept activation can't be read", Cause: err}
	}
	return n.compile(a)
}
