package features_test

import (
	"strings"
	"testing"

	"github.com/tidegate/tidegate/features"
)

func TestPoints(t *testing.T) {
	points := features.DefaultPoints()
	if len(points) < 240 || points["DE"] != (features.Point{Lat: 52.5, Lon: 13.3667}) {
		t.Errorf("%d countries, Germany at %v", len(points), points["DE"])
	}
	// A country's first row is its point: not Lord Howe Island.
	if points["AU"] != (features.Point{Lat: -33.8667, Lon: 151.2167}) {
		t.Errorf("Australia at %v", points["AU"])
	}
	own, err := features.LoadPoints(strings.NewReader("longitude,note,country,latitude\n10,a,XX,20\n11,b,XX,21\n"))
	if err != nil || len(own) != 1 || own["XX"] != (features.Point{Lat: 20, Lon: 10}) {
		t.Errorf("%v, %v", own, err)
	}
	for in, want := range map[string]string{
		"":                                      "no header",
		"country,lat,lon\n":                     "the header needs country, latitude and longitude",
		"country,latitude,longitude\nDE,91,0\n": "line 2: latitude and longitude are degrees",
		"country,latitude,longitude\nDE,1,1\nFR,NaN,0\n": "line 3: latitude and longitude are degrees",
		"country,latitude,longitude\nDE\n":               "wrong number of fields",
	} {
		if _, err := features.LoadPoints(strings.NewReader(in)); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %v, want %s", in, err, want)
		}
	}
}
