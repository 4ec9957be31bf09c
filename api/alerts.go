package api

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/tidegate/tidegate"
	"github.com/tidegate/tidegate/node"
	"github.com/tidegate/tidegate/wire"
)

// alerts is GET /v1/alerts: the newest ones as a list, or, when the client
// accepts text/event-stream, as a stream that Last-Event-ID resumes.
func (s *Server) alerts(w http.ResponseWriter, r *http.Request) {
	if strings.Contains(strings.ToLower(r.Header.Get("Accept")), "text/event-stream") {
		s.streamAlerts(w, r)
		return
	}
	if r.URL.Query().Has("after") {
		s.fail(w, r, tidegate.Errorf(tidegate.CodeInvalid, "after is for the stream: send Accept: text/event-stream"))
		return
	}
	limit := 100
	if text := r.URL.Query().Get("limit"); text != "" {
		n, err := strconv.Atoi(text)
		if err != nil || n < 1 || n > 1000 {
			s.fail(w, r, tidegate.Errorf(tidegate.CodeInvalid, "limit is a number from 1 to 1000"))
			return
		}
		limit = n
	}
	out := []byte(`{"alerts":[`)
	for i, item := range s.node.RecentAlerts(callerOf(r).tenant, limit) {
		if i > 0 {
			out = append(out, ',')
		}
		out = wire.AppendAlert(out, &item.Alert)
	}
	writeBody(w, http.StatusOK, append(out, "]}"...))
}

// streamAlerts sends server-sent events (WHATWG HTML, 9.2). The id of an
// event is SEQUENCE-INDEX of its journal record; without Last-Event-ID the
// stream starts with what comes next.
func (s *Server) streamAlerts(w http.ResponseWriter, r *http.Request) {
	from, after, err := s.resume(r)
	if err != nil {
		s.fail(w, r, err)
		return
	}
	h := w.Header()
	h.Set("Content-Type", "text/event-stream")
	h.Set("Cache-Control", "no-store")
	if r.Method == http.MethodHead {
		return // it has no body to wait for
	}
	// The reader has its place before the answer begins, so that a client who
	// sees the answer misses nothing from then on.
	reader := s.node.Alerts(from)
	defer reader.Close()
	ctx, cancel := context.WithCancel(r.Context())
	defer cancel()
	defer context.AfterFunc(s.draining, cancel)()
	stream := eventStream{w, http.NewResponseController(w), s.stalled}
	err = stream.send(": tidegate alerts\n\n")
	tenant := callerOf(r).tenant
	for err == nil {
		var item alertItem
		if item, err = s.nextAlert(ctx, reader, stream); err == nil && item.Tenant == tenant && item.after(after) {
			err = stream.send(fmt.Sprintf("id: %d-%d\nevent: alert\ndata: %s\n\n", item.Sequence, item.Index, wire.AppendAlert(nil, &item.Alert)))
		}
	}
}

// eventStream is a stream's way to its client.
type eventStream struct {
	w       io.Writer
	control *http.ResponseController
	stalled time.Duration
}

// stalled is how long a client may not read before its stream is over: it comes
// back with the id that it saw last.
const stalled = time.Minute

func (e eventStream) send(text string) error {
	if err := e.control.SetWriteDeadline(time.Now().Add(e.stalled)); err != nil {
		return err
	}
	if _, err := io.WriteString(e.w, text); err != nil {
		return err
	}
	return e.control.Flush()
}

// heartbeat keeps proxies from closing a quiet stream.
const heartbeat = 15 * time.Second

func (s *Server) nextAlert(ctx context.Context, reader *node.AlertReader, stream eventStream) (alertItem, error) {
	for {
		waiting, cancel := context.WithTimeout(ctx, s.heartbeat)
		item, err := reader.Next(waiting)
		cancel()
		if err == nil || ctx.Err() != nil {
			return alertItem{item}, err
		}
		if waiting.Err() == nil {
			return alertItem{}, err
		}
		if err := stream.send(": still here\n\n"); err != nil {
			return alertItem{}, err
		}
	}
}

type alertItem struct{ node.AlertItem }

func (a alertItem) after(p eventID) bool {
	return a.Sequence > p.sequence || a.Sequence == p.sequence && a.Index > p.index
}

type eventID struct {
	sequence uint64
	index    int
}

// resume says from which record to read, and after which alert to begin.
func (s *Server) resume(r *http.Request) (from uint64, after eventID, err error) {
	text := r.Header.Get("Last-Event-ID")
	if text == "" {
		text = r.URL.Query().Get("after")
	}
	if text == "" {
		return node.FromNow, eventID{}, nil
	}
	sequence, index, _ := strings.Cut(text, "-")
	after.sequence, err = strconv.ParseUint(sequence, 10, 64)
	if err == nil {
		after.index, err = strconv.Atoi(index)
	}
	// No client has an id from beyond the end, unless of another journal.
	if err != nil || after.index < 0 || after.sequence > s.node.Status().Durable {
		return 0, eventID{}, tidegate.Errorf(tidegate.CodeInvalid, "Last-Event-ID is not one of this stream's ids")
	}
	return after.sequence, after, nil
}
