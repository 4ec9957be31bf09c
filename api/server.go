package api

import (
	"context"
	"log/slog"
	"net/http"
	"time"

	"github.com/go-chi/chi/v5"
	"github.com/go-chi/chi/v5/middleware"
	"github.com/prometheus/client_golang/prometheus"

	"github.com/tidegate/tidegate"
	"github.com/tidegate/tidegate/node"
)

// Node is what the face stands before: *node.Node.
type Node interface {
	Decider
	Recorder
	Reader
}

// Decider decides. See [node.Node] for the contracts.
type Decider interface {
	Authorize(ctx context.Context, tx *tidegate.Event, withFeatures bool, answer *node.Answer) error
	Retry(ctx context.Context, tx *tidegate.Event, withFeatures bool, answer *node.Answer) (bool, error)
	Deadline() time.Duration
	StandIn() node.StandIn
}

// Recorder takes what asks for no decision.
type Recorder interface {
	Event(ctx context.Context, e *tidegate.Event) (repeated bool, err error)
	RetryEvent(ctx context.Context, e *tidegate.Event) (bool, error)
	Label(ctx context.Context, l *tidegate.Label) (repeated bool, err error)
}

// Reader answers questions.
type Reader interface {
	Decision(ctx context.Context, tenant, transactionID string) (*node.Record, node.Values, error)
	Features(tenant, entity, key string, at tidegate.Millis) (node.Values, error)
	Alerts(from uint64) *node.AlertReader
	RecentAlerts(tenant string, limit int) []node.AlertItem
	Rules() node.RuleSet
	Clock() node.ClockGuard
	Attributes() map[string]tidegate.Kind
	Computes(name string) bool
	Status() node.Status
	Stats() node.Stats
	Counters() *node.Counters
}

// Options of the face.
type Options struct {
	Log        *slog.Logger
	Clock      func() time.Time
	BodyLimit  int64
	InFlight   int
	Keys       []Key  // none: everybody may do everything, so listen on loopback only
	PANKey     []byte // replaces card numbers by their HMAC instead of refusing them
	EventClock bool   // take events of any time
	Registry   *prometheus.Registry
	// ReloadErrors tells what is wrong with the newest saved configuration;
	// nil when it is the one that runs.
	ReloadErrors func() error
	// Inputs tells of the topics that are read; nil where none is.
	Inputs func() []InputStatus
}

// Server is the HTTP handler.
type Server struct {
	http.Handler
	node    Node
	options Options
	keys    keyring
	slots   chan struct{} // one per request under way that may write
	metrics *metrics

	heartbeat time.Duration
	stalled   time.Duration
	draining  context.Context
	drain     context.CancelFunc
}

// New makes the face of a node.
func New(n Node, o Options) *Server {
	s := &Server{node: n, options: o, keys: newKeyring(o.Keys), slots: make(chan struct{}, o.InFlight), heartbeat: heartbeat, stalled: stalled}
	s.draining, s.drain = context.WithCancel(context.Background())
	s.metrics = newMetrics(o.Registry, n)
	r := chi.NewRouter()
	r.Use(middleware.GetHead, s.sameOrigin)
	r.NotFound(func(w http.ResponseWriter, r *http.Request) {
		s.fail(w, r, tidegate.Errorf(tidegate.CodeNotFound, "no such path; /openapi.json lists them"))
	})
	r.MethodNotAllowed(func(w http.ResponseWriter, r *http.Request) {
		allowed(w, r)
		s.fail(w, r, tidegate.Errorf(tidegate.CodeMethodForbidden, "this path takes another method; see /openapi.json"))
	})
	r.Get("/healthz", s.healthz)
	r.Get("/readyz", s.readyz)
	r.Get("/openapi.json", s.openAPI)
	r.With(s.allow(ScopeRead)).Method(http.MethodGet, "/metrics", s.metrics.handler())

	r.With(s.allow(ScopeDecide), s.admit).Post("/v1/authorize", s.authorize)
	r.With(s.allow(ScopeEvent), s.admit).Post("/v1/events", s.event)
	r.With(s.allow(ScopeLabel), s.admit).Post("/v1/labels", s.label)
	r.Group(func(r chi.Router) {
		r.Use(s.allow(ScopeRead))
		r.Get("/v1/decisions/{transaction_id}", s.decision)
		r.Get("/v1/features/{entity}/{key}", s.features)
		r.Get("/v1/alerts", s.alerts)
		r.Get("/v1/rules", s.rules)
	})
	s.Handler = r
	return s
}

// sameOrigin turns away what a page of another site lets a browser send: on
// loopback no key is asked for, and every page can reach it.
func (s *Server) sameOrigin(next http.Handler) http.Handler {
	protection := http.NewCrossOriginProtection()
	protection.SetDenyHandler(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		s.fail(w, r, tidegate.Errorf(tidegate.CodeForbidden, "a browser sends this for a page of another origin"))
	}))
	return protection.Handler(next)
}

// allowed names the methods that the path takes (RFC 9110, 15.5.6).
func allowed(w http.ResponseWriter, r *http.Request) {
	for method, allow := range map[string]string{http.MethodGet: "GET, HEAD", http.MethodPost: "POST"} {
		if chi.RouteContext(r.Context()).Routes.Match(chi.NewRouteContext(), method, r.URL.Path) {
			w.Header().Set("Allow", allow)
		}
	}
}

// Drain ends the streams, so that a shutdown does not wait for them.
func (s *Server) Drain() { s.drain() }

// admit turns requests away before memory grows.
func (s *Server) admit(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		select {
		case s.slots <- struct{}{}:
		default:
			s.fail(w, r, tidegate.Errorf(codeBusy, "more than %d requests are under way", cap(s.slots)))
			return
		}
		defer func() { <-s.slots }()
		next.ServeHTTP(w, r)
	})
}
