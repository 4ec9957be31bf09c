package kafka_test

import (
	"flag"
	"testing"

	"go.uber.org/goleak"
)

// TestMain lets more tests run at the same time than there are processors: they
// mostly wait, for brokers to come back and members to be missed.
func TestMain(m *testing.M) {
	flag.Parse()
	if err := flag.Set("test.parallel", "7"); err != nil {
		panic(err)
	}
	goleak.VerifyTestMain(m)
}
