package api_test

import (
	"fmt"
	"io"
	"log/slog"
	"net/http/httptest"
	"os"
	"strings"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/tidegate/tidegate/api"
	"github.com/tidegate/tidegate/config"
	"github.com/tidegate/tidegate/examples"
	"github.com/tidegate/tidegate/node"
)

// The face of a node with the example configuration, asked once.
func Example() {
	dir, err := os.MkdirTemp("", "tidegate-example-")
	if err != nil {
		panic(err)
	}
	defer os.RemoveAll(dir)
	files, err := config.Deciding(examples.Issuer())
	if err != nil {
		panic(err)
	}
	n, _, _, err := node.Open(node.Options{Dir: dir, Files: files, Clock: time.Now, EventClock: true, CheckpointEvery: time.Hour})
	if err != nil {
		panic(err)
	}
	defer n.Close()
	face := api.New(n, api.Options{
		Log: slog.Default(), Clock: time.Now, BodyLimit: 64 << 10, InFlight: 8, Registry: prometheus.NewRegistry(),
		ReloadErrors: func() error { return nil },
	})

	question := `{"timestamp":"2026-03-14T12:00:00Z","transaction_id":"t-1","customer_id":"c-1","amount":"-1","currency":"EUR"}`
	answer := httptest.NewRecorder()
	face.ServeHTTP(answer, httptest.NewRequest("POST", "/v1/authorize", strings.NewReader(question)))
	body, _ := io.ReadAll(answer.Body)
	fmt.Println(answer.Code, answer.Header().Get("Content-Type"))
	fmt.Println(string(body))
	// Output:
	// 422 application/problem+json
	// {"type":"urn:tidegate:problem:invalid","title":"A member is missing or has a wrong value","status":422,"detail":"amount is negative","code":"invalid","pointer":"/amount"}
}
