package wire

import (
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
