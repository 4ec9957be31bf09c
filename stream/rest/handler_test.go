package rest_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/tidegate/tidegate/stream"
	"github.com/tidegate/tidegate/stream/rest"
	"github.com/tidegate/tidegate/stream/state/statetest"
	"github.com/tidegate/tidegate/stream/streamtest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

type payment struct {
	Card  string
	Cents int64
}

func (p payment) By() string { return p.Card }

// spending keeps what a card has spent, and its last three payments.
type spending struct {
	total stream.Value[int64]
	last  stream.List[int64]
}

func (s *spending) Open(states *stream.States) error {
	s.total = stream.NewValue[int64](states, "total")
	s.last = stream.NewList[int64](states, "last")
	return nil
}

func (s *spending) Process(c *stream.Context[string, int64], p payment) error {
	*s.total.Update(c) += p.Cents
	s.last.Append(c, p.Cents)
	c.Emit(*s.total.Get(c))
	return nil
}

func build(o stream.Options, src stream.Source[payment]) (*stream.Pipeline, *streamtest.Sink[int64]) {
	p, out := stream.New("cards", o), &streamtest.Sink[int64]{}
	card := stream.KeyBy(stream.From(p, src, stream.SourceTimestamps[payment]()), payment.By).Named("card")
	stream.To(stream.Process(card, &spending{}).Named("spent by card"), out)
	window := stream.Window(card, stream.Tumbling(time.Hour))
	stream.To(stream.Aggregate(window, stream.Count[payment]()).Named("per hour"), stream.Blackhole[stream.Result[string, int64]]())
	return p, out
}

// running is a pipeline that runs behind a server.
type running struct {
	t    *testing.T
	url  string
	send chan<- payment
	end  func()
}

func serve(t *testing.T, o stream.Options) *running {
	payments := make(chan payment)
	p, out := build(o, stream.FromChannel[payment](payments))
	server := httptest.NewServer(rest.NewHandler(p))
	var wg sync.WaitGroup
	wg.Go(func() {
		if err := p.Run(t.Context()); err != nil {
			t.Error(err)
		}
	})
	r := &running{t: t, url: server.URL, send: payments}
	r.end = sync.OnceFunc(func() { close(payments); wg.Wait() })
	t.Cleanup(func() {
		r.end()
		server.Close()
		http.DefaultClient.CloseIdleConnections()
	})
	for _, v := range []payment{{"4/7 x", 100}, {"4/7 x", 250}, {"9", 5}} {
		payments <- v
	}
	for seen := 0; seen < 3; seen += len(out.Take()) {
		time.Sleep(time.Millisecond)
	}
	return r
}

func (r *running) ask(method, path string) (status int, body []byte) {
	r.t.Helper()
	request, err := http.NewRequestWithContext(context.Background(), method, r.url+path, nil)
	if err != nil {
		r.t.Fatal(err)
	}
	answer, err := http.DefaultClient.Do(request)
	if err != nil {
		r.t.Fatal(err)
	}
	defer answer.Body.Close()
	if body, err = io.ReadAll(answer.Body); err != nil {
		r.t.Fatal(err)
	}
	return answer.StatusCode, body
}

func (r *running) mustBe(method, path string, status int, want string) {
	r.t.Helper()
	if got, body := r.ask(method, path); got != status || !strings.Contains(string(body), want) {
		r.t.Errorf("%s %s: %d %s, want %d and %s", method, path, got, body, status, want)
	}
}

// TestState asks for the state of keys while the pipeline runs, and when it
// has ended.
func TestState(t *testing.T) {
	r := serve(t, stream.Options{})
	for _, state := range []string{"running", "ended"} {
		r.mustBe("GET", "/v1/pipelines", 200, `{"pipelines":[{"name":"cards","state":"`+state+`"}]}`)
		r.mustBe("GET", "/v1/pipelines/cards/state/spent%20by%20card/4%2F7%20x", 200,
			`{"pipeline":"cards","operator":"spent by card","key":"4/7 x","value":{"last":[100,250],"total":350}}`)
		r.mustBe("GET", "/v1/pipelines/cards/state/spent%20by%20card/4/7%20x", 200, `"total":350`)
		r.mustBe("GET", "/v1/pipelines/cards/state/spent%20by%20card/nobody", 404, `"code":"not_found"`)
		r.mustBe("GET", "/v1/pipelines/cards/state/nothing/9", 404, "has no operator nothing")
		r.mustBe("GET", "/v1/pipelines/cards/state/source/9", 422, "has no keyed state")
		r.mustBe("GET", "/v1/pipelines/other/state/nothing/9", 404, "there is no pipeline other")
		r.mustBe("GET", "/v1/else", 404, "begin with GET /v1/pipelines")
		if state == "running" { // the window has not ended
			r.mustBe("GET", "/v1/pipelines/cards/state/per%20hour/9", 200, `"value":[{"start":0,"value":1}]`)
		}
		r.end()
	}
	r.mustBe("GET", "/v1/pipelines/cards/state/per%20hour/9", 404, "keeps nothing of the key")
}

