package wire_test

import (
	"fmt"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/tidegate/tidegate"
	"github.com/tidegate/tidegate/wire"
)

func TestParseTime(t *testing.T) {
	for text, want := range map[string]string{ // "" is an error
		"2026-03-14T15:09:26Z":                "2026-03-14T15:09:26.000Z",
		"2026-03-14t15:09:26z":                "2026-03-14T15:09:26.000Z",
		"2026-03-14T15:09:26.5Z":              "2026-03-14T15:09:26.500Z",
		"2026-03-14T15:09:26.123456789Z":      "2026-03-14T15:09:26.123Z",
		"2026-03-14T15:09:26.9999999999999Z":  "2026-03-14T15:09:26.999Z",
		"2026-03-14T15:09:26+01:00":           "2026-03-14T14:09:26.000Z",
		"2026-03-14T15:09:26.001-23:59":       "2026-03-15T15:08:26.001Z",
		"2024-02-29T00:00:00+00:00":           "2024-02-29T00:00:00.000Z",
		"2000-02-29T00:00:00Z":                "2000-02-29T00:00:00.000Z",
		"1969-12-31T23:59:59.999Z":            "1969-12-31T23:59:59.999Z",
		"0001-01-01T00:00:00Z":                "0001-01-01T00:00:00.000Z",
		"9999-12-31T23:59:59.999Z":            "9999-12-31T23:59:59.999Z",
		"2023-02-29T00:00:00Z":                "",
		"1900-02-29T00:00:00Z":                "",
		"2026-04-31T00:00:00Z":                "",
		"2026-13-01T00:00:00Z":                "",
		"2026-00-01T00:00:00Z":                "",
		"2026-01-00T00:00:00Z":                "",
		"2026-01-01T24:00:00Z":                "",
		"2026-01-01T00:60:00Z":                "",
		"2026-01-01T00:00:61Z":                "",
		"2016-12-31T23:59:60Z":                "",
		"0000-01-01T00:00:00Z":                "",
		"2026-03-14 15:09:26Z":                "",
		"2026-03-14T15:09:26":                 "",
		"2026-03-14T15:09Z":                   "",
		"2026-03-14T15:09:26.Z":               "",
		"2026-03-14T15:09:26,5Z":              "",
		"2026-03-14T15:09:26+0100":            "",
		"2026-03-14T15:09:26+24:00":           "",
		"2026-03-14T15:09:26+01:60":           "",
		"2026-03-14T15:09:26Z ":               "",
		"+026-03-14T15:09:26Z":                "",
		"2026-3-14T15:09:26Z":                 "",
		"2026-03-14T15:09:26Z[Europe/Berlin]": "",
		"1773497366535":                       "",
		"":                                    "",
	} {
		got, why := wire.ParseTime(text)
		if (why == "") != (want != "") || why == "" && got.String() != want {
			t.Errorf("%q is %v (%s), want %q", text, got, why, want)
		}
	}
}

// The standard library decides what RFC 3339 means.
func TestParseTimeAgreesWithTheStandardLibrary(t *testing.T) {
	two := func(t *rapid.T, name string, from, to int) int { return rapid.IntRange(from, to).Draw(t, name) }
	rapid.Check(t, func(t *rapid.T) {
		text := fmt.Sprintf("%04d-%02d-%02dT%02d:%02d:%02d", two(t, "year", 1, 9999), two(t, "month", 0, 13), two(t, "day", 0, 32),
			two(t, "hour", 0, 24), two(t, "minute", 0, 60), two(t, "second", 0, 60)) +
			rapid.StringMatching(`(\.[0-9]{1,9})?`).Draw(t, "fraction") +
			rapid.StringMatching(`Z|[+-]([01][0-9]|2[0-3]):[0-5][0-9]`).Draw(t, "offset")
		want, err := time.Parse(time.RFC3339, text)
		got, why := wire.ParseTime(text)
		if (err == nil) != (why == "") {
			t.Fatalf("%s: %q, the standard library says %v", text, why, err)
		}
		if err == nil && got != tidegate.MillisOf(want) {
			t.Fatalf("%s is %v, want %v", text, got, want.UTC())
		}
	})
}

func TestEpochMillis(t *testing.T) {
	for text, want := range map[string]tidegate.Millis{"0": 0, "-1": -1, "1773497366535": 1773497366535, "253402300799999": 253402300799999} {
		if ev := decode(t, but(`"2026-03-14T15:09:26Z"`, text), wire.Options{}); ev.Time != want {
			t.Errorf("%s is %v", text, ev.Time)
		}
	}
}
