package kafkatest

import (
	"crypto/tls"
	"crypto/x509"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/twmb/franz-go/pkg/kgo"
)

// Secure is a broker with TLS, SASL and ACLs. Its folder holds the
// certificates, passwords and the key of tokens that scripts/services-secure.sh
// names: of tidegate, who has no rights until a test grants them, and of admin.
type Secure struct {
	*Broker          // its Addresses take SASL
	MTLS    []string // addresses that take certificates
}

var sharedSecure = sync.OnceValues(func() (*Broker, error) { return start("kafka", "secure", "--secure") })

// StartSecure gives the secure broker of this test binary, as [Start] does.
func StartSecure(t testing.TB) *Secure {
	t.Helper()
	b := started(t, sharedSecure)
	s := &Secure{Broker: b}
	s.MTLS = strings.Split(strings.TrimSpace(s.Secret(t, "bootstrap-mtls")), ",")
	return s
}

// File is the path of a file of the broker's folder, as "ca.pem".
func (s *Secure) File(name string) string { return filepath.Join(s.dir, name) }

// Secret is what is in a file of the broker's folder, as "tidegate.password".
func (s *Secure) Secret(t testing.TB, name string) string {
	t.Helper()
	body, err := os.ReadFile(s.File(name))
	if err != nil {
		t.Fatal(err)
	}
	return string(body)
}

// Admin connects as the one who may do everything.
func (s *Secure) Admin(t testing.TB, options ...kgo.Opt) *kgo.Client {
	t.Helper()
	certificate, err := tls.LoadX509KeyPair(s.File("admin.pem"), s.File("admin.key"))
	if err != nil {
		t.Fatal(err)
	}
	roots := x509.NewCertPool()
	roots.AppendCertsFromPEM([]byte(s.Secret(t, "ca.pem")))
	return s.Client(t, append([]kgo.Opt{
		kgo.SeedBrokers(s.MTLS...),
		kgo.DialTLSConfig(&tls.Config{Certificates: []tls.Certificate{certificate}, RootCAs: roots}),
	}, options...)...)
}
