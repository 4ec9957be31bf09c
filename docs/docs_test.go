// Package docs holds the pages against the program: their examples are sound
// and their tables are complete.
package docs

import (
	"encoding/json"
	"errors"
	"log/slog"
	"maps"
	"os"
	"path/filepath"
	"reflect"
	"regexp"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/tidegate/tidegate/api"
	"github.com/tidegate/tidegate/bench/replay"
	"github.com/tidegate/tidegate/config"
	"github.com/tidegate/tidegate/docs/schemas"
	"github.com/tidegate/tidegate/examples"
	"github.com/tidegate/tidegate/internal/yamlfile"
	"github.com/tidegate/tidegate/models"
	"github.com/tidegate/tidegate/node"
	"github.com/tidegate/tidegate/scoring"
	"github.com/tidegate/tidegate/stream/kafka"
	"github.com/tidegate/tidegate/stream/schema"
)

// page reads a page; README.md is above.
func page(t *testing.T, name string) string {
	t.Helper()
	body, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	return string(body)
}

// blocks are the YAML blocks of a page.
func blocks(t *testing.T, name string) []string {
	t.Helper()
	var list []string
	for _, m := range regexp.MustCompile("(?ms)^```yaml\n(.*?)^```$").FindAllStringSubmatch(page(t, name), -1) {
		list = append(list, m[1])
	}
	if len(list) == 0 {
		t.Fatalf("%s has no YAML", name)
	}
	return list
}

// example is the example configuration with some files replaced; "" removes.
func example(t *testing.T, changes map[string]string) map[string][]byte {
	t.Helper()
	files, err := config.Deciding(examples.Issuer())
	if err != nil {
		t.Fatal(err)
	}
	files = maps.Clone(files)
	for name, content := range changes {
		if strings.HasSuffix(name, "/") {
			maps.DeleteFunc(files, func(k string, _ []byte) bool { return strings.HasPrefix(k, name) })
			continue
		}
		if delete(files, name); content != "" {
			files[name] = []byte(content)
		}
	}
	return files
}

func mustCompile(t *testing.T, files map[string][]byte) {
	t.Helper()
	if _, err := scoring.Compile(files); err != nil {
		t.Error(err)
	}
}

// Every YAML block of the pages for analysts and data scientists is what its
// first line says it is, and loads.
func TestExamplesAreSound(t *testing.T) {
	for _, name := range []string{"rules.md", "features.md", "models.md", "patterns.md", "../README.md"} {
		for _, block := range blocks(t, name) {
			first, _, _ := strings.Cut(block, ":")
			t.Run(filepath.Base(name)+" "+first, func(t *testing.T) {
				switch first {
				case "rules":
					mustCompile(t, example(t, map[string]string{"rules/velocity.yaml": "", "rules/amount.yaml": "", "rules/page.yaml": block}))
				case "lists":
					mustCompile(t, example(t, map[string]string{"lists/lists.yaml": block}))
				case "suppressions":
					mustCompile(t, example(t, map[string]string{"suppressions.yaml": block}))
				case "patterns":
					mustCompile(t, example(t, map[string]string{"patterns/account.yaml": block}))
				case "features":
					mustCompile(t, map[string][]byte{"features.yaml": []byte(block)})
				case "name":
					if _, err := models.ParseManifests(map[string][]byte{"models/page.yaml": []byte(block)}); err != nil {
						t.Error(err)
					}
				default:
					t.Errorf("no test knows what a block of %s is", first)
				}
			})
		}
	}
}

