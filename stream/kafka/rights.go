package kafka

import (
	"errors"

	"github.com/twmb/franz-go/pkg/kerr"
)

// right is what a user may do, as docs/kafka.md lists it.
type right struct{ operation, resource, name string }

func (r right) String() string { return r.operation + " on " + r.resource + " " + r.name }

// rightError is the brokers' refusal of something that a right is needed for.
type rightError struct {
	right right
	cause error
}

func (e *rightError) Error() string {
	return "the right is missing: " + e.right.String() + ": " + e.cause.Error()
}

func (e *rightError) Unwrap() error { return e.cause }

// lacking names the right that is missing, if that is what an error is about;
// of names the one that is needed of each kind of resource.
func lacking(err error, of ...right) error {
	var named *rightError
	if err == nil || errors.As(err, &named) {
		return err
	}
	for _, r := range of {
		if errors.Is(err, forbidden[r.resource]) {
			return &rightError{r, err}
		}
	}
	return err
}

// forbidden are the brokers' by what is refused.
var forbidden = map[string]error{
	"topic": kerr.TopicAuthorizationFailed, "group": kerr.GroupAuthorizationFailed, "transactional id": kerr.TransactionalIDAuthorizationFailed,
}
