package api

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"
)

// alerted is what the tests look at of an alert.
type alerted struct {
	ID            string `json:"alert_id"`
	TransactionID string `json:"transaction_id"`
	CustomerID    string `json:"customer_id"`
	Rule          struct{ ID string }
	Evidence      map[string]any
	Suppressed    struct {
		Count  int
		Amount float64
	} `json:"suppressed_since_last"`
}

func (r *rig) alerts(headers ...string) []alerted {
	r.Helper()
	return as[struct{ Alerts []alerted }](r.T, r.get("/v1/alerts", headers...).mustBe(r.T, http.StatusOK)).Alerts
}

// awaitAlerts waits until the list, which follows the journal, has n.
func (r *rig) awaitAlerts(n int, headers ...string) []alerted {
	r.Helper()
	for {
		if list := r.alerts(headers...); len(list) >= n {
			return list
		}
		time.Sleep(time.Millisecond)
	}
}

// stream is a client of server-sent events.
type stream struct {
	*rig
	response *http.Response
	lines    *bufio.Scanner
	cancel   context.CancelFunc
	last     string // id
}

// follow opens the stream and waits until it is there.
func (r *rig) follow(after string, headers ...string) *stream {
	r.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, r.web.URL+"/v1/alerts", nil)
	if err != nil {
		r.Fatal(err)
	}
	request.Header.Set("Accept", "text/event-stream")
	if after != "" {
		request.Header.Set("Last-Event-ID", after)
	}
	for i := 0; i < len(headers); i += 2 {
		request.Header.Set(headers[i], headers[i+1])
	}
	response, err := r.web.Client().Do(request)
	if err != nil {
		r.Fatal(err)
	}
	s := &stream{rig: r, response: response, lines: bufio.NewScanner(response.Body), cancel: cancel, last: after}
	r.Cleanup(s.stop)
	if response.StatusCode != http.StatusOK || response.Header.Get("Content-Type") != "text/event-stream" || !s.lines.Scan() {
		r.Fatalf("no stream: %s %v", response.Status, response.Header)
	}
	return s
}

func (s *stream) stop() {
	s.cancel()
	_ = s.response.Body.Close() // it may be closed
}

// next reads up to the next alert; false at the end of the stream.
func (s *stream) next() (a alerted, ok bool) {
	s.Helper()
	id, named := "", false
	for s.lines.Scan() {
		line := s.lines.Text()
		if v, is := strings.CutPrefix(line, "id: "); is {
			id = v
		}
		named = named || line == "event: alert"
		body, is := strings.CutPrefix(line, "data: ")
		if !is {
			continue
		}
		if id == "" || !named {
			s.Errorf("an event without id or name: %s", body)
		}
		s.last = id
		holdSchema(s.T, "alert", []byte(body))
		if err := json.Unmarshal([]byte(body), &a); err != nil {
			s.Fatal(err)
		}
		return a, true
	}
	return a, false
}

// quiet waits for the heartbeat, which shows that nothing else was to come.
func (s *stream) quiet() {
	s.Helper()
	for s.lines.Scan() {
		switch line := s.lines.Text(); {
		case line == ": still here":
			return
		case line != "":
			s.Fatalf("not quiet: %s", line)
		}
	}
	s.Fatal("the stream ended:", s.lines.Err())
}

// beating makes heartbeats quick.
func beating(s *Server) { s.heartbeat = 50 * time.Millisecond }

