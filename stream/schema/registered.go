package schema

import (
	"context"
	"strings"
	"sync"

	"github.com/twmb/franz-go/pkg/sr"

	"github.com/tidegate/tidegate"
)

// language is how schemas are written, and how values are read by them.
type language interface {
	compile(s Schema) (reader, error)
}

// reader reads the values of one schema.
type reader interface {
	// append adds the JSON of a value, which begins behind the schema's number.
	append(dst, value []byte) ([]byte, error)
	// shape is what comes out: of the message at a place in the file, for those
	// that have several.
	shape(index []int) (*Shape, error)
}

var languages = map[Format]language{Avro: avroLanguage{}, Protobuf: protobufLanguage{}, JSONSchema: jsonLanguage{}}

// registered decodes values whose schemas are in a registry.
type registered struct {
	format   language
	registry *Registry
	subject  string
	expect   *Shape

	mu       sync.RWMutex
	programs map[int]*program // by the schema's number
}

// program is a schema made ready, or why it can't be used.
type program struct {
	reader reader
	err    error
}

func (r *registered) Decode(ctx context.Context, value []byte) ([]byte, error) {
	if len(value) == 0 {
		return nil, nil
	}
	var header sr.ConfluentHeader
	id, body, err := header.DecodeID(value)
	if err != nil {
		return nil, malformed("the value does not begin with a zero byte and the number of a schema")
	}
	p, err := r.program(ctx, id)
	if err != nil {
		return nil, err
	}
	if p.err != nil {
		return nil, p.err
	}
	return p.reader.append(nil, body)
}

// program is the one of a number, made when it is seen for the first time.
func (r *registered) program(ctx context.Context, id int) (*program, error) {
	r.mu.RLock()
	p := r.programs[id]
	r.mu.RUnlock()
	if p != nil {
		return p, nil
	}
	s, err := r.registry.ByID(ctx, id)
	if tidegate.CodeOf(err) == tidegate.CodeNotFound {
		return nil, tidegate.Errorf(tidegate.CodeInvalid, "no schema has the number %d in the registry", id)
	}
	if err != nil {
		return nil, err
	}
	p = &program{}
	p.reader, p.err = r.format.compile(s)
	if p.err == nil {
		p.err = r.breaks(p.reader, s)
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.programs[id] = p
	return p, nil
}

// breaks says why a schema can't be read as the one that is expected.
func (r *registered) breaks(by reader, s Schema) error {
	if r.expect == nil {
		return nil
	}
	shape, err := by.shape(nil)
	if err != nil {
		return err
	}
	if reasons := Breaks(r.expect, shape); len(reasons) > 0 {
		return tidegate.Errorf(tidegate.CodeInvalid, "schema %d breaks what is expected: %s", s.ID, strings.Join(reasons, "; "))
	}
	return nil
}

func (r *registered) Check(ctx context.Context) error {
	if r.subject == "" {
		return nil
	}
	s, err := r.registry.Latest(ctx, r.subject)
	if tidegate.CodeOf(err) == tidegate.CodeNotFound {
		return nil
	}
	if err != nil {
		return err
	}
	by, err := r.format.compile(s)
	if err == nil {
		err = r.breaks(by, s)
	}
	if err != nil {
		return &tidegate.Error{Code: tidegate.CodeInvalid, Message: "the newest schema of subject " + r.subject, Cause: err}
	}
	return nil
}
