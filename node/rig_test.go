package node

import (
	"bytes"
	"context"
	"fmt"
	"maps"
	"math"
	"math/rand/v2"
	"path/filepath"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/cockroachdb/pebble/v2/vfs"
	"github.com/cockroachdb/pebble/v2/vfs/errorfs"
	"go.uber.org/goleak"

	"github.com/tidegate/tidegate"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

var (
	noon       = time.Date(2026, 3, 2, 12, 0, 0, 0, time.UTC)
	background = context.Background()
)

// fatal is what testing.TB and rapid.TB have in common.
type fatal interface {
	Helper()
	Fatal(args ...any)
	Fatalf(format string, args ...any)
	Errorf(format string, args ...any)
}

// rig is a node with real parts on a disk that can crash, and with a clock in
// the test's hands.
type rig struct {
	fatal
	*Node
	options  Options
	disk     *vfs.MemFS
	faults   *faults
	now      *atomic.Int64 // Unix milliseconds
	recovery Recovery
}

// newRig opens a node on an empty disk with some files.
func newRig(t testing.TB, files map[string][]byte, change ...func(*Options)) *rig {
	t.Helper()
	r := brokenRig(t, t.TempDir(), files, change...)
	r.open()
	t.Cleanup(func() {
		if r.Node != nil {
			_ = r.Node.Close()
		}
	})
	return r
}

// brokenRig is a rig whose node is not open.
func brokenRig(t fatal, dir string, files map[string][]byte, change ...func(*Options)) *rig {
	r := &rig{fatal: t, disk: newDisk(t, dir), faults: &faults{}, now: &atomic.Int64{}}
	r.now.Store(noon.UnixMilli())
	r.options = Options{
		Dir: dir, Files: files, Clock: func() time.Time { return time.UnixMilli(r.now.Load()).UTC() },
		CacheBytes: 1 << 20, SegmentBytes: 1 << 20, CheckpointEvery: time.Hour, Retention: 35 * 24 * time.Hour, IDs: 180 * 24 * time.Hour,
		Report: func(err error) { t.Errorf("in the background: %v", err) },
	}
	for _, c := range change {
		c(&r.options)
	}
	return r
}

// newDisk is a disk on which the directory's parents are durable.
func newDisk(t fatal, dir string) *vfs.MemFS {
	fs := vfs.NewCrashableMem()
	if err := fs.MkdirAll(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	for parent := filepath.Dir(dir); ; parent = filepath.Dir(parent) {
		d, err := fs.OpenDir(parent)
		if err == nil {
			err = d.Sync()
		}
		if err != nil {
			t.Fatal(err)
		}
		_ = d.Close()
		if parent == filepath.Dir(parent) {
			return fs
		}
	}
}

func (r *rig) tryOpen() (activation, err error) {
	o := r.options
	o.FS = errorfs.Wrap(r.disk, r.faults)
	r.Node, r.recovery, activation, err = Open(o)
	return activation, err
}

func (r *rig) open() {
	r.Helper()
	activation, err := r.tryOpen()
	if err != nil || activation != nil {
		r.Fatalf("open: %v, activation: %v", err, activation)
	}
}

// restart closes the node and opens it again.
func (r *rig) restart() {
	r.Helper()
	if err := r.Node.Close(); err != nil {
		r.Fatal(err)
	}
	r.open()
}

// crash takes the machine's power away, at this moment, and opens what is
// left. What was not synced is there or not, by chance.
func (r *rig) crash(chance *rand.Rand) {
	r.Helper()
	after := r.disk.CrashClone(vfs.CrashCloneCfg{UnsyncedDataPercent: chance.IntN(2) * 50, RNG: chance})
	_ = r.Node.Close() // ends the goroutines of the dead process; it writes to the disk that was
	r.disk = after
	r.open()
}

func (r *rig) pass(d time.Duration) { r.now.Add(d.Milliseconds()) }

func (r *rig) millis() tidegate.Millis { return tidegate.Millis(r.now.Load()) }

// tx is a transaction of now, changed by with.
func (r *rig) tx(id, customer string, minor int64, with ...func(*tidegate.Event)) *tidegate.Event {
	e := &tidegate.Event{
		ID: id, Type: tidegate.TypeTransaction, Tenant: tidegate.DefaultTenant, Time: r.millis(),
		Amount: tidegate.Money{Minor: minor, Currency: euro}, HasAmount: true,
	}
	e.Text[tidegate.TransactionID], e.Text[tidegate.CustomerID] = id, customer
	for _, change := range with {
		change(e)
	}
	return e
}

// event is an event of now that asks for no decision.
func (r *rig) event(id, kind, customer string, with ...func(*tidegate.Event)) *tidegate.Event {
	e := &tidegate.Event{ID: id, Type: kind, Tenant: tidegate.DefaultTenant, Time: r.millis()}
	e.Text[tidegate.CustomerID] = customer
	for _, change := range with {
		change(e)
	}
	return e
}

func (r *rig) fraud(id, transaction string) *tidegate.Label {
	return &tidegate.Label{
		ID: id, Tenant: tidegate.DefaultTenant, TransactionID: transaction, Fraud: true, Kind: "chargeback",
		ReportedAt: r.millis(), Source: "issuer",
	}
}

var euro, _ = tidegate.ParseCurrency("EUR")

func text(f tidegate.Field, value string) func(*tidegate.Event) {
	return func(e *tidegate.Event) { e.Text[f] = value }
}

func at(m tidegate.Millis) func(*tidegate.Event) { return func(e *tidegate.Event) { e.Time = m } }

// Authorize asks with memory of its own.
func (r *rig) Authorize(ctx context.Context, tx *tidegate.Event, withFeatures bool) (*Answer, error) {
	answer := &Answer{}
	if err := r.Node.Authorize(ctx, tx, withFeatures, answer); err != nil {
		return nil, err
	}
	return answer, nil
}

// decide authorizes, and must succeed.
func (r *rig) decide(tx *tidegate.Event) *Answer {
	r.Helper()
	answer, err := r.Authorize(background, tx, true)
	if err != nil {
		r.Fatalf("%s: %v", tx.Text[tidegate.TransactionID], err)
	}
	return answer
}

func (r *rig) tell(e *tidegate.Event) (repeated bool) {
	r.Helper()
	repeated, err := r.Event(background, e)
	if err != nil {
		r.Fatal(err)
	}
	return repeated
}

func (r *rig) label(l *tidegate.Label) (repeated bool) {
	r.Helper()
	repeated, err := r.Label(background, l)
	if err != nil {
		r.Fatal(err)
	}
	return repeated
}

func (r *rig) activate(files map[string][]byte) {
	r.Helper()
	if _, err := r.Activate(files); err != nil {
		r.Fatal(err)
	}
	r.options.Files = files
}

func (r *rig) save() {
	r.Helper()
	if err := r.checkpoint(background); err != nil {
		r.Fatal(err)
	}
}

// feature is one value of an entity now; NaN if it is missing.
func (r *rig) feature(entity, key, name string) float64 {
	r.Helper()
	v, err := r.Features(tidegate.DefaultTenant, entity, key, r.millis())
	if err != nil {
		r.Fatal(err)
	}
	for i := range v.Variables {
		if v.Variables[i].Name == name {
			return v.Num[i]
		}
	}
	r.Fatalf("there is no feature %s of %s", name, entity)
	return math.NaN()
}

func (r *rig) wantFeature(entity, key, name string, want float64) {
	r.Helper()
	if got := r.feature(entity, key, name); got != want && !(math.IsNaN(got) && math.IsNaN(want)) {
		r.Fatalf("%s of %s %s is %v, want %v", name, entity, key, got, want)
	}
}

// knowledge is every feature of some entities now, bit for bit.
func (r *rig) knowledge(keys map[string][]string) string {
	r.Helper()
	var b strings.Builder
	for _, entity := range slices.Sorted(maps.Keys(keys)) {
		for _, key := range keys[entity] {
			v, err := r.Features(tidegate.DefaultTenant, entity, key, r.millis())
			if tidegate.CodeOf(err) == tidegate.CodeNotFound {
				continue
			}
			if err != nil {
				r.Fatal(err)
			}
			for i := range v.Variables {
				fmt.Fprintf(&b, "%s %s %s %x %q\n", entity, key, v.Variables[i].Name, math.Float64bits(v.Num[i]), v.Text[i])
			}
		}
	}
	return b.String()
}

// records reads the journal: a line a record, all of it.
func (r *rig) records() []string {
	r.Helper()
	if err := r.journal.Wait(background, r.journal.Last()); err != nil {
		r.Fatal(err)
	}
	var list []string
	for s := r.journal.First(); s <= r.journal.Last(); s++ {
		body, err := r.journal.Get(s)
		if err != nil {
			r.Fatal(err)
		}
		list = append(list, string(bytes.Clone(body)))
	}
	return list
}

// kinds counts the journal's records.
func (r *rig) kinds() map[Kind]int {
	r.Helper()
	count := map[Kind]int{}
	for _, record := range r.records() {
		count[Kind(record[0])]++
	}
	return count
}

func wantCode(t fatal, err error, code tidegate.Code) {
	t.Helper()
	if err == nil || tidegate.CodeOf(err) != code {
		t.Fatalf("want an error of code %s, got %v", code, err)
	}
}

// redecideAll decides the node's journal again.
func (r *rig) redecideAll() Redecided {
	r.Helper()
	if err := r.journal.Wait(background, r.journal.Last()); err != nil {
		r.Fatal(err)
	}
	result, err := redecide(background, r.disk, r.options.Dir, nil)
	if err != nil {
		r.Fatal(err)
	}
	return result
}
