package wire_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/tidegate/tidegate"
	"github.com/tidegate/tidegate/wire"
)

// What is written is read again to the same.
func TestAppendEvent(t *testing.T) {
	for _, body := range []string{
		aTransaction,
		strings.Replace(aTransaction, `"card_present":false`, `"card_present":true,"recurring":false,"incumbent":{"outcome":"decline","score":7.5},"follows":"tx_1","cvv_result":"M"`, 1),
		`{"event_id":"e","event_type":"login","timestamp":"2026-03-14T15:09:26.5Z","payload":{"customer_id":"ä\"\u00e9\\"}}`,
	} {
		var first, again tidegate.Event
		if err := wire.DecodeEvent([]byte(body), wire.Options{}, &first); err != nil {
			t.Fatal(err)
		}
		written := wire.AppendEvent(nil, &first)
		if err := wire.DecodeEvent(written, wire.Options{}, &again); err != nil {
			t.Fatalf("%v: %s", err, written)
		}
		if diff := cmp.Diff(first, again); diff != "" {
			t.Error(diff)
		}
	}
}
