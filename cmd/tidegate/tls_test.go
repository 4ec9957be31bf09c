package main

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"log/slog"
	"math/big"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
)

// With a certificate the banner says https, and what it says works; one that
// can't be used stops the start before the data directory is touched. A renewed
// one is shown without a new start; one that can't be used leaves what was.
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

	first := renew(t, conf)
	s := serve(t, conf, data)
	shown := func() []byte {
		t.Helper()
		trusting := &http.Client{Transport: &http.Transport{TLSClientConfig: &tls.Config{InsecureSkipVerify: true}, DisableKeepAlives: true}}
		response, err := trusting.Get(s.url + "/readyz")
		if err != nil {
			t.Fatal(err)
		}
		response.Body.Close()
		if response.StatusCode != http.StatusOK {
			t.Errorf("%s: %s", s.url, response.Status)
		}
		return response.TLS.PeerCertificates[0].Raw
	}
	if !strings.HasPrefix(s.url, "https://") || !bytes.Equal(shown(), first) {
		t.Errorf("%s: another certificate", s.url)
	}
	hangUp := func(until func() bool) {
		t.Helper()
		if err := s.cmd.Process.Signal(syscall.SIGHUP); err != nil {
			t.Fatal(err)
		}
		for deadline := time.Now().Add(time.Minute); !until(); time.Sleep(10 * time.Millisecond) {
			if time.Now().After(deadline) {
				t.Fatalf("nothing follows a hangup\n%s", &s.stderr)
			}
		}
	}
	second := renew(t, conf)
	hangUp(func() bool { return bytes.Equal(shown(), second) })
	write(t, filepath.Join(conf, "c.pem"), "no certificate")
	hangUp(func() bool { return strings.Contains(s.stderr.String(), "the one before goes on") })
	if !bytes.Equal(shown(), second) {
		t.Error("a certificate that can't be used is shown")
	}
	if info, err := os.Stat(data); err != nil || info.Mode().Perm() != 0o700 {
		t.Errorf("others may look into the data directory: %v %v", info.Mode(), err)
	}
	if code := s.signalled(syscall.SIGTERM); code != 0 {
		t.Errorf("exit code %d", code)
	}
}

// A certificate is read again when somebody connects, once a minute.
func TestCertificateIsReadAgain(t *testing.T) {
	now, reads, failing := time.Unix(0, 0), 0, false
	var log bytes.Buffer
	c, err := newCertificate(func() (*tls.Certificate, error) {
		if reads++; failing {
			return nil, errors.New("half written")
		}
		return &tls.Certificate{OCSPStaple: []byte{byte(reads)}}, nil
	}, func() time.Time { return now }, slog.New(slog.NewTextHandler(&log, nil)))
	if err != nil {
		t.Fatal(err)
	}
	for _, step := range []struct {
		pass    time.Duration
		failing bool
		want    byte
	}{{0, false, 1}, {59 * time.Second, false, 1}, {time.Second, false, 2}, {time.Minute, true, 2}, {time.Minute, true, 2}, {time.Minute, false, 5}} {
		now, failing = now.Add(step.pass), step.failing
		if got, err := c.get(nil); err != nil || got.OCSPStaple[0] != step.want {
			t.Errorf("%+v: %v %v", step, got, err)
		}
	}
	if n := strings.Count(log.String(), "half written"); n != 1 {
		t.Errorf("told %d times", n)
	}
}

// renew writes a certificate and its key, and returns the certificate.
func renew(t *testing.T, dir string) []byte {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{SerialNumber: big.NewInt(1), NotAfter: time.Now().Add(time.Hour), IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)}}
	certificate, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	secret, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	write(t, filepath.Join(dir, "c.pem"), string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: certificate})))
	write(t, filepath.Join(dir, "k.pem"), string(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: secret})))
	return certificate
}
