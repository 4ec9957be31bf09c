package schema_test

import (
	"encoding/pem"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/sr"
	"github.com/twmb/franz-go/pkg/sr/srfake"

	"github.com/tidegate/tidegate"
	"github.com/tidegate/tidegate/stream/kafka"
	"github.com/tidegate/tidegate/stream/schema"
)

// A registry that lets everybody wait holds up one record, and after that for a
// while none; then one finds out whether it is back, beside whom the others go on.
func TestRegistryHangs(t *testing.T) {
	fake := srfake.New()
	defer fake.Close()
	var clock, asked atomic.Int64 // seconds
	ask := func() bool { return true }
	fake.Intercept(func(http.ResponseWriter, *http.Request) bool {
		asked.Add(1)
		if ask() {
			return false
		}
		panic(http.ErrAbortHandler) // hangs up
	})
	registry, err := schema.NewRegistry(schema.RegistryOptions{URL: fake.URL(), Clock: func() time.Time { return time.Unix(clock.Load(), 0) }})
	if err != nil {
		t.Fatal(err)
	}
	d, err := schema.New(schema.Options{Format: schema.Avro, Registry: registry})
	if err != nil {
		t.Fatal(err)
	}
	value := framed(t, register(t, fake.URL(), "s", sr.Schema{Schema: customers, Type: sr.TypeAvro}), nil, []byte("\x06c-1"))
	other := framed(t, 4711, nil, nil)
	asks := func(n int64, while string) {
		t.Helper()
		if got := asked.Swap(0); got != n {
			t.Errorf("%s it is asked %d times, not %d", while, got, n)
		}
	}
	asked.Store(0)
	ask = func() bool { clock.Add(10); return false } // so long it takes to give up
	for range 10 {
		refuses(t, d, value, tidegate.CodeUnavailable, "is away")
		refuses(t, d, other, tidegate.CodeUnavailable, "is away")
	}
	asks(1, "while it is known to be away")

	clock.Add(31)
	here, go1 := make(chan struct{}), make(chan struct{})
	ask = func() bool { close(here); <-go1; return true }
	var wait sync.WaitGroup
	wait.Go(func() { decodes(t, d, value, `{"customer_id":"c-1"}`) })
	<-here
	refuses(t, d, other, tidegate.CodeUnavailable, "is away") // at once: nobody lets the other one go on before
	close(go1)
	wait.Wait()
	asks(1, "while one finds out")
	ask = func() bool { return true }
	refuses(t, d, other, tidegate.CodeInvalid, "no schema has the number 4711")
	asks(1, "when it is back")
}

// A registry that answers, and can't give a schema for now, gives the others; and
// that one it is not asked for with every record.
func TestRegistryHasNotOne(t *testing.T) {
	fake := srfake.New()
	defer fake.Close()
	var asked int
	away := true
	fake.Intercept(func(w http.ResponseWriter, r *http.Request) bool {
		if away && strings.HasSuffix(r.URL.Path, "/4711") {
			asked++
			w.WriteHeader(http.StatusServiceUnavailable)
			return true
		}
		return false
	})
	now := time.Unix(0, 0)
	registry, err := schema.NewRegistry(schema.RegistryOptions{URL: fake.URL(), Clock: func() time.Time { return now }})
	if err != nil {
		t.Fatal(err)
	}
	d, err := schema.New(schema.Options{Format: schema.Avro, Registry: registry})
	if err != nil {
		t.Fatal(err)
	}
	refuses(t, d, framed(t, 4711, nil, nil), tidegate.CodeUnavailable, "answers 503")
	decodes(t, d, framed(t, register(t, fake.URL(), "s", sr.Schema{Schema: customers, Type: sr.TypeAvro}), nil, []byte("\x06c-1")), `{"customer_id":"c-1"}`)
	refuses(t, d, framed(t, 4711, nil, nil), tidegate.CodeUnavailable, "answers 503")
	if asked != 1 {
		t.Errorf("asked %d times for what it has not got", asked)
	}
	away, now = false, now.Add(2*time.Second)
	refuses(t, d, framed(t, 4711, nil, nil), tidegate.CodeInvalid, "no schema has the number 4711")
}

// What answers at a wrong path, or in the place of a registry, makes no dead
// letters: that nothing is found there says nothing about the record.
func TestNoRegistry(t *testing.T) {
	for name, answer := range map[string]string{
		"a page":            `<html>not found</html>`,
		"another interface": `{"error_code":404,"message":"RESTEASY003210: Could not find resource for full path"}`,
	} {
		t.Run(name, func(t *testing.T) {
			server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
				w.WriteHeader(http.StatusNotFound)
				_, _ = w.Write([]byte(answer))
			}))
			defer server.Close()
			d := open(t, server.URL, schema.Options{Format: schema.Avro, Subject: "s"})
			refuses(t, d, framed(t, 1, nil, nil), tidegate.CodeUnavailable, "is no schema registry: look at its URL")
			if err := d.Check(t.Context()); tidegate.CodeOf(err) != tidegate.CodeUnavailable || !strings.Contains(err.Error(), "is no schema registry") {
				t.Error("at the start: ", err)
			}
		})
	}
}

func TestRegistrySaysWhatToDo(t *testing.T) {
	secure := httptest.NewUnstartedServer(http.NotFoundHandler())
	secure.Config.ErrorLog = log.New(io.Discard, "", 0) // handshakes that fail are what is tested
	secure.StartTLS()
	defer secure.Close()
	bare := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusUnauthorized) }))
	defer bare.Close()
	ca := filepath.Join(t.TempDir(), "ca.pem")
	if err := os.WriteFile(ca, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: secure.Certificate().Raw}), 0o600); err != nil {
		t.Fatal(err)
	}
	trusting, err := kafka.TLS{CA: ca}.Config()
	if err != nil {
		t.Fatal(err)
	}
	_, port, _ := strings.Cut(strings.TrimPrefix(secure.URL, "https://"), ":")
	for name, c := range map[string]struct {
		options schema.RegistryOptions
		want    string
	}{
		"nobody signed it":        {schema.RegistryOptions{URL: secure.URL}, "kafka.registry.ca"},
		"for another host":        {schema.RegistryOptions{URL: "https://localhost:" + port, TLS: trusting}, "another host than the one in kafka.registry.url"},
		"no TLS":                  {schema.RegistryOptions{URL: strings.Replace(bare.URL, "http:", "https:", 1)}, "begins with http://"},
		"another password":        {schema.RegistryOptions{URL: bare.URL, User: "tidegate", Password: "x"}, "answers 401 to schema 1: look at kafka.registry, the user and its password"},
		"signed by whom we trust": {schema.RegistryOptions{URL: secure.URL, TLS: trusting}, "no schema registry"},
	} {
		t.Run(name, func(t *testing.T) {
			registry, err := schema.NewRegistry(c.options)
			if err != nil {
				t.Fatal(err)
			}
			_, err = registry.ByID(t.Context(), 1)
			if tidegate.CodeOf(err) != tidegate.CodeUnavailable || !strings.Contains(err.Error(), c.want) {
				t.Errorf("%v\nwant %s", err, c.want)
			}
		})
	}
}
