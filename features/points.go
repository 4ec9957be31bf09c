package features

import (
	"bytes"
	_ "embed"
	"encoding/csv"
	"hash/fnv"
	"io"
	"sort"
	"strconv"
	"sync"

	"github.com/tidegate/tidegate"
)

// Point is a place on the globe, in degrees.
type Point struct{ Lat, Lon float64 }

// Points gives each country (ISO 3166 alpha-2) the point that stands for it
// where a transaction has no coordinates.
type Points map[string]Point

//go:embed points.csv
var defaultPoints []byte

// DefaultPoints is the built-in table, made of the time zone database's
// zone1970.tab (public domain).
var DefaultPoints = sync.OnceValue(func() Points {
	p, err := LoadPoints(bytes.NewReader(defaultPoints))
	if err != nil {
		// The table is part of the program; a test loads it.
		return Points{}
	}
	return p
})

// LoadPoints reads a CSV with the columns country, latitude and longitude, in
// any order and among others. A country's first row is its point.
func LoadPoints(r io.Reader) (Points, error) {
	rows := csv.NewReader(r)
	rows.ReuseRecord = true
	header, err := rows.Read()
	if err != nil {
		return nil, tidegate.Errorf(tidegate.CodeConfig, "country points: no header: %s", err)
	}
	columns := map[string]int{}
	for i, name := range header {
		columns[name] = i
	}
	country, okC := columns["country"]
	latitude, okLat := columns["latitude"]
	longitude, okLon := columns["longitude"]
	if !okC || !okLat || !okLon {
		return nil, tidegate.Errorf(tidegate.CodeConfig, "country points: the header needs country, latitude and longitude")
	}
	points := Points{}
	for {
		row, err := rows.Read()
		if err == io.EOF {
			return points, nil
		}
		if err != nil {
			return nil, tidegate.Errorf(tidegate.CodeConfig, "country points: %s", err)
		}
		lat, errLat := strconv.ParseFloat(row[latitude], 64)
		lon, errLon := strconv.ParseFloat(row[longitude], 64)
		if errLat != nil || errLon != nil || !(lat >= -90 && lat <= 90) || !(lon >= -180 && lon <= 180) {
			line, _ := rows.FieldPos(latitude)
			return nil, tidegate.Errorf(tidegate.CodeConfig, "country points: line %d: latitude and longitude are degrees", line)
		}
		if _, known := points[row[country]]; !known {
			points[row[country]] = Point{lat, lon}
		}
	}
}

// hash identifies the table's content.
func (p Points) hash() uint64 {
	countries := make([]string, 0, len(p))
	for c := range p {
		countries = append(countries, c)
	}
	sort.Strings(countries)
	h := fnv.New64a()
	for _, c := range countries {
		io.WriteString(h, c+","+strconv.FormatFloat(p[c].Lat, 'g', -1, 64)+","+strconv.FormatFloat(p[c].Lon, 'g', -1, 64)+"\n")
	}
	return h.Sum64()
}
