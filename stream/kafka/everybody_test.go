package kafka

import (
	"crypto/x509"
	"encoding/pem"
	"io"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/twmb/franz-go/pkg/kerr"
)

// An endpoint of tokens may be signed by the brokers' authority or by the system's.
func TestTokensFromEverybody(t *testing.T) {
	server := httptest.NewTLSServer(nil)
	defer server.Close()
	system, err := x509.SystemCertPool()
	if err != nil {
		t.Fatal(err)
	}
	ca := filepath.Join(t.TempDir(), "ca.pem")
	if err := os.WriteFile(ca, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: server.Certificate().Raw}), 0o600); err != nil {
		t.Fatal(err)
	}
	if roots, err := (TLS{}).everybody(); roots != nil || err != nil { // which is the system's for TLS
		t.Error("without a CA: ", err)
	}
	system.AddCert(server.Certificate())
	if roots, err := (TLS{CA: ca}).everybody(); err != nil || !roots.Equal(system) {
		t.Error("with a CA it is not the system's authorities and that: ", err)
	}
}

// Where a token was over when a connection had to renew it, the brokers only hang
// up, or say that it is not the time for SASL.
func TestTokenOver(t *testing.T) {
	for _, err := range []error{io.EOF, kerr.IllegalSaslState} {
		if text := Explain(err).Error(); !strings.Contains(text, "token") {
			t.Error(text)
		}
	}
}
