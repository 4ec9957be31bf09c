package node

import (
	"context"
	"strings"

	"github.com/tidegate/tidegate"
	"github.com/tidegate/tidegate/features"
)

// Values are named feature values of one event or entity.
type Values struct {
	Variables []tidegate.Variable
	Num       []float64 // NaN is missing
	Text      []string
	Warming   []string // features whose history is shorter than their window
}

// Decision finds the decision on a transaction; [tidegate.CodeNotFound] if there is none.
func (n *Node) Decision(ctx context.Context, tenant, transactionID string) (*Record, Values, error) {
	n.lock()
	t, ok, err := n.known.Transaction(tenant, transactionID)
	n.release()
	if err != nil {
		return nil, Values{}, n.fail(err)
	}
	if !ok {
		return nil, Values{}, tidegate.Errorf(tidegate.CodeNotFound, "no decision on this transaction_id is remembered")
	}
	if err := n.journal.Wait(ctx, t.Sequence); err != nil {
		return nil, Values{}, n.waitError(err)
	}
	r := &Record{}
	if err := n.read(t.Sequence, r); err != nil {
		return nil, Values{}, err
	}
	values, err := n.values(r)
	return r, values, err
}

// recorded makes an answer from a record.
func (n *Node) recorded(sequence uint64, withFeatures bool, answer *Answer) error {
	var r Record
	if err := n.read(sequence, &r); err != nil {
		return err
	}
	*answer = Answer{Decision: r.Decision}
	if !withFeatures {
		return nil
	}
	values, err := n.values(&r)
	answer.Features = values
	return err
}

// read takes a durable record apart and resolves its versions.
func (n *Node) read(sequence uint64, r *Record) error {
	body, err := n.journal.Get(sequence)
	if err != nil {
		return err
	}
	if err := r.Decode(sequence, body); err != nil {
		return err
	}
	if r.Kind != KindDecision {
		return nil
	}
	d, err := n.generations.of(r.Decision.Generation)
	r.Decision.Versions = d.versions
	return err
}

// Features answers what is known of an entity at an instant: entity is the
// name of a key with or without _id, as "customer".
func (n *Node) Features(tenant, entity, key string, at tidegate.Millis) (Values, error) {
	n.lock()
	defer n.release()
	for _, name := range []string{entity, entity + "_id", entity + "_fingerprint", entity + "_address"} {
		list, err := n.known.Features().Query(name, key, tenant, at)
		if err != nil {
			return Values{}, n.fail(err)
		}
		if len(list) > 0 {
			return valuesOf(list), nil
		}
	}
	return Values{}, tidegate.Errorf(tidegate.CodeNotFound, "no feature has a key of this name; there are %s", strings.Join(n.scorer.FeatureSet().Keys(), ", "))
}

func valuesOf(list []features.Value) Values {
	var v Values
	for _, f := range list {
		v.Variables, v.Num, v.Text = append(v.Variables, f.Variable), append(v.Num, f.Number), append(v.Text, f.Text)
		if f.Warming {
			v.Warming = append(v.Warming, f.Variable.Name)
		}
	}
	return v
}
