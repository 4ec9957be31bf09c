package api

import (
	"net/http"

	"github.com/tidegate/tidegate"
	"github.com/tidegate/tidegate/wire"
)

// event is POST /v1/events: something that happened and needs no decision.
func (s *Server) event(w http.ResponseWriter, r *http.Request) {
	b := buffers.Get().(*buffer)
	defer buffers.Put(b)
	var e tidegate.Event
	if err := s.decode(w, r, b, wire.OtherEvent, &e); err != nil {
		s.fail(w, r, err)
		return
	}
	repeated, err := s.node.Event(r.Context(), &e)
	if err != nil {
		s.fail(w, r, err)
		return
	}
	s.accepted(w, e.ID, repeated, e.Warnings)
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
	if err := wire.DecodeLabel(b.in, s.wireOptions(wire.OtherEvent, who), &l); err != nil {
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
	s.accepted(w, l.ID, repeated, nil)
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