// configuration.md shows every setting of tidegate.yaml with its default.
func TestConfigurationIsTheDefault(t *testing.T) {
	shown := blocks(t, "configuration.md")
	var got config.Config
	if err := yamlfile.Decode("configuration.md", []byte(shown[0]), &got); err != nil {
		t.Fatal(err)
	}
	want := config.Default()
	for _, list := range []*[]string{&got.Kafka.Brokers, &want.Kafka.Brokers} {
		if len(*list) == 0 {
			*list = nil
		}
	}
	if len(got.APIKeys) == 0 {
		got.APIKeys = nil
	}
	if len(got.Kafka.Inputs) == 0 {
		got.Kafka.Inputs = nil
	}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("the page has\n%+v\nthe defaults are\n%+v", got, want)
	}
	allNamed(t, shown[0], reflect.TypeFor[config.Config]())

	got2, err := scoring.ParsePolicy("configuration.md", []byte(shown[1]))
	if err != nil {
		t.Fatal(err)
	}
	want2 := scoring.DefaultPolicy()
	got2.Version, got2.Thresholds = want2.Version, nil // those of the page are an example
	if !reflect.DeepEqual(got2, want2) {
		t.Errorf("the page has\n%+v\nthe defaults are\n%+v", got2, want2)
	}
	allNamed(t, shown[1], reflect.TypeFor[scoring.Policy]())
}

// allNamed fails for a member of a struct that a text does not name.
func allNamed(t *testing.T, text string, of reflect.Type) {
	t.Helper()
	for f := range of.Fields() {
		name := f.Tag.Get("yaml")
		if name == "" || name == "-" {
			continue
		}
		if !regexp.MustCompile(`\b` + name + `\b`).MatchString(text) {
			t.Errorf("%s is not shown", name)
		}
		inner := f.Type
		if inner.Kind() == reflect.Slice {
			inner = inner.Elem()
		}
		if inner.Kind() == reflect.Struct {
			allNamed(t, text, inner)
		}
	}
}

// replay.md shows every member of a mapping.
func TestMappingIsSound(t *testing.T) {
	block := blocks(t, "replay.md")[0]
	if _, err := replay.LoadMapping(fstest.MapFS{"mappings/page.yaml": {Data: []byte(block)}}, "page"); err != nil {
		t.Error(err)
	}
	allNamed(t, block, reflect.TypeFor[replay.Mapping]())
}

// operations.md has every metric of the service, and no other.
func TestMetricsAreDocumented(t *testing.T) {
	registry := prometheus.NewRegistry()
	n, _, activation, err := node.Open(node.Options{
		Dir: t.TempDir(), Files: example(t, nil), Clock: func() time.Time { return time.Date(2026, 3, 14, 12, 0, 0, 0, time.UTC) }, CheckpointEvery: time.Hour,
	})
	if err != nil || activation != nil {
		t.Fatal(err, activation)
	}
	defer n.Close()
	api.New(n, api.Options{Log: slog.New(slog.DiscardHandler), InFlight: 1, Registry: registry}).Drain()
	there := map[string]bool{"tidegate_problems_total": true} // has no series before the first problem
	families, err := registry.Gather()
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range families {
		if strings.HasPrefix(f.GetName(), "tidegate_") {
			there[f.GetName()] = true
		}
	}
	for name := range metricsOf(t, "../cmd/tidegate") {
		there[name] = true
	}
	shown := map[string]bool{}
	for _, m := range regexp.MustCompile("`(tidegate_[a-z_]+)").FindAllStringSubmatch(page(t, "operations.md"), -1) {
		shown[m[1]] = true
	}
	for name := range there {
		if !shown[name] {
			t.Errorf("%s is not in operations.md", name)
		}
	}
	for name := range shown {
		if !there[name] {
			t.Errorf("%s is in operations.md, and nowhere else", name)
		}
	}
}

// metricsOf are the names in a command's source: the publisher's metrics are
// there only when there are brokers.
func metricsOf(t *testing.T, dir string) map[string]bool {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(dir, "*.go"))
	if err != nil {
		t.Fatal(err)
	}
	names := map[string]bool{}
	for _, file := range files {
		if strings.HasSuffix(file, "_test.go") {
			continue
		}
		body, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range regexp.MustCompile(`"(tidegate_[a-z_]+)"`).FindAllSubmatch(body, -1) {
			names[string(m[1])] = true
		}
	}
	return names
}

// What the pages link to is there.
func TestLinks(t *testing.T) {
	pages, err := filepath.Glob("*.md")
	if err != nil {
		t.Fatal(err)
	}
	more, err := filepath.Glob("../*.md")
	if err != nil {
		t.Fatal(err)
	}
	code := regexp.MustCompile("(?ms)^```.*?^```$")
	for _, name := range append(pages, more...) {
		text := code.ReplaceAllString(page(t, name), "")
		for _, m := range regexp.MustCompile(`\]\(([^)#]+)(#[^)]*)?\)`).FindAllStringSubmatch(text, -1) {
			if strings.Contains(m[1], "://") {
				continue
			}
			if _, err := os.Stat(filepath.Join(filepath.Dir(name), filepath.FromSlash(m[1]))); err != nil {
				t.Errorf("%s: %v", name, err)
			}
		}
	}
}