func TestAlertList(t *testing.T) {
	r := newRig(t)
	if list := r.alerts(); len(list) != 0 {
		t.Errorf("%d alerts of nothing", len(list))
	}
	for i := range 5 {
		r.burst(fmt.Sprint("c", i))
	}
	list := r.awaitAlerts(5)
	for i, a := range list { // newest first
		if a.CustomerID != fmt.Sprint("c", 4-i) || a.Rule.ID != "velocity-2m" || a.Evidence["customer_tx_count_2m"] != 6.0 {
			t.Errorf("%d: %+v", i, a)
		}
	}
	short := as[struct{ Alerts []alerted }](t, r.get("/v1/alerts?limit=2").mustBe(t, http.StatusOK)).Alerts
	if len(short) != 2 || short[0].ID != list[0].ID {
		t.Errorf("the newest 2 are %+v", short)
	}
	r.restart()
	for i, a := range r.awaitAlerts(5) {
		if a.ID != list[i].ID {
			t.Errorf("after a restart %d is %+v", i, a)
		}
	}
}

// Alerts of one customer and rule within 5 minutes are one, with a count.
func TestAlertsAreDeduplicated(t *testing.T) {
	r := newRig(t)
	r.burst("c")
	for i := range 3 {
		if d := r.decide(fmt.Sprint("more-", i), "c", "10.00", ""); d.Rules[0].Alert != "suppressed" {
			t.Errorf("%+v", d.Rules)
		}
	}
	r.pass(5 * time.Minute)
	for i := range 6 {
		r.decide(fmt.Sprint("later-", i), "c", "10.00", "")
	}
	list := r.awaitAlerts(2)
	if len(list) != 2 || list[0].Suppressed.Count != 3 || list[0].Suppressed.Amount != 30 {
		t.Errorf("%+v", list)
	}
	if sent, suppressed := r.metric(`tidegate_alerts_total{state="sent"}`), r.metric(`tidegate_alerts_total{state="suppressed"}`); sent != 2 || suppressed != 3 {
		t.Errorf("%v sent, %v suppressed", sent, suppressed)
	}
}

// A client that comes back with the last id it saw misses nothing and sees
// nothing twice, whatever happened meanwhile.
func TestStreamIsResumed(t *testing.T) {
	r := newRig(t, beating)
	r.burst("before") // not for a stream that begins now
	s := r.follow("")
	var seen []string
	take := func(n int) {
		t.Helper()
		for range n {
			a, ok := s.next()
			if !ok {
				t.Fatal("the stream ended")
			}
			seen = append(seen, a.CustomerID)
		}
	}
	r.burst("c0")
	r.burst("c1")
	take(1) // c1 is on its way and gets lost with the connection
	s.stop()
	r.burst("c2")
	s = r.follow(s.last)
	take(2)
	r.burst("c3")
	r.restart() // the stream ends; c3 may be in its buffer
	r.burst("c4")
	s = r.follow(s.last)
	take(2)
	s.quiet()
	r.restart()
	s = r.follow(s.last)
	s.quiet() // nothing new
	r.burst("c5")
	take(1)
	if got := strings.Join(seen, " "); got != "c0 c1 c2 c3 c4 c5" {
		t.Errorf("seen %s", got)
	}
	s = r.follow("0-0")
	seen = nil
	take(7)
	if got := strings.Join(seen, " "); got != "before c0 c1 c2 c3 c4 c5" {
		t.Errorf("from the beginning %s", got)
	}
}

// The alerts of one record are told apart.
func TestStreamIsResumedWithinARecord(t *testing.T) {
	const two = `
rules:
  - {id: one, when: tx.amount > 5, then: {outcome: review, reason: A, text: a, alert: true}}
  - {id: two, when: tx.amount > 5, then: {outcome: review, reason: B, text: b, alert: true}}
`
	r := newRig(t, beating, map[string]string{"rules/two.yaml": two})
	r.decide("t", "c", "10.00", "")
	s := r.follow("0-0")
	first, _ := s.next()
	middle := s.last
	second, _ := s.next()
	if first.Rule.ID == second.Rule.ID || first.ID == second.ID {
		t.Errorf("%+v and %+v", first, second)
	}
	if again, _ := r.follow(middle).next(); again.ID != second.ID {
		t.Errorf("after the first comes %+v", again)
	}
	r.follow(s.last).quiet()
}

