package main

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/bufbuild/protocompile"
	"github.com/google/go-cmp/cmp"
	"github.com/hamba/avro/v2"
	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/sr"
	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/dynamicpb"

	"github.com/tidegate/tidegate/docs/schemas"
	"github.com/tidegate/tidegate/stream/kafka/kafkatest"
	"github.com/tidegate/tidegate/stream/schema"
)

// TestServeOutputs: decisions and alerts in Avro, in Protobuf and with JSON Schema
// say what the service says over HTTP. A registry that holds the schema for incompatible lets
// nothing be published, and decisions go on; when it takes it all is published.
func TestServeOutputs(t *testing.T) {
	beside(t)
	broker, registry := kafkatest.Start(t), kafkatest.Registry(t)
	for _, format := range []schema.Format{schema.Avro, schema.Protobuf, schema.JSONSchema} {
		t.Run(string(format), func(t *testing.T) {
			t.Parallel()
			s := newPublishing(t, broker, "registry: {url: "+quoted(registry)+"}", "outputs: {format: "+string(format)+"}")
			subject := s.topics["decisions"] + "-value"
			if format == schema.Avro {
				register(t, registry, subject, sr.TypeAvro, `{"type": "record", "name": "Decision", "namespace": "tidegate", "fields": [{"name": "verdict", "type": "string"}]}`)
				compatible(t, registry, subject, sr.CompatBackward)
			}
			s.start()
			for i := range 7 { // more than the example allows in two minutes
				for !s.authorize([]byte(payment(fmt.Sprint("o-", i), "c-1", 1250))) {
					time.Sleep(10 * time.Millisecond)
				}
			}
			if format == schema.Avro {
				waitFor(t, "publishing has stopped", func() bool { return strings.Contains(s.metrics(), "tidegate_publisher_stopped 1") })
				compatible(t, registry, subject, sr.CompatNone)
			}
			var decisions, alerts []*kgo.Record
			waitFor(t, "all is published", func() bool {
				decisions, alerts = broker.Committed(t, s.topics["decisions"]), broker.Committed(t, s.topics["alerts"])
				return len(decisions) == 7 && len(alerts) > 0
			})
			if !strings.Contains(s.metrics(), "tidegate_publisher_stopped 0") {
				t.Error("it still says that it has stopped")
			}
			for _, r := range decisions {
				got := readBack(t, registry, format, schemas.DecisionAvro, r.Value)
				var want map[string]any
				s.get(t, fmt.Sprint("/v1/decisions/", got["transaction_id"]), &want)
				delete(want, "features")
				delete(want, "warming")
				if diff := cmp.Diff(normal(want), normal(got)); diff != "" {
					t.Errorf("over HTTP (-) and in Kafka (+): %s", diff)
				}
			}
			var list struct{ Alerts []map[string]any }
			s.get(t, "/v1/alerts", &list)
			for i, r := range alerts {
				got := readBack(t, registry, format, schemas.AlertAvro, r.Value)
				want := list.Alerts[len(list.Alerts)-1-i]
				if diff := cmp.Diff(normal(want), normal(got)); diff != "" {
					t.Errorf("over HTTP (-) and in Kafka (+): %s", diff)
				}
			}
		})
	}
}

func compatible(t *testing.T, registry, subject string, level sr.CompatibilityLevel) {
	t.Helper()
	client, err := sr.NewClient(sr.URLs(registry), sr.HTTPClient(&http.Client{Timeout: 2 * time.Minute}))
	if err != nil {
		t.Fatal(err)
	}
	for _, r := range client.SetCompatibility(t.Context(), sr.SetCompatibility{Level: level}, subject) {
		if r.Err != nil {
			t.Fatal(r.Err)
		}
	}
}

func (s *publishing) get(t *testing.T, path string, to any) {
	t.Helper()
	response, err := http.Get("http://" + s.address + path)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	if err := json.NewDecoder(response.Body).Decode(to); err != nil || response.StatusCode != http.StatusOK {
		t.Fatal(path, response.Status, err)
	}
}

