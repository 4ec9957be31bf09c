package schema

import (
	"context"
	"crypto/tls"
	"errors"
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
// same schema forever. That a number is not registered it remembers for a
// while, so that a flood of such records is no flood of requests.
type Registry struct {
	client *sr.Client
	clock  func() time.Time
	mu     sync.Mutex // held while a schema is fetched: others want it as well
	known  map[string]found
}

// found is an answer; the error is one that does not pass.
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
	registryTimeout = 30 * time.Second
	unknownFor      = 30 * time.Second
	maxReferences   = 100 // of one schema, and those of those
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
	return &Registry{client: client, clock: o.Clock, known: map[string]found{}}, nil
}

// ByID is the schema of a number.
func (r *Registry) ByID(ctx context.Context, id int) (Schema, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.remember("id "+strconv.Itoa(id), func() (Schema, error) {
		s, err := r.client.SchemaByID(ctx, id)
		if err != nil {
			return Schema{}, fault(err, "schema "+strconv.Itoa(id))
		}
		return r.complete(ctx, Schema{ID: id, Text: s.Schema}, s.References, new(int))
	})
}

// Latest is the newest schema of a subject; CodeNotFound when it has none.
func (r *Registry) Latest(ctx context.Context, subject string) (Schema, error) {
	s, err := r.client.SchemaByVersion(ctx, subject, -1)
	if err != nil {
		return Schema{}, fault(err, "subject "+subject)
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.complete(ctx, Schema{ID: s.ID, Version: s.Version, Text: s.Schema.Schema}, s.References, new(int))
}

// remember gives what is known, or fetches it.
func (r *Registry) remember(what string, fetch func() (Schema, error)) (Schema, error) {
	if f, ok := r.known[what]; ok && (f.until.IsZero() || r.clock().Before(f.until)) {
		return f.schema, f.err
	}
	s, err := fetch()
	f := found{schema: s, err: err}
	if err != nil {
		if tidegate.CodeOf(err) == tidegate.CodeUnavailable {
			return Schema{}, err
		}
		f.until = r.clock().Add(unknownFor)
	}
	r.known[what] = f
	return s, err
}

// complete fetches what a schema refers to.
func (r *Registry) complete(ctx context.Context, s Schema, references []sr.SchemaReference, count *int) (Schema, error) {
	for _, ref := range references {
		if *count++; *count > maxReferences {
			return Schema{}, tidegate.Errorf(tidegate.CodeInvalid, "schema %d refers to more than %d others", s.ID, maxReferences)
		}
		got, err := r.remember("subject "+ref.Subject+" "+strconv.Itoa(ref.Version), func() (Schema, error) {
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

// fault tells what passes from what does not. That we are not let in passes:
// it is nothing about the record.
func fault(err error, what string) error {
	switch s := status(err); s {
	case http.StatusNotFound:
		return tidegate.Errorf(tidegate.CodeNotFound, "the schema registry has no %s", what)
	case 0:
		// Its text alone: who looks into an error for what is wrong with the brokers
		// must not find what is wrong with the registry.
		return &tidegate.Error{Code: tidegate.CodeUnavailable, Message: "the schema registry is away", Cause: errors.New(err.Error())}
	default:
		return tidegate.Errorf(tidegate.CodeUnavailable, "the schema registry answers %d to %s", s, what)
	}
}

// status is the one of an answer; 0 if there was none.
func status(err error) int {
	var answer *sr.ResponseError
	if errors.As(err, &answer) {
		return answer.StatusCode
	}
	return 0
}
