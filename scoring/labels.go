package scoring

import (
	"encoding/binary"

	"github.com/tidegate/tidegate"
)

// labelled is what is said of one transaction: per source its newest word.
type labelled struct {
	known   bool // the transaction itself was seen
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

// ApplyLabel remembers a label: per source the newest reported_at wins, a
// reversal undoes. tx is the transaction it speaks of, nil while that is
// unknown: then the label waits for it.
func (k *Known) ApplyLabel(l *tidegate.Label, tx *tidegate.Event) error {
	entry, err := k.labels.GetOrCreate(k.idKey(l.Tenant, idLabel, l.TransactionID))
	if err != nil {
		return err
	}
	v := k.labels.Update(entry)
	before := v.fraud()
	v.set(labelSource{l.Source, l.ReportedAt, l.Fraud && l.Kind != "reversal"})
	if tx == nil {
		if !v.known {
			k.pending++
		}
		return nil
	}
	v.known = true
	if after := v.fraud(); after != before {
		return k.features.ApplyLabel(tx, after)
	}
	return nil
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

// settleLabels applies labels that came before their transaction.
func (k *Known) settleLabels(tx *tidegate.Event) error {
	if k.pending == 0 {
		return nil
	}
	entry, err := k.labels.Get(k.idKey(tx.Tenant, idLabel, tx.Text[tidegate.TransactionID]))
	if err != nil || entry == nil || entry.Value().known {
		return err
	}
	v := k.labels.Update(entry)
	v.known = true
	k.pending -= len(v.sources)
	if v.fraud() {
		return k.features.ApplyLabel(tx, true)
	}
	return nil
}

type labelledCodec struct{}

func (labelledCodec) Append(b []byte, l *labelled) []byte {
	b = append(b, boolByte(l.known))
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
	l.known = r.uvarint() != 0
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
