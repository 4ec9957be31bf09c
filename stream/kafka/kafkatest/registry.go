package kafkatest

import (
	"sync"
	"testing"
)

var sharedRegistry = sync.OnceValues(func() (*Broker, error) { return start("registry", "registry") })

// Registry gives the URL of the schema registry of this test binary, running.
func Registry(t testing.TB) string {
	t.Helper()
	return started(t, sharedRegistry).Addresses[0]
}
