package rest

import (
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"os"
	"strconv"

	"github.com/tidegate/tidegate"
	"github.com/tidegate/tidegate/stream"
)

// NewHandler serves some pipelines, found by their names.
func NewHandler(pipelines ...*stream.Pipeline) http.Handler {
	s := server{all: pipelines}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /v1/pipelines", s.list)
	mux.HandleFunc("GET /v1/pipelines/{pipeline}", s.with(describe))
	mux.HandleFunc("GET /v1/pipelines/{pipeline}/topology", s.with(topology))
	mux.HandleFunc("GET /v1/pipelines/{pipeline}/state/{operator}/{key...}", s.with(keyState))
	mux.HandleFunc("POST /v1/pipelines/{pipeline}/savepoint", s.with(savepoint))
	mux.HandleFunc("/", func(w http.ResponseWriter, r *http.Request) {
		refuse(w, tidegate.Errorf(tidegate.CodeNotFound, "there is nothing at %s; begin with GET /v1/pipelines", r.URL.Path))
	})
	return mux
}

type server struct{ all []*stream.Pipeline }

// with finds the pipeline that a request is about.
func (s server) with(handle func(*stream.Pipeline, http.ResponseWriter, *http.Request) error) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		name := r.PathValue("pipeline")
		for _, p := range s.all {
			if p.Name() == name {
				if err := handle(p, w, r); err != nil {
					refuse(w, err)
				}
				return
			}
		}
		refuse(w, tidegate.Errorf(tidegate.CodeNotFound, "there is no pipeline %s", name))
	}
}

func (s server) list(w http.ResponseWriter, _ *http.Request) {
	type entry struct {
		Name  string `json:"name"`
		State string `json:"state"`
	}
	list := struct {
		Pipelines []entry `json:"pipelines"`
	}{[]entry{}}
	for _, p := range s.all {
		list.Pipelines = append(list.Pipelines, entry{p.Name(), p.Status().String()})
	}
	answer(w, list)
}

func topology(p *stream.Pipeline, w http.ResponseWriter, r *http.Request) error {
	t := p.Topology()
	switch format := r.URL.Query().Get("format"); format {
	case "", "json":
		w.Header().Set("Content-Type", "application/json")
		w.Write(t.JSON())
	case "mermaid":
		w.Header().Set("Content-Type", "text/plain; charset=utf-8")
		w.Write([]byte(t.Mermaid()))
	case "text":
		w.Header().Set("Content-Type", "text/plain; charset=utf-8")
		w.Write([]byte(t.String()))
	default:
		return tidegate.Errorf(tidegate.CodeInvalid, "the format is json, mermaid or text, not %q", format)
	}
	return nil
}

func keyState(p *stream.Pipeline, w http.ResponseWriter, r *http.Request) error {
	operator, key := r.PathValue("operator"), r.PathValue("key")
	value, err := p.State(operator, key)
	if err != nil {
		return err
	}
	if value == nil {
		return tidegate.Errorf(tidegate.CodeNotFound, "operator %s keeps nothing of the key", operator)
	}
	answer(w, struct {
		Pipeline string          `json:"pipeline"`
		Operator string          `json:"operator"`
		Key      string          `json:"key"`
		Value    json.RawMessage `json:"value"`
	}{p.Name(), operator, key, value})
	return nil
}

// savepoint makes the file before it sends it: who reads slowly does not hold
// the pipeline up, and what arrives is whole.
func savepoint(p *stream.Pipeline, w http.ResponseWriter, r *http.Request) error {
	f, err := os.CreateTemp("", "savepoint-")
	if err != nil {
		return err
	}
	defer os.Remove(f.Name())
	defer f.Close()
	if err := p.Savepoint(r.Context(), f); err != nil {
		return err
	}
	size, err := f.Seek(0, io.SeekCurrent)
	if err == nil {
		_, err = f.Seek(0, io.SeekStart)
	}
	if err != nil {
		return err
	}
	w.Header().Set("Content-Type", "application/octet-stream")
	w.Header().Set("Content-Length", strconv.FormatInt(size, 10))
	w.Header().Set("Content-Disposition", `attachment; filename="savepoint"`)
	_, _ = io.Copy(w, f) // who has gone away misses nothing
	return nil
}

func answer(w http.ResponseWriter, v any) {
	b, err := json.Marshal(v)
	if err != nil {
		refuse(w, err)
		return
	}
	w.Header().Set("Content-Type", "application/json")
	w.Write(append(b, '\n'))
}

// statuses are those of the codes that a pipeline's errors have; others are a
// fault in here.
var statuses = map[tidegate.Code]int{
	tidegate.CodeNotFound:    http.StatusNotFound,
	tidegate.CodeInvalid:     http.StatusUnprocessableEntity,
	tidegate.CodeUnavailable: http.StatusServiceUnavailable,
}

// refuse answers with a problem of RFC 9457.
func refuse(w http.ResponseWriter, err error) {
	code := tidegate.CodeOf(err)
	status, known := statuses[code]
	if !known {
		status = http.StatusInternalServerError
	}
	detail := err.Error()
	var fault *tidegate.Error
	if !errors.As(err, &fault) {
		code = tidegate.CodeInternal
	}
	b, _ := json.Marshal(map[string]any{"type": "about:blank", "title": http.StatusText(status), "status": status, "code": code, "detail": detail})
	w.Header().Set("Content-Type", "application/problem+json")
	w.WriteHeader(status)
	w.Write(b)
}