// kafka.md shows every member of an alert, and every header of a dead letter.
func TestAlertIsDocumented(t *testing.T) {
	var schema struct {
		Properties map[string]any `json:"properties"`
	}
	if err := json.Unmarshal([]byte(page(t, "schemas/alert.json")), &schema); err != nil {
		t.Fatal(err)
	}
	text := page(t, "kafka.md")
	for name := range schema.Properties {
		if !strings.Contains(text, "`"+name+"`") {
			t.Errorf("%s of an alert is not in kafka.md", name)
		}
	}
	letter := kafka.DeadLetter{Record: &kgo.Record{}}.Again(1, time.Time{})
	for _, h := range letter.Headers {
		if !strings.Contains(text, "`"+h.Key+"`") {
			t.Errorf("the header %s is not in kafka.md", h.Key)
		}
	}
}

// The schemas in Avro and Protobuf have what the JSON Schemas have, and nothing
// else. What a question has to ask for is not in a topic.
func TestFormatsAreTheSame(t *testing.T) {
	asked := map[string]bool{"features": true, "warming": true}
	field := regexp.MustCompile(`(?m)^  (?:optional |repeated )?\S.* (\w+) = \d+;`)
	for _, c := range [][3]string{{schemas.Decision, schemas.DecisionAvro, schemas.DecisionProtobuf}, {schemas.Alert, schemas.AlertAvro, schemas.AlertProtobuf}} {
		var members struct{ Properties map[string]any }
		var record struct{ Fields []struct{ Name string } }
		if err := errors.Join(json.Unmarshal([]byte(c[0]), &members), json.Unmarshal([]byte(c[1]), &record)); err != nil {
			t.Fatal(err)
		}
		for _, f := range record.Fields {
			if members.Properties[f.Name] == nil {
				t.Errorf("%s is in Avro alone", f.Name)
			}
		}
		var inAvro, inProtobuf []string
		for _, f := range record.Fields {
			inAvro = append(inAvro, f.Name)
			delete(members.Properties, f.Name)
		}
		for _, f := range field.FindAllStringSubmatch(c[2], -1) {
			inProtobuf = append(inProtobuf, f[1])
		}
		if diff := cmp.Diff(inAvro, inProtobuf); diff != "" {
			t.Errorf("in Avro (-) and Protobuf (+): %s", diff)
		}
		for name := range members.Properties {
			if !asked[name] {
				t.Errorf("%s is not in Avro", name)
			}
		}
	}
}

// kafka.md shows every member of an input and of the registry, and what it shows
// can be used.
func TestInputsAreDocumented(t *testing.T) {
	text := page(t, "kafka.md")
	allNamed(t, text, reflect.TypeFor[config.KafkaInput]())
	allNamed(t, text, reflect.TypeFor[config.Registry]())
	expect := regexp.MustCompile("(?ms)^```json\n(.*?)^```$").FindStringSubmatch(text)
	registry, err := schema.NewRegistry(schema.RegistryOptions{URL: "http://127.0.0.1:1"})
	if err != nil {
		t.Fatal(err)
	}
	for _, block := range blocks(t, "kafka.md") {
		dir := t.TempDir()
		for name, body := range map[string]string{"tidegate.yaml": block, "payment.avsc": expect[1]} {
			if err := os.WriteFile(filepath.Join(dir, name), []byte(body), 0o644); err != nil {
				t.Fatal(err)
			}
		}
		c, err := config.Load(filepath.Join(dir, "tidegate.yaml"))
		if err != nil {
			t.Error(err)
		}
		for i := range c.Kafka.Inputs {
			if _, err := c.Kafka.Decoder(i, registry); err != nil {
				t.Error(c.Kafka.Inputs[i].Topic, err)
			}
		}
	}
}
