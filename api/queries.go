package api

import (
	"encoding/json"
	"errors"
	"math"
	"net/http"
	"net/url"
	"slices"
	"time"

	"github.com/go-chi/chi/v5"

	"github.com/tidegate/tidegate"
	"github.com/tidegate/tidegate/node"
	"github.com/tidegate/tidegate/wire"
)

// decision is GET /v1/decisions/{transaction_id}: the recorded answer.
func (s *Server) decision(w http.ResponseWriter, r *http.Request) {
	withFeatures, err := wantsFeatures(r, true)
	if err != nil {
		s.fail(w, r, err)
		return
	}
	id, err := s.pathID(r, "transaction_id")
	if err != nil {
		s.fail(w, r, err)
		return
	}
	record, values, err := s.node.Decision(r.Context(), callerOf(r).tenant, id)
	if err != nil {
		s.fail(w, r, err)
		return
	}
	if !withFeatures {
		values = node.Values{}
	}
	writeBody(w, http.StatusOK, appendAnswer(nil, &record.Decision, values))
}

// wantsFeatures tells whether the answer is to show feature values.
func wantsFeatures(r *http.Request, unsaid bool) (bool, error) {
	if r.URL.RawQuery == "" {
		return unsaid, nil
	}
	switch r.URL.Query().Get("features") {
	case "":
		return unsaid, nil
	case "true":
		return true, nil
	case "false":
		return false, nil
	}
	return false, tidegate.Errorf(tidegate.CodeInvalid, "features in the query is true or false")
}

// pathID is an id in the path, held to what ids in bodies are held to: it is
// shown again, and where card numbers are replaced, it is their HMAC that is
// known.
func (s *Server) pathID(r *http.Request, name string) (string, error) {
	id := pathParam(r, name)
	err := wire.CheckText(name, &id, s.options.PANKey)
	switch tidegate.CodeOf(err) {
	case tidegate.CodePAN:
		return "", tidegate.Errorf(tidegate.CodePAN, "the path holds what is taken for a card number: ask for its token")
	case tidegate.CodeTooLarge, tidegate.CodeMalformed:
		return "", tidegate.Errorf(tidegate.CodeNotFound, "ids are UTF-8, and not longer than %d bytes", wire.MaxID)
	}
	return id, err
}

// pathParam is a part of the path. The router leaves it escaped when the
// caller escaped more than had to be, as the slash of an id.
func pathParam(r *http.Request, name string) string {
	text := chi.URLParam(r, name)
	if r.URL.RawPath == "" {
		return text
	}
	if plain, err := url.PathUnescape(text); err == nil {
		return plain
	}
	return text
}

// features is GET /v1/features/{entity}/{key}: what is known of a customer,
// card, device, … now or at=RFC 3339.
func (s *Server) features(w http.ResponseWriter, r *http.Request) {
	at := tidegate.MillisOf(s.options.Clock())
	if text := r.URL.Query().Get("at"); text != "" {
		t, err := time.Parse(time.RFC3339Nano, text)
		if err != nil {
			s.fail(w, r, tidegate.Errorf(tidegate.CodeInvalid, "at is not an RFC 3339 time"))
			return
		}
		at = tidegate.MillisOf(t)
	}
	entity := pathParam(r, "entity")
	key, err := s.pathID(r, "key")
	if err != nil {
		s.fail(w, r, err)
		return
	}
	if entity == "ip" || entity == tidegate.IPAddress.String() {
		key = wire.Address(key)
	}
	values, err := s.node.Features(callerOf(r).tenant, entity, key, at)
	if err != nil {
		s.fail(w, r, err)
		return
	}
	named := map[string]any{}
	for i, v := range values.Variables {
		switch x := values.Num[i]; {
		case math.IsNaN(x) || math.IsInf(x, 0):
			named[v.Name] = nil
		case v.Kind == tidegate.KindText:
			named[v.Name] = values.Text[i]
		case v.Kind == tidegate.KindBool:
			named[v.Name] = x != 0
		default:
			named[v.Name] = x
		}
	}
	writeJSON(w, http.StatusOK, "application/json", map[string]any{
		"entity": entity, "key": key, "at": at.String(), "features": named, "warming": append([]string{}, values.Warming...),
	})
}

// rules is GET /v1/rules: what decides now, and what is wrong with the newest
// saved configuration if that is another one.
func (s *Server) rules(w http.ResponseWriter, r *http.Request) {
	set := s.node.Rules()
	writeJSON(w, http.StatusOK, "application/json", struct {
		Generation uint32             `json:"generation"`
		Versions   tidegate.Versions  `json:"versions"`
		Rules      []node.RuleSummary `json:"rules"`
		Models     []node.ModelInfo   `json:"models"`
		Lists      []node.ListInfo    `json:"lists"`
		Errors     []fileProblem      `json:"errors"`
	}{set.Generation, set.Versions, set.Rules, set.Models, set.Lists, fileProblems(s.options.ReloadErrors())})
}

// fileProblems lists the configuration errors in err.
func fileProblems(err error) []fileProblem {
	list := []fileProblem{}
	if err == nil {
		return list
	}
	if many, ok := err.(interface{ Unwrap() []error }); ok {
		for _, e := range many.Unwrap() {
			list = append(list, fileProblems(e)...)
		}
		return list
	}
	var own *tidegate.Error
	if !errors.As(err, &own) {
		return append(list, fileProblem{Message: err.Error()})
	}
	p := fileProblem{File: own.File, Line: own.Line, Column: own.Column, Message: own.Message}
	if own.Cause != nil {
		p.Message += ": " + own.Cause.Error()
	}
	return append(list, p)
}

// healthz says that the process lives.
func (s *Server) healthz(w http.ResponseWriter, r *http.Request) {
	writeBody(w, http.StatusOK, []byte(`{"status":"ok"}`))
}

// InputStatus is whether a topic is read.
type InputStatus struct {
	Topic  string `json:"topic"`
	State  string `json:"state"` // reading, waiting, refused, stopped
	Reason string `json:"reason,omitempty"`
}

// readyz says whether it decides. It does so, too, for callers while a topic is
// not read; that is told beside it, and why to those who may read: the reason may
// name addresses and schemas.
func (s *Server) readyz(w http.ResponseWriter, r *http.Request) {
	status := struct {
		node.Status
		Inputs []InputStatus `json:"inputs,omitempty"`
	}{Status: s.node.Status()}
	if s.options.Inputs != nil {
		status.Inputs = slices.Clone(s.options.Inputs())
	}
	if !s.mayRead(r) {
		for i := range status.Inputs {
			status.Inputs[i].Reason = ""
		}
	}
	code := http.StatusOK
	if !status.Ready || s.draining.Err() != nil {
		status.Ready, code = false, http.StatusServiceUnavailable
	}
	body, err := json.Marshal(status)
	if err != nil {
		s.fail(w, r, err)
		return
	}
	writeBody(w, code, body)
}
