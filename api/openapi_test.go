package api

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"maps"
	"net/http"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/getkin/kin-openapi/openapi3filter"
	"github.com/getkin/kin-openapi/routers"
	"github.com/getkin/kin-openapi/routers/gorillamux"
	"github.com/go-chi/chi/v5"
	"github.com/santhosh-tekuri/jsonschema/v6"
)

var openAPI = sync.OnceValues(func() (*openapi3.T, error) {
	doc, err := openapi3.NewLoader().LoadFromData(openAPIDocument)
	if err != nil {
		return nil, err
	}
	doc.Servers = nil // the tests listen elsewhere
	return doc, doc.Validate(context.Background())
})

var openAPIRoutes = sync.OnceValues(func() (routers.Router, error) {
	doc, err := openAPI()
	if err != nil {
		return nil, err
	}
	return gorillamux.NewRouter(doc)
})

func TestOpenAPIDocumentIsValid(t *testing.T) {
	doc, err := openAPI()
	if err != nil {
		t.Fatal(err)
	}
	if !doc.IsOpenAPI31OrLater() {
		t.Errorf("it says it is OpenAPI %s", doc.OpenAPI)
	}
	if got := newRig(t).get("/openapi.json").mustBe(t, http.StatusOK); !bytes.Equal(got.body, openAPIDocument) {
		t.Error("another document is served")
	}
}