func TestTopology(t *testing.T) {
	r := serve(t, stream.Options{})
	r.mustBe("GET", "/v1/pipelines/cards/topology", 200, `"name": "per hour"`)
	r.mustBe("GET", "/v1/pipelines/cards/topology?format=mermaid", 200, "flowchart LR\n")
	r.mustBe("GET", "/v1/pipelines/cards/topology?format=text", 200, "spent by card (process) ← card")
	r.mustBe("GET", "/v1/pipelines/cards/topology?format=picture", 422, "json, mermaid or text")
}

// TestCheckpoints shows the pause, duration and size of the last checkpoint,
// and a failure.
func TestCheckpoints(t *testing.T) {
	backend := statetest.NewMap()
	r := serve(t, stream.Options{State: backend})
	r.mustBe("POST", "/v1/pipelines/cards/savepoint", 200, "")
	var shown struct {
		State       string
		Operators   []stream.OperatorStats
		Checkpoints struct {
			Completed, Failed int
			Last              struct {
				Number, Keys int
				Bytes        int64
				DurationMS   *float64 `json:"duration_ms"`
				PauseMS      *float64 `json:"pause_ms"`
			}
			LastFailed struct{ Error string } `json:"last_failed"`
		}
	}
	_, body := r.ask("GET", "/v1/pipelines/cards")
	if err := json.Unmarshal(body, &shown); err != nil {
		t.Fatal(err)
	}
	c := shown.Checkpoints
	if shown.State != "running" || shown.Operators[0].In != 3 || c.Completed != 1 || c.Last.Number != 1 || c.Last.Keys != 2 || c.Last.Bytes == 0 || c.Last.DurationMS == nil || c.Last.PauseMS == nil {
		t.Errorf("%s", body)
	}
	backend.Fail = func() error { return errors.New("no space left on device") }
	r.mustBe("POST", "/v1/pipelines/cards/savepoint", 500, "no space left on device")
	r.mustBe("GET", "/v1/pipelines/cards", 200, `"last_failed":{"number":2`)
	backend.Fail = nil
}

// TestSavepoint starts another pipeline from what was downloaded, while it
// ran and after.
func TestSavepoint(t *testing.T) {
	r := serve(t, stream.Options{})
	for range 2 {
		status, body := r.ask("POST", "/v1/pipelines/cards/savepoint")
		if status != 200 {
			t.Fatalf("%d %s", status, body)
		}
		r.end()
		name := filepath.Join(t.TempDir(), "savepoint")
		if err := os.WriteFile(name, bytes.Clone(body), 0o600); err != nil {
			t.Fatal(err)
		}
		src := streamtest.NewSource[payment](1)
		p, out := build(stream.Options{Savepoint: name}, src)
		d := streamtest.Drive(t, p)
		src.Send(0, payment{"9", 1}, 1)
		d.Step()
		if got := out.Values(); len(got) != 1 || got[0] != 6 {
			t.Errorf("the card has spent %v, want 5 before and 1 after", got)
		}
	}
}

func TestListen(t *testing.T) {
	p, _ := build(stream.Options{}, stream.FromSlice(payment{"9", 1}))
	for _, address := range []string{":0", "0.0.0.0:0", "192.0.2.1:0", "nowhere"} {
		if s, err := rest.Listen(address, p); err == nil {
			s.Close()
			t.Errorf("it listens on %s", address)
		}
	}
	s, err := rest.Listen("127.0.0.1:0", p)
	if err != nil {
		t.Fatal(err)
	}
	r := running{t: t, url: "http://" + s.Addr()}
	r.mustBe("GET", "/v1/pipelines", 200, `"not started"`)
	r.mustBe("GET", "/v1/pipelines/cards/state/spent%20by%20card/9", 503, "is not running")
	if err := s.Close(); err != nil {
		t.Error(err)
	}
	http.DefaultClient.CloseIdleConnections()
}
