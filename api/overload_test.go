package api

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/cockroachdb/pebble/v2/vfs"
	"github.com/cockroachdb/pebble/v2/vfs/errorfs"

	"github.com/tidegate/tidegate"
	"github.com/tidegate/tidegate/node"
)

// advised fails unless a problem carries the policy's advice.
func (a answer) advised(t *testing.T) {
	t.Helper()
	if a.StandIn == nil || a.StandIn.Outcome != "approve" || a.StandIn.ResponseCode != "00" || a.header.Get("Retry-After") == "" {
		t.Errorf("no advice: %s, Retry-After %q", a.body, a.header.Get("Retry-After"))
	}
}

// As many requests as there are places may be under way; the next is turned
// away at once.
func TestTooManyRequests(t *testing.T) {
	r := newRig(t, func(o *Options) { o.InFlight = 2 })
	slow := make(chan answer)
	var bodies []*io.PipeWriter
	for range 2 {
		body, writer := io.Pipe()
		bodies = append(bodies, writer)
		go func() { slow <- r.do(http.MethodPost, "/v1/authorize", body) }()
		if _, err := writer.Write([]byte(" ")); err != nil {
			t.Fatal(err)
		}
	}
	for len(r.server.slots) < 2 {
		time.Sleep(time.Millisecond)
	}
	for _, path := range []string{"/v1/authorize", "/v1/events", "/v1/labels"} {
		a := r.post(path, good).mustBe(t, http.StatusTooManyRequests)
		if a.advised(t); a.Code != codeBusy {
			t.Errorf("%s: %s", path, a.body)
		}
	}
	r.get("/healthz").mustBe(t, http.StatusOK)
	r.get("/v1/rules").mustBe(t, http.StatusOK)
	for i, writer := range bodies {
		if _, err := io.WriteString(writer, r.payment(fmt.Sprint(i), "c", "1.00", "")); err != nil {
			t.Fatal(err)
		}
		if err := writer.Close(); err != nil {
			t.Fatal(err)
		}
		(<-slow).mustBe(t, http.StatusOK)
	}
	r.decide("after", "c", "1.00", "")
	if got := r.metric(`tidegate_problems_total{code="too_many_requests"}`); got != 3 {
		t.Errorf("%v counted", got)
	}
}

// A deadline that passes before the decision begins leaves no trace.
func TestDeadlineBeforeTheDecision(t *testing.T) {
	r := newRig(t, map[string]string{"policy.yaml": "deadline: 1ns\n"})
	before := r.records()
	a := r.post("/v1/authorize", good).mustBe(t, http.StatusServiceUnavailable)
	if a.advised(t); a.Code != tidegate.CodeOverloaded || r.records() != before {
		t.Errorf("%s, %d records", a.body, r.records()-before)
	}
	r.get("/v1/decisions/tx_1").mustBe(t, http.StatusNotFound)
}

// stuckDisk lets syncs of the journal wait while it is stuck.
type stuckDisk struct{ stuck chan chan struct{} }

func newStuckDisk() *stuckDisk { return &stuckDisk{make(chan chan struct{}, 1)} }

func (d *stuckDisk) stick() (free func()) {
	until := make(chan struct{})
	d.stuck <- until
	return func() {
		select {
		case <-d.stuck: // nobody came
		default:
		}
		close(until)
	}
}

func (d *stuckDisk) String() string { return "stuck" }

func (d *stuckDisk) MaybeError(op errorfs.Op) error {
	switch op.Kind {
	case errorfs.OpFileSync, errorfs.OpFileSyncData, errorfs.OpFileSyncTo:
	default:
		return nil
	}
	if !strings.Contains(op.Path, "/journal/") {
		return nil
	}
	select {
	case until := <-d.stuck:
		<-until
	default:
	}
	return nil
}

// A deadline that passes before the record is durable is answered 504; the
// retry gets the recorded answer.
func TestDeadlineBeforeTheRecordIsDurable(t *testing.T) {
	disk := newStuckDisk()
	r := newRig(t, map[string]string{"policy.yaml": "deadline: 1s\nstand_in: {outcome: decline, response_code: \"91\"}\n"},
		func(o *node.Options) { o.FS = errorfs.Wrap(vfs.Default, disk) })
	r.decide("before", "c", "1.00", "")
	free := disk.stick()
	a := r.post("/v1/authorize", good)
	free()
	a.mustBe(t, http.StatusGatewayTimeout)
	if a.Code != tidegate.CodeDeadline || a.StandIn == nil || a.StandIn.Outcome != "decline" || a.StandIn.ResponseCode != "91" {
		t.Errorf("%s", a.body)
	}
	d := as[decided](t, r.post("/v1/authorize", good).mustBe(t, http.StatusOK))
	if !d.Retry {
		t.Error("it was decided again")
	}
	if got := r.metric(`tidegate_inputs_total{kind="unanswered"}`); got != 1 {
		t.Errorf("%v unanswered are counted", got)
	}
}

