package stream

import (
	"fmt"
	"slices"

	"github.com/tidegate/tidegate/internal/prefetch"
	"github.com/tidegate/tidegate/stream/state"
)

// keyspace is a set of keys with their state: that of all operators after one
// KeyBy, in one row a key, guarded by one lock.
type keyspace[K comparable] struct {
	node  *node
	codec keyCodec[K]
	group *state.Group
	table *state.Table[row]
	parts []part
}

// row is a key's state, by part; nil where a part has none.
type row struct {
	parts   []any
	foreign *[]foreign // nil for none
}

// foreign is stored state of a part that the program does not have, and keeps.
type foreign struct {
	name    string
	version uint8
	b       []byte
}

// part is one operator's share of a row, or one declared state of it.
type part interface {
	name() string
	version() uint8
	append(dst []byte, contents any) []byte
	decode(version uint8, b []byte) (contents any, err error)
	// show is the contents as a value for JSON.
	show(contents any) any
	// rearm puts the timers that the contents say are armed into the queues.
	rearm(key string, contents any)
}

func newKeyspace[K comparable](n *node) *keyspace[K] {
	s := &keyspace[K]{node: n}
	n.open = s.open
	return s
}

func (s *keyspace[K]) open(r *run) (err error) {
	if s.codec, err = keyCodecOf[K](r.p); err != nil {
		return r.p.fault(s.node, "%v", err)
	}
	s.group = r.store.NewGroup(r.shards)
	s.table = state.NewTable(r.store, s.node.name, rowCodec{&s.parts}, state.In(s.group))
	r.keyspaces = append(r.keyspaces, s)
	return nil
}

func (s *keyspace[K]) probe(key []byte) error {
	_, err := s.table.Get(key)
	return err
}

func (s *keyspace[K]) rearm(key []byte) error {
	shard := s.group.Shard(key)
	shard.Lock()
	defer shard.Unlock()
	e, err := s.table.Get(key)
	if e == nil || err != nil {
		return err
	}
	for i, contents := range e.Value().parts {
		if contents != nil {
			s.parts[i].rearm(s.table.Key(e), contents)
		}
	}
	return nil
}

// add makes room for an operator's state and returns its place.
func (s *keyspace[K]) add(p part) int {
	s.parts = append(s.parts, p)
	return len(s.parts) - 1
}

// visit is a key while one of its records, or of its timers, is handled. Its
// row is looked up when an operator first asks for it.
type visit[K comparable] struct {
	key     K
	space   *keyspace[K]
	shard   *state.Shard
	bytes   []byte // of the key
	hash    uint32 // of them, once it has been asked for
	hashed  bool
	label   string     // the key as timers keep it, once it has been asked for
	hint    state.Hint // where its row was
	entry   *state.Entry[row]
	loaded  bool
	changed bool
	err     error
	spare   [][]any // of rows that were forgotten, for new ones
}

// begin takes the key's lock.
func (s *keyspace[K]) begin(t *task, k K) *visit[K] {
	v := scratchOf[visit[K]](t, s.node)
	v.bytes = s.codec.append(v.bytes[:0], k)
	v.hashed, v.label, v.hint = false, "", 0
	return s.enter(v, k)
}

func (s *keyspace[K]) enter(v *visit[K], k K) *visit[K] {
	v.key, v.space = k, s
	v.entry, v.loaded, v.changed, v.err = nil, false, false, nil
	if v.hint != 0 {
		v.shard = s.group.ShardAt(v.hint)
	} else {
		v.shard = s.group.Shard(v.bytes)
	}
	v.shard.Lock()
	return v
}

// end gives the key's lock back, and forgets the key if nothing is left of it.
func (s *keyspace[K]) end(t *task, v *visit[K]) {
	if v.changed && v.entry.Value().empty() {
		if parts := v.entry.Value().parts; len(v.spare) < maxFree {
			v.spare = append(v.spare, parts)
		}
		s.table.Delete(v.entry)
	}
	v.shard.Unlock()
	if v.err != nil {
		t.fatal(s.node, v.err)
	}
}

// beginTimer is begin for the key of a timer.
func (s *keyspace[K]) beginTimer(t *task, tm timer) *visit[K] {
	v := scratchOf[visit[K]](t, s.node)
	v.bytes = append(v.bytes[:0], tm.key...)
	v.hash, v.hashed, v.label, v.hint = tm.hash, true, tm.key, tm.hint
	return s.enter(v, s.codec.decode(tm.key))
}

