package main

import (
	"bytes"
	"encoding/json"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/tidegate/tidegate/stream"
)

const example = `{"event_id":"evt-1","timestamp":"2025-06-01T00:00:00.250Z","payload":{"customer_id":"cust-1","amount":"12.34","geo_location":{"lat":-1.5,"lon":2}}}`

func TestDecode(t *testing.T) {
	want := Transaction{EventID: "evt-1", CustomerID: "cust-1", At: 1748736000250, Cents: 1234, Lat: -1.5, Lon: 2}
	for _, line := range []string{
		example,
		strings.ReplaceAll(strings.ReplaceAll(example, ":", " : "), ",", " ,\t"),
		strings.Replace(example, `"payload"`, `"source":"g\"}w","nested":[{"a":["]"]},null,true,-1.5e3],"payload"`, 1),
		strings.Replace(example, `"evt-1"`, `"\u0065vt-1"`, 1),
		strings.Replace(example, `"12.34"`, `12.34`, 1),
		strings.Replace(example, `.250Z`, `.25+00:00`, 1),
		`{"payload":{"geo_location":{"lon":2e0,"lat":-1.500000},"amount":"12.34","customer_id":"cust-1"},"timestamp":"2025-06-01T02:00:00.250+02:00","event_id":"evt-1"}`,
	} {
		line = strings.ReplaceAll(line, " : 00", ":00") // the timestamp's own colons
		var got Transaction
		if err := decodeTransaction([]byte(line), &got); err != nil || got != want {
			t.Errorf("%s\n is %+v, %v", line, got, err)
		}
	}
}

func TestDecodeRefuses(t *testing.T) {
	for name, line := range map[string]string{
		"nothing":              ``,
		"no object":            `[]`,
		"cut short":            example[:len(example)-1],
		"something behind":     example + "{}",
		"no event id":          strings.Replace(example, "event_id", "id", 1),
		"no time":              strings.Replace(example, "timestamp", "time", 1),
		"a day that isn't":     strings.Replace(example, "06-01", "02-30", 1),
		"no customer":          strings.Replace(example, "customer_id", "customer", 1),
		"a negative amount":    strings.Replace(example, "12.34", "-12.34", 1),
		"a too precise amount": strings.Replace(example, "12.34", "12.345", 1),
		"no location":          strings.Replace(example, "geo_location", "location", 1),
		"an id of no text":     strings.Replace(example, "evt-1", "evt-\xff", 1),
		"no number":            strings.Replace(example, "-1.5", "x", 1),
		"wrong brackets":       strings.Replace(example, `"timestamp"`, `"x":[}],"timestamp"`, 1),
		"too deep":             strings.Replace(example, `"timestamp"`, `"x":`+strings.Repeat("[", 100)+strings.Repeat("]", 100)+`,"timestamp"`, 1),
	} {
		var tx Transaction
		if err := decodeTransaction([]byte(line), &tx); err == nil {
			t.Errorf("%s: %s is taken as %+v", name, line, tx)
		}
	}
}

// FuzzDecode compares with package encoding/json wherever that takes the line.
func FuzzDecode(f *testing.F) {
	f.Add([]byte(example))
	f.Add([]byte(strings.Replace(example, "12.34", "7", 1)))
	f.Add([]byte(strings.Replace(example, `"payload"`, `"a\\":"\"","payload"`, 1)))
	f.Fuzz(func(t *testing.T, line []byte) {
		var got Transaction
		err := decodeTransaction(line, &got)
		if !json.Valid(line) || repeats(line) {
			return
		}
		var want struct {
			EventID   *string `json:"event_id"`
			Timestamp *string `json:"timestamp"`
			Payload   *struct {
				CustomerID  *string         `json:"customer_id"`
				Amount      json.RawMessage `json:"amount"`
				GeoLocation *struct {
					Lat *json.Number `json:"lat"`
					Lon *json.Number `json:"lon"`
				} `json:"geo_location"`
			} `json:"payload"`
		}
		if json.Unmarshal(line, &want) != nil || err != nil {
			return
		}
		at, timeErr := time.Parse(time.RFC3339Nano, *want.Timestamp)
		lat, _ := strconv.ParseFloat(want.Payload.GeoLocation.Lat.String(), 64)
		if got.EventID != *want.EventID || got.CustomerID != *want.Payload.CustomerID || timeErr != nil || got.At != stream.Millis(at.UnixMilli()) || got.Lat != lat {
			t.Errorf("%s is %+v", line, got)
		}
	})
}

// repeats says whether a key may occur twice, or in another case: package json
// takes those differently.
func repeats(line []byte) bool {
	lower := bytes.ToLower(line)
	for _, key := range []string{"event_id", "timestamp", "payload", "customer_id", "amount", "geo_location", "lat", "lon"} {
		if bytes.Count(lower, []byte(`"`+key+`"`)) != 1 || !bytes.Contains(line, []byte(`"`+key+`"`)) {
			return true
		}
	}
	return bytes.ContainsRune(line, '\\')
}
