package api_test

import (
	"bufio"
	"bytes"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"strconv"
	"sync/atomic"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/tidegate/tidegate/api"
	"github.com/tidegate/tidegate/config"
	"github.com/tidegate/tidegate/examples"
	"github.com/tidegate/tidegate/node"
)

// BenchmarkAuthorize asks the example configuration over HTTP on 32
// connections, every answer durable. The allocations are all of a request: of
// net/http, of the router, and of deciding for 5,000 customers.
func BenchmarkAuthorize(b *testing.B) {
	files, err := config.Deciding(examples.Issuer())
	if err != nil {
		b.Fatal(err)
	}
	files["policy.yaml"] = bytes.Replace(files["policy.yaml"], []byte("deadline: 20ms"), []byte("deadline: 30s"), 1)
	n, _, activation, err := node.Open(node.Options{
		Dir: b.TempDir(), Files: files, Clock: time.Now, EventClock: true, CheckpointEvery: time.Hour, CacheBytes: 1 << 30,
	})
	if err != nil || activation != nil {
		b.Fatal(err, activation)
	}
	defer n.Close()
	web := httptest.NewServer(api.New(n, api.Options{
		Log: slog.Default(), Clock: time.Now, BodyLimit: 64 << 10, InFlight: 64, Registry: prometheus.NewRegistry(),
		ReloadErrors: func() error { return nil },
	}))
	defer web.Close()
	askInParallel(b, web.Listener.Addr().String())
}

// BenchmarkBare is the same requests to a server that reads them and answers
// as many bytes: what of the above is net/http's.
func BenchmarkBare(b *testing.B) {
	answer := bytes.Repeat([]byte("x"), 800)
	web := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		var body [1024]byte
		for {
			if _, err := r.Body.Read(body[:]); err != nil {
				break
			}
		}
		w.Header()["Content-Type"] = []string{"application/json"}
		_, _ = w.Write(answer)
	}))
	defer web.Close()
	askInParallel(b, web.Listener.Addr().String())
}

func askInParallel(b *testing.B, address string) {
	var serial atomic.Uint64
	b.ReportAllocs()
	b.SetParallelism(16)
	b.RunParallel(func(pb *testing.PB) {
		c, err := net.Dial("tcp", address)
		if err != nil {
			b.Error(err)
			return
		}
		defer c.Close()
		in := bufio.NewReader(c)
		var body, request []byte
		for pb.Next() {
			i := serial.Add(1)
			body = fmt.Appendf(body[:0], `{"timestamp":"2026-03-14T12:00:00.%03dZ","transaction_id":"t-%d","customer_id":"c-%d","card_id":"k-%d","device_fingerprint":"d-%d","merchant_id":"m-%d","terminal_id":"p-%d","ip_address":"10.0.%d.%d","amount":"12.50","currency":"EUR","mcc":"5411","merchant_country":"DE","card_country":"DE","card_last_four":"4242","channel":"ecom"}`,
				i%1000, i, i*7%5000, i*7%5000, i*7%5000, i%500, i%900, i*7%5000/256, i*7%256)
			request = append(request[:0], "POST /v1/authorize HTTP/1.1\r\nHost: bench\r\nContent-Length: "...)
			request = append(append(strconv.AppendInt(request, int64(len(body)), 10), "\r\n\r\n"...), body...)
			if _, err := c.Write(request); err != nil {
				b.Error(err)
				return
			}
			if err := readAnswer(in); err != nil {
				b.Error(err)
				return
			}
		}
	})
}

func readAnswer(in *bufio.Reader) error {
	length := 0
	for first := true; ; first = false {
		line, err := in.ReadSlice('\n')
		if err != nil {
			return err
		}
		if first && !bytes.Contains(line, []byte(" 200 ")) {
			return fmt.Errorf("answered %s", line)
		}
		if len(line) == 2 {
			break
		}
		if n, ok := bytes.CutPrefix(line, []byte("Content-Length: ")); ok {
			for _, digit := range bytes.TrimSpace(n) {
				length = length*10 + int(digit-'0')
			}
		}
	}
	_, err := in.Discard(length)
	return err
}
