package doctor_test

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"github.com/cockroachdb/pebble/v2/vfs"

	"github.com/tidegate/tidegate"
	"github.com/tidegate/tidegate/config"
	"github.com/tidegate/tidegate/doctor"
	"github.com/tidegate/tidegate/internal/yamlfile"
	"github.com/tidegate/tidegate/node"
)

var noon = time.Date(2026, 3, 2, 12, 0, 0, 0, time.UTC)

// lived gives a configuration a data directory in which some decisions were
// made, a minute apart. open leaves the node open until the test ends.
func lived(t *testing.T, c config.Config, decisions int) (open *node.Node) {
	t.Helper()
	files, err := config.Deciding(c.Files)
	if err != nil {
		t.Fatal(err)
	}
	now := noon
	n, _, activation, err := node.Open(node.Options{
		Dir: c.Data, Files: files, Clock: func() time.Time { return now }, CacheBytes: 1 << 20, SegmentBytes: 1 << 20,
		CheckpointEvery: time.Hour, Retention: time.Hour * 24 * 35, IDs: time.Hour * 24 * 180, Report: func(err error) { t.Error(err) },
	})
	if err != nil || activation != nil {
		t.Fatal(err, activation)
	}
	for i := range decisions {
		now = now.Add(time.Minute)
		eur, _ := tidegate.ParseCurrency("EUR")
		tx := tidegate.Event{Type: tidegate.TypeTransaction, Tenant: tidegate.DefaultTenant, Time: tidegate.MillisOf(now), HasAmount: true, Amount: tidegate.Money{Minor: 4200, Currency: eur}}
		tx.Text[tidegate.TransactionID], tx.Text[tidegate.CustomerID] = fmt.Sprint("t-", i), "c-1"
		var answer node.Answer
		if err := n.Authorize(t.Context(), &tx, false, &answer); err != nil {
			t.Fatal(err)
		}
	}
	return n
}

func closed(t *testing.T, c config.Config, decisions int) {
	t.Helper()
	if err := lived(t, c, decisions).Close(); err != nil {
		t.Fatal(err)
	}
}

func TestNothingYet(t *testing.T) {
	r := examine(t, doctor.Options{Config: configured(t)})
	says(t, r, "configuration", doctor.OK, "rules", "")
	says(t, r, "data directory", doctor.OK, "is not there yet", "")
	says(t, r, "disk", doctor.OK, "free", "")
	says(t, r, "brokers", doctor.Skip, "there are none", "")
	var page bytes.Buffer
	if err := r.Render(&page); err != nil || !strings.Contains(page.String(), "too young to tell") {
		t.Error(err, page.String())
	}
}

// Topics to read and nobody to read them from: the service would say it once, in its log.
func TestInputsWithoutBrokers(t *testing.T) {
	r := examine(t, doctor.Options{Config: configured(t, func(c *config.Config) {
		c.Kafka.Inputs = []config.KafkaInput{{Topic: "payments", Format: "json"}, {Topic: "labels", Format: "json"}}
	})})
	says(t, r, "brokers", doctor.Warn, "of kafka.inputs nothing is read: payments, labels", "kafka.brokers")
	if !r.Sound {
		t.Error("callers over HTTP alone are no failure")
	}
}

// A rule that does not compile is named by its place.
func TestConfigurationIsWrong(t *testing.T) {
	wrong := fstest.MapFS{"rules/wrong.yaml": {Data: []byte("rules:\n  - id: a\n    when: no_such_feature > 3\n    then: {outcome: decline}\n")}}
	r := examine(t, doctor.Options{Config: configured(t, func(c *config.Config) { c.Files = wrong })})
	says(t, r, "configuration", doctor.Fail, "rules/wrong.yaml:3", "mend the file")
}

func TestDataDirectory(t *testing.T) {
	c := configured(t)
	n := lived(t, c, 5)
	r := examine(t, doctor.Options{Config: c})
	says(t, r, "data directory", doctor.OK, fmt.Sprint("in use by process ", os.Getpid()), "")
	says(t, r, "journal", doctor.OK, "since 2026-03-02T12:0", "")
	says(t, r, "state directory", doctor.OK, "", "")
	if err := n.Close(); err != nil {
		t.Fatal(err)
	}
	r = examine(t, doctor.Options{Config: c})
	says(t, r, "data directory", doctor.OK, "in use by nobody", "")
	says(t, r, "journal", doctor.OK, "records 1 to ", "")
	says(t, r, "state directory", doctor.OK, "1 checkpoints", "")

	c.Data = filepath.Join(c.Data, "LOCK")
	says(t, examine(t, doctor.Options{Config: c}), "data directory", doctor.Fail, "is not a directory", "name another one")
}

// What can be seen of a damaged journal without reading all of it; a tail that
// was torn by a power cut is none of it.
func TestJournalIsCorrupt(t *testing.T) {
	for name, damage := range map[string]func(segment []byte) []byte{
		"head":         func(b []byte) []byte { b[3] ^= 0x10; return b },
		"first record": func(b []byte) []byte { b[len(b)/50] ^= 0x10; return b },
		"last record":  func(b []byte) []byte { b[bytes.LastIndex(b, []byte("t-19"))] ^= 0x10; return b },
		"torn":         nil,
	} {
		t.Run(name, func(t *testing.T) {
			c := configured(t)
			closed(t, c, 20)
			segments, err := filepath.Glob(filepath.Join(c.Data, "journal", "*.journal"))
			if err != nil || len(segments) == 0 {
				t.Fatal(err, segments)
			}
			last := segments[len(segments)-1]
			body, err := os.ReadFile(last)
			if err != nil {
				t.Fatal(err)
			}
			want, do := doctor.Fail, "restore a backup"
			if damage == nil {
				body, want, do = append(body, bytes.Repeat([]byte{0xa5}, 100)...), doctor.OK, ""
			} else {
				body = damage(body)
			}
			if err := os.WriteFile(last, body, 0o600); err != nil {
				t.Fatal(err)
			}
			says(t, examine(t, doctor.Options{Config: c}), "journal", want, "", do)
		})
	}
}

func TestDisk(t *testing.T) {
	c := configured(t, func(c *config.Config) { c.Journal.MinFree = 1 << 62 })
	says(t, examine(t, doctor.Options{Config: c}), "disk", doctor.Fail, "min_free is", "make room")

	// 100 records in 100 minutes, kept for a century, come to more than 20 GB.
	c = configured(t, func(c *config.Config) { c.Journal.Retention = yamlfile.Duration(100 * 365 * 24 * time.Hour) })
	closed(t, c, 100)
	space, err := vfs.Default.GetDiskUsage(c.Data)
	if err != nil {
		t.Fatal(err)
	}
	c.Journal.MinFree = yamlfile.Bytes(max(space.AvailBytes/2, space.AvailBytes-min(space.AvailBytes, 10<<30)))
	r := examine(t, doctor.Options{Config: c})
	says(t, r, "disk", doctor.Warn, "at today's rate", "get a larger disk")
	if len(r.Costs) != 2 || r.Costs[0].BytesPerDay == 0 || r.Costs[0].AtMost < 20e9 {
		t.Errorf("%+v", r.Costs)
	}
}
