package statetest

import (
	"bytes"
	"context"
	"encoding/binary"
	"strings"
	"sync"

	"pgregory.net/rapid"

	"github.com/tidegate/tidegate/stream/state"
)

// Disk is what a backend lies on.
type Disk struct {
	// Open opens what is on it. The one opened before is not used any more,
	// as after a crash: it may have been in the middle of anything.
	Open func() (state.Backend, error)
	// Fail makes the backend's writes fail, or lets them succeed again.
	Fail func(bool)
}

// Check runs random operations against a store over the disk and against a
// plain map: changes, expiry, checkpoints that succeed, fail and are crashed
// into while the changes go on. After a crash the store must be exactly what
// it was at one of the cuts: the last that was reported as written, or a later
// one that was under way.
func Check(t *rapid.T, disk Disk) {
	m := &machine{disk: disk}
	m.past = []*model{newModel()}
	m.now = newModel()
	m.open(t)
	defer func() { // also when the test has failed
		if m.running != nil {
			m.cancel()
			m.release()
			<-m.running
		}
	}()
	t.Repeat(map[string]func(*rapid.T){
		"update":  m.update,
		"replace": m.replace,
		"delete":  m.delete,
		"expire":  m.expire,
		"advance": m.advance,
		"get":     m.get,
		"cut":     m.cut,
		"finish":  func(t *rapid.T) { m.finish(t) },
		"crash":   m.crash,
		"export":  m.savepoint,
		"":        m.check,
	})
	m.finish(t)
}

type machine struct {
	system
	disk Disk

	now  *model
	past []*model // at the last written cut, and at those that failed since or are under way

	running chan error // of the checkpoint under way
	cancel  context.CancelFunc
	mayFail bool
	gate    *sync.Mutex // of the present backend
	held    *sync.Mutex // the gate that keeps the checkpoint under way from its end
}

func (m *machine) open(t *rapid.T) {
	backend, err := m.disk.Open()
	if err != nil {
		t.Fatal(err)
	}
	m.gate = new(sync.Mutex)
	backend = gated{backend, m.gate}
	// A byte of cache: everything that can leave memory does. A store is opened
	// anew with as many shards as it likes.
	shards := 1 << rapid.IntRange(0, 3).Draw(t, "shards log2")
	store, err := state.Open(backend, state.Options{Shards: shards, CacheBytes: 1, Spill: rapid.Bool().Draw(t, "spill")})
	if err != nil {
		t.Fatal(err)
	}
	m.system = newSystem(store)
}

// savepoint copies the newest checkpoint to stores of other kinds.
func (m *machine) savepoint(t *rapid.T) {
	m.finish(t)
	if len(m.past) > 1 || m.past[0].cut == 0 {
		return // it is open which is the newest, or there is none
	}
	var file bytes.Buffer
	if err := m.store.Export(&file); err != nil {
		t.Fatal(err)
	}
	for name, backend := range map[string]state.Backend{"map": NewMap(), "memory": nil} {
		store, err := state.Import(bytes.NewReader(file.Bytes()), backend, state.Options{Shards: 4})
		if err != nil {
			t.Fatal(err)
		}
		copied := newSystem(store)
		if err := copied.same(m.past[0]); err != nil {
			t.Fatalf("imported to %s: %v", name, err)
		}
		var again bytes.Buffer
		if err := store.Export(&again); err != nil {
			t.Fatal(err)
		}
		third, err := state.Import(&again, nil, state.Options{})
		if err != nil {
			t.Fatal(err)
		}
		copied = newSystem(third)
		if err := copied.same(m.past[0]); err != nil {
			t.Fatalf("imported to %s and from there: %v", name, err)
		}
	}
}

// key draws a key; its first byte chooses the shard in both tables.
func (m *machine) key(t *rapid.T) (table int, key []byte) {
	table = rapid.IntRange(0, 1).Draw(t, "table")
	key = []byte{byte('a' + rapid.IntRange(0, lastKey-'a').Draw(t, "key"))}
	if table == 1 {
		key = append(key, byte('0'+rapid.IntRange(0, lastChunk-'0').Draw(t, "chunk")))
	}
	return table, key
}

func (m *machine) update(t *rapid.T) {
	i, key := m.key(t)
	n := rapid.Int64Range(1, 1000).Draw(t, "n")
	m.locked(key, func() {
		e, err := m.tables[i].GetOrCreate(key)
		if err != nil {
			t.Fatal(err)
		}
		v := m.tables[i].Update(e)
		v.N += n
		m.texts.giveBack(v.Text)
		v.Text = m.texts.lend(strings.Repeat("x", int(v.N%50)))
		k, ok := m.now.get(i, string(key))
		if !ok {
			k = known{}
		}
		k.value.N += n
		k.value.Text = strings.Repeat("x", int(k.value.N%50))
		m.now.values[i][string(key)] = k
	})
}

