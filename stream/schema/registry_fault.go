package schema

import (
	"crypto/x509"
	"errors"
	"net/http"

	"github.com/twmb/franz-go/pkg/sr"

	"github.com/tidegate/tidegate"
)

// fault tells what passes from what does not. That we are not let in passes, and
// that something else answers: neither is anything about the record.
func fault(err error, what string) error {
	switch s := status(err); s {
	case http.StatusNotFound:
		if !aboutSchemas(err) {
			return tidegate.Errorf(tidegate.CodeUnavailable, "what answers %d to %s is no schema registry: look at its URL, which has a path, too, as http://HOST/apis/ccompat/v7", s, what)
		}
		return tidegate.Errorf(tidegate.CodeNotFound, "the schema registry has no %s", what)
	case 0:
		// Its text alone: who looks into an error for what is wrong with the brokers
		// must not find what is wrong with the registry.
		return &tidegate.Error{Code: tidegate.CodeUnavailable, Message: "the schema registry is away" + advice(err), Cause: silence(err.Error())}
	case http.StatusUnauthorized, http.StatusForbidden:
		return tidegate.Errorf(tidegate.CodeUnavailable, "the schema registry answers %d to %s: look at kafka.registry, the user and its password", s, what)
	default:
		return tidegate.Errorf(tidegate.CodeUnavailable, "the schema registry answers %d to %s", s, what)
	}
}

// silence is the cause of an error where nobody answered.
type silence string

func (s silence) Error() string { return string(s) }

func unanswered(err error) bool {
	var s silence
	return errors.As(err, &s)
}

// advice is what to do about a connection that does not come about.
func advice(err error) string {
	var (
		unknown x509.UnknownAuthorityError
		host    x509.HostnameError
		expired x509.CertificateInvalidError
	)
	switch {
	case errors.As(err, &unknown):
		return ", since nobody we trust has signed its certificate: put who did into kafka.registry.ca"
	case errors.As(err, &host):
		return ", since its certificate is for another host than the one in kafka.registry.url"
	case errors.As(err, &expired):
		return ", since its certificate is not valid now: renew it, or mend this machine's clock"
	case errors.Is(err, http.ErrSchemeMismatch):
		return ", since it does not speak TLS: kafka.registry.url begins with http://"
	}
	return ""
}

// status is the one of an answer; 0 if there was none.
func status(err error) int {
	var answer *sr.ResponseError
	if errors.As(err, &answer) {
		return answer.StatusCode
	}
	return 0
}

// aboutSchemas says whether it is a registry that has not found something:
// its codes are those of HTTP with two digits of its own behind them.
func aboutSchemas(err error) bool {
	var answer *sr.ResponseError
	return errors.As(err, &answer) && answer.ErrorCode/100 == http.StatusNotFound
}
