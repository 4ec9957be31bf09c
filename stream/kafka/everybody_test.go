package kafka

import (
	"crypto/x509"
	"encoding/pem"
	"net/http/httptest"
	"os"
	"path/filepath"
	"testing"
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
	for name, c := range map[string]TLS{"without a CA": {}, "with one": {CA: ca}} {
		roots, err := c.everybody()
		if err != nil {
			t.Fatal(err)
		}
		if c.CA != "" {
			system.AddCert(server.Certificate())
		}
		if !roots.Equal(system) {
			t.Errorf("%s it is not the system's authorities and it", name)
		}
		system, _ = x509.SystemCertPool()
	}
}
