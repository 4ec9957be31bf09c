package main

import (
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// With a certificate the banner says https, and what it says works; one that
// can't be used stops the start before the data directory is touched.
func TestServeTLS(t *testing.T) {
	conf, dir := configDir(t, "tls: {cert: c.pem, key: k.pem}\n"), t.TempDir()
	file, data := filepath.Join(conf, "tidegate.yaml"), filepath.Join(dir, "data")
	write(t, filepath.Join(conf, "c.pem"), "no certificate")
	write(t, filepath.Join(conf, "k.pem"), "no key")
	out, err := exec.Command(binary, "serve", "--config", file, "--data", data, "--listen", "127.0.0.1:0").CombinedOutput()
	if err == nil || !strings.Contains(string(out), "tidegate.yaml:1:13: ") {
		t.Errorf("%v\n%s", err, out)
	}
	if _, err := os.Stat(data); err == nil {
		t.Error("there is a data directory")
	}

	issuer := httptest.NewTLSServer(http.NotFoundHandler())
	defer issuer.Close()
	pair := issuer.TLS.Certificates[0]
	key, err := x509.MarshalPKCS8PrivateKey(pair.PrivateKey)
	if err != nil {
		t.Fatal(err)
	}
	write(t, filepath.Join(conf, "c.pem"), string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: pair.Certificate[0]})))
	write(t, filepath.Join(conf, "k.pem"), string(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: key})))
	s := serve(t, conf, data)
	trusting := &http.Client{Transport: &http.Transport{TLSClientConfig: &tls.Config{InsecureSkipVerify: true}}}
	defer trusting.CloseIdleConnections()
	response, err := trusting.Get(s.url + "/readyz")
	if err != nil {
		t.Fatal(err)
	}
	response.Body.Close()
	if !strings.HasPrefix(s.url, "https://") || response.StatusCode != http.StatusOK {
		t.Errorf("%s: %s", s.url, response.Status)
	}
}
