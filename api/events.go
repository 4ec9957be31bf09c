package api

import (
	"context"
	"net/http"

	"github.com/tidegate/tidegate"
	"github.com/tidegate/tidegate/wire"
)

// event is POST /v1/events: something that happened and needs no decision.
func (s *Server) event(w http.ResponseWriter, r *http.Request) {
	b := buffers.Get().(*buffer)
	defer buffers.Put(b)
	var e tidegate.Event
	refused := s.decode(w, r, b, wire.OtherEvent, &e)
	if refused != nil && !ofItsTime(refused) {
		s.fail(w, r, refused)
		return
	}
	repeated, err := s.tell(r.Context(), &e, refused)
	if err != nil {
		s.fail(w, r, err)
		return
	}
	s.accepted(w, e.ID, repeated, e.Warnings)
}

// tell has an event recorded; one that is refused for its time may still be one
// that was sent before.
func (s *Server) tell(ctx context.Context, e *tidegate.Event, refused error) (repeated bool, err error) {
	if refused == nil {
		return s.node.Event(ctx, e)
	}
	repeated, err = s.node.RetryEvent(ctx, e)
	if err == nil && !repeated {
		return false, refused
	}
	return repeated, err
}

// label is POST /v1/labels: whether a transaction was fraud.
func (s *Server) label(w http.ResponseWriter, r *http.Request) {
	b := buffers.Get().(*buffer)
	defer buffers.Put(b)
	if err := b.read(w, r, s.options.BodyLimit); err != nil {
		s.fail(w, r, err)
		return
	}
	var l tidegate.Label
	who := callerOf(r)
	warnings, err := wire.DecodeLabel(b.in, s.wireOptions(wire.OtherEvent, who), &l)
	if err != nil {
		s.fail(w, r, err)
		return
	}
	if err := s.notAhead(&l); err != nil {
		s.fail(w, r, err)
		return
	}
	if l.Source == "" || who.source != "" {
		l.Source = who.source
	}
	repeated, err := s.node.Label(r.Context(), &l)
	if err != nil {
		s.fail(w, r, err)
		return
	}
	s.accepted(w, l.ID, repeated, warnings)
}

// notAhead refuses a label from the future.
func (s *Server) notAhead(l *tidegate.Label) error {
	guard := s.node.Clock()
	if guard.Off {
		return nil
	}
	return wire.CheckReported(l, tidegate.MillisOf(s.options.Clock()), guard.MaxAhead)
}

func (s *Server) accepted(w http.ResponseWriter, id string, repeated bool, warnings []string) {
	writeJSON(w, http.StatusAccepted, "application/json", struct {
		ID       string   `json:"id,omitempty"`
		Retry    bool     `json:"retry"`
		Warnings []string `json:"warnings,omitempty"`
	}{id, repeated, warnings})
}
