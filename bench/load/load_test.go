package load

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"math"
	"math/rand/v2"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/tidegate/tidegate"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// Load goes to this machine only, whatever the address looks like.
func TestRunRefusesOtherMachines(t *testing.T) {
	for _, address := range []string{"192.0.2.1:80", "example.com:80", "[2001:db8::1]:80", "0.0.0.0:80", "127.0.0.1", "", "localhost.example.com:80", ":80"} {
		_, err := Run(t.Context(), Options{Address: address, Connections: 1, Duration: time.Millisecond})
		if tidegate.CodeOf(err) != tidegate.CodeInvalid {
			t.Errorf("%q: %v", address, err)
		}
	}
}

// serve answers requests on loopback after a while each.
func serve(t *testing.T, answer func(n int) (status int, body string)) string {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	var mu sync.Mutex
	n := 0
	server := &http.Server{Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body)
		status, body := func() (int, string) {
			mu.Lock()
			defer mu.Unlock()
			n++
			return answer(n)
		}()
		w.WriteHeader(status)
		_, _ = io.WriteString(w, body)
	})}
	var wait sync.WaitGroup
	wait.Go(func() { _ = server.Serve(listener) })
	t.Cleanup(func() { _ = server.Close(); wait.Wait() })
	return listener.Addr().String()
}

// Every answer is counted, by its status, with the size of its body.
func TestClosedLoop(t *testing.T) {
	address := serve(t, func(n int) (int, string) {
		if n%3 == 0 {
			return http.StatusServiceUnavailable, "busy"
		}
		return http.StatusOK, "fine"
	})
	payments := NewPayments(4, 100, 1, 1, "run")
	r, err := Run(t.Context(), Options{Address: address, Connections: 4, Duration: 200 * time.Millisecond, Requests: payments.Request})
	if err != nil {
		t.Fatal(err)
	}
	ok, busy := r.Statuses[http.StatusOK], r.Statuses[http.StatusServiceUnavailable]
	if r.Requests == 0 || ok+busy != r.Requests || busy != r.Requests/3 || r.AnswerBytes != 4 {
		t.Errorf("%+v", r)
	}
}

// In the open loop requests are due at their times however slow the answers
// are: one that had to wait for the answer before it is as late as it was.
func TestOpenLoopOmitsNothing(t *testing.T) {
	const pause = 200 * time.Millisecond
	for _, poisson := range []bool{false, true} {
		address := serve(t, func(n int) (int, string) {
			if n == 1 {
				time.Sleep(pause)
			}
			return http.StatusOK, ""
		})
		payments := NewPayments(1, 100, 1, 1, "run")
		r, err := Run(t.Context(), Options{Address: address, Connections: 1, Rate: 200, Poisson: poisson,
			Duration: 500 * time.Millisecond, Requests: payments.Request})
		if err != nil {
			t.Fatal(err)
		}
		if n := r.Requests; !poisson && (n < 99 || n > 101) || n < 50 || n > 160 {
			t.Errorf("poisson %v: %d requests, 100 were due", poisson, n)
		}
		// Some 40 were due during the pause, evenly spread over it.
		if r.Micros["max"] < pause.Microseconds() || r.Micros["p90"] < pause.Microseconds()/4 {
			t.Errorf("poisson %v: latencies %v leave out who waited", poisson, r.Micros)
		}
	}
}

// A run that is stopped says so, and not what became of its connections.
func TestStopped(t *testing.T) {
	ctx, stop := context.WithCancel(t.Context())
	address := serve(t, func(n int) (int, string) {
		if n == 10 {
			stop()
			panic(http.ErrAbortHandler)
		}
		return http.StatusOK, ""
	})
	payments := NewPayments(2, 100, 1, 1, "run")
	_, err := Run(ctx, Options{Address: address, Connections: 2, Duration: time.Minute, Requests: payments.Request})
	if err != context.Canceled {
		t.Error(err)
	}
}

// Requests are HTTP with JSON that the service takes; their ids differ.
func TestPayments(t *testing.T) {
	payments := NewPayments(2, 1000, 1, 7, "run")
	ids := map[string]bool{}
	for i := range 2000 {
		request, err := http.ReadRequest(bufio.NewReader(strings.NewReader(string(payments.Request(i%2, time.UnixMilli(1_773_489_600_000), nil)))))
		if err != nil {
			t.Fatal(err)
		}
		var e echoed
		d := json.NewDecoder(request.Body)
		d.DisallowUnknownFields()
		if err := d.Decode(&e); err != nil {
			t.Fatal(err)
		}
		if e.Timestamp != "2026-03-14T12:00:00.000Z" || e.Payload.CustomerID == "" || ids[e.Payload.TransactionID] {
			t.Fatalf("%+v", e)
		}
		ids[e.Payload.TransactionID] = true
	}
}

// Customers come as Zipf's law says.
func TestSkew(t *testing.T) {
	const customers, draws = 50, 200_000
	for _, s := range []float64{0, 0.5, 1, 1.7} {
		z, rng, got, sum := newZipf(customers, s), rand.New(rand.NewPCG(1, 2)), make([]float64, customers), 0.0
		for range draws {
			got[z.pick(rng)]++
		}
		for k := range customers {
			sum += math.Pow(float64(k+1), -s)
		}
		for k := range customers {
			want := draws * math.Pow(float64(k+1), -s) / sum
			if math.Abs(got[k]-want) > 6*math.Sqrt(want)+1 {
				t.Errorf("exponent %v: customer %d came %v times, %.0f were expected", s, k, got[k], want)
			}
		}
	}
}

// The echo answers what a decision is like, of the size asked for.
func TestEcho(t *testing.T) {
	for _, size := range []int{600, 850, 1200} {
		listener, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		server := Echo(listener, size)
		payments := NewPayments(1, 100, 1, 1, "run-0123456789")
		c, err := dial(context.Background(), listener.Addr().String())
		if err != nil {
			t.Fatal(err)
		}
		status, got, err := c.roundTrip(payments.Request(0, time.Now(), nil))
		if err != nil || status != http.StatusOK || math.Abs(float64(got-size)) > 16 {
			t.Error(fmt.Sprintf("%d bytes asked for, %d came with status %d", size, got, status), err)
		}
		_ = c.Close()
		if err := server.Close(); err != nil {
			t.Error(err)
		}
	}
}

// TestDisk: each measurement adds to those before, and leaves no file behind.
func TestDisk(t *testing.T) {
	dir := t.TempDir()
	var d Disk
	for range 2 {
		before := d.Syncs
		if err := d.Measure(t.Context(), dir, 20*time.Millisecond); err != nil {
			t.Fatal(err)
		}
		if d.Syncs <= before || d.Micros["max"] < d.Micros["p50"] || d.Stalled < 0 || d.Stalled > 1 {
			t.Errorf("%+v", d)
		}
	}
	if left, err := os.ReadDir(dir); err != nil || len(left) > 0 {
		t.Errorf("left behind: %v, %v", left, err)
	}
	if err := d.Measure(t.Context(), filepath.Join(dir, "a\x00b"), time.Millisecond); err == nil {
		t.Error("a directory that can't be is no error")
	}
}
