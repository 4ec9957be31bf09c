package statetest

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"maps"
	"strings"

	"pgregory.net/rapid"

	"github.com/tidegate/tidegate/stream/state"
)

// Value is the value of the tables that [Check] uses.
type Value struct {
	N    int64
	Text string
}

// Codec is its codec.
type Codec struct{}

// Append is [state.Codec.Append].
func (Codec) Append(dst []byte, v *Value) []byte {
	return append(binary.AppendVarint(dst, v.N), v.Text...)
}

// Decode is [state.Codec.Decode].
func (Codec) Decode(b []byte, v *Value) error {
	n, size := binary.Varint(b)
	if size <= 0 {
		return errors.New("no number")
	}
	v.N, v.Text = n, string(b[size:])
	return nil
}

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
	m := &machine{disk: disk, shards: 1 << rapid.IntRange(0, 3).Draw(t, "shards log2")}
	m.past = []*model{newModel()}
	m.now = newModel()
	m.open(t)
	defer func() { // also when the test has failed
		if m.running != nil {
			m.cancel()
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
		"":        m.check,
	})
	m.finish(t)
}

// model is what a store should hold: per table and key.
type model struct {
	cut    int
	clock  int64
	values [2]map[string]known
}

type known struct {
	value  Value
	expiry int64
}

func newModel() *model {
	return &model{values: [2]map[string]known{{}, {}}}
}

func (m *model) clone() *model {
	c := *m
	for i := range c.values {
		c.values[i] = maps.Clone(m.values[i])
	}
	return &c
}

func (m *model) get(table int, key string) (known, bool) {
	k, ok := m.values[table][key]
	return k, ok && (k.expiry == 0 || k.expiry > m.clock)
}

type machine struct {
	disk   Disk
	shards int
	store  *state.Store
	tables [2]*state.Table[Value]

	now  *model
	past []*model // at the last written cut, and at those that failed since or are under way

	running chan error // of the checkpoint under way
	cancel  context.CancelFunc
}

func (m *machine) open(t *rapid.T) {
	backend, err := m.disk.Open()
	if err != nil {
		t.Fatal(err)
	}
	// A byte of cache: everything that can leave memory does.
	m.store, err = state.Open(backend, state.Options{Shards: m.shards, CacheBytes: 1})
	if err != nil {
		t.Fatal(err)
	}
	first := func(key []byte) int { return 1 }
	m.tables[0] = state.NewTable(m.store, "heads", Codec{})
	m.tables[1] = state.NewTable(m.store, "chunks", Codec{}, state.ShardedBy(first))
}

// key draws a key; its first byte chooses the shard in both tables.
func (m *machine) key(t *rapid.T) (table int, key []byte) {
	table = rapid.IntRange(0, 1).Draw(t, "table")
	key = []byte{byte('a' + rapid.IntRange(0, 9).Draw(t, "key"))}
	if table == 1 {
		key = append(key, byte('0'+rapid.IntRange(0, 3).Draw(t, "chunk")))
	}
	return table, key
}

func (m *machine) locked(key []byte, record func()) {
	shard := m.store.Shard(key[:1])
	shard.Lock()
	defer shard.Unlock()
	record()
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
		v.Text = strings.Repeat("x", int(v.N%50))
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
	m.locked(key, func() { m.compare(t, m.now, i, string(key)) })
}

func (m *machine) compare(t *rapid.T, want *model, table int, key string) {
	if err := m.differs(want, table, key); err != nil {
		t.Fatal(err)
	}
}

func (m *machine) differs(want *model, table int, key string) error {
	e, err := m.tables[table].Get([]byte(key))
	if err != nil {
		return err
	}
	k, ok := want.get(table, key)
	switch {
	case ok != (e != nil):
		return fmt.Errorf("table %d key %s: there is %v, want %v", table, key, e != nil, ok)
	case ok && (*e.Value() != k.value || e.Expiry() != k.expiry):
		return fmt.Errorf("table %d key %s: %+v until %d, want %+v", table, key, *e.Value(), e.Expiry(), k)
	}
	return nil
}

// same compares every key there could be.
func (m *machine) same(want *model) error {
	for c := byte('a'); c <= 'j'; c++ {
		shard := m.store.Shard([]byte{c})
		shard.Lock()
		err := m.differs(want, 0, string(c))
		for n := byte('0'); n <= '3' && err == nil; n++ {
			err = m.differs(want, 1, string([]byte{c, n}))
		}
		shard.Unlock()
		if err != nil {
			return err
		}
	}
	return nil
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
	if err := <-m.running; err == nil {
		m.past = m.past[len(m.past)-1:]
	}
	m.cancel()
	m.running = nil
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
