package journal

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"testing"

	"github.com/cockroachdb/pebble/v2/vfs"
)

// crashed is the file of a journal of one segment whose process was killed: the
// commits have those many records each. ends[i] is where record i+1 ends.
func crashed(t testing.TB, commits ...int) (file []byte, ends []int) {
	t.Helper()
	fs := vfs.NewMem()
	j, _ := open(t, fs, Options{})
	for _, n := range commits {
		commitAtOnce(t, j, n)
	}
	file = readFile(t, fs, segmentPath(fs, 1))
	closeJournal(t, j)
	in := file[headerSize:]
	for off := headerSize; ; {
		f, state := decodeFrame(in, j.seed)
		if state != frameOK {
			return file[:off+64], ends // keep some of the zeros ahead
		}
		off += f.size
		in = in[f.size:]
		if f.kind == recordFrame {
			ends = append(ends, off)
		}
	}
}

// commitAtOnce makes one commit of n records: the committer can't take the
// first before the last is there.
func commitAtOnce(t testing.TB, j *Journal, n int) {
	t.Helper()
	j.mu.Lock()
	for range n {
		seq := j.last + 1
		if j.pending.records == 0 {
			j.pending.first = seq
		}
		j.last = seq
		j.pending.add(seq, sealFrame(append(make([]byte, frameHeader), payloadOf(seq)...), j.seed, recordFrame, seq))
	}
	j.mu.Unlock()
	j.nudge()
	if err := j.Wait(background, j.Last()); err != nil {
		t.Fatal(err)
	}
}

// openFile opens a journal whose only segment is this.
func openFile(file []byte) (*vfs.MemFS, *Journal, Recovery, error) {
	fs := vfs.NewMem()
	if err := fs.MkdirAll(dir, 0o755); err != nil {
		return nil, nil, Recovery{}, err
	}
	f, err := fs.Create(segmentPath(fs, 1), vfs.WriteCategoryUnspecified)
	if err != nil {
		return nil, nil, Recovery{}, err
	}
	defer f.Close()
	if _, err := f.Write(bytes.Clone(file)); err != nil {
		return nil, nil, Recovery{}, err
	}
	j, recovery, err := Open(dir, Options{FS: fs, SegmentBytes: 4 << 10})
	return fs, j, recovery, err
}

// A crash may tear the last record at any byte. Whatever is there of it is cut
// off, and the journal goes on.
func TestTornTail(t *testing.T) {
	for _, commits := range [][]int{{1}, {3, 2, 1}, {3, 8}} {
		file, ends := crashed(t, commits...)
		n := len(ends)
		begin, end := headerSize+frameHeader, ends[n-1]
		if n > 1 {
			begin = ends[n-2]
		}
		tears := map[string]func(at int) []byte{
			"cut":   func(at int) []byte { return file[:at] },
			"zeros": func(at int) []byte { return append(append([]byte{}, file[:at]...), make([]byte, len(file)-at)...) },
			"noise": func(at int) []byte {
				b := append([]byte{}, file...)
				for i := at; i < end; i++ {
					b[i] ^= 0x5a
				}
				return b
			},
		}
		for name, tear := range tears {
			for at := begin; at < end; at++ {
				torn := tear(at)
				fs, j, recovery, err := openFile(torn)
				if err != nil {
					t.Fatalf("%v %s at %d: %v", commits, name, at, err)
				}
				want := uint64(n - 1)
				if name == "zeros" && allZero(file[at:end]) {
					want = uint64(n) // the padding
				}
				if recovery.Last != want || at > begin+frameHeader && want < uint64(n) && recovery.TornBytes == 0 {
					t.Fatalf("%v %s at %d: %+v", commits, name, at, recovery)
				}
				commit(t, j, 2)
				check(t, j, 1, want+2)
				closeJournal(t, j)
				j, recovery = open(t, fs, Options{SegmentBytes: 4 << 10})
				if recovery.TornBytes != 0 {
					t.Fatalf("%v %s at %d: opened again: %+v", commits, name, at, recovery)
				}
				check(t, j, 1, want+2)
				closeJournal(t, j)
			}
		}
	}
}

// Power fails while a commit of many sectors is written: any of them may be
// missing. Nobody was told of its records, so it is cut off where it first
// lacks something.
func TestTornSectors(t *testing.T) {
	file, ends := crashed(t, 5, 3, 60)
	begin, end := ends[7], ends[len(ends)-1]
	rng := rand.New(rand.NewPCG(1, 2))
	for round := range 2000 {
		b := append([]byte{}, file...)
		lost := false
		for at := begin - begin%sector; at < end; at += sector {
			if rng.IntN(4) == 0 {
				clear(b[max(at, begin):min(at+sector, end)])
				lost = true
			}
		}
		_, j, recovery, err := openFile(b)
		if err != nil {
			t.Fatalf("round %d: %v", round, err)
		}
		if recovery.Last < 8 || lost == (recovery.Last == 68) {
			t.Fatalf("round %d: %+v", round, recovery)
		}
		check(t, j, 1, recovery.Last)
		closeJournal(t, j)
	}
}

// The same hole in a commit that was durable is damage.
func TestHoleBeforeTheLastCommit(t *testing.T) {
	file, ends := crashed(t, 5, 60, 1)
	for at := ends[5]; at+sector < ends[60]; at += sector / 4 {
		b := append([]byte{}, file...)
		clear(b[at : at+sector])
		_, _, _, err := openFile(b)
		c := corruption(t, err)
		if c.Offset > int64(at) || c.Sequence < 6 || c.Sequence > 65 {
			t.Fatalf("hole at %d: %v", at, err)
		}
	}
}

