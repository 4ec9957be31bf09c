package wire

import (
	"encoding/json"
	"strings"

	"github.com/tidegate/tidegate"
)

// AppendEvent appends an event as the envelope that [DecodeEvent] reads. It is
// for tools: what decides writes no events.
func AppendEvent(dst []byte, e *tidegate.Event) []byte {
	envelope := map[string]any{"timestamp": e.Time.String()}
	text := func(to map[string]any, name, value string) {
		if value != "" {
			to[name] = value
		}
	}
	text(envelope, "event_id", e.ID)
	text(envelope, "event_type", e.Type)
	text(envelope, "source", e.Source)
	text(envelope, "partition_key", e.PartitionKey)
	payload, metadata, threeDS := map[string]any{}, map[string]any{}, map[string]any{}
	text(metadata, "schema_version", e.SchemaVersion)
	text(metadata, "correlation_id", e.CorrelationID)
	text(metadata, "trace_id", e.TraceID)
	for f := range tidegate.NumText {
		if name, ok := strings.CutPrefix(f.String(), "three_ds_"); ok {
			text(threeDS, name, e.Text[f])
		} else {
			text(payload, f.String(), e.Text[f])
		}
	}
	if e.HasAmount {
		payload["amount"], payload["currency"] = string(e.Amount.Append(nil)), e.Amount.Currency.String()
	}
	if e.HasLocation {
		payload["geo_location"] = map[string]any{"lat": e.Lat, "lon": e.Lon}
	}
	for name, value := range map[string]tidegate.Tristate{"card_present": e.CardPresent, "recurring": e.Recurring} {
		if value != tidegate.Absent {
			payload[name] = value == tidegate.True
		}
	}
	incumbent, attributes := map[string]any{}, map[string]any{}
	text(incumbent, "outcome", e.Incumbent.Outcome)
	if e.Incumbent.HasScore {
		incumbent["score"] = e.Incumbent.Score
	}
	for _, a := range e.Attributes {
		switch a.Kind {
		case tidegate.KindText:
			attributes[a.Name] = a.Text
		case tidegate.KindBool:
			attributes[a.Name] = a.Num != 0
		default:
			attributes[a.Name] = a.Num
		}
	}
	for name, object := range map[string]map[string]any{"three_ds": threeDS, "incumbent": incumbent, "attributes": attributes} {
		if len(object) > 0 {
			payload[name] = object
		}
	}
	envelope["payload"] = payload
	if len(metadata) > 0 {
		envelope["metadata"] = metadata
	}
	body, err := json.Marshal(envelope)
	if err != nil { // numbers are finite, keys are text: there is nothing to refuse
		return dst
	}
	return append(dst, body...)
}
