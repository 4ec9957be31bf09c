package kafka

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"io"
	"net"
	"strings"
	"syscall"

	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kgo"
	"golang.org/x/oauth2"

	"github.com/tidegate/tidegate"
)

// Explain says what to do about an error of the client; err comes back as it
// is where there is nothing to say.
func Explain(err error) error {
	if advice := advice(err); advice != "" {
		return &tidegate.Error{Code: tidegate.CodeUnavailable, Message: advice, Cause: err}
	}
	return err
}

func advice(err error) string {
	var (
		unknown   x509.UnknownAuthorityError
		host      x509.HostnameError
		expired   x509.CertificateInvalidError
		plaintext tls.RecordHeaderError
		eof       *kgo.ErrFirstReadEOF
		dns       *net.DNSError
		missing   *rightError
	)
	said := func(words string) bool { return err != nil && strings.Contains(err.Error(), words) } // where there is no type
	switch {
	case errors.As(err, &missing):
		return "our user lacks a right, " + missing.right.String() + "; tidegate doctor says which others"
	case errors.As(err, &unknown):
		return "nobody we trust has signed the broker's certificate: put who did into kafka.tls.ca"
	case errors.As(err, &host):
		return "the broker's certificate is for another host: mend kafka.brokers, or name the one in the certificate in kafka.tls.server_name"
	case errors.As(err, &expired):
		return "the broker's certificate is not valid now: renew it, or mend this machine's clock"
	case errors.As(err, &plaintext):
		return "the broker does not speak TLS at this port: name its TLS port in kafka.brokers, or leave kafka.tls out"
	case said("tls: certificate required"), said("tls: bad certificate"), said("tls: unknown certificate authority"):
		return "the broker wants a certificate that it trusts: kafka.tls.cert and kafka.tls.key"
	case errors.Is(err, kerr.SaslAuthenticationFailed), said("unexpected data in oauth response"):
		return "the broker does not accept who we say we are: look at kafka.sasl, the user, its password or token, and whether the user is known for this mechanism"
	case errors.Is(err, kerr.UnsupportedSaslMechanism):
		return "the broker does not have this mechanism: choose another in kafka.sasl.mechanism"
	case errors.Is(err, kerr.IllegalSaslState):
		return "the broker takes no SASL at this port: leave kafka.sasl out, or name its SASL port in kafka.brokers; or our token was over before it was renewed"
	case errors.As(err, &eof) && strings.Contains(eof.Error(), "SASL"):
		return "the broker hangs up on who has not said who it is: it wants kafka.sasl"
	case errors.As(err, &eof), said("speaking to a tls endpoint"):
		return "the broker hangs up at once: it speaks TLS at this port and we don't, or the other way round: see kafka.tls.enabled"
	case errors.Is(err, kerr.TopicAuthorizationFailed), errors.Is(err, kerr.GroupAuthorizationFailed), errors.Is(err, kerr.TransactionalIDAuthorizationFailed), errors.Is(err, kerr.ClusterAuthorizationFailed):
		return "our user lacks a right: tidegate doctor says which"
	case errors.As(err, &dns):
		return "the name " + dns.Name + " is unknown: mend kafka.brokers, or what the brokers advertise (advertised.listeners)"
	case errors.Is(err, syscall.ECONNREFUSED):
		return "nobody listens there: is the broker up, and kafka.brokers right?"
	case errors.Is(err, io.EOF):
		return "the broker hung up: it was stopped, or does not take us any more, as with a token of kafka.sasl that is over; its log says why"
	}
	return ""
}

// ofEndpoint is what is wrong with an endpoint of tokens: a refusal without its
// answer, in which there may be anything, and of a failure its text alone, as what
// is advised for such a one of the brokers' does not hold.
func ofEndpoint(err error) error {
	var refused *oauth2.RetrieveError
	var unknown x509.UnknownAuthorityError
	switch {
	case errors.As(err, &refused) && refused.Response != nil:
		return tidegate.Errorf(tidegate.CodeUnauthorized, "it answers %s %s", refused.Response.Status, refused.ErrorCode)
	case errors.As(err, &unknown):
		return errors.New("nobody we trust has signed its certificate: put who did into kafka.tls.ca, too: " + err.Error())
	}
	return errors.New(err.Error())
}
