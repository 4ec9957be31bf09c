package journal

import (
	"errors"
	"math/rand/v2"
	"testing"

	"github.com/cockroachdb/pebble/v2/vfs"
	"pgregory.net/rapid"
)

// model is a journal beside what it has promised. Payloads follow from
// sequence numbers and the number of crashes before them.
type model struct {
	fs       *vfs.MemFS
	opts     Options
	j        *Journal
	first    uint64
	promised uint64   // durable at last look
	lives    []uint64 // of each record, from 1: in which life it was appended
	life     uint64
	reader   *Reader
	at       uint64 // the reader's position
}

func (m *model) payload(seq uint64) string {
	return string(payloadOf(seq + 1000*m.lives[seq-1]))
}

func (m *model) open(t *rapid.T) {
	m.life++
	m.opts.FS, m.opts.UUID = m.fs, testUUID
	j, recovery, err := Open(dir, m.opts)
	if err != nil {
		t.Fatalf("open: %v", err)
	}
	if recovery.First != m.first || recovery.Last < m.promised || recovery.Last > uint64(len(m.lives)) {
		t.Fatalf("recovered %+v; first %d, promised %d, appended %d", recovery, m.first, m.promised, len(m.lives))
	}
	m.j, m.promised, m.lives = j, recovery.Last, m.lives[:recovery.Last]
	m.at = min(m.at, m.promised+1)
	m.reader = j.ReadFrom(m.at)
}

func (m *model) close(t *rapid.T) {
	_ = m.reader.Close()
	if err := m.j.Close(); err != nil {
		t.Fatalf("close: %v", err)
	}
}

// TestModel runs random operations, power failures among them, against a list.
func TestModel(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		m := &model{fs: vfs.NewCrashableMem(), first: 1, at: 1}
		m.opts.SegmentBytes = rapid.SampledFrom([]int64{100, 2 << 10, 32 << 10}).Draw(t, "segment bytes")
		m.open(t)
		defer func() { m.close(t) }()
		t.Repeat(map[string]func(*rapid.T){
			"append": func(t *rapid.T) {
				for range rapid.SampledFrom([]int{1, 2, 100}).Draw(t, "records") {
					m.lives = append(m.lives, m.life)
					seq, err := m.j.Append([]byte(m.payload(uint64(len(m.lives)))))
					if err != nil || seq != uint64(len(m.lives)) {
						t.Fatalf("append: %d, %v", seq, err)
					}
				}
			},
			"wait": func(t *rapid.T) {
				if err := m.j.Wait(background, m.j.Last()); err != nil || m.j.Durable() != uint64(len(m.lives)) {
					t.Fatalf("durable is %d after waiting for %d: %v", m.j.Durable(), len(m.lives), err)
				}
			},
			"reopen": func(t *rapid.T) {
				m.promised = uint64(len(m.lives))
				m.close(t)
				m.open(t)
			},
			"crash": func(t *rapid.T) {
				m.promised = m.j.Durable()
				after := m.fs.CrashClone(vfs.CrashCloneCfg{
					UnsyncedDataPercent: rapid.SampledFrom([]int{0, 30, 70, 100}).Draw(t, "written"),
					RNG:                 rand.New(rand.NewPCG(rapid.Uint64().Draw(t, "seed"), 1)),
				})
				m.close(t)
				m.fs = after
				m.open(t)
			},
			"truncate": func(t *rapid.T) {
				seq := rapid.Uint64Range(0, uint64(len(m.lives))+2).Draw(t, "seq")
				if _, err := m.j.TruncateBefore(seq); err != nil {
					t.Fatalf("truncate: %v", err)
				}
				before := m.first
				m.first = m.j.First()
				if m.first < before || m.first > max(before, seq) {
					t.Fatalf("truncating before %d went from %d to %d", seq, before, m.first)
				}
			},
			"get": func(t *rapid.T) {
				seq := rapid.Uint64Range(0, uint64(len(m.lives))+1).Draw(t, "seq")
				durable := m.j.Durable()
				payload, err := m.j.Get(seq)
				switch {
				case errors.Is(err, ErrNotDurable) && (seq == 0 || seq > durable):
				case errors.Is(err, ErrDropped) && seq < m.first:
				case err != nil || seq < m.first || string(payload) != m.payload(seq):
					t.Fatalf("get %d: %q, %v", seq, payload, err)
				}
			},
			"seek": func(t *rapid.T) {
				_ = m.reader.Close()
				m.at = rapid.Uint64Range(1, uint64(len(m.lives))+1).Draw(t, "seq")
				m.reader = m.j.ReadFrom(m.at)
			},
			"read": func(t *rapid.T) {
				for n := rapid.SampledFrom([]int{1, 50}).Draw(t, "records"); n > 0 && m.at <= m.j.Durable(); n-- {
					seq, payload, err := m.reader.Next(background)
					if errors.Is(err, ErrDropped) && m.at < m.first {
						return
					}
					if err != nil || seq != m.at || string(payload) != m.payload(seq) {
						t.Fatalf("read %d: %d %q, %v", m.at, seq, payload, err)
					}
					m.at++
				}
			},
		})
	})
}
