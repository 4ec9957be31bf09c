package doctor_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"path"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/twmb/franz-go/pkg/sr"

	"github.com/tidegate/tidegate/config"
	"github.com/tidegate/tidegate/doctor"
	"github.com/tidegate/tidegate/stream/kafka/kafkatest"
)

// TestOutputSchemas: what a real registry says to the schemas that decisions and
// alerts are written with is known beforehand, and nothing is registered by that.
func TestOutputSchemas(t *testing.T) {
	t.Parallel()
	registry := kafkatest.Registry(t)
	client, err := sr.NewClient(sr.URLs(registry), sr.HTTPClient(&http.Client{Timeout: patience, Transport: &http.Transport{DisableKeepAlives: true}}))
	if err != nil {
		t.Fatal(err)
	}
	to, err := url.Parse(registry)
	if err != nil {
		t.Fatal(err)
	}
	// In front of it stands one that knows rights and modes.
	var readOnly, closed atomic.Bool
	through := httputil.NewSingleHostReverseProxy(&url.URL{Scheme: to.Scheme, Host: to.Host})
	through.Transport = &http.Transport{DisableKeepAlives: true}
	front := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method == http.MethodPost && readOnly.Load() && path.Base(r.URL.Path) == "versions" {
			http.Error(w, `{"error_code": 40301, "message": "you may not"}`, http.StatusForbidden)
			return
		}
		if closed.Load() && strings.Contains(r.URL.Path, "/mode/") {
			fmt.Fprint(w, `{"mode": "READONLY"}`)
			return
		}
		through.ServeHTTP(w, r)
	}))
	t.Cleanup(front.Close)

	for _, format := range []string{"avro", "protobuf", "json_schema"} {
		c := configured(t, func(c *config.Config) {
			c.Kafka.Registry.URL, c.Kafka.Outputs.Format = front.URL+to.Path, format
			c.Kafka.DecisionsTopic, c.Kafka.AlertsTopic = format+"-decisions", format+"-alerts"
		})
		look := func() doctor.Report { t.Helper(); return examine(t, doctor.Options{Config: c}) }
		subject := c.Kafka.DecisionsTopic + "-value"

		for range 2 { // the first look has registered nothing
			says(t, look(), "schema of "+c.Kafka.DecisionsTopic, doctor.OK, "not yet registered as subject "+subject, "")
		}
		if versions, err := client.SubjectVersions(t.Context(), subject); err == nil {
			t.Errorf("%s: versions %v", subject, versions)
		}
		readOnly.Store(true)
		says(t, look(), "schema of "+c.Kafka.DecisionsTopic, doctor.Fail, "answers 403", "write to the subject")
		readOnly.Store(false)
		closed.Store(true)
		says(t, look(), "schema of "+c.Kafka.DecisionsTopic, doctor.Fail, "read-only for subject "+subject, "have somebody else register")
		closed.Store(false)

		decision, _, err := c.Kafka.Encoders()
		if err == nil {
			err = decision.Register(t.Context())
		}
		if err != nil {
			t.Fatal(err)
		}
		readOnly.Store(true) // it is there, so nobody has to write
		says(t, look(), "schema of "+c.Kafka.DecisionsTopic, doctor.OK, "registered as subject "+subject, "")
		readOnly.Store(false)
		says(t, look(), "schema of "+c.Kafka.AlertsTopic, doctor.OK, "not yet registered", "")
	}

	// What the registry holds for incompatible.
	c := configured(t, func(c *config.Config) {
		c.Kafka.Registry.URL, c.Kafka.Outputs.Format = front.URL+to.Path, "avro"
		c.Kafka.DecisionsTopic = "other-decisions"
	})
	other := sr.Schema{Type: sr.TypeAvro, Schema: `{"type": "record", "name": "Decision", "namespace": "tidegate", "fields": [{"name": "verdict", "type": "string"}]}`}
	if _, err := client.CreateSchema(t.Context(), "other-decisions-value", other); err != nil {
		t.Fatal(err)
	}
	for _, r := range client.SetCompatibility(t.Context(), sr.SetCompatibility{Level: sr.CompatBackward}, "other-decisions-value") {
		if r.Err != nil {
			t.Fatal(r.Err)
		}
	}
	says(t, examine(t, doctor.Options{Config: c}), "schema of other-decisions", doctor.Fail, "would not take our schema of subject other-decisions-value", "compatibility level")

	c.Kafka.Registry.URL = "http://127.0.0.1:1"
	says(t, examine(t, doctor.Options{Config: c}), "schema of other-decisions", doctor.Fail, "is away", "kafka.registry.url")
}