// read is the key's row; nil if it has none.
func (v *visit[K]) read() *row {
	if !v.loaded {
		v.entry, v.err = v.space.table.GetAt(v.bytes, v.hint)
		v.loaded = true
		if v.entry != nil {
			v.entry.Value().comeNear()
		}
	}
	if v.entry == nil {
		return nil
	}
	return v.entry.Value()
}

// write is the key's row for changing it.
func (v *visit[K]) write() *row {
	if v.changed {
		return v.entry.Value()
	}
	if v.read() == nil && v.err == nil {
		v.entry, v.err = v.space.table.GetOrCreate(v.bytes)
	}
	if v.err != nil {
		return &row{parts: make([]any, len(v.space.parts))} // the run is about to end
	}
	v.changed = true
	r := v.space.table.Update(v.entry)
	if last := len(v.spare) - 1; r.parts == nil && last >= 0 {
		r.parts, v.spare = v.spare[last], v.spare[:last]
	} else if r.parts == nil {
		r.parts = make([]any, len(v.space.parts))
	}
	return r
}

// name is the key as timers keep it. The key has a row.
func (v *visit[K]) name() string {
	if v.label == "" {
		v.label = string(v.bytes)
	}
	return v.label
}

// timer is a timer of the key.
func (v *visit[K]) timer(at Millis, cell uint32) timer {
	if !v.hashed {
		v.hash, v.hashed = hashOf(v.bytes), true
	}
	t := timer{at: at, key: v.name(), hash: v.hash, cell: cell}
	if v.entry != nil {
		t.hint = v.space.table.Hint(v.entry)
	}
	return t
}

func (v *visit[K]) contents(slot int) any {
	if r := v.read(); r != nil {
		return r.parts[slot]
	}
	return nil
}

// partOf is an operator's share of the key's row for reading, nil if it has
// none.
func partOf[S any, K comparable](v *visit[K], slot int) *S {
	s, _ := v.contents(slot).(*S)
	return s
}

func (v *visit[K]) clear(slot int) { v.write().parts[slot] = nil }

// comeNear has all shares brought near when one is asked for: the others
// follow, at the latest when event time has passed the record that was handled.
func (r *row) comeNear() {
	for _, p := range r.parts {
		prefetch.Behind(p)
	}
}

func (r *row) empty() bool {
	for _, p := range r.parts {
		if p != nil {
			return false
		}
	}
	return r.foreign == nil
}

// others is the state of parts that the program does not have.
func (r *row) others() []foreign {
	if r.foreign == nil {
		return nil
	}
	return *r.foreign
}

// rowCodec writes each part under its name, so that a changed program finds
// what it knows, and keeps what it doesn't.
type rowCodec struct{ parts *[]part }

func (c rowCodec) Append(dst []byte, r *row) []byte {
	n := len(r.others())
	for _, p := range r.parts {
		if p != nil {
			n++
		}
	}
	dst = appendUint(dst, uint64(n))
	for i, contents := range r.parts {
		if contents != nil {
			p := (*c.parts)[i]
			dst = appendString(dst, p.name())
			dst = append(dst, p.version())
			dst = appendSizedBy(dst, func(dst []byte) []byte { return p.append(dst, contents) })
		}
	}
	for _, f := range r.others() {
		dst = appendString(dst, f.name)
		dst = append(dst, f.version)
		dst = appendBytes(dst, f.b)
	}
	return dst
}

func (c rowCodec) Decode(b []byte, r *row) error {
	d := decoder{b: b}
	r.parts = make([]any, len(*c.parts))
	for range d.count() {
		name, version, b := d.bytes(), d.byte(), d.bytes()
		if d.fault {
			break
		}
		i := slices.IndexFunc(*c.parts, func(p part) bool { return p.name() == string(name) })
		if i < 0 {
			others := append(r.others(), foreign{string(name), version, clone(b)})
			r.foreign = &others
			continue
		}
		var err error
		if r.parts[i], err = (*c.parts)[i].decode(version, b); err != nil {
			return fmt.Errorf("state of %s: %w", name, err)
		}
	}
	return d.end()
}