// Every bit of a journal is flipped in turn. It is an error that names the
// place, or it was in what a crash may have torn; it is never decoded.
func TestFlippedBits(t *testing.T) {
	for _, commits := range [][]int{{4}, {2, 3, 1}, {1, 1, 1, 4}} {
		file, ends := crashed(t, commits...)
		n := len(ends)
		begin := headerSize
		if n > 1 {
			begin = ends[n-2]
		}
		for bit := range len(file) * 8 {
			b := append([]byte{}, file...)
			b[bit/8] ^= 1 << (bit % 8)
			_, j, recovery, err := openFile(b)
			at := fmt.Sprintf("%v: bit %d of byte %d", commits, bit%8, bit/8)
			if err != nil {
				if c := corruption(t, err); c.Offset > int64(bit/8) || c.File == "" {
					t.Fatalf("%s: reported for another place: %v", at, err)
				}
				continue
			}
			if bit/8 < begin || recovery.TornBytes == 0 || recovery.Last < uint64(n-1) {
				t.Fatalf("%s: opened as %+v", at, recovery)
			}
			check(t, j, 1, recovery.Last)
			closeJournal(t, j)
		}
	}
}

// In a journal that was closed nothing can be torn: all damage is reported.
func TestFlippedBitsAfterClose(t *testing.T) {
	fs := vfs.NewMem()
	j, _ := open(t, fs, Options{})
	commit(t, j, 3)
	closeJournal(t, j)
	file := readFile(t, fs, segmentPath(fs, 1))
	size := int(j.segments[0].size.Load()) - frameHeader // all but the last commit frame
	for bit := range size * 8 {
		b := append([]byte{}, file[:size+frameHeader+16]...)
		b[bit/8] ^= 1 << (bit % 8)
		_, _, _, err := openFile(b)
		corruption(t, err)
	}
}

// Damage to older segments is found by Open, or, where it was told not to
// look, by whoever reads.
func TestFlippedBitsInOlderSegments(t *testing.T) {
	fs := vfs.NewMem()
	j, _ := open(t, fs, Options{SegmentBytes: 600})
	for range 20 {
		commit(t, j, 1)
	}
	segments := j.segments
	closeJournal(t, j)
	if len(segments) < 3 {
		t.Fatal("too few segments")
	}
	old := segments[1]
	file := readFile(t, fs, old.path)
	for bit := range len(file) * 8 {
		damaged := clone(t, fs)
		b := append([]byte{}, file...)
		b[bit/8] ^= 1 << (bit % 8)
		writeFile(t, damaged, old.path, b)
		used := bit/8 < int(old.size.Load())
		_, _, err := OpenReadOnly(dir, Options{FS: damaged})
		if used {
			corruption(t, err)
		} else if err != nil {
			t.Fatal(err) // zeros ahead
		}
		if bit/8 < headerSize {
			continue
		}
		j, _, err := OpenReadOnly(dir, Options{FS: damaged, VerifyFrom: 20})
		if err != nil {
			t.Fatal(err)
		}
		r := j.ReadFrom(1)
		var seq uint64
		var payload []byte
		for err = nil; err == nil && seq < 20; {
			if seq, payload, err = r.Next(background); err == nil && string(payload) != string(payloadOf(seq)) {
				t.Fatalf("bit %d: record %d decoded as %q", bit, seq, payload)
			}
		}
		if used {
			if c := corruption(t, err); c.Sequence < old.first || c.Sequence > old.last.Load() {
				t.Fatalf("bit %d: %v", bit, err)
			}
		} else if err != nil {
			t.Fatal(err)
		}
		_ = r.Close()
	}
}

func TestSegmentsThatDoNotFit(t *testing.T) {
	fs := vfs.NewMem()
	j, _ := open(t, fs, Options{SegmentBytes: 600})
	for range 20 {
		commit(t, j, 1)
	}
	closeJournal(t, j)
	second, third := j.segments[1], j.segments[2]
	h := func(change func(*header)) func(fs *vfs.MemFS) {
		return func(fs *vfs.MemFS) {
			b, h := readFile(t, fs, third.path), third.header
			change(&h)
			writeFile(t, fs, third.path, append(h.encode(), b[headerSize:]...))
		}
	}
	for name, harm := range map[string]func(fs *vfs.MemFS){
		"missing":             func(fs *vfs.MemFS) { _ = fs.Remove(second.path) },
		"renamed":             func(fs *vfs.MemFS) { _ = fs.Rename(third.path, segmentPath(fs, third.first+1)) },
		"another journal":     h(func(h *header) { h.uuid[0]++ }),
		"earlier incarnation": h(func(h *header) { h.incarnation-- }),
		"empty":               func(fs *vfs.MemFS) { writeFile(t, fs, second.path, nil) },
		"cut short":           func(fs *vfs.MemFS) { writeFile(t, fs, second.path, readFile(t, fs, second.path)[:300]) },
		"headless at the end": func(fs *vfs.MemFS) {
			last := j.segments[len(j.segments)-1].path
			b := readFile(t, fs, last)
			clear(b[:headerSize])
			writeFile(t, fs, last, b)
		},
	} {
		t.Run(name, func(t *testing.T) {
			damaged := clone(t, fs)
			harm(damaged)
			_, _, err := Open(dir, Options{FS: damaged})
			corruption(t, err)
		})
	}
}