func (m *machine) replace(t *rapid.T) {
	i, key := m.key(t)
	m.locked(key, func() {
		if _, err := m.tables[i].Replace(key); err != nil {
			t.Fatal(err)
		}
		m.now.values[i][string(key)] = known{}
	})
}

func (m *machine) delete(t *rapid.T) {
	i, key := m.key(t)
	blind := rapid.Bool().Draw(t, "blind")
	m.locked(key, func() {
		delete(m.now.values[i], string(key))
		if blind {
			if err := m.tables[i].Remove(key); err != nil {
				t.Fatal(err)
			}
			return
		}
		e, err := m.tables[i].Get(key)
		if err != nil {
			t.Fatal(err)
		}
		if e != nil {
			m.tables[i].Delete(e)
		}
	})
}

func (m *machine) expire(t *rapid.T) {
	i, key := m.key(t)
	at := m.now.clock + rapid.Int64Range(-3, 20).Draw(t, "in")
	m.locked(key, func() {
		e, err := m.tables[i].Get(key)
		if err != nil {
			t.Fatal(err)
		}
		if e == nil {
			return
		}
		m.tables[i].SetExpiry(e, at)
		k := m.now.values[i][string(key)]
		k.expiry = at
		m.now.values[i][string(key)] = k
	})
}

func (m *machine) advance(t *rapid.T) {
	m.now.clock += rapid.Int64Range(1, 6).Draw(t, "by")
	m.store.Advance(m.now.clock)
	m.store.Advance(m.now.clock - 5)
}

func (m *machine) get(t *rapid.T) {
	i, key := m.key(t)
	m.locked(key, func() {
		if err := m.differs(m.now, i, string(key)); err != nil {
			t.Fatal(err)
		}
	})
}

func (m *machine) cut(t *rapid.T) {
	m.finish(t)
	fail := rapid.IntRange(0, 3).Draw(t, "fail") == 0
	m.now.cut++
	meta := binary.AppendUvarint(nil, uint64(m.now.cut))
	c, err := m.store.Cut(meta)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := m.store.Cut(meta); err == nil {
		t.Fatal("a second cut while one is under way")
	}
	m.past = append(m.past, m.now.clone())
	ctx, cancel := context.WithCancel(context.Background())
	m.cancel = cancel
	m.running = make(chan error, 1)
	if rapid.Bool().Draw(t, "hold") {
		m.held = m.gate
		m.held.Lock()
	}
	m.mayFail = fail
	if fail {
		m.disk.Fail(true)
	}
	go func() {
		_, err := c.Write(ctx)
		if fail {
			m.disk.Fail(false)
		}
		m.running <- err
	}()
}

// finish waits for the checkpoint under way.
func (m *machine) finish(t *rapid.T) {
	if m.running == nil {
		return
	}
	m.release()
	switch err := <-m.running; {
	case err == nil:
		m.past = m.past[len(m.past)-1:]
	case !m.mayFail:
		t.Fatalf("checkpoint: %v", err)
	}
	m.cancel()
	m.running = nil
}

func (m *machine) release() {
	if m.held != nil {
		m.held.Unlock()
		m.held = nil
	}
}

func (m *machine) crash(t *rapid.T) {
	wait := rapid.Bool().Draw(t, "after the checkpoint")
	if wait {
		m.finish(t)
	}
	old := m.running
	m.open(t)
	if old != nil {
		// The old process is dead; only its goroutine is not.
		m.cancel()
		m.release()
		<-old
		m.running = nil
	}
	var meta uint64
	if b := m.store.Meta(); b != nil {
		meta, _ = binary.Uvarint(b)
	}
	for _, p := range m.past {
		if uint64(p.cut) == meta {
			if m.store.Time() != p.clock {
				t.Fatalf("recovered at time %d, want %d", m.store.Time(), p.clock)
			}
			if err := m.same(p); err != nil {
				t.Fatalf("after a crash, cut %d: %v", meta, err)
			}
			cut := m.now.cut
			m.now, m.past = p.clone(), []*model{p}
			m.now.cut = cut
			return
		}
	}
	t.Fatalf("recovered cut %d, which is none of the possible ones", meta)
}

func (m *machine) check(t *rapid.T) {
	if rapid.IntRange(0, 20).Draw(t, "check all") == 0 {
		if err := m.same(m.now); err != nil {
			t.Fatal(err)
		}
	}
}
