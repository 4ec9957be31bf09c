package schema

import (
	"context"
	"errors"
	"net/http"
	"strings"

	"github.com/twmb/franz-go/pkg/sr"

	"github.com/tidegate/tidegate"
)

// Check asks the registry what it would say to the schema, and changes nothing.
// Errors are those of Register, and of [tidegate.CodeForbidden] where the registry
// does not let us register it. Registered tells whether it has it.
func (e *Encoder) Check(ctx context.Context) (registered bool, err error) {
	client, what := e.registry.client, "our schema of subject "+e.subject
	_, err = client.LookupSchema(ctx, e.subject, e.schema)
	if err == nil {
		return true, nil
	}
	if err = e.fault(err, what); tidegate.CodeOf(err) != tidegate.CodeNotFound {
		return false, err
	}
	result, err := client.CheckCompatibility(ctx, e.subject, -1, e.schema)
	switch {
	case status(err) == http.StatusNotFound: // the subject has none
	case err != nil:
		return false, e.fault(err, what)
	case !result.Is:
		return false, &tidegate.Error{Code: tidegate.CodeConflict, Message: "the schema registry would not take " + what, Cause: errors.New(incompatible(result))}
	}
	return false, e.mayRegister(ctx)
}

func incompatible(r sr.CheckCompatibilityResult) string {
	if len(r.Messages) == 0 {
		return "it is incompatible with what is registered"
	}
	return strings.Join(r.Messages, "; ")
}

// mayRegister asks to register what is no schema, which is refused, after the
// registry has looked at the rights.
func (e *Encoder) mayRegister(ctx context.Context) error {
	for _, mode := range e.registry.client.Mode(ctx, e.subject) {
		if mode.Err == nil && mode.Mode == sr.ModeReadOnly {
			return tidegate.Errorf(tidegate.CodeForbidden, "the schema registry is read-only for subject %s", e.subject)
		}
	}
	_, err := e.registry.client.RegisterSchema(ctx, e.subject, sr.Schema{Schema: `{"type":"no type"}`, Type: sr.TypeAvro}, -1, -1)
	if s := status(err); s >= 400 && s < 500 && s != http.StatusUnauthorized && s != http.StatusForbidden && s != http.StatusTooManyRequests {
		return nil
	}
	return e.fault(err, "registering in subject "+e.subject)
}

// fault is the one of any request, and tells those that a person must allow.
func (e *Encoder) fault(err error, what string) error {
	if s := status(err); s == http.StatusUnauthorized || s == http.StatusForbidden {
		return tidegate.Errorf(tidegate.CodeForbidden, "the schema registry answers %d to %s", s, what)
	}
	return fault(err, what)
}
