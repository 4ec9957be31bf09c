// Package vectors reads the inputs and outputs of Apache Flink's own operators
// that the tests hold the engine to: see testdata/windows/README.md.
package vectors

import (
	"bytes"
	"compress/gzip"
	"encoding/json"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// Case is an input and what Flink made of it.
type Case struct {
	Name   string   `json:"name"`
	Config Config   `json:"config"`
	Input  []Input  `json:"input"`
	Output []Output `json:"output"`
}

type Config struct {
	Assigner        *Assigner `json:"assigner"`
	Trigger         *Trigger  `json:"trigger"`
	Evictor         *Evictor  `json:"evictor"`
	AllowedLateness int64     `json:"allowed_lateness"`
	Kind            string    `json:"kind"`
	Lower           int64     `json:"lower"`
	Upper           int64     `json:"upper"`
	LowerExclusive  bool      `json:"lower_exclusive"`
	UpperExclusive  bool      `json:"upper_exclusive"`
	Repeat          int64     `json:"repeat"`
	Until           int64     `json:"until"`
	Channels        int       `json:"channels"`
	Splits          int       `json:"splits"`
	Bound           int64     `json:"bound"`
	IdleTimeout     int64     `json:"idle_timeout"`
}

type Assigner struct {
	Type   string          `json:"type"`
	Size   int64           `json:"size"`
	Slide  int64           `json:"slide"`
	Offset int64           `json:"offset"`
	Gap    json.RawMessage `json:"gap"`
}

type Trigger struct {
	Type           string   `json:"type"`
	N              int      `json:"n"`
	Of             *Trigger `json:"of"`
	Interval       int64    `json:"interval"`
	Timeout        int64    `json:"timeout"`
	ResetOnRecord  bool     `json:"reset_on_record"`
	ClearOnTimeout bool     `json:"clear_on_timeout"`
	Threshold      float64  `json:"threshold"`
}

type Evictor struct {
	Type      string  `json:"type"`
	N         int     `json:"n"`
	MS        int64   `json:"ms"`
	Threshold float64 `json:"threshold"`
	After     bool    `json:"after"`
}

type Input struct {
	Event          *Event `json:"event"`
	Watermark      *int64 `json:"watermark"`
	ProcessingTime *int64 `json:"processing_time"`
	Restore        bool   `json:"restore"`
	Channel        int    `json:"channel"`
	Status         string `json:"status"`
	Periodic       bool   `json:"periodic"`
	Side           string `json:"side"`
}

type Event struct {
	ID      int64    `json:"id"`
	TS      int64    `json:"ts"`
	Key     string   `json:"key"`
	Value   int64    `json:"value"`
	Side    string   `json:"side"`
	Channel int      `json:"channel"`
	Split   int      `json:"split"`
	Actions []Action `json:"actions"`
}

type Action struct {
	Op   string `json:"op"`
	Time int64  `json:"time"`
}

type Output map[string]any

// At is the index of the input that caused an output.
func (o Output) At() int { n, _ := o["at"].(json.Number).Int64(); return int(n) }

// Read reads the cases of a family: those in testdata/windows and, where
// TIDEGATE_VECTORS names another directory that has windows, those too.
func Read(t *testing.T, family string) []Case {
	t.Helper()
	files := []string{filepath.Join("testdata", "windows", family+".json.gz")}
	if more := os.Getenv("TIDEGATE_VECTORS"); more != "" {
		files = append(files, filepath.Join(more, "windows", family+".json.gz"))
	}
	var all []Case
	for i, file := range files {
		f, err := os.Open(file)
		if i > 0 && os.IsNotExist(err) {
			continue
		}
		if err != nil {
			t.Fatal(err)
		}
		defer f.Close()
		z, err := gzip.NewReader(f)
		if err != nil {
			t.Fatal(err)
		}
		b, err := io.ReadAll(z)
		if err != nil {
			t.Fatal(err)
		}
		d := json.NewDecoder(bytes.NewReader(b))
		d.UseNumber()
		var cases []Case
		if err := d.Decode(&cases); err != nil {
			t.Fatal(err)
		}
		all = append(all, cases...)
	}
	return all
}

// Run runs every case of a family and says how many passed.
func Run(t *testing.T, family string, run func(t *testing.T, v Case)) {
	cases := Read(t, family)
	passed := 0
	for _, v := range cases {
		if t.Run(v.Name, func(t *testing.T) { run(t, v) }) {
			passed++
		}
	}
	t.Logf("%s: %d of %d cases passed", family, passed, len(cases))
}

// Canonical is the JSON of a value, with its members in order.
func Canonical(t *testing.T, v any) string {
	t.Helper()
	b, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	d := json.NewDecoder(strings.NewReader(string(b)))
	d.UseNumber()
	var x any
	if err := d.Decode(&x); err != nil {
		t.Fatal(err)
	}
	b, _ = json.Marshal(x)
	return string(b)
}
