package api

import (
	"encoding/json"
	"errors"
	"net/http"
	"strconv"

	"github.com/go-chi/chi/v5"

	"github.com/tidegate/tidegate"
)

// problem is a problem detail of RFC 9457.
type problem struct {
	Type    string        `json:"type"`
	Title   string        `json:"title"`
	Status  int           `json:"status"`
	Detail  string        `json:"detail,omitempty"`
	Code    tidegate.Code `json:"code"`
	Pointer string        `json:"pointer,omitempty"` // RFC 6901, into the request's body
	StandIn *standIn      `json:"stand_in,omitempty"`
	Errors  []fileProblem `json:"errors,omitempty"`
}

type standIn struct {
	Outcome      string `json:"outcome"`
	ResponseCode string `json:"response_code"`
}

type fileProblem struct {
	File    string `json:"file"`
	Line    int    `json:"line,omitempty"`
	Column  int    `json:"column,omitempty"`
	Message string `json:"message"`
}

// statuses is the one table from codes to HTTP.
var statuses = map[tidegate.Code]struct {
	status int
	title  string
}{
	tidegate.CodeMalformed:       {http.StatusBadRequest, "The body is not what it says it is"},
	tidegate.CodeInvalid:         {http.StatusUnprocessableEntity, "A member is missing or has a wrong value"},
	tidegate.CodeTooLarge:        {http.StatusRequestEntityTooLarge, "The request is too large"},
	tidegate.CodePAN:             {http.StatusUnprocessableEntity, "Card numbers are not accepted here"},
	tidegate.CodeSensitive:       {http.StatusUnprocessableEntity, "Sensitive authentication data is not accepted"},
	tidegate.CodeTooOld:          {http.StatusUnprocessableEntity, "The event is too old to be decided"},
	tidegate.CodeInFuture:        {http.StatusUnprocessableEntity, "The event is in the future"},
	tidegate.CodeConflict:        {http.StatusConflict, "The id is taken by other content"},
	tidegate.CodeNotFound:        {http.StatusNotFound, "There is no such thing"},
	tidegate.CodeUnauthorized:    {http.StatusUnauthorized, "Say who you are"},
	tidegate.CodeForbidden:       {http.StatusForbidden, "The caller may not do this"},
	tidegate.CodeOverloaded:      {http.StatusServiceUnavailable, "There was no room to decide in time"},
	tidegate.CodeUnavailable:     {http.StatusServiceUnavailable, "The service can't decide now"},
	tidegate.CodeDeadline:        {http.StatusGatewayTimeout, "The answer was not in time"},
	tidegate.CodeConfig:          {http.StatusUnprocessableEntity, "The configuration is wrong"},
	tidegate.CodeCorrupt:         {http.StatusInternalServerError, "Stored data is damaged"},
	tidegate.CodeInternal:        {http.StatusInternalServerError, "Something went wrong here"},
	tidegate.CodeMethodForbidden: {http.StatusMethodNotAllowed, "The method is not allowed here"},
	codeEncoded:                  {http.StatusUnsupportedMediaType, "The body is encoded"},
	codeBusy:                     {http.StatusTooManyRequests, "Too many requests are under way"},
}

// Codes of requests that are turned away at the door.
const (
	codeBusy    tidegate.Code = "too_many_requests"
	codeEncoded tidegate.Code = "unsupported_encoding"
)

// fail answers with the problem that err is. Foreign errors show no text:
// it may hold what nobody outside should read.
func (s *Server) fail(w http.ResponseWriter, r *http.Request, err error) {
	code := tidegate.CodeOf(err)
	row := statuses[code]
	p := problem{Type: "urn:tidegate:problem:" + string(code), Title: row.title, Status: row.status, Code: code}
	var own *tidegate.Error
	if errors.As(err, &own) && code != tidegate.CodeInternal && code != tidegate.CodeCorrupt {
		p.Detail, p.Pointer = own.Message, own.Field
	}
	switch row.status {
	case http.StatusTooManyRequests, http.StatusServiceUnavailable, http.StatusGatewayTimeout:
		w.Header().Set("Retry-After", "1")
		advice := s.node.StandIn()
		p.StandIn = &standIn{Outcome: advice.Outcome.String(), ResponseCode: advice.ResponseCode}
	case http.StatusUnauthorized:
		w.Header().Set("WWW-Authenticate", "Bearer")
	case http.StatusInternalServerError:
		s.options.Log.Error("request failed", "path", routeOf(r), "error", err)
	}
	s.metrics.problems.WithLabelValues(string(code)).Inc()
	writeJSON(w, row.status, "application/problem+json", p)
}

// routeOf is the path without the ids in it, for logs.
func routeOf(r *http.Request) string {
	if route := chi.RouteContext(r.Context()); route != nil {
		return route.RoutePattern()
	}
	return ""
}

func writeJSON(w http.ResponseWriter, status int, contentType string, v any) {
	body, err := json.Marshal(v)
	if err != nil {
		http.Error(w, "", http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", contentType)
	w.Header().Set("Content-Length", strconv.Itoa(len(body)))
	w.WriteHeader(status)
	if _, err := w.Write(body); err != nil {
		return // the client is gone
	}
}