// Every route is described, and nothing else is.
func TestOpenAPIDescribesTheRoutes(t *testing.T) {
	doc, err := openAPI()
	if err != nil {
		t.Fatal(err)
	}
	var described, there []string
	for path, item := range doc.Paths.Map() {
		for method := range item.Operations() {
			described = append(described, method+" "+path)
		}
	}
	err = chi.Walk(newRig(t).server.Handler.(chi.Routes), func(method, path string, _ http.Handler, _ ...func(http.Handler) http.Handler) error {
		there = append(there, method+" "+path)
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	slices.Sort(described)
	slices.Sort(there)
	if !slices.Equal(described, there) {
		t.Errorf("described:\n%s\nrouted:\n%s", strings.Join(described, "\n"), strings.Join(there, "\n"))
	}
}

// The document's schemas of what is answered are those of docs/schemas.
func TestOpenAPIHasThePublishedSchemas(t *testing.T) {
	var doc struct {
		Components struct{ Schemas map[string]any }
	}
	if err := json.Unmarshal(openAPIDocument, &doc); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"Decision", "Alert", "Label"} {
		want := publishedFile(t, name)
		definitions, _ := want["$defs"].(map[string]any)
		for _, k := range []string{"$schema", "$id", "$defs", "title"} {
			delete(want, k)
		}
		if got := doc.Components.Schemas[name]; !reflect.DeepEqual(got, inComponents(want)) {
			t.Errorf("components.schemas.%s is not docs/schemas/%s.json", name, strings.ToLower(name))
		}
		for k, definition := range definitions {
			if got := doc.Components.Schemas[title(k)]; !reflect.DeepEqual(got, inComponents(definition)) {
				t.Errorf("components.schemas.%s is not %s of docs/schemas/%s.json", title(k), k, strings.ToLower(name))
			}
		}
	}
	event := publishedFile(t, "Event")
	payload := at(event, "$defs", "payload", "properties")
	if got := at(doc.Components.Schemas, "Payload", "properties"); !slices.Equal(names(got), names(payload)) {
		t.Errorf("a payload has the members\n%s\nin docs/schemas/event.json\n%s", names(got), names(payload))
	}
	envelope := append(names(at(event, "properties")), "payload")
	slices.Sort(envelope)
	if got := names(at(doc.Components.Schemas, "Event", "properties")); !slices.Equal(got, envelope) {
		t.Errorf("an event has the members\n%s\nin docs/schemas/event.json\n%s", got, envelope)
	}
}

func publishedFile(t *testing.T, name string) map[string]any {
	t.Helper()
	b, err := os.ReadFile(filepath.Join("..", "docs", "schemas", strings.ToLower(name)+".json"))
	if err != nil {
		t.Fatal(err)
	}
	var v map[string]any
	if err := json.Unmarshal(b, &v); err != nil {
		t.Fatal(err)
	}
	return v
}

// inComponents moves references from $defs to components.
func inComponents(v any) any {
	switch v := v.(type) {
	case map[string]any:
		moved := map[string]any{}
		for k, child := range v {
			moved[k] = inComponents(child)
			if to, ok := strings.CutPrefix(stringOf(child), "#/$defs/"); ok && k == "$ref" {
				moved[k] = "#/components/schemas/" + title(to)
			}
		}
		return moved
	case []any:
		moved := []any{}
		for _, child := range v {
			moved = append(moved, inComponents(child))
		}
		return moved
	}
	return v
}

func stringOf(v any) string {
	s, _ := v.(string)
	return s
}

func title(s string) string { return strings.ToUpper(s[:1]) + s[1:] }

func at(v map[string]any, path ...string) map[string]any {
	for _, p := range path {
		v, _ = v[p].(map[string]any)
	}
	return v
}

func names(v map[string]any) []string { return slices.Sorted(maps.Keys(v)) }

// validating is a client's transport that holds every answer against the
// OpenAPI document, and decisions and alerts against docs/schemas.
type validating struct {
	t    *testing.T
	base http.RoundTripper
}

func (v *validating) CloseIdleConnections() {
	v.base.(interface{ CloseIdleConnections() }).CloseIdleConnections()
}

func (v *validating) RoundTrip(request *http.Request) (*http.Response, error) {
	response, err := v.base.RoundTrip(request)
	if err != nil || response.Header.Get("Content-Type") == "text/event-stream" {
		return response, err
	}
	body, err := io.ReadAll(response.Body)
	if err != nil {
		return nil, err
	}
	if err := response.Body.Close(); err != nil {
		return nil, err
	}
	response.Body = io.NopCloser(bytes.NewReader(body))
	v.hold(request, response, body)
	return response, nil
}

func (v *validating) hold(request *http.Request, response *http.Response, body []byte) {
	routes, err := openAPIRoutes()
	if err != nil {
		v.t.Error(err)
		return
	}
	route, parameters, err := routes.FindRoute(request)
	if err != nil {
		if response.StatusCode != http.StatusNotFound && response.StatusCode != http.StatusMethodNotAllowed {
			v.t.Errorf("%s %s: %v, and the answer is %s", request.Method, request.URL.Path, err, response.Status)
		}
		return
	}
	err = openapi3filter.ValidateResponse(context.Background(), &openapi3filter.ResponseValidationInput{
		RequestValidationInput: &openapi3filter.RequestValidationInput{Request: request, PathParams: parameters, Route: route},
		Status:                 response.StatusCode, Header: response.Header, Body: io.NopCloser(bytes.NewReader(body)),
		Options: &openapi3filter.Options{IncludeResponseStatus: true, ExcludeResponseBody: route.Path == "/metrics"},
	})
	if err != nil {
		v.t.Errorf("%s %s, answer %s\n%s\nis not as described: %v", request.Method, request.URL, response.Status, body, err)
	}
	if response.StatusCode != http.StatusOK {
		return
	}
	switch route.Path {
	case "/v1/authorize", "/v1/decisions/{transaction_id}":
		holdSchema(v.t, "decision", body)
	case "/v1/alerts":
		var list struct{ Alerts []json.RawMessage }
		if err := json.Unmarshal(body, &list); err != nil {
			v.t.Error(err)
		}
		for _, alert := range list.Alerts {
			holdSchema(v.t, "alert", alert)
		}
	}
}

var schemas = sync.OnceValues(func() (map[string]*jsonschema.Schema, error) {
	compiled := map[string]*jsonschema.Schema{}
	for _, name := range []string{"decision", "alert"} {
		c := jsonschema.NewCompiler()
		c.AssertFormat()
		s, err := c.Compile(filepath.Join("..", "docs", "schemas", name+".json"))
		if err != nil {
			return nil, err
		}
		compiled[name] = s
	}
	return compiled, nil
})

// holdSchema holds a document against one of docs/schemas.
func holdSchema(t *testing.T, name string, body []byte) {
	t.Helper()
	compiled, err := schemas()
	if err != nil {
		t.Error(err)
		return
	}
	v, err := jsonschema.UnmarshalJSON(bytes.NewReader(body))
	if err == nil {
		err = compiled[name].Validate(v)
	}
	if err != nil {
		t.Errorf("%s\nis not as docs/schemas/%s.json has it: %v", body, name, err)
	}
}
