package wire

import (
	"encoding/binary"

	"github.com/cespare/xxhash/v2"
	"github.com/tidegate/tidegate"
)

// ContentHash is what makes a repeated transaction_id a retry: two requests
// with equal hashes ask the same question, whatever their envelopes,
// timestamps, spelling and enrichment. It is kept on disk, so it must stay as
// it is.
func ContentHash(ev *tidegate.Event) uint64 {
	var room [512]byte
	buf := room[:0]
	for _, f := range [...]tidegate.Field{
		tidegate.TransactionID, tidegate.CustomerID, tidegate.CardID, tidegate.AccountID, tidegate.MerchantID,
	} {
		buf = appendString(buf, ev.Text[f])
	}
	if ev.HasAmount {
		buf = appendMoneyBinary(buf, ev.Amount)
	}
	return xxhash.Sum64(buf)
}

// EventHash does the same for a repeated event_id, and is kept on disk, too.
// The keys of an event about a transaction don't count: what it left out is
// taken from the transaction when it is recorded. It is never 0.
func EventHash(ev *tidegate.Event) uint64 {
	var room [512]byte
	buf := appendString(room[:0], ev.Type)
	if id := ev.Text[tidegate.TransactionID]; id != "" {
		keyless := tidegate.Event{Amount: ev.Amount, HasAmount: ev.HasAmount}
		keyless.Text[tidegate.TransactionID] = id
		ev = &keyless
	}
	var content [8]byte
	binary.LittleEndian.PutUint64(content[:], ContentHash(ev))
	return max(xxhash.Sum64(append(buf, content[:]...)), 1)
}
