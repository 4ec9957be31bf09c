package scoring

import (
	"encoding/binary"
	"slices"

	"github.com/tidegate/tidegate"
	"github.com/tidegate/tidegate/stream/state"
)

// labelled is what is said of one transaction: per source its newest word.
type labelled struct {
	sources []labelSource
}

type labelSource struct {
	name     string
	reported tidegate.Millis
	fraud    bool
}

// fraud is the word of all sources together: any that says so, is enough.
func (l *labelled) fraud() bool {
	for _, s := range l.sources {
		if s.fraud {
			return true
		}
	}
	return false
}

// maxWaiting bounds the labels that wait for their transaction.
const maxWaiting = 100_000

// waiting are the transactions that were labelled before they were seen, in
// order of arrival. It is one value: there are few, or something is wrong.
type waiting struct{ labels []Waiting }

// Waiting is a label whose transaction is not known.
type Waiting struct {
	Tenant        string
	TransactionID string
	LabelID       string
	Arrival       tidegate.Millis
}

// ApplyLabel remembers a label: per source the newest reported_at wins, a
// reversal undoes. tx is the transaction it speaks of, nil while that is
// unknown: then the label waits for it.
func (k *Known) ApplyLabel(l *tidegate.Label, tx *tidegate.Event, arrival tidegate.Millis) error {
	entry, err := k.labels.GetOrCreate(k.idKey(l.Tenant, idLabel, l.TransactionID))
	if err != nil {
		return err
	}
	v := k.labels.Update(entry)
	before := v.fraud()
	v.set(labelSource{l.Source, l.ReportedAt, l.Fraud && l.Kind != "reversal"})
	if after := v.fraud(); tx != nil && after != before {
		return k.features.ApplyLabel(tx, after)
	}
	if tx != nil {
		return nil
	}
	return k.changeWaiting(func(w *waiting) {
		w.labels = append(w.labels, Waiting{l.Tenant, l.TransactionID, l.ID, arrival})
	})
}

func (l *labelled) set(word labelSource) {
	for i := range l.sources {
		if s := &l.sources[i]; s.name == word.name {
			if word.reported >= s.reported {
				*s = word
			}
			return
		}
	}
	l.sources = append(l.sources, word)
}

// Fraud is what the labels say of a transaction.
func (k *Known) Fraud(tenant, transactionID string) (bool, error) {
	entry, err := k.labels.Get(k.idKey(tenant, idLabel, transactionID))
	if err != nil || entry == nil {
		return false, err
	}
	return entry.Value().fraud(), nil
}

// LabelWaits tells whether a label came before its transaction.
func (k *Known) LabelWaits(tx *tidegate.Event) (bool, error) {
	entry, err := k.labelOf(tx)
	return entry != nil, err
}

// labelOf is what was said of a transaction before it came; nil is nothing.
func (k *Known) labelOf(tx *tidegate.Event) (*state.Entry[labelled], error) {
	if k.waitingCount == 0 {
		return nil, nil
	}
	return k.labels.Get(k.idKey(tx.Tenant, idLabel, tx.Text[tidegate.TransactionID]))
}

// settleLabels applies labels that came before their transaction.
func (k *Known) settleLabels(tx *tidegate.Event) error {
	entry, err := k.labelOf(tx)
	if err != nil || entry == nil {
		return err
	}
	if entry.Value().fraud() {
		if err := k.features.ApplyLabel(tx, true); err != nil {
			return err
		}
	}
	return k.changeWaiting(func(w *waiting) {
		w.labels = slices.DeleteFunc(w.labels, func(l Waiting) bool {
			return l.TransactionID == tx.Text[tidegate.TransactionID] && l.Tenant == tx.Tenant
		})
	})
}

// WaitingFull tells whether no further label may wait.
func (k *Known) WaitingFull() bool { return k.waitingCount >= maxWaiting }

// WaitingSince lists the labels that have waited since before an instant.
func (k *Known) WaitingSince(before tidegate.Millis) ([]Waiting, error) {
	entry, err := k.waiting.Get(waitingKey)
	if err != nil || entry == nil {
		return nil, err
	}
	var old []Waiting
	for _, l := range entry.Value().labels {
		if l.Arrival < before {
			old = append(old, l)
		}
	}
	return old, nil
}

// GiveUpLabel ends the waiting of a label. With the last one that waits for a
// transaction, what they said of it is forgotten.
func (k *Known) GiveUpLabel(tenant, labelID, transactionID string) error {
	others := false
	err := k.changeWaiting(func(w *waiting) {
		w.labels = slices.DeleteFunc(w.labels, func(l Waiting) bool { return l.LabelID == labelID && l.Tenant == tenant })
		others = slices.ContainsFunc(w.labels, func(l Waiting) bool { return l.TransactionID == transactionID && l.Tenant == tenant })
	})
	if err != nil || others {
		return err
	}
	return k.labels.Remove(k.idKey(tenant, idLabel, transactionID))
}

var waitingKey = []byte("waiting")

func (k *Known) changeWaiting(change func(*waiting)) error {
	entry, err := k.waiting.GetOrCreate(waitingKey)
	if err != nil {
		return err
	}
	w := k.waiting.Update(entry)
	change(w)
	k.waitingCount = len(w.labels)
	return nil
}

func (k *Known) countWaiting() error {
	entry, err := k.waiting.Get(waitingKey)
	if err == nil && entry != nil {
		k.waitingCount = len(entry.Value().labels)
	}
	return err
}

type waitingCodec struct{}

func (waitingCodec) Append(b []byte, w *waiting) []byte {
	b = binary.AppendUvarint(b, uint64(len(w.labels)))
	for _, l := range w.labels {
		b = appendString(appendString(appendString(b, l.Tenant), l.TransactionID), l.LabelID)
		b = binary.AppendVarint(b, int64(l.Arrival))
	}
	return b
}

func (waitingCodec) Decode(b []byte, w *waiting) error {
	r := reader{b: b}
	for n := r.uvarint(); n > 0 && !r.failed; n-- {
		w.labels = append(w.labels, Waiting{r.string(), r.string(), r.string(), tidegate.Millis(r.varint())})
	}
	return r.end()
}

type labelledCodec struct{}

func (labelledCodec) Append(b []byte, l *labelled) []byte {
	b = binary.AppendUvarint(b, uint64(len(l.sources)))
	for _, s := range l.sources {
		b = appendString(b, s.name)
		b = binary.AppendVarint(b, int64(s.reported))
		b = append(b, boolByte(s.fraud))
	}
	return b
}

func (labelledCodec) Decode(b []byte, l *labelled) error {
	r := reader{b: b}
	for n := r.uvarint(); n > 0 && !r.failed; n-- {
		l.sources = append(l.sources, labelSource{r.string(), tidegate.Millis(r.varint()), r.uvarint() != 0})
	}
	return r.end()
}

func boolByte(b bool) byte {
	if b {
		return 1
	}
	return 0
}
