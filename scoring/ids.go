package scoring

import (
	"encoding/binary"

	"github.com/tidegate/tidegate"
)

// id says that a transaction or event id is taken: where its record is, what
// its content was, and when it came. It is some 20 bytes on disk beside the key.
type id struct {
	sequence uint64
	content  uint64 // wire.ContentHash
	arrival  tidegate.Millis
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

// Transaction finds the sequence number of a transaction's record.
func (k *Known) Transaction(tenant, transactionID string) (sequence, content uint64, ok bool, err error) {
	return k.lookup(k.idKey(tenant, idTransaction, transactionID))
}

// Event finds the sequence number of an event's record.
func (k *Known) Event(tenant, eventID string) (sequence, content uint64, ok bool, err error) {
	return k.lookup(k.idKey(tenant, idEvent, eventID))
}

// LabelID finds the sequence number of a label's record.
func (k *Known) LabelID(tenant, labelID string) (sequence, content uint64, ok bool, err error) {
	return k.lookup(k.idKey(tenant, idLabel, labelID))
}

func (k *Known) lookup(key []byte) (uint64, uint64, bool, error) {
	entry, err := k.ids.Get(key)
	if err != nil || entry == nil {
		return 0, 0, false, err
	}
	v := entry.Value()
	return v.sequence, v.content, true, nil
}

// TakeTransaction marks a transaction's id as answered by a record.
func (k *Known) TakeTransaction(tenant, transactionID string, sequence, content uint64, arrival tidegate.Millis) error {
	return k.take(k.idKey(tenant, idTransaction, transactionID), id{sequence, content, arrival})
}

// TakeEvent marks an event's id as recorded.
func (k *Known) TakeEvent(tenant, eventID string, sequence, content uint64, arrival tidegate.Millis) error {
	return k.take(k.idKey(tenant, idEvent, eventID), id{sequence, content, arrival})
}

// TakeLabel marks a label's id as recorded.
func (k *Known) TakeLabel(tenant, labelID string, sequence, content uint64, arrival tidegate.Millis) error {
	return k.take(k.idKey(tenant, idLabel, labelID), id{sequence, content, arrival})
}

func (k *Known) take(key []byte, v id) error {
	entry, err := k.ids.GetOrCreate(key)
	if err != nil {
		return err
	}
	*k.ids.Update(entry) = v
	return nil
}

type idCodec struct{}

func (idCodec) Append(b []byte, v *id) []byte {
	b = binary.AppendUvarint(b, v.sequence)
	b = binary.LittleEndian.AppendUint64(b, v.content)
	return binary.AppendVarint(b, int64(v.arrival))
}

func (idCodec) Decode(b []byte, v *id) error {
	r := reader{b: b}
	v.sequence = r.uvarint()
	if len(r.b) < 8 {
		return tidegate.Errorf(tidegate.CodeCorrupt, "a stored id is cut short")
	}
	v.content = binary.LittleEndian.Uint64(r.b)
	r.b = r.b[8:]
	v.arrival = tidegate.Millis(r.varint())
	return r.end()
}
