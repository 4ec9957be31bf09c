package api

import (
	"context"
	"errors"
	"io"
	"net/http"
	"slices"
	"strconv"
	"sync"

	"github.com/tidegate/tidegate"
	"github.com/tidegate/tidegate/node"
	"github.com/tidegate/tidegate/wire"
)

// authorize is POST /v1/authorize: body in, decision out.
func (s *Server) authorize(w http.ResponseWriter, r *http.Request) {
	withFeatures, err := wantsFeatures(r, false)
	if err != nil {
		s.fail(w, r, err)
		return
	}
	q := freeQuestions.Get().(*question)
	refused := s.decode(w, r, &q.buffer, wire.Transaction, &q.tx)
	if refused != nil && !ofItsTime(refused) {
		s.fail(w, r, refused)
		q.release()
		return
	}
	ctx := q.deadline.start(r.Context(), s.node.Deadline())
	if err := s.ask(ctx, q, withFeatures, refused); err != nil {
		q.deadline.stop()
		s.fail(w, r, err) // without q, which the writer may still look at
		return
	}
	s.metrics.decided(&q.answer.Decision)
	q.out = appendAnswer(q.out[:0], &q.answer.Decision, q.answer.Features)
	writeBody(w, http.StatusOK, q.out)
	if q.deadline.stop() {
		q.release()
	}
}

// ask has a transaction decided; one that is refused for its time may still be
// a retry.
func (s *Server) ask(ctx context.Context, q *question, withFeatures bool, refused error) error {
	if refused == nil {
		return s.node.Authorize(ctx, &q.tx, withFeatures, &q.answer)
	}
	retry, err := s.node.Retry(ctx, &q.tx, withFeatures, &q.answer)
	if err == nil && !retry {
		return refused
	}
	return err
}

// ofItsTime reports whether an event was decoded and refused for its time alone.
func ofItsTime(err error) bool {
	code := tidegate.CodeOf(err)
	return code == tidegate.CodeTooOld || code == tidegate.CodeInFuture
}

// question is what one authorization needs of memory, used again for the next.
type question struct {
	buffer
	tx       tidegate.Event
	answer   node.Answer
	deadline deadline
}

var freeQuestions = sync.Pool{New: func() any { return &question{buffer: newBuffer()} }}

// maxKept is the largest buffer that is kept for the next request.
const maxKept = 64 << 10

func (q *question) release() {
	q.deadline.Context = nil
	if cap(q.in) <= maxKept && cap(q.out) <= maxKept {
		freeQuestions.Put(q)
	}
}

// decode reads and checks an event. What it writes to e does not refer to b.
func (s *Server) decode(w http.ResponseWriter, r *http.Request, b *buffer, kind wire.Kind, e *tidegate.Event) error {
	if err := b.read(w, r, s.options.BodyLimit); err != nil {
		return err
	}
	who, guard := callerOf(r), s.node.Clock()
	o := s.wireOptions(kind, who)
	o.MaxAge, o.MaxAhead = guard.MaxAge, guard.MaxAhead
	if err := wire.DecodeEvent(b.in, o, e); err != nil {
		return err
	}
	if who.source != "" {
		e.Source = who.source
	}
	if guard.Off {
		return nil
	}
	return wire.CheckClock(e, tidegate.MillisOf(s.options.Clock()), o)
}

func (s *Server) wireOptions(kind wire.Kind, who caller) wire.Options {
	return wire.Options{Kind: kind, Tenant: who.tenant, MaxBody: int(s.options.BodyLimit), PANKey: s.options.PANKey, Attributes: s.node.Attributes(), Computed: s.node.Computes}
}

func appendAnswer(out []byte, d *tidegate.Decision, v node.Values) []byte {
	return wire.AppendDecision(out, d, wire.Features{Variables: v.Variables, Num: v.Num, Text: v.Text, Warming: v.Warming})
}

// buffer holds one request's body and its answer; buffers are used again.
type buffer struct {
	in, out []byte
}

func newBuffer() buffer { return buffer{in: make([]byte, 0, 4096), out: make([]byte, 0, 4096)} }

var buffers = sync.Pool{New: func() any { b := newBuffer(); return &b }}

// read takes the whole body, up to a limit.
func (b *buffer) read(w http.ResponseWriter, r *http.Request, limit int64) error {
	if coding := r.Header["Content-Encoding"]; coding != nil && !slices.Equal(coding, []string{"identity"}) {
		w.Header().Set("Accept-Encoding", "identity") // RFC 9110, 15.5.16
		return tidegate.Errorf(codeEncoded, "send the body as it is, without Content-Encoding")
	}
	body := r.Body
	switch {
	case r.ContentLength > limit:
		return tooLarge(limit)
	case r.ContentLength < 0: // else net/http gives no more than it says
		body = http.MaxBytesReader(w, r.Body, limit)
	}
	b.in = b.in[:0]
	for {
		if len(b.in) == cap(b.in) {
			b.in = append(b.in, 0)[:len(b.in)]
		}
		n, err := body.Read(b.in[len(b.in):cap(b.in)])
		b.in = b.in[:len(b.in)+n]
		if err == io.EOF {
			return nil
		}
		if err != nil {
			return unread(err, limit)
		}
	}
}

func unread(err error, limit int64) error {
	var large *http.MaxBytesError
	if errors.As(err, &large) {
		return tooLarge(limit)
	}
	return &tidegate.Error{Code: tidegate.CodeMalformed, Message: "the body ended early or came too slowly"}
}

func tooLarge(limit int64) error {
	return tidegate.Errorf(tidegate.CodeTooLarge, "the body is larger than %d bytes", limit)
}

// lengthKnown is up to where net/http finds out a body's length itself: it
// holds back as much until the handler returns.
const lengthKnown = 2048

func writeBody(w http.ResponseWriter, status int, body []byte) {
	h := w.Header()
	h["Content-Type"] = contentJSON
	if len(body) > lengthKnown {
		h.Set("Content-Length", strconv.Itoa(len(body)))
	}
	w.WriteHeader(status)
	if _, err := w.Write(body); err != nil {
		return // the client is gone; the decision is recorded
	}
}

var contentJSON = []string{"application/json"}
