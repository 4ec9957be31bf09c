package cep

import (
	"flag"
	"os"
	"testing"
)

// TestMain gives property tests more than rapid's hundred tries: a try takes
// microseconds.
func TestMain(m *testing.M) {
	flag.Parse()
	if f := flag.Lookup("rapid.checks"); f != nil && f.Value.String() == f.DefValue {
		_ = f.Value.Set("5000")
	}
	os.Exit(m.Run())
}