// readBack reads a value as a consumer would: Avro with a library by the
// published schema, Protobuf with its own by the schema that the registry has,
// JSON as it is behind the number of a schema that the registry has and that it
// matches.
func readBack(t *testing.T, registry string, format schema.Format, text string, value []byte) (members map[string]any) {
	t.Helper()
	if format == schema.Avro {
		var read any
		if err := avro.Unmarshal(avro.MustParse(text), value[5:], &read); err != nil {
			t.Fatal(err)
		}
		return read.(map[string]any)
	}
	if format == schema.Protobuf {
		return protobufBack(t, registry, value)
	}
	r, err := schema.NewRegistry(schema.RegistryOptions{URL: registry})
	if err != nil {
		t.Fatal(err)
	}
	d, err := schema.New(schema.Options{Format: format, Registry: r})
	if err != nil {
		t.Fatal(err)
	}
	body, err := d.Decode(t.Context(), value)
	if err == nil {
		err = json.Unmarshal(body, &members)
	}
	if err != nil {
		t.Fatalf("%q: %v", value, err)
	}
	return members
}

// protobufBack compiles the schema that the registry has under a value's number,
// takes the first message in it, and gives what Protobuf's own JSON says of it.
func protobufBack(t *testing.T, registry string, value []byte) (members map[string]any) {
	t.Helper()
	var header sr.ConfluentHeader
	id, body, err := header.DecodeID(value)
	if err != nil || len(body) == 0 || body[0] != 0 {
		t.Fatalf("%x does not begin with a schema's number and the place of its first message", value)
	}
	client, err := sr.NewClient(sr.URLs(registry), sr.HTTPClient(&http.Client{Timeout: 2 * time.Minute}))
	if err != nil {
		t.Fatal(err)
	}
	s, err := client.SchemaByID(t.Context(), id)
	if err != nil || s.Type != sr.TypeProtobuf {
		t.Fatal(s.Type, err)
	}
	compiler := protocompile.Compiler{Resolver: protocompile.WithStandardImports(&protocompile.SourceResolver{Accessor: protocompile.SourceAccessorFromMap(map[string]string{"s": s.Schema})})}
	files, err := compiler.Compile(t.Context(), "s")
	if err != nil {
		t.Fatal(err)
	}
	m := dynamicpb.NewMessage(files[0].Messages().Get(0))
	if err = proto.Unmarshal(body[1:], m); err != nil || len(m.GetUnknown()) > 0 {
		t.Fatal(err, m)
	}
	text, err := protojson.MarshalOptions{UseProtoNames: true, EmitDefaultValues: true}.Marshal(m)
	if err == nil {
		err = json.Unmarshal(text, &members)
	}
	if err != nil {
		t.Fatal(err)
	}
	return members
}

// normal makes what JSON, Avro and Protobuf say comparable: numbers, also those in texts, are
// floats, times text; null is nothing; and what a library wraps a branch of a union
// in is gone.
func normal(v any) any {
	switch v := v.(type) {
	case map[string]any:
		for _, branch := range []string{"double", "string", "boolean"} {
			if inner, ok := v[branch]; ok && len(v) == 1 {
				return normal(inner)
			}
		}
		out := map[string]any{}
		for name, inner := range v {
			if inner != nil {
				out[name] = normal(inner)
			}
		}
		return out
	case []any:
		out := []any{}
		for _, inner := range v {
			out = append(out, normal(inner))
		}
		return out
	case int:
		return float64(v)
	case int64:
		return float64(v)
	case string:
		if f, err := strconv.ParseFloat(v, 64); err == nil {
			return f
		}
		if at, err := time.Parse(time.RFC3339Nano, v); err == nil {
			return at.UTC()
		}
	case time.Time:
		return v.UTC()
	}
	return v
}
