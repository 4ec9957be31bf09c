package schema_test

import (
	"encoding/json"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/bufbuild/protocompile"
	"github.com/google/go-cmp/cmp"
	"github.com/hamba/avro/v2"
	"github.com/twmb/franz-go/pkg/sr"
	"github.com/twmb/franz-go/pkg/sr/srfake"
	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/dynamicpb"

	"github.com/tidegate/tidegate"
	"github.com/tidegate/tidegate/stream/schema"
)

const written = `{"type": "record", "name": "Written", "fields": [
	{"name": "id", "type": "string"}, {"name": "amount", "type": ["null", "string"], "default": null},
	{"name": "score", "type": ["null", "double"]}, {"name": "n", "type": "int"}, {"name": "large", "type": "long"}, {"name": "yes", "type": "boolean"},
	{"name": "at", "type": {"type": "long", "logicalType": "timestamp-millis"}},
	{"name": "list", "type": {"type": "array", "items": {"type": "record", "name": "Item", "fields": [{"name": "code", "type": "string"}]}}},
	{"name": "evidence", "type": {"type": "map", "values": ["null", "double", "string", "boolean"]}},
	{"name": "again", "type": ["null", "Item"], "default": null}]}`

// encoder of a schema, which the registry has.
func encoder(t testing.TB, format schema.Format, text string) (*schema.Encoder, *srfake.Registry, int) {
	t.Helper()
	fake := srfake.New()
	t.Cleanup(fake.Close)
	registry, err := schema.NewRegistry(schema.RegistryOptions{URL: fake.URL()})
	if err != nil {
		t.Fatal(err)
	}
	e, err := schema.NewEncoder(registry, format, "written-value", text)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := e.Encode([]byte(`{}`)); tidegate.CodeOf(err) != tidegate.CodeInternal {
		t.Errorf("it encodes before it is registered: %v", err)
	}
	if err := e.Register(t.Context()); err != nil {
		t.Fatal(err)
	}
	client, err := sr.NewClient(sr.URLs(fake.URL()), sr.HTTPClient(&http.Client{Timeout: time.Minute}))
	if err != nil {
		t.Fatal(err)
	}
	s, err := client.SchemaByVersion(t.Context(), "written-value", -1)
	if err != nil {
		t.Fatal(err)
	}
	return e, fake, s.ID
}

// What is written another library reads as what it was.
func TestAvroIsWritten(t *testing.T) {
	e, _, id := encoder(t, schema.Avro, written)
	got, err := e.Encode([]byte(`{"id":"ü","amount":12.340,"score":0.5,"n":-1,"large":9007199254740993,"yes":true,"at":"2026-03-14T12:00:00.005Z","more":1,
		"list":[{"code":"A"},{"code":""}],"evidence":{"a":1.5,"b":"x","c":null,"d":false}}`))
	if err != nil || string(got[:5]) != string(framed(t, id, nil, nil)) {
		t.Fatalf("%x, %v", got, err)
	}
	var read any
	if err := avro.Unmarshal(avro.MustParse(written), got[5:], &read); err != nil {
		t.Fatal(err)
	}
	want := map[string]any{"id": "ü", "amount": "12.340", "score": 0.5, "n": -1, "large": int64(9007199254740993), "yes": true, "at": time.Date(2026, 3, 14, 12, 0, 0, 5e6, time.UTC),
		"list": []any{map[string]any{"code": "A"}, map[string]any{"code": ""}}, "evidence": map[string]any{"a": 1.5, "b": "x", "c": nil, "d": false}, "again": nil}
	if diff := cmp.Diff(want, plainly(read)); diff != "" {
		t.Error(diff)
	}
	for value, where := range map[string]string{
		`{"id":1}`: "/score", `{"id":"x","score":"high"}`: "/score", `{"id":"x","score":1,"n":3000000000}`: "/n", `{"id":"x","score":1,"n":1.5}`: "/n",
		`{"id":"x","score":1,"n":1,"large":1,"yes":1}`: "/yes", `{"id":"x","score":1,"n":1,"large":1,"yes":true,"at":"noon"}`: "/at", `[]`: "", `{`: "",
	} {
		if got, err := e.Encode([]byte(value)); err == nil || where != "/score" && !strings.Contains(err.Error(), where) {
			t.Errorf("%s: %x, %v", value, got, err)
		}
	}
}

const writtenProto = `syntax = "proto3"; import "google/protobuf/timestamp.proto"; import "google/protobuf/struct.proto";
message Written {
	string id = 1; optional string amount = 2; optional double score = 3; int32 n = 4; int64 large = 5; bool yes = 6;
	google.protobuf.Timestamp at = 7; repeated Item list = 8; map<string, google.protobuf.Value> evidence = 9; optional Item again = 10;
	repeated string names = 11; map<string, int64> counts = 12;
	message Item { string code = 1; }
}
message Other { string x = 1; }`

