package api

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"maps"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/cockroachdb/pebble/v2/vfs"
	"github.com/prometheus/client_golang/prometheus"
	"go.uber.org/goleak"

	"github.com/tidegate/tidegate/config"
	"github.com/tidegate/tidegate/examples"
	"github.com/tidegate/tidegate/node"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// noon is when the tests begin; their clock moves only when they say so.
var noon = time.Date(2026, 3, 14, 12, 0, 0, 0, time.UTC)

// rig is the face of a real node on a disk of its own, behind a real
// listener. Whatever it answers is held against the OpenAPI document and the
// published schemas.
type rig struct {
	*testing.T
	node    *node.Node
	server  *Server
	web     *httptest.Server
	now     *atomic.Int64 // Unix milliseconds
	options Options
	disk    node.Options
	changes []any
}

// newRig opens the face of the example configuration. The changes may be
// functions of Options, node.Options, Server and http.Server, or files.
func newRig(t *testing.T, changes ...any) *rig {
	t.Helper()
	files, err := config.Deciding(examples.Issuer())
	if err != nil {
		t.Fatal(err)
	}
	// A shared machine may take longer than a policy for real money allows.
	files["policy.yaml"] = bytes.Replace(files["policy.yaml"], []byte("deadline: 20ms"), []byte("deadline: 30s"), 1)
	r := &rig{T: t, now: &atomic.Int64{}, changes: changes}
	r.now.Store(noon.UnixMilli())
	r.options = Options{
		Log: slog.New(slog.DiscardHandler), Clock: r.clock, BodyLimit: 64 << 10, InFlight: 64,
		ReloadErrors: func() error { return nil },
	}
	r.disk = node.Options{
		Dir: t.TempDir(), FS: vfs.Default, Files: files, Clock: r.clock, CacheBytes: 16 << 20, SegmentBytes: 1 << 20,
		CheckpointEvery: time.Hour, Retention: 35 * 24 * time.Hour, IDs: 180 * 24 * time.Hour,
		Report: func(err error) { t.Error("in the background:", err) },
	}
	for _, c := range changes {
		switch change := c.(type) {
		case func(*Options):
			change(&r.options)
		case func(*node.Options):
			change(&r.disk)
		case map[string]string:
			r.disk.Files = maps.Clone(files)
			for name, content := range change {
				r.disk.Files[name] = []byte(content)
			}
		}
	}
	r.open()
	t.Cleanup(r.close)
	return r
}

func (r *rig) clock() time.Time { return time.UnixMilli(r.now.Load()).UTC() }

func (r *rig) pass(d time.Duration) { r.now.Add(d.Milliseconds()) }

func (r *rig) open() {
	r.Helper()
	n, _, activation, err := node.Open(r.disk)
	if err = errors.Join(err, activation); err != nil {
		r.Fatal(err)
	}
	r.node = n
	r.options.Registry = prometheus.NewRegistry()
	r.server = New(n, r.options)
	r.web = httptest.NewUnstartedServer(r.server)
	for _, c := range r.changes {
		switch change := c.(type) {
		case func(*Server):
			change(r.server)
		case func(*http.Server):
			change(r.web.Config)
		}
	}
	r.web.Start()
	r.web.Client().Transport = &validating{t: r.T, base: r.web.Client().Transport}
}

func (r *rig) close() {
	r.server.Drain()
	r.web.Client().CloseIdleConnections()
	r.web.Close()
	if err := r.node.Close(); err != nil {
		r.Error(err)
	}
}

// restart ends the process, so to speak, and begins it again.
func (r *rig) restart() {
	r.Helper()
	r.close()
	r.open()
}

// answer is a response whose body was read.
type answer struct {
	status int
	header http.Header
	body   []byte
	problem
}

// do sends a request. Headers come in pairs.
func (r *rig) do(method, path string, body io.Reader, headers ...string) answer {
	r.Helper()
	request, err := http.NewRequest(method, r.web.URL+path, body)
	if err != nil {
		r.Fatal(err)
	}
	for i := 0; i < len(headers); i += 2 {
		request.Header.Set(headers[i], headers[i+1])
	}
	response, err := r.web.Client().Do(request)
	if err != nil {
		r.Fatal(err)
	}
	return r.read(response)
}

func (r *rig) read(response *http.Response) answer {
	r.Helper()
	defer response.Body.Close()
	a := answer{status: response.StatusCode, header: response.Header}
	var err error
	if a.body, err = io.ReadAll(response.Body); err != nil {
		r.Fatal(err)
	}
	if strings.HasPrefix(a.header.Get("Content-Type"), "application/problem+json") {
		if err := json.Unmarshal(a.body, &a.problem); err != nil {
			r.Fatalf("%s: %v", a.body, err)
		}
	}
	return a
}

func (r *rig) post(path, body string, headers ...string) answer {
	r.Helper()
	return r.do(http.MethodPost, path, strings.NewReader(body), headers...)
}

func (r *rig) get(path string, headers ...string) answer {
	r.Helper()
	return r.do(http.MethodGet, path, nil, headers...)
}

// mustBe fails the test unless an answer has the status.
func (a answer) mustBe(t *testing.T, status int) answer {
	t.Helper()
	if a.status != status {
		t.Fatalf("status %d, want %d: %s", a.status, status, a.body)
	}
	return a
}

// as decodes the answer's JSON.
func as[T any](t *testing.T, a answer) T {
	t.Helper()
	var v T
	if err := json.Unmarshal(a.body, &v); err != nil {
		t.Fatalf("%s: %v", a.body, err)
	}
	return v
}

// payment is the JSON of a payment of now; members are added to it.
func (r *rig) payment(id, customer, amount, members string) string {
	if members != "" {
		members = "," + members
	}
	return fmt.Sprintf(`{"timestamp":%q,"transaction_id":%q,"customer_id":%q,"amount":%q,"currency":"EUR"%s}`,
		r.clock().Format(time.RFC3339Nano), id, customer, amount, members)
}

// decide authorizes a payment and must succeed.
func (r *rig) decide(id, customer, amount, members string, headers ...string) decided {
	r.Helper()
	return as[decided](r.T, r.post("/v1/authorize", r.payment(id, customer, amount, members), headers...).mustBe(r.T, http.StatusOK))
}

// decided is what the tests look at of a decision.
type decided struct {
	TransactionID string `json:"transaction_id"`
	Outcome       string
	Score         float64
	Retry         bool
	Warnings      []string
	Rules         []struct{ ID, Alert string }
	Features      map[string]any
	Warming       []string
}

func (d decided) fired(rule string) bool {
	for _, r := range d.Rules {
		if r.ID == rule {
			return true
		}
	}
	return false
}

// burst makes a customer's payments up to the first that alerts for velocity.
func (r *rig) burst(customer string, headers ...string) {
	r.Helper()
	for i := range 6 {
		r.decide(fmt.Sprintf("%s-%d", customer, i), customer, "10.00", "", headers...)
	}
}

// metric is the value of one line of /metrics, 0 if there is none.
func (r *rig) metric(series string) float64 {
	r.Helper()
	for line := range strings.Lines(string(r.get("/metrics").mustBe(r.T, http.StatusOK).body)) {
		if rest, ok := strings.CutPrefix(line, series+" "); ok {
			var v float64
			if _, err := fmt.Sscan(rest, &v); err != nil {
				r.Fatal(err)
			}
			return v
		}
	}
	return 0
}

// records is how many records the journal has.
func (r *rig) records() uint64 { return r.node.Status().Last }