// A node whose disk is almost full answers 503 and says so at /readyz.
func TestNoDisk(t *testing.T) {
	r := newRig(t)
	r.disk.MinFreeBytes = 1 << 60
	r.restart()
	a := r.post("/v1/authorize", good).mustBe(t, http.StatusServiceUnavailable)
	if a.advised(t); a.Code != tidegate.CodeUnavailable {
		t.Errorf("%s", a.body)
	}
	r.post("/v1/events", `{"event_type":"login","timestamp":"2026-03-14T12:00:00Z","customer_id":"c"}`).mustBe(t, http.StatusServiceUnavailable)
	ready := as[node.Status](t, r.get("/readyz").mustBe(t, http.StatusServiceUnavailable))
	if ready.Ready || ready.Reason == "" {
		t.Errorf("%+v", ready)
	}
	r.get("/healthz").mustBe(t, http.StatusOK)
}

// hurried sets the listener's limits as the service does, with less patience.
func hurried(web *http.Server) {
	web.ReadHeaderTimeout, web.ReadTimeout = 300*time.Millisecond, 300*time.Millisecond
	web.WriteTimeout, web.IdleTimeout, web.MaxHeaderBytes = 30*time.Second, 300*time.Millisecond, 16<<10
}

// Clients that send a byte now and then are cut off and hold nothing.
func TestSlowClients(t *testing.T) {
	r := newRig(t, hurried)
	before := r.records()
	for what, c := range map[string]struct {
		head string
		want string
	}{
		"a slow header": {"POST /v1/authorize HTTP/1.1\r\nHost: x\r\nX-Slow: ", "408"},
		"a slow body":   {"POST /v1/authorize HTTP/1.1\r\nHost: x\r\nContent-Length: 1000\r\n\r\n", "400"},
		"a slow chunk":  {"POST /v1/authorize HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n3e8\r\n", "400"},
	} {
		t.Run(what, func(t *testing.T) {
			t.Parallel()
			connection, err := net.Dial("tcp", r.web.Listener.Addr().String())
			if err != nil {
				t.Fatal(err)
			}
			defer connection.Close()
			if _, err := io.WriteString(connection, c.head); err != nil {
				t.Fatal(err)
			}
			trickle := make(chan struct{})
			go func() {
				defer close(trickle)
				for { // until the server has hung up
					if _, err := connection.Write([]byte(" ")); err != nil {
						return
					}
					time.Sleep(20 * time.Millisecond)
				}
			}()
			line, err := bufio.NewReader(connection).ReadString('\n')
			if err == nil && !strings.Contains(line, c.want) {
				t.Errorf("%q, want %s or a closed connection", line, c.want)
			}
			<-trickle
		})
	}
	t.Cleanup(func() {
		if len(r.server.slots) > 0 || r.records() != before {
			t.Errorf("%d places are held, %d records", len(r.server.slots), r.records()-before)
		}
	})
}

// A client that goes away before its answer has been decided for all the same.
func TestClientThatHangsUp(t *testing.T) {
	t.Parallel()
	disk := newStuckDisk()
	r := newRig(t, map[string]string{"policy.yaml": "deadline: 5s\n"}, // how long its place is held
		func(o *node.Options) { o.FS = errorfs.Wrap(vfs.Default, disk) })
	r.decide("before", "c", "1.00", "")
	free := disk.stick()
	connection, err := net.Dial("tcp", r.web.Listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	if _, err := fmt.Fprintf(connection, "POST /v1/authorize HTTP/1.1\r\nHost: x\r\nContent-Length: %d\r\n\r\n%s", len(good), good); err != nil {
		t.Fatal(err)
	}
	for len(r.server.slots) == 0 {
		time.Sleep(time.Millisecond)
	}
	for r.records() < 3 { // activation, before, and this one
		time.Sleep(time.Millisecond)
	}
	if err := connection.Close(); err != nil {
		t.Fatal(err)
	}
	for len(r.server.slots) > 0 {
		time.Sleep(time.Millisecond)
	}
	free()
	if d := as[decided](t, r.post("/v1/authorize", good).mustBe(t, http.StatusOK)); !d.Retry {
		t.Error("it was decided again")
	}
}