func TestStreamOfATenant(t *testing.T) {
	r := newRig(t, beating, withKeys)
	mine, theirs := r.follow("", bearer("admin")...), r.follow("", bearer("other")...)
	r.burst("c", bearer("admin")...)
	if a, _ := mine.next(); a.CustomerID != "c" {
		t.Errorf("%+v", a)
	}
	theirs.quiet()
}

// A stream outlives the patience that its listener has with requests.
func TestStreamOutlivesTimeouts(t *testing.T) {
	t.Parallel()
	const patience = 2 * time.Second // enough for the payments, on any machine
	r := newRig(t, beating, func(w *http.Server) {
		w.ReadHeaderTimeout, w.ReadTimeout, w.WriteTimeout, w.IdleTimeout = patience, patience, patience, 30*time.Second
	})
	s := r.follow("")
	for until := time.Now().Add(patience + time.Second); time.Now().Before(until); {
		s.quiet()
	}
	r.burst("c")
	if a, ok := s.next(); !ok || a.CustomerID != "c" {
		t.Errorf("%+v, %v", a, ok)
	}
}

// Draining ends streams, so that a shutdown does not wait for them.
// A client that reads no more does not keep its stream for ever.
func TestStreamOfAStalledClient(t *testing.T) {
	ended := make(chan struct{})
	r := newRig(t, func(s *Server) {
		s.heartbeat, s.stalled = 50*time.Microsecond, 50*time.Millisecond
		next := s.Handler
		s.Handler = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			next.ServeHTTP(w, r)
			close(ended)
		})
	}, func(s *http.Server) {
		s.ConnContext = func(ctx context.Context, c net.Conn) context.Context {
			_ = c.(*net.TCPConn).SetWriteBuffer(4 << 10) // so that it is soon full
			return ctx
		}
	})
	client, err := net.Dial("tcp", r.web.Listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer client.Close()
	if err := client.(*net.TCPConn).SetReadBuffer(4 << 10); err != nil {
		t.Fatal(err)
	}
	if _, err := fmt.Fprint(client, "GET /v1/alerts HTTP/1.1\r\nHost: x\r\nAccept: text/event-stream\r\n\r\n"); err != nil {
		t.Fatal(err)
	}
	select {
	case <-ended:
	case <-time.After(time.Minute):
		t.Error("the stream goes on")
	}
}

// The answer to HEAD is over with its headers.
func TestHeadOfTheStream(t *testing.T) {
	r := newRig(t)
	for range 2 { // on one connection
		a := r.do(http.MethodHead, "/v1/alerts", nil, "Accept", "text/event-stream").mustBe(t, http.StatusOK)
		if a.header.Get("Content-Type") != "text/event-stream" {
			t.Errorf("%v", a.header)
		}
	}
}

func TestDrain(t *testing.T) {
	r := newRig(t)
	s := r.follow("")
	r.server.Drain()
	if a, ok := s.next(); ok {
		t.Errorf("an alert of nothing: %+v", a)
	}
	if err := s.lines.Err(); err != nil {
		t.Errorf("the stream broke off: %v", err)
	}
	r.get("/readyz").mustBe(t, http.StatusServiceUnavailable)
	r.decide("t", "c", "1.00", "") // what is under way is still answered
	if _, ok := r.follow("").next(); ok {
		t.Error("a stream began")
	}
}

func TestBadEventIDs(t *testing.T) {
	r := newRig(t)
	for _, id := range []string{"x", "1", "1-", "-1-0", "1-0x", "1-0-0", "1--1", "999999-0", "18446744073709551616-0", "18446744073709551615-0"} {
		for _, a := range []answer{
			r.get("/v1/alerts", "Accept", "text/event-stream", "Last-Event-ID", id),
			r.get("/v1/alerts?after="+id, "Accept", "text/event-stream"),
		} {
			if a.status != http.StatusUnprocessableEntity {
				t.Errorf("%s: %d %s", id, a.status, a.body)
			}
		}
	}
}
