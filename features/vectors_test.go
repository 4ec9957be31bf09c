package features_test

import (
	"bufio"
	"compress/gzip"
	"encoding/csv"
	"encoding/json"
	"fmt"
	"io"
	"math"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/tidegate/tidegate"
	"github.com/tidegate/tidegate/features"
	"github.com/tidegate/tidegate/stream/state"
)

// TestVectors replays events whose features were computed the slow way by
// another program: those in testdata, and those in $TIDEGATE_VECTORS.
func TestVectors(t *testing.T) {
	dirs := []string{"testdata/features"}
	if other := os.Getenv("TIDEGATE_VECTORS"); other != "" {
		dirs = append(dirs, filepath.Join(other, "features"))
	}
	for _, dir := range dirs {
		t.Run(dir, func(t *testing.T) { replayVectors(t, dir) })
	}
}

type vectorDefinition struct {
	Name           string   `json:"name"`
	Key            []string `json:"key"`
	Aggregate      string   `json:"aggregate"`
	Of             string   `json:"of"`
	Window         float64  `json:"window_s"`
	Delay          float64  `json:"delay_s"`
	ExcludeCurrent bool     `json:"exclude_current"`
	Where          *struct {
		Field       string `json:"field"`
		Equals      any    `json:"equals"`
		GreaterThan any    `json:"greater_than"`
	} `json:"where"`
}

// yaml says the definition in the language of feature files; a travel feature
// comes with two others, of which it is one.
func (d *vectorDefinition) yaml() string {
	var b strings.Builder
	fmt.Fprintf(&b, "  - name: %s\n    key: [%s]\n", d.Name, strings.Join(d.Key, ", "))
	switch d.Aggregate {
	case "travel_distance", "travel_elapsed", "travel_speed":
		b.WriteString("    kind: travel\n")
		return b.String()
	case "ratio_to_avg":
		fmt.Fprintf(&b, "    aggregate: ratio(%s)\n", d.Of)
	default:
		b.WriteString("    aggregate: " + d.Aggregate)
		if d.Of != "" {
			b.WriteString("(" + d.Of + ")")
		}
		b.WriteString("\n")
	}
	if d.Window > 0 {
		fmt.Fprintf(&b, "    window: %vms\n", int64(d.Window*1000))
	}
	if d.Delay > 0 {
		fmt.Fprintf(&b, "    delay: %vms\n", int64(d.Delay*1000))
	}
	if w := d.Where; w != nil && w.Equals != nil {
		fmt.Fprintf(&b, "    where: %s == %q\n", w.Field, w.Equals)
	} else if w != nil {
		fmt.Fprintf(&b, "    where: %s > %v\n", w.Field, w.GreaterThan)
	}
	if d.ExcludeCurrent {
		b.WriteString("    exclude_current: true\n")
	}
	return b.String()
}

// variable is the name that the feature has in the catalog.
func (d *vectorDefinition) variable() string {
	switch d.Aggregate {
	case "travel_distance":
		return d.Name + "_km"
	case "travel_elapsed":
		return d.Name + "_s"
	case "travel_speed":
		return d.Name + "_kmh"
	}
	return d.Name
}

func replayVectors(t *testing.T, dir string) {
	var defs []vectorDefinition
	data, err := os.ReadFile(filepath.Join(dir, "definitions.json"))
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(data, &defs); err != nil {
		t.Fatal(err)
	}
	yaml := "features:\n"
	for i := range defs {
		yaml += defs[i].yaml()
	}
	eur, _ := tidegate.ParseCurrency("EUR")
	set := compile(t, yaml, features.Options{Base: eur})
	st, err := features.NewState(set, state.NewMemory())
	if err != nil {
		t.Fatal(err)
	}
	schema, err := tidegate.NewSchema(set.Variables())
	if err != nil {
		t.Fatal(err)
	}

	events := bufio.NewScanner(gunzip(t, filepath.Join(dir, "events.jsonl.gz")))
	events.Buffer(nil, 1<<20)
	expected := csv.NewReader(gunzip(t, filepath.Join(dir, "expected.csv.gz")))
	header, err := expected.Read()
	if err != nil {
		t.Fatal(err)
	}
	byName := map[string]*vectorDefinition{}
	for i := range defs {
		byName[defs[i].Name] = &defs[i]
	}
	facts := tidegate.NewFacts(len(set.Variables()))
	agreed, differing, n := 0, 0, 0
	for ; events.Scan(); n++ {
		ev := decodeVector(t, events.Bytes())
		if err := st.Observe(ev, facts, 0); err != nil {
			t.Fatal(err)
		}
		if err := st.Apply(ev, features.Effect{}); err != nil {
			t.Fatal(err)
		}
		row, err := expected.Read()
		if err != nil {
			t.Fatal(err)
		}
		for i := 1; i < len(header); i++ {
			d := byName[header[i]]
			at, ok := schema.Index(d.variable())
			if !ok {
				t.Fatalf("no variable for %s", header[i])
			}
			if agrees(d, schema.At(at).Kind, facts, at, row[i]) {
				agreed++
				continue
			}
			if differing++; differing <= 20 {
				t.Errorf("event %s: %s = %v %q, want %q", row[0], header[i], facts.Num[at], facts.Text[at], row[i])
			}
		}
	}
	if _, err := expected.Read(); err != io.EOF || n == 0 {
		t.Errorf("read %d events, but there are more or no expected rows: %v", n, err)
	}
	t.Logf("%d of %d values agreed (%d events, %d features)", agreed, agreed+differing, n, len(header)-1)
}

