package load

import (
	"encoding/json"
	"net"
	"net/http"
	"strconv"
	"strings"

	"github.com/go-chi/chi/v5"
)

// Echo is what Tidegate is held against: the same router, the same request
// decoded and an answer of the same size encoded with the standard library,
// and nothing decided or remembered.
func Echo(listener net.Listener, size int) *http.Server {
	bare, err := json.Marshal(newEchoAnswer("", ""))
	if err != nil {
		panic(err) // texts, lists and a map of texts
	}
	r := chi.NewRouter()
	r.Post("/v1/authorize", func(w http.ResponseWriter, r *http.Request) {
		var e echoed
		if err := json.NewDecoder(r.Body).Decode(&e); err != nil {
			w.WriteHeader(http.StatusBadRequest)
			return
		}
		answer := newEchoAnswer(e.Payload.TransactionID, e.Timestamp)
		answer.Padding = padding[:min(len(padding), max(0, size-len(bare)-len(answer.TransactionID)-len(answer.EventTime)))]
		out, err := json.Marshal(answer)
		if err != nil {
			w.WriteHeader(http.StatusInternalServerError)
			return
		}
		w.Header().Set("Content-Type", "application/json")
		w.Header().Set("Content-Length", strconv.Itoa(len(out)))
		if _, err := w.Write(out); err != nil {
			return // the client is gone
		}
	})
	server := &http.Server{Handler: r}
	go func() {
		// Serve returns when the caller closes the server.
		_ = server.Serve(listener)
	}()
	return server
}

// echoed is the request's envelope and payload.
type echoed struct {
	EventType string `json:"event_type"`
	Timestamp string `json:"timestamp"`
	Source    string `json:"source"`
	Payload   struct {
		TransactionID     string `json:"transaction_id"`
		CustomerID        string `json:"customer_id"`
		CardID            string `json:"card_id"`
		MerchantID        string `json:"merchant_id"`
		TerminalID        string `json:"terminal_id"`
		DeviceFingerprint string `json:"device_fingerprint"`
		IPAddress         string `json:"ip_address"`
		Amount            string `json:"amount"`
		Currency          string `json:"currency"`
		MCC               string `json:"mcc"`
		MerchantCountry   string `json:"merchant_country"`
		CardCountry       string `json:"card_country"`
		CardLastFour      string `json:"card_last_four"`
		Channel           string `json:"channel"`
		CardPresent       bool   `json:"card_present"`
		TransactionType   string `json:"transaction_type"`
		GeoLocation       struct {
			Lat float64 `json:"lat"`
			Lon float64 `json:"lon"`
		} `json:"geo_location"`
	} `json:"payload"`
}

// echoAnswer has the members of a decision.
type echoAnswer struct {
	SchemaVersion int               `json:"schema_version"`
	TransactionID string            `json:"transaction_id"`
	Outcome       string            `json:"outcome"`
	WouldBe       string            `json:"would_be"`
	ResponseCode  string            `json:"response_code"`
	Score         float64           `json:"score"`
	Reasons       []string          `json:"reasons"`
	Rules         []string          `json:"rules"`
	Models        []string          `json:"models"`
	Patterns      []string          `json:"patterns"`
	Versions      map[string]string `json:"versions"`
	Degraded      []string          `json:"degraded"`
	Warnings      []string          `json:"warnings"`
	Retry         bool              `json:"retry"`
	EventTime     string            `json:"event_time"`
	DecidedInUS   int64             `json:"decided_in_us"`
	Padding       string            `json:"padding"`
}

func newEchoAnswer(id, at string) *echoAnswer {
	return &echoAnswer{
		TransactionID: id, Outcome: "approve", WouldBe: "approve", ResponseCode: "00", EventTime: at,
		Reasons: []string{}, Rules: []string{}, Models: []string{}, Patterns: []string{}, Degraded: []string{}, Warnings: []string{},
		Versions: map[string]string{"engine": "1", "rules": "1", "features": "1", "models": "1", "policy": "1"},
	}
}

// padding makes an answer as long as a decision's.
var padding = strings.Repeat("x", 64<<10)
