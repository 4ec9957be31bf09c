package generate

import (
	"strconv"

	"github.com/tidegate/tidegate"
)

// AppendJSON appends an event as the envelope that /v1/authorize and
// /v1/events take. Texts of the generator need no escaping.
func AppendJSON(b []byte, e *tidegate.Event) []byte {
	text := func(name, value string) {
		if value == "" {
			return
		}
		if last := b[len(b)-1]; last != '{' {
			b = append(b, ',')
		}
		b = strconv.AppendQuote(append(strconv.AppendQuote(b, name), ':'), value)
	}
	b = append(b, '{')
	text("event_id", e.ID)
	text("event_type", e.Type)
	text("timestamp", e.Time.String())
	text("source", e.Source)
	text("partition_key", e.PartitionKey)
	b = append(b, `,"payload":{`...)
	for f := range tidegate.NumText {
		text(f.String(), e.Text[f])
	}
	if e.HasAmount {
		b = append(b, `,"amount":`...)
		b = e.Amount.Append(b)
		text("currency", e.Amount.Currency.String())
	}
	if e.CardPresent != tidegate.Absent {
		b = strconv.AppendBool(append(b, `,"card_present":`...), e.CardPresent == tidegate.True)
	}
	if e.HasLocation {
		b = append(b, `,"geo_location":{"lat":`...)
		b = strconv.AppendFloat(b, e.Lat, 'f', -1, 64)
		b = append(b, `,"lon":`...)
		b = strconv.AppendFloat(b, e.Lon, 'f', -1, 64)
		b = append(b, '}')
	}
	return append(b, "}}"...)
}

// AppendLabelJSON appends the label of an item.
func AppendLabelJSON(b []byte, i *Item, reportedAt tidegate.Millis) []byte {
	b = append(b, `{"label_id":`...)
	b = strconv.AppendQuote(b, "L"+i.Event.Text[tidegate.TransactionID])
	b = append(b, `,"transaction_id":`...)
	b = strconv.AppendQuote(b, i.Event.Text[tidegate.TransactionID])
	b = strconv.AppendBool(append(b, `,"fraud":`...), i.Fraud)
	b = append(b, `,"kind":"chargeback","reported_at":`...)
	b = strconv.AppendQuote(b, reportedAt.String())
	return append(b, `,"source":"generator"}`...)
}
