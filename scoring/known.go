package scoring

import (
	"encoding/binary"
	"time"

	"github.com/tidegate/tidegate"
	"github.com/tidegate/tidegate/features"
	"github.com/tidegate/tidegate/scoring/patterns"
	"github.com/tidegate/tidegate/stream/state"
)

// Known is everything remembered between events: the features' histories,
// which ids were answered, when each customer was last seen and alerted, and
// the labels. It has one user at a time. Applying a recorded decision needs
// no more than its record, so recovery never decides again.
type Known struct {
	features  *features.State
	patterns  *patterns.State // nil until the first event
	customers *state.Table[customer]
	ids       *state.Table[Taken]
	labels    *state.Table[labelled]
	key       []byte
	waiting   *state.Table[waiting]
	kept      *state.Table[[]byte] // by generation: what the node keeps of an activation

	waitingCount int
	store        *state.Store
	histories    []state.TableOption
	keepIDs      tidegate.Millis
}

// keepCustomer is how long a customer without events is remembered beside
// features: alerts are thinned and clocks compared over minutes.
const keepCustomer = 30 * 24 * 3600 * 1000

// NewKnown opens the tables of a store for a set of features. Ids are kept
// for a while after their arrival; 0 is for ever. Options are those of the
// tables of histories: with a group of their own they can be brought up to date
// beside all else.
func NewKnown(store *state.Store, set *features.Set, keepIDs time.Duration, options ...state.TableOption) (*Known, error) {
	histories, err := features.NewState(set, store, options...)
	if err != nil {
		return nil, err
	}
	k := &Known{
		features:  histories,
		customers: state.NewTable(store, "customers", customerCodec{}),
		ids:       state.NewTable(store, "ids", idCodec{}),
		labels:    state.NewTable(store, "labels", labelledCodec{}),
		waiting:   state.NewTable(store, "labels_waiting", waitingCodec{}),
		kept:      state.NewTable(store, "activations", bytesCodec{}),
		store:     store,
		histories: options,
		keepIDs:   tidegate.Millis(keepIDs.Milliseconds()),
	}
	return k, k.countWaiting()
}

// customer is what is remembered of one customer beside features.
type customer struct {
	newest      tidegate.Millis // event time of the newest event
	regressions uint32          // events that were older than newest by more than the policy's bound
	alerts      []alertMemory
}

type alertMemory struct {
	rule       string
	last       tidegate.Millis // event time of the last alert sent
	suppressed int64           // since then
	amount     int64           // of those, minor units of the base currency
}

// owner is the entity that a transaction's alerts are counted for.
func owner(e *tidegate.Event) (field tidegate.Field, value string) {
	for _, f := range [...]tidegate.Field{tidegate.CustomerID, tidegate.AccountID, tidegate.CardID} {
		if e.Text[f] != "" {
			return f, e.Text[f]
		}
	}
	return tidegate.CustomerID, ""
}

func (k *Known) customerOf(e *tidegate.Event) (*state.Entry[customer], error) {
	field, value := owner(e)
	if value == "" {
		return nil, nil
	}
	k.key = append(append(append(k.key[:0], e.Tenant...), 0, byte(field)), value...)
	return k.customers.GetOrCreate(k.key)
}

// alertOf finds the memory of a rule's alerts; nil if it never alerted.
func (c *customer) alertOf(rule string) *alertMemory {
	for i := range c.alerts {
		if c.alerts[i].rule == rule {
			return &c.alerts[i]
		}
	}
	return nil
}

// ApplyDecision remembers a transaction and what was decided. follows is the
// transaction it names as its predecessor, if that is known.
func (k *Known) ApplyDecision(tx, follows *tidegate.Event, d *tidegate.Decision) error {
	if err := k.ApplyHistories(tx, EffectOf(follows, d)); err != nil {
		return err
	}
	return k.RememberDecision(tx, d)
}

// ApplyHistories makes a transaction part of the histories, with what labels
// said of it before it came.
func (k *Known) ApplyHistories(tx *tidegate.Event, effect features.Effect) error {
	if err := k.features.Apply(tx, effect); err != nil {
		return err
	}
	return k.settleLabels(tx)
}

// EffectOf is what a decision means for the histories.
func EffectOf(follows *tidegate.Event, d *tidegate.Decision) features.Effect {
	return features.Effect{Outcome: d.Outcome, HasOutcome: true, Follows: follows}
}

// RememberDecision is [Known.ApplyDecision] without the histories, for who
// brings those up to date beside it.
func (k *Known) RememberDecision(tx *tidegate.Event, d *tidegate.Decision) error {
	entry, err := k.customerOf(tx)
	if err != nil || entry == nil {
		return err
	}
	c := k.touch(entry)
	for _, r := range d.Reasons {
		if r.Code == tidegate.ReasonClockRegression {
			c.regressions++
		}
	}
	c.newest = max(c.newest, tx.Time)
	c.remember(tx, d)
	return nil
}