// The library of another, which compiles the schema for itself, reads the first
// message of the file, as the place behind the schema's number says.
func TestProtobufIsWritten(t *testing.T) {
	e, _, id := encoder(t, schema.Protobuf, writtenProto)
	const value = `{"id":"ü","amount":12.340,"score":0,"n":-1,"large":9007199254740993,"yes":true,"at":"2026-03-14T12:00:00.005Z","more":1,
		"list":[{"code":"A"},{"code":""}],"evidence":{"a":1.5,"b":"x","c":null,"d":false,"e":[{"f":1}]},"again":null,"names":["p","q"],"counts":{"k":3}}`
	got, err := e.Encode([]byte(value))
	if err != nil || string(got[:6]) != string(framed(t, id, []int{0}, nil)) || got[5] != 0 {
		t.Fatalf("%x, %v", got, err)
	}
	compiler := protocompile.Compiler{Resolver: protocompile.WithStandardImports(&protocompile.SourceResolver{Accessor: protocompile.SourceAccessorFromMap(map[string]string{"w": writtenProto})})}
	files, err := compiler.Compile(t.Context(), "w")
	if err != nil {
		t.Fatal(err)
	}
	m := dynamicpb.NewMessage(files[0].Messages().ByName("Written"))
	if err := proto.Unmarshal(got[6:], m); err != nil || len(m.GetUnknown()) > 0 {
		t.Fatal(err, m)
	}
	text, err := protojson.Marshal(m)
	if err != nil {
		t.Fatal(err)
	}
	var read any
	if err := json.Unmarshal(text, &read); err != nil {
		t.Fatal(err)
	}
	want := map[string]any{"id": "ü", "amount": "12.340", "score": 0.0, "n": -1.0, "large": "9007199254740993", "yes": true, "at": "2026-03-14T12:00:00.005Z",
		"list": []any{map[string]any{"code": "A"}, map[string]any{}}, "evidence": map[string]any{"a": 1.5, "b": "x", "c": nil, "d": false, "e": []any{map[string]any{"f": 1.0}}},
		"names": []any{"p", "q"}, "counts": map[string]any{"k": "3"}}
	if diff := cmp.Diff(want, read); diff != "" {
		t.Error(diff)
	}
	for old, wrong := range map[string]string{
		`"id":"ü"`: `"id":true`, `"score":0`: `"score":"high"`, `"n":-1`: `"n":3000000000`, `9007199254740993`: `1.5`, `"yes":true`: `"yes":null`,
		`"at":"2026-03-14T12:00:00.005Z"`: `"at":null`, `[{"code":"A"},{"code":""}]`: `[1]`, `"names":["p","q"]`: `"names":[null]`, `{"k":3}`: `{"k":"3"}`,
	} {
		name := strings.Split(strings.TrimPrefix(old, "\""), "\"")[0]
		if got, err := e.Encode([]byte(strings.Replace(value, old, wrong, 1))); tidegate.CodeOf(err) != tidegate.CodeInvalid {
			t.Errorf("%s: %x, %v", name, got, err)
		}
	}
	for _, value := range []string{`[]`, `{`, `{"id":"x"}`, `null`} {
		if got, err := e.Encode([]byte(value)); err == nil {
			t.Errorf("%s: %x", value, got)
		}
	}
	if _, err := schema.NewEncoder(nil, schema.Protobuf, "s", writtenProto); tidegate.CodeOf(err) != tidegate.CodeConfig {
		t.Error(err)
	}
}

// plainly is what a library has read, without its way to tell branches and
// numbers apart.
func plainly(v any) any {
	switch v := v.(type) {
	case map[string]any:
		for name, inner := range v {
			v[name] = plainly(inner)
		}
		for _, branch := range []string{"double", "string", "boolean"} {
			if inner, ok := v[branch]; ok && len(v) == 1 {
				return inner
			}
		}
		return v
	case []any:
		for i := range v {
			v[i] = plainly(v[i])
		}
	case time.Time:
		return v.UTC()
	}
	return v
}

// JSON stays as it is behind the number; a schema that the registry has is
// registered no second time, and one that it refuses is told from a registry that
// is away.
func TestRegistered(t *testing.T) {
	const text = `{"type": "object"}`
	e, fake, id := encoder(t, schema.JSONSchema, text)
	if got, err := e.Encode([]byte(`{"a": 1.0}`)); err != nil || string(got) != string(framed(t, id, nil, []byte(`{"a": 1.0}`))) {
		t.Errorf("%q, %v", got, err)
	}
	if err := e.Register(t.Context()); err != nil {
		t.Error(err)
	}
	var answer atomic.Int32
	answer.Store(http.StatusConflict)
	fake.Intercept(func(w http.ResponseWriter, r *http.Request) bool {
		w.WriteHeader(int(answer.Load()))
		return true
	})
	if err := e.Register(t.Context()); tidegate.CodeOf(err) != tidegate.CodeConflict {
		t.Error(err)
	}
	if answer.Store(http.StatusServiceUnavailable); tidegate.CodeOf(e.Register(t.Context())) != tidegate.CodeUnavailable {
		t.Error("a registry that is away is no failure that passes")
	}
	if _, err := schema.NewEncoder(nil, schema.Avro, "s", written); tidegate.CodeOf(err) != tidegate.CodeConfig {
		t.Error(err)
	}
}
