package kafkatest

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kgo"
)

// Secure is a broker with TLS, SASL and ACLs. Its folder holds the
// certificates, passwords and the key of tokens that scripts/services-secure.sh
// names: of tidegate, who has no rights until a test grants them, and of admin.
type Secure struct {
	*Broker          // its Addresses take SASL
	MTLS    []string // addresses that take certificates
}

var sharedSecure = sync.OnceValues(func() (*Secure, error) {
	b, err := start("kafka", "secure", "--secure")
	if err != nil {
		return nil, err
	}
	return secured(b)
})

// StartSecure gives the secure broker of this test binary, as [Start] does.
func StartSecure(t testing.TB) *Secure {
	t.Helper()
	var s *Secure
	started(t, func() (b *Broker, err error) {
		if s, err = sharedSecure(); err == nil {
			b = s.Broker
		}
		return b, err
	})
	return s
}

// StartThreeSecure gives a secure cluster of three nodes for this test alone.
func StartThreeSecure(t testing.TB) *Secure {
	t.Helper()
	s, err := secured(own(t, "--nodes", "3", "--secure"))
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// secured lets what the Broker does itself be done as the admin.
func secured(b *Broker) (*Secure, error) {
	s := &Secure{Broker: b}
	addresses, err := os.ReadFile(s.File("bootstrap-mtls"))
	if err != nil {
		return nil, err
	}
	authority, err := os.ReadFile(s.File("ca.pem"))
	if err != nil {
		return nil, err
	}
	certificate, err := tls.LoadX509KeyPair(s.File("admin.pem"), s.File("admin.key"))
	if err != nil {
		return nil, err
	}
	roots := x509.NewCertPool()
	roots.AppendCertsFromPEM(authority)
	s.MTLS = strings.Split(strings.TrimSpace(string(addresses)), ",")
	b.admin = []kgo.Opt{kgo.SeedBrokers(s.MTLS...), kgo.DialTLSConfig(&tls.Config{Certificates: []tls.Certificate{certificate}, RootCAs: roots})}
	return s, nil
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

// Grant lets User:tidegate do something, as kadm.OpRead.
func (s *Secure) Grant(t testing.TB, acls ...*kadm.ACLBuilder) {
	t.Helper()
	admin := kadm.NewClient(s.Client(t))
	for _, acl := range acls {
		answers, err := admin.CreateACLs(context.Background(), acl.Allow("User:tidegate").AllowHosts("*"))
		for _, a := range answers {
			err = errors.Join(err, a.Err)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
}
