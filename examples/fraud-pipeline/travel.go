package main

import (
	"encoding/binary"
	"encoding/json"
	"math"
	"time"

	"github.com/tidegate/tidegate"
	"github.com/tidegate/tidegate/stream"
)

// ImpossibleTravel raises an alert when a customer pays further away from
// where they last paid than anyone gets in the time between.
type ImpossibleTravel struct {
	Within           time.Duration
	BeyondKilometers float64

	last stream.Value[sighting]
}

// sighting is where a customer was last.
type sighting struct {
	at       stream.Millis
	lat, lon float64
	eventID  string
}

func (o *ImpossibleTravel) Open(s *stream.States) error {
	o.last = stream.NewValue[sighting](s, "last")
	return nil
}

func (o *ImpossibleTravel) Process(c *stream.Context[string, Alert], t Transaction) error {
	last := o.last.Get(c)
	if last != nil {
		elapsed := max(t.At-last.at, last.at-t.At)
		if elapsed < stream.Millis(o.Within.Milliseconds()) {
			if km := kilometers(last.lat, last.lon, t.Lat, t.Lon); km > o.BeyondKilometers {
				c.Emit(Alert{Type: Travel, Customer: c.Key, Time: t.At, EventID: t.EventID, PreviousEventID: last.eventID, Elapsed: elapsed, Kilometers: km})
			}
		}
	}
	if last == nil || t.At >= last.at {
		o.last.Set(c, sighting{t.At, t.Lat, t.Lon, t.EventID})
	}
	return nil
}

// kilometers is the great-circle distance by the haversine formula, on a
// sphere of the mean radius of the Earth.
func kilometers(lat1, lon1, lat2, lon2 float64) float64 {
	const earth, degree = 6371.0, math.Pi / 180
	sinLat := math.Sin((lat2 - lat1) * degree / 2)
	sinLon := math.Sin((lon2 - lon1) * degree / 2)
	a := sinLat*sinLat + math.Cos(lat1*degree)*math.Cos(lat2*degree)*sinLon*sinLon
	return 2 * earth * math.Asin(math.Min(1, math.Sqrt(a)))
}

// MarshalJSON shows it to people.
func (s sighting) MarshalJSON() ([]byte, error) {
	return json.Marshal(struct {
		At      stream.Millis `json:"at"`
		Lat     float64       `json:"lat"`
		Lon     float64       `json:"lon"`
		EventID string        `json:"event_id"`
	}{s.at, s.lat, s.lon, s.eventID})
}

type sightingCodec struct{}

func (sightingCodec) Append(dst []byte, s *sighting) []byte {
	dst = binary.LittleEndian.AppendUint64(dst, uint64(s.at))
	dst = binary.LittleEndian.AppendUint64(dst, math.Float64bits(s.lat))
	dst = binary.LittleEndian.AppendUint64(dst, math.Float64bits(s.lon))
	return append(dst, s.eventID...)
}

func (sightingCodec) Decode(b []byte, s *sighting) error {
	if len(b) < 24 {
		return tidegate.Errorf(tidegate.CodeCorrupt, "a stored sighting is cut short")
	}
	s.at = stream.Millis(binary.LittleEndian.Uint64(b))
	s.lat = math.Float64frombits(binary.LittleEndian.Uint64(b[8:]))
	s.lon = math.Float64frombits(binary.LittleEndian.Uint64(b[16:]))
	s.eventID = string(b[24:])
	return nil
}
