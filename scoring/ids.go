package scoring

import (
	"encoding/binary"

	"github.com/tidegate/tidegate"
)

// Taken says that a transaction's, event's or label's id is taken: where its
// record is, what its content was, and when it came.
type Taken struct {
	Sequence uint64
	Content  uint64 // a hash: wire.ContentHash for transactions
	Arrival  tidegate.Millis
}

// Ids of transactions, events and labels live in one table, apart by a byte.
const (
	idTransaction = 't'
	idEvent       = 'e'
	idLabel       = 'l'
)

func (k *Known) idKey(tenant string, kind byte, value string) []byte {
	k.key = append(append(append(k.key[:0], tenant...), 0, kind), value...)
	return k.key
}

// Transaction tells whether a transaction's id is taken.
func (k *Known) Transaction(tenant, transactionID string) (Taken, bool, error) {
	return k.taken(k.idKey(tenant, idTransaction, transactionID))
}

// Event tells whether an event's id is taken.
func (k *Known) Event(tenant, eventID string) (Taken, bool, error) {
	return k.taken(k.idKey(tenant, idEvent, eventID))
}

// Label tells whether a label's id is taken.
func (k *Known) Label(tenant, labelID string) (Taken, bool, error) {
	return k.taken(k.idKey(tenant, idLabel, labelID))
}

func (k *Known) taken(key []byte) (Taken, bool, error) {
	entry, err := k.ids.Get(key)
	if err != nil || entry == nil {
		return Taken{}, false, err
	}
	return *entry.Value(), true, nil
}

// TakeTransaction takes a transaction's id for a record.
func (k *Known) TakeTransaction(tx *tidegate.Event, t Taken) error {
	return k.take(k.idKey(tx.Tenant, idTransaction, tx.Text[tidegate.TransactionID]), t)
}

// TakeEvent takes an event's id, if it has one.
func (k *Known) TakeEvent(e *tidegate.Event, t Taken) error {
	if e.ID == "" {
		return nil
	}
	return k.take(k.idKey(e.Tenant, idEvent, e.ID), t)
}

// TakeLabel takes a label's id.
func (k *Known) TakeLabel(l *tidegate.Label, t Taken) error {
	return k.take(k.idKey(l.Tenant, idLabel, l.ID), t)
}

func (k *Known) take(key []byte, t Taken) error {
	entry, err := k.ids.Replace(key) // whoever takes an id knows that it is free
	if err != nil {
		return err
	}
	*k.ids.Update(entry) = t
	if k.keepIDs > 0 {
		k.ids.SetExpiry(entry, int64(t.Arrival+k.keepIDs))
	}
	return nil
}

type idCodec struct{}

func (idCodec) Append(b []byte, v *Taken) []byte {
	b = binary.AppendUvarint(b, v.Sequence)
	b = binary.LittleEndian.AppendUint64(b, v.Content)
	return binary.AppendVarint(b, int64(v.Arrival))
}

func (idCodec) Decode(b []byte, v *Taken) error {
	r := reader{b: b}
	v.Sequence = r.uvarint()
	if len(r.b) < 8 {
		return tidegate.Errorf(tidegate.CodeCorrupt, "a stored id is cut short")
	}
	v.Content = binary.LittleEndian.Uint64(r.b)
	r.b = r.b[8:]
	v.Arrival = tidegate.Millis(r.varint())
	return r.end()
}
