package doctor_test

import (
	"path/filepath"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/tidegate/tidegate/config"
	"github.com/tidegate/tidegate/doctor"
	"github.com/tidegate/tidegate/examples"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// patience is for a machine that does other things, too; no test measures it.
const patience = 2 * time.Minute

// configured is the example's configuration with an empty data directory.
func configured(t *testing.T, change ...func(*config.Config)) config.Config {
	t.Helper()
	c := config.Default()
	c.Files, c.Data = examples.Issuer(), filepath.Join(t.TempDir(), "data")
	for _, f := range change {
		f(&c)
	}
	return c
}

func examine(t *testing.T, o doctor.Options) doctor.Report {
	t.Helper()
	if o.Clock == nil {
		o.Clock = time.Now
	}
	r := doctor.Examine(t.Context(), o)
	sound := true
	for _, c := range r.Checks {
		sound = sound && c.Status != doctor.Fail
		if (c.Status == doctor.Fail || c.Status == doctor.Warn) && c.Do == "" {
			t.Errorf("it does not say what to do: %+v", c)
		}
	}
	if sound != r.Sound {
		t.Errorf("sound: %v of %+v", r.Sound, r.Checks)
	}
	return r
}

// says wants a check's status, and words in what was found and what to do.
func says(t *testing.T, r doctor.Report, name string, status doctor.Status, found, do string) {
	t.Helper()
	for _, c := range r.Checks {
		if c.Name != name {
			continue
		}
		if c.Status != status || !strings.Contains(c.Found, found) || !strings.Contains(c.Do, do) {
			t.Errorf("%+v, not %s with %q and %q", c, status, found, do)
		}
		return
	}
	t.Errorf("nothing about %s in %+v", name, r.Checks)
}
