package api

import (
	"context"
	"errors"
	"io"
	"net/http"
	"strconv"
	"sync"

	"github.com/tidegate/tidegate"
	"github.com/tidegate/tidegate/node"
	"github.com/tidegate/tidegate/wire"
)

// authorize is POST /v1/authorize: body in, decision out.
func (s *Server) authorize(w http.ResponseWriter, r *http.Request) {
	b := buffers.Get().(*buffer)
	defer buffers.Put(b)
	tx, err := s.decode(w, r, b, wire.Transaction)
	if err != nil {
		s.fail(w, r, err)
		return
	}
	ctx, cancel := context.WithTimeout(r.Context(), s.node.Deadline())
	defer cancel()
	withFeatures := r.URL.RawQuery != "" && r.URL.Query().Get("features") == "true"
	answer, err := s.node.Authorize(ctx, tx, withFeatures)
	if err != nil {
		s.fail(w, r, err)
		return
	}
	s.metrics.decided(&answer.Decision)
	b.out = appendAnswer(b.out[:0], &answer.Decision, answer.Features)
	writeBody(w, http.StatusOK, b.out)
}

// decode reads and checks an event. What it returns does not refer to b.
func (s *Server) decode(w http.ResponseWriter, r *http.Request, b *buffer, kind wire.Kind) (*tidegate.Event, error) {
	if err := b.read(w, r, s.options.BodyLimit); err != nil {
		return nil, err
	}
	who, guard := callerOf(r), s.node.Clock()
	o := s.wireOptions(kind, who)
	o.MaxAge, o.MaxAhead = guard.MaxAge, guard.MaxAhead
	e := &tidegate.Event{}
	if err := wire.DecodeEvent(b.in, o, e); err != nil {
		return nil, err
	}
	if who.source != "" {
		e.Source = who.source
	}
	if guard.Off {
		return e, nil
	}
	return e, wire.CheckClock(e, tidegate.MillisOf(s.options.Clock()), o)
}

func (s *Server) wireOptions(kind wire.Kind, who caller) wire.Options {
	return wire.Options{Kind: kind, Tenant: who.tenant, MaxBody: int(s.options.BodyLimit), PANKey: s.options.PANKey, Attributes: s.node.Attributes()}
}

func appendAnswer(out []byte, d *tidegate.Decision, v node.Values) []byte {
	return wire.AppendDecision(out, d, wire.Features{Variables: v.Variables, Num: v.Num, Text: v.Text, Warming: v.Warming})
}

// buffer holds one request's body and its answer; buffers are used again.
type buffer struct {
	in, out []byte
}

var buffers = sync.Pool{New: func() any { return &buffer{in: make([]byte, 0, 4096), out: make([]byte, 0, 4096)} }}

// read takes the whole body, up to a limit.
func (b *buffer) read(w http.ResponseWriter, r *http.Request, limit int64) error {
	if r.ContentLength > limit {
		return tooLarge(limit)
	}
	body := http.MaxBytesReader(w, r.Body, limit)
	b.in = b.in[:0]
	for {
		if len(b.in) == cap(b.in) {
			b.in = append(b.in, 0)[:len(b.in)]
		}
		n, err := body.Read(b.in[len(b.in):cap(b.in)])
		b.in = b.in[:len(b.in)+n]
		var large *http.MaxBytesError
		switch {
		case err == io.EOF:
			return nil
		case errors.As(err, &large):
			return tooLarge(limit)
		case err != nil:
			return &tidegate.Error{Code: tidegate.CodeMalformed, Message: "the body ended early or came too slowly"}
		}
	}
}

func tooLarge(limit int64) error {
	return tidegate.Errorf(tidegate.CodeTooLarge, "the body is larger than %d bytes", limit)
}

func writeBody(w http.ResponseWriter, status int, body []byte) {
	h := w.Header()
	h["Content-Type"] = contentJSON
	h.Set("Content-Length", strconv.Itoa(len(body)))
	w.WriteHeader(status)
	if _, err := w.Write(body); err != nil {
		return // the client is gone; the decision is recorded
	}
}

var contentJSON = []string{"application/json"}
