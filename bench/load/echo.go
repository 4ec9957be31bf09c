package load

import (
	"io"
	"net"
	"net/http"
	"strconv"

	"github.com/go-chi/chi/v5"

	"github.com/tidegate/tidegate"
	"github.com/tidegate/tidegate/wire"
)

// Echo is what Tidegate is held against: the same router, the same request
// decoded by the same decoder, an answer of the same size encoded, and
// nothing decided or remembered.
func Echo(listener net.Listener, answer tidegate.Decision, size int) *http.Server {
	r := chi.NewRouter()
	r.Post("/v1/authorize", func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		if err != nil {
			w.WriteHeader(http.StatusBadRequest)
			return
		}
		var tx tidegate.Event
		if err := wire.DecodeEvent(body, wire.Options{}, &tx); err != nil {
			w.WriteHeader(http.StatusUnprocessableEntity)
			return
		}
		d := answer
		d.TransactionID, d.EventTime = tx.Text[tidegate.TransactionID], tx.Time
		out := wire.AppendDecision(make([]byte, 0, size+64), &d, wire.Features{})
		for len(out) < size {
			out = append(out, ' ')
		}
		w.Header().Set("Content-Type", "application/json")
		w.Header().Set("Content-Length", strconv.Itoa(len(out)))
		if _, err := w.Write(out); err != nil {
			return
		}
	})
	server := &http.Server{Handler: r}
	go func() {
		// Serve returns when the caller closes the server.
		_ = server.Serve(listener)
	}()
	return server
}
