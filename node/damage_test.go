package node

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/tidegate/tidegate"
	"github.com/tidegate/tidegate/stream/journal"
)

// segments are the journal's files, oldest first.
func (r *rig) segments() (paths []string) {
	r.Helper()
	dir := r.options.Dir + "/journal"
	names, err := r.disk.List(dir)
	if err != nil {
		r.Fatal(err)
	}
	slices.Sort(names)
	for _, name := range names {
		if name != "LOCK" {
			paths = append(paths, dir+"/"+name)
		}
	}
	return paths
}

// off takes the power away and leaves the node off.
func (r *rig) off() {
	after := r.disk.CrashClone(noLoss)
	_ = r.Node.Close()
	r.Node, r.disk = nil, after
}

// What a crash left of a last record is cut off, reported, and was answered to
// nobody; everything before it is there.
func TestTornRecord(t *testing.T) {
	r := newRig(t, files())
	for i := range 5 {
		r.decide(r.tx(fmt.Sprint("t", i), "anna", 100))
	}
	path := r.segments()[0]
	r.off()
	whole := strings.TrimRight(string(readFile(t, r.disk, path)), "\x00")
	disk := r.disk
	for _, cut := range []int{1, 20, 60, 150} {
		r.disk = newDisk(t, r.options.Dir)
		copyTree(t, disk, r.options.Dir, r.disk, r.options.Dir)
		writeFile(t, r.disk, path, []byte(whole[:len(whole)-cut]))
		r.open()
		if r.recovery.TornBytes == 0 || r.Status().Last != 5 {
			t.Errorf("%d bytes cut: recovered %+v, status %+v", cut, r.recovery, r.Status())
		}
		r.wantFeature("customer", "anna", "count_1h", 4)
		if a := r.decide(r.tx("t4", "anna", 100)); a.Decision.Retry || a.Features.Num[0] != 5 {
			t.Errorf("%d bytes cut: t4 again: %+v", cut, a)
		}
		r.off()
	}
}

// A bit that has flipped in the journal is never decoded: the node does not
// start, and says which file and where. At the end it may look like a torn
// record; then what is left is what was written.
func TestFlippedBit(t *testing.T) {
	r := newRig(t, files())
	for i := range 20 {
		r.decide(r.tx(fmt.Sprint("t", i), "anna", 100))
	}
	records := r.records()
	path := r.segments()[0]
	r.off()
	whole := []byte(strings.TrimRight(string(readFile(t, r.disk, path)), "\x00"))
	refused := 0
	for at := 0; at < len(whole); at += 61 {
		damaged := append([]byte(nil), whole...)
		damaged[at] ^= 1 << (at % 8)
		disk := newDisk(t, r.options.Dir)
		copyTree(t, r.disk, r.options.Dir, disk, r.options.Dir)
		writeFile(t, disk, path, damaged)
		again := brokenRig(t, r.options.Dir, files())
		again.disk = disk
		_, err := again.tryOpen()
		if err == nil {
			if got := again.records(); at < len(whole)-1000 || strings.Join(got, "") != strings.Join(records[:len(got)], "") {
				t.Fatalf("offset %d of %d: opened with %d records", at, len(whole), len(got))
			}
			_ = again.Node.Close()
			continue
		}
		var where *journal.CorruptError
		if tidegate.CodeOf(err) != tidegate.CodeCorrupt || !errors.As(err, &where) || where.File != path || where.Offset > int64(at) {
			t.Fatalf("offset %d: %v", at, err)
		}
		if !strings.Contains(err.Error(), path) || !strings.Contains(err.Error(), fmt.Sprint("offset ", where.Offset)) {
			t.Errorf("%q does not say where", err)
		}
		refused++
	}
	if refused < len(whole)/61/2 {
		t.Errorf("%d of %d flipped bits were found", refused, len(whole)/61)
	}
}

// Damage to records that a checkpoint holds is found when they are read: it is
// an error then, and never another answer.
func TestFlippedBitOfLongAgo(t *testing.T) {
	r := newRig(t, files(), func(o *Options) {
		o.SegmentBytes = 4 << 10
		o.Report = func(err error) { // of who follows the alerts
			if tidegate.CodeOf(err) != tidegate.CodeCorrupt {
				t.Error(err)
			}
		}
	})
	for i := range 40 {
		r.decide(r.tx(fmt.Sprint("t", i), "anna", 100))
	}
	r.save()
	path := r.segments()[0]
	r.off()
	content := readFile(t, r.disk, path)
	content[len(content)/2] ^= 4
	writeFile(t, r.disk, path, content)
	r.open()
	r.decide(r.tx("new", "anna", 100))
	found := 0
	for i := range 40 {
		id := fmt.Sprint("t", i)
		record, _, err := r.Decision(background, tidegate.DefaultTenant, id)
		if err == nil && record.Decision.TransactionID == id {
			continue
		}
		wantCode(t, err, tidegate.CodeCorrupt)
		_, err = r.Authorize(background, r.tx(id, "anna", 100), false)
		wantCode(t, err, tidegate.CodeCorrupt)
		found++
	}
	if found == 0 {
		t.Error("nobody found the damage")
	}
}

// A damaged checkpoint is passed over, and told of: the one before it and the
// journal make up for it. Without any, the journal does, from its first record.
func TestDamagedState(t *testing.T) {
	r := newRig(t, files())
	history(r, 0, 100)
	r.save()
	history(r, 100, 200)
	r.save()
	history(r, 200, 220)
	want := r.knowledge(everybody)
	for _, damaged := range []int{1, 2} {
		r.off()
		for i := range damaged {
			r.damageCheckpoint(2-i, byte(damaged)) // other bits each time: the crash may have brought it back
		}
		activation, err := r.tryOpen()
		if damaged == 2 {
			if wantCode(t, err, tidegate.CodeCorrupt); activation != nil {
				t.Error(activation)
			}
			if err := r.disk.RemoveAll(r.options.Dir + "/state"); err != nil {
				t.Fatal(err)
			}
			r.open()
		} else if err != nil || len(r.recovery.Warnings) != 1 || r.recovery.Applied < 120 {
			t.Fatalf("recovered %+v: %v", r.recovery, err)
		}
		if got := r.knowledge(everybody); got != want {
			t.Errorf("%d damaged: features are\n%s\nwere\n%s", damaged, got, want)
		}
	}
}

// damageCheckpoint flips bits in a table of the n-th checkpoint.
func (r *rig) damageCheckpoint(n int, bits byte) {
	r.Helper()
	dir := r.options.Dir + "/state/checkpoints"
	epoch := fmt.Sprintf("%s/%010d", dir, n)
	names, err := r.disk.List(epoch)
	if err != nil {
		r.Fatal(err)
	}
	for _, name := range names {
		if strings.HasSuffix(name, ".sst") {
			content := readFile(r, r.disk, epoch+"/"+name)
			content[len(content)/3] ^= bits
			writeFile(r, r.disk, epoch+"/"+name, content)
			return
		}
	}
	r.Fatalf("no table in %v", names)
}

// What the journal refers to must be there and what it was.
func TestDamagedContents(t *testing.T) {
	r := newRig(t, files())
	r.decide(r.tx("a", "anna", 100))
	r.off()
	dir := r.options.Dir + "/objects"
	names, err := r.disk.List(dir)
	if err != nil {
		t.Fatal(err)
	}
	writeFile(t, r.disk, dir+"/"+names[0], []byte("something else"))
	_, err = r.tryOpen()
	wantCode(t, err, tidegate.CodeCorrupt)
	if !strings.Contains(err.Error(), ".yaml") {
		t.Errorf("%q names no file", err)
	}
}