// remember counts what was alerted and what was not.
func (c *customer) remember(tx *tidegate.Event, d *tidegate.Decision) {
	for _, r := range d.Rules {
		if r.Alert == tidegate.NoAlert {
			continue
		}
		m := c.alertOf(r.ID)
		if m == nil {
			c.alerts = append(c.alerts, alertMemory{rule: r.ID})
			m = &c.alerts[len(c.alerts)-1]
		}
		if r.Alert == tidegate.Sent {
			m.last, m.suppressed, m.amount = tx.Time, 0, 0
			continue
		}
		m.suppressed++
		if tx.HasBase {
			m.amount += tx.Base.Minor
		}
	}
}

// ApplyAlerts remembers the alerts of an event that asks for no decision.
func (k *Known) ApplyAlerts(e *tidegate.Event, d *tidegate.Decision) error {
	if len(d.Rules) == 0 {
		return nil
	}
	entry, err := k.customerOf(e)
	if err == nil && entry != nil {
		k.touch(entry).remember(e, d)
	}
	return err
}

// ApplyEvent remembers an event that asks for no decision.
func (k *Known) ApplyEvent(e *tidegate.Event) error {
	if err := k.features.Apply(e, features.Effect{}); err != nil {
		return err
	}
	return k.RememberEvent(e)
}

// RememberEvent is [Known.ApplyEvent] without the histories.
func (k *Known) RememberEvent(e *tidegate.Event) error {
	entry, err := k.customerOf(e)
	if err != nil || entry == nil {
		return err
	}
	c := k.touch(entry)
	c.newest = max(c.newest, e.Time)
	return nil
}

// touch is a customer for changing, remembered for a while from now. The end
// moves by whole days, so that it seldom does.
func (k *Known) touch(entry *state.Entry[customer]) *customer {
	const day = 24 * 3600 * 1000
	if end := (k.store.Time()/day + 1) * day; entry.Expiry() < end+keepCustomer {
		k.customers.SetExpiry(entry, end+keepCustomer)
	}
	return k.customers.Update(entry)
}

func (k *Known) observe(tx, follows *tidegate.Event, facts *tidegate.Facts, offset int) error {
	if follows != nil {
		return k.features.ObserveFollowUp(tx, follows, facts, offset)
	}
	return k.features.Observe(tx, facts, offset)
}

// Histories opens the histories of another set of features, which may come to
// be used. Those that the present set keeps too are shared; fresh is the part
// that has to be filled.
func (k *Known) Histories(store *state.Store, set *features.Set) (next, fresh *features.State, err error) {
	if next, err = features.NewState(set, store, k.histories...); err != nil {
		return nil, nil, err
	}
	return next, next.Fresh(k.features), nil
}

// Use makes other histories the ones that are known from here on. Those that
// they do not share are emptied; no checkpoint may be under way.
func (k *Known) Use(next *features.State) error {
	left := k.features.Fresh(next)
	k.features = next
	return left.Clear()
}

// Features are the histories.
func (k *Known) Features() *features.State { return k.features }

type customerCodec struct{}

func (customerCodec) Append(b []byte, c *customer) []byte {
	b = binary.AppendVarint(b, int64(c.newest))
	b = binary.AppendUvarint(b, uint64(c.regressions))
	b = binary.AppendUvarint(b, uint64(len(c.alerts)))
	for _, a := range c.alerts {
		b = appendString(b, a.rule)
		b = binary.AppendVarint(b, int64(a.last))
		b = binary.AppendVarint(b, a.suppressed)
		b = binary.AppendVarint(b, a.amount)
	}
	return b
}

func (customerCodec) Decode(b []byte, c *customer) error {
	r := reader{b: b}
	c.newest = tidegate.Millis(r.varint())
	c.regressions = uint32(r.uvarint())
	for n := r.uvarint(); n > 0 && !r.failed; n-- {
		c.alerts = append(c.alerts, alertMemory{
			rule: r.string(), last: tidegate.Millis(r.varint()), suppressed: r.varint(), amount: r.varint(),
		})
	}
	return r.end()
}

// KeepActivation keeps what the node wants to know of a generation later.
func (k *Known) KeepActivation(generation uint32, body []byte) error {
	entry, err := k.kept.GetOrCreate(binary.BigEndian.AppendUint32(nil, generation))
	if err != nil {
		return err
	}
	*k.kept.Update(entry) = body
	return nil
}

// Activation is what was kept of a generation.
func (k *Known) Activation(generation uint32) ([]byte, bool, error) {
	entry, err := k.kept.Get(binary.BigEndian.AppendUint32(nil, generation))
	if err != nil || entry == nil {
		return nil, false, err
	}
	return *entry.Value(), true, nil
}

type bytesCodec struct{}

func (bytesCodec) Append(b []byte, v *[]byte) []byte { return append(b, *v...) }

func (bytesCodec) Decode(b []byte, v *[]byte) error {
	*v = append([]byte(nil), b...)
	return nil
}
