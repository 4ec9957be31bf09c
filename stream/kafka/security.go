package kafka

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"io/fs"
	"os"

	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/tidegate/tidegate"
)

// Security is how brokers and we know each other. It holds the names of files
// and of variables, and no secret itself.
type Security struct {
	TLS  TLS
	SASL SASL
}

// TLS names certificates. The brokers are known by CA, or by the system's
// authorities when there is none; Cert and Key are ours, for brokers that ask.
type TLS struct {
	Enabled    bool   `yaml:"enabled"`
	CA         string `yaml:"ca"`
	Cert       string `yaml:"cert"`
	Key        string `yaml:"key"`
	ServerName string `yaml:"server_name"` // in the brokers' certificates; "" is the host that is dialled
}

// Options are the client's. Files that must be there are looked at now, and
// those that may be renewed, our certificate, password and token, again
// whenever a connection is made.
func (s Security) Options() ([]kgo.Opt, error) {
	var options []kgo.Opt
	config, err := s.TLS.Config()
	if err != nil {
		return nil, err
	}
	if s.TLS.Enabled {
		options = append(options, kgo.DialTLSConfig(config))
	}
	if s.SASL.Mechanism != "" {
		roots, err := s.TLS.everybody()
		if err != nil {
			return nil, err
		}
		mechanism, err := s.SASL.mechanism(roots)
		if err != nil {
			return nil, err
		}
		options = append(options, kgo.SASL(mechanism))
	}
	return options, nil
}

// Config is of a client that talks TLS; its certificate is read again for each
// connection.
func (t TLS) Config() (*tls.Config, error) {
	roots, err := t.roots()
	if err != nil {
		return nil, err
	}
	config := &tls.Config{MinVersion: tls.VersionTLS12, RootCAs: roots, ServerName: t.ServerName}
	if t.Cert != "" {
		if _, err := t.certificate(nil); err != nil {
			return nil, err
		}
		config.GetClientCertificate = t.certificate
	}
	return config, nil
}

// roots are nil, the system's, without a CA.
func (t TLS) roots() (*x509.CertPool, error) {
	if t.CA == "" {
		return nil, nil
	}
	body, err := readFile(t.CA)
	if err != nil {
		return nil, err
	}
	roots := x509.NewCertPool()
	if !roots.AppendCertsFromPEM(body) {
		return nil, tidegate.FileErrorf(t.CA, 0, 0, "holds no certificate: ca is a PEM file with who signed those of the other side")
	}
	return roots, nil
}

// everybody are the system's authorities and CA: an endpoint of tokens may be
// somebody else's than the brokers.
func (t TLS) everybody() (*x509.CertPool, error) {
	roots, err := x509.SystemCertPool()
	if err != nil || t.CA == "" {
		return t.roots()
	}
	body, err := readFile(t.CA)
	roots.AppendCertsFromPEM(body)
	return roots, err
}

func (t TLS) certificate(*tls.CertificateRequestInfo) (*tls.Certificate, error) {
	cert, err := readFile(t.Cert)
	if err != nil {
		return nil, err
	}
	key, err := readFile(t.Key)
	if err != nil {
		return nil, err
	}
	pair, err := tls.X509KeyPair(cert, key)
	if err != nil {
		return nil, &tidegate.Error{Code: tidegate.CodeConfig, File: t.Cert, Message: "and " + t.Key + " are not a certificate and its key in PEM", Cause: err}
	}
	return &pair, nil
}

func readFile(path string) ([]byte, error) {
	body, err := os.ReadFile(path)
	if err != nil {
		var p *fs.PathError
		if errors.As(err, &p) {
			err = p.Err
		}
		return nil, &tidegate.Error{Code: tidegate.CodeConfig, File: path, Message: "cannot be read", Cause: err}
	}
	return body, nil
}

// Wrong is the first thing that can't be meant: the member, as "tls.key", and
// what to write. Both are "" where all is well.
func (s Security) Wrong(loopback bool) (member, message string) {
	t := s.TLS
	switch {
	case !t.Enabled && (t.CA != "" || t.Cert != "" || t.Key != "" || t.ServerName != ""):
		return "tls", "tls has no effect: write enabled: true"
	case (t.Cert == "") != (t.Key == ""):
		return "tls", "tls needs both cert and key, or neither"
	}
	if member, message := s.SASL.wrong(); message != "" {
		return "sasl." + member, message
	}
	if bare := s.SASL.Mechanism == Plain || s.SASL.Mechanism == OAuthBearer; bare && !t.Enabled && !loopback {
		return "sasl.mechanism", s.SASL.Mechanism + " sends the password or token as it is: switch tls on, or take SCRAM-SHA-512"
	}
	return "", ""
}