func agrees(d *vectorDefinition, kind tidegate.Kind, facts *tidegate.Facts, at int, want string) bool {
	got := facts.Num[at]
	switch {
	case want == "":
		return facts.Missing(at)
	case facts.Missing(at):
		return false
	case kind == tidegate.KindText:
		return facts.Text[at] == want
	case kind == tidegate.KindBool:
		return (got == 1) == (want == "true")
	}
	x, err := strconv.ParseFloat(want, 64)
	if err != nil {
		return false
	}
	tolerance := 1e-9
	switch d.Aggregate {
	case "count", "count_distinct", "sum":
		tolerance = 0
	case "stddev", "zscore":
		tolerance = 1e-7
	}
	return math.Abs(got-x) <= tolerance*math.Max(math.Abs(x), 1e-300)
}

func decodeVector(t *testing.T, line []byte) *tidegate.Event {
	var v struct {
		ID        string    `json:"event_id"`
		Type      string    `json:"event_type"`
		Timestamp time.Time `json:"timestamp"`
		Payload   struct {
			Currency string      `json:"currency"`
			Amount   json.Number `json:"amount"`
			Location *struct{ Lat, Lon float64 }
			Geo      *struct{ Lat, Lon float64 } `json:"geo_location"`
		} `json:"payload"`
	}
	var raw struct {
		Payload map[string]json.RawMessage `json:"payload"`
	}
	if err := json.Unmarshal(line, &v); err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(line, &raw); err != nil {
		t.Fatal(err)
	}
	ev := &tidegate.Event{ID: v.ID, Type: v.Type, Tenant: tidegate.DefaultTenant, Time: tidegate.MillisOf(v.Timestamp)}
	for name, value := range raw.Payload {
		if f, ok := tidegate.FieldByName(name); ok && f < tidegate.NumText {
			if err := json.Unmarshal(value, &ev.Text[f]); err != nil {
				t.Fatal(err)
			}
		}
	}
	cur, ok := tidegate.ParseCurrency(v.Payload.Currency)
	if !ok {
		t.Fatalf("currency %q", v.Payload.Currency)
	}
	amount, perr := tidegate.ParseAmount(string(v.Payload.Amount), cur)
	if perr != nil {
		t.Fatal(perr)
	}
	ev.Amount, ev.HasAmount = amount, true
	if g := v.Payload.Geo; g != nil {
		ev.HasLocation, ev.Lat, ev.Lon = true, g.Lat, g.Lon
	}
	return ev
}

func gunzip(t testing.TB, file string) io.Reader {
	f, err := os.Open(file)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { f.Close() })
	z, err := gzip.NewReader(bufio.NewReader(f))
	if err != nil {
		t.Fatal(err)
	}
	return z
}

// failer is what testing's and rapid's T have in common.
type failer interface {
	Helper()
	Fatal(args ...any)
	Fatalf(format string, args ...any)
}

func compile(t failer, yaml string, opts features.Options) *features.Set {
	t.Helper()
	defs, err := features.Parse("features.yaml", []byte(yaml))
	if err != nil {
		t.Fatal(err)
	}
	set, err := features.Compile(defs, opts)
	if err != nil {
		t.Fatal(err)
	}
	return set
}
