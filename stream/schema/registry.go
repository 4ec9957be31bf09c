package schema

import (
	"context"
	"crypto/tls"
	"net/http"
	"strconv"
	"sync"
	"time"

	"github.com/twmb/franz-go/pkg/sr"

	"github.com/tidegate/tidegate"
)

// RegistryOptions say where a schema registry is, and who we are to it.
type RegistryOptions struct {
	URL      string
	User     string // with a password: HTTP's basic authentication
	Password string
	TLS      *tls.Config
	Clock    func() time.Time // nil is the system's
}

// Registry remembers the schemas that it was asked for: a number means the
// same schema forever. That a number is not registered, or not to be had now, it
// remembers for a while, so that a flood of such records is no flood of requests;
// and that nobody answers at all, so that records are not held up one by one.
type Registry struct {
	client *sr.Client
	clock  func() time.Time

	mu     sync.Mutex
	known  map[string]found
	asking map[string]chan struct{} // closed when the answer is known
	away   error                    // nobody answered the last look-up
	rests  time.Time                // until then nobody asks
}

// found is an answer.
type found struct {
	schema Schema
	err    error
	until  time.Time // zero is forever
}

// Schema is one of a registry.
type Schema struct {
	ID         int
	Version    int // of its subject; 0 when it was asked for by number
	Text       string
	References map[string]Schema // by the name that the text has for them
}

const (
	registryTimeout = 30 * time.Second // of a request
	lookupTimeout   = 10 * time.Second // of a schema, with all that it refers to
	unknownFor      = 30 * time.Second
	maxReferences   = 100 // of one schema, and those of those

	// What failed is asked for again after three times as long as it took to find
	// that out: who waits is held up for a quarter of the time.
	restFactor = 3
	restMin    = time.Second
)

// NewRegistry makes a client; it connects when it is asked for something.
func NewRegistry(o RegistryOptions) (*Registry, error) {
	transport := &http.Transport{Proxy: http.ProxyFromEnvironment, TLSClientConfig: o.TLS, IdleConnTimeout: time.Second, MaxIdleConnsPerHost: 1}
	options := []sr.ClientOpt{sr.URLs(o.URL), sr.UserAgent("tidegate"), sr.HTTPClient(&http.Client{Timeout: registryTimeout, Transport: transport})}
	if o.User != "" {
		options = append(options, sr.BasicAuth(o.User, o.Password))
	}
	client, err := sr.NewClient(options...)
	if err != nil {
		return nil, &tidegate.Error{Code: tidegate.CodeConfig, Message: "the schema registry's client refuses its configuration", Cause: err}
	}
	if o.Clock == nil {
		o.Clock = time.Now
	}
	return &Registry{client: client, clock: o.Clock, known: map[string]found{}, asking: map[string]chan struct{}{}}, nil
}

// ByID is the schema of a number. While the registry is away one caller at a time
// finds out whether it still is, and the others are told at once.
func (r *Registry) ByID(ctx context.Context, id int) (Schema, error) {
	what := "id " + strconv.Itoa(id)
	answered, err := r.turn(ctx, what)
	if err != nil {
		return Schema{}, err
	}
	if answered != nil {
		return answered.schema, answered.err
	}
	defer r.answered(what)
	began := r.clock()
	asking, cancel := context.WithTimeout(ctx, lookupTimeout)
	defer cancel()
	s, err := r.remember(ctx, what, func() (Schema, error) {
		s, err := r.client.SchemaByID(asking, id)
		if err != nil {
			return Schema{}, fault(err, "schema "+strconv.Itoa(id))
		}
		return r.complete(asking, Schema{ID: id, Text: s.Schema}, s.References, new(int))
	})
	if ctx.Err() == nil { // else it says nothing about the registry
		r.note(err, began)
	}
	return s, err
}

// turn is what is known, or it is the caller's turn to ask: others wait for the
// answer, unless nobody answered the last time.
func (r *Registry) turn(ctx context.Context, what string) (*found, error) {
	for {
		r.mu.Lock()
		f, ok := r.find(what)
		other, away := r.asking[what], r.away
		switch {
		case ok:
		case away != nil && (len(r.asking) > 0 || r.clock().Before(r.rests)):
		case other == nil:
			r.asking[what], away = make(chan struct{}), nil
		default:
			away = nil
		}
		r.mu.Unlock()
		switch {
		case ok:
			return &f, nil
		case away != nil || other == nil:
			return nil, away
		}
		select {
		case <-other:
		case <-ctx.Done():
			return nil, ctx.Err()
		}
	}
}

func (r *Registry) answered(what string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	close(r.asking[what])
	delete(r.asking, what)
}

// note keeps whether somebody answers.
func (r *Registry) note(err error, began time.Time) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.away, r.rests = nil, time.Time{}
	if unanswered(err) {
		r.away, r.rests = err, r.again(began)
	}
}

// again is when what has failed is asked for again.
func (r *Registry) again(began time.Time) time.Time {
	now := r.clock()
	return now.Add(max(restMin, restFactor*now.Sub(began)))
}

// Latest is the newest schema of a subject; CodeNotFound when it has none.
func (r *Registry) Latest(ctx context.Context, subject string) (Schema, error) {
	ctx, cancel := context.WithTimeout(ctx, lookupTimeout)
	defer cancel()
	s, err := r.client.SchemaByVersion(ctx, subject, -1)
	if err != nil {
		return Schema{}, fault(err, "subject "+subject)
	}
	return r.complete(ctx, Schema{ID: s.ID, Version: s.Version, Text: s.Schema.Schema}, s.References, new(int))
}

// find is what is known; r.mu is held.
func (r *Registry) find(what string) (f found, ok bool) {
	f, ok = r.known[what]
	return f, ok && (f.until.IsZero() || r.clock().Before(f.until))
}

// remember gives what is known, or fetches it. That nobody answers is nothing
// about what was asked for.
func (r *Registry) remember(ctx context.Context, what string, fetch func() (Schema, error)) (Schema, error) {
	r.mu.Lock()
	f, ok := r.find(what)
	r.mu.Unlock()
	if ok {
		return f.schema, f.err
	}
	began := r.clock()
	s, err := fetch()
	if unanswered(err) || err != nil && ctx.Err() != nil {
		return Schema{}, err
	}
	f = found{schema: s, err: err}
	switch {
	case tidegate.CodeOf(err) == tidegate.CodeUnavailable:
		f.until = r.again(began)
	case err != nil:
		f.until = r.clock().Add(unknownFor)
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.known[what] = f
	return s, err
}

// complete fetches what a schema refers to.
func (r *Registry) complete(ctx context.Context, s Schema, references []sr.SchemaReference, count *int) (Schema, error) {
	for _, ref := range references {
		if *count++; *count > maxReferences {
			return Schema{}, tidegate.Errorf(tidegate.CodeInvalid, "schema %d refers to more than %d others", s.ID, maxReferences)
		}
		got, err := r.remember(ctx, "subject "+ref.Subject+" "+strconv.Itoa(ref.Version), func() (Schema, error) {
			other, err := r.client.SchemaByVersion(ctx, ref.Subject, ref.Version)
			if err != nil {
				return Schema{}, fault(err, "subject "+ref.Subject)
			}
			return r.complete(ctx, Schema{ID: other.ID, Version: other.Version, Text: other.Schema.Schema}, other.References, count)
		})
		if err != nil {
			return Schema{}, err
		}
		if s.References == nil {
			s.References = map[string]Schema{}
		}
		s.References[ref.Name] = got
	}
	return s, nil
}
