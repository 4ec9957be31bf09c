package node

import (
	"encoding/binary"
	"encoding/hex"

	"github.com/tidegate/tidegate"
)

// Partition is one of a topic's. The topic is named by its id: one that is
// deleted and made again under the same name is another.
type Partition struct {
	Topic  [16]byte
	Number int32
}

// Origin is where an input was read. It is in the header of its record, so
// that what is durable and how far was read can't disagree.
type Origin struct {
	Partition
	Offset int64
}

func (o Origin) there() bool { return o.Topic != [16]byte{} }

// Reading is the record of where the reading of a partition begins: a start
// that was worked out once must not be worked out anew after a crash.
type Reading struct {
	Name      string `json:"topic"`
	Topic     string `json:"topic_id"` // hex
	Partition int32  `json:"partition"`
	Next      int64  `json:"next"`
	Why       string `json:"why,omitempty"` // as "latest"
}

func (r Reading) partition() (p Partition, err error) {
	id, err := hex.DecodeString(r.Topic)
	if err != nil || len(id) != len(p.Topic) {
		return p, tidegate.Errorf(tidegate.CodeCorrupt, "%q is not the id of a topic", r.Topic)
	}
	copy(p.Topic[:], id)
	p.Number = r.Partition
	return p, nil
}

// readings are the positions of all partitions; guarded by the writer's lock.
type readings struct {
	next  map[Partition]int64
	names map[[16]byte]string
}

func (r *readings) set(reading Reading) error {
	p, err := reading.partition()
	if err != nil {
		return err
	}
	if r.next == nil {
		r.next, r.names = map[Partition]int64{}, map[[16]byte]string{}
	}
	r.next[p], r.names[p.Topic] = reading.Next, reading.Name
	return nil
}

// took notes that an input was taken, or had been before.
func (r *readings) took(o Origin) {
	if o.there() && r.next != nil {
		r.next[o.Partition] = o.Offset + 1
	}
}

// all lists the positions for a checkpoint.
func (r *readings) all() (list []Reading) {
	for p, next := range r.next {
		list = append(list, Reading{Name: r.names[p.Topic], Topic: hex.EncodeToString(p.Topic[:]), Partition: p.Number, Next: next})
	}
	return list
}

// Reading tells where to go on with a partition. known says that there is such
// a position; named, that a topic of that name was read before, if not this
// partition of it.
func (n *Node) Reading(name string, p Partition) (next int64, known, named bool) {
	n.mu.Lock()
	defer n.mu.Unlock()
	for _, other := range n.readings.names {
		named = named || other == name
	}
	next, known = n.readings.next[p]
	return next, known, named
}

// Begin records where the reading of a partition begins. It returns when the
// record is durable.
func (n *Node) Begin(r Reading) error {
	if _, err := r.partition(); err != nil {
		return err
	}
	if err := n.lockWithRoom(); err != nil {
		return err
	}
	sequence, err := n.append(KindReading, n.arrival(0), r)
	if err == nil {
		err = n.readings.set(r)
	}
	n.release()
	if err != nil {
		return n.fail(err)
	}
	return n.journal.Wait(n.running, sequence)
}

// flagOrigin in a record's header: an origin follows.
const flagOrigin = 128

func appendOrigin(b []byte, o Origin) []byte {
	b = append(b, o.Topic[:]...)
	b = binary.AppendUvarint(b, uint64(uint32(o.Partition.Number)))
	return binary.AppendUvarint(b, uint64(o.Offset))
}

// decodeOrigin takes an origin from the front of b.
func decodeOrigin(b []byte, o *Origin) (rest []byte, ok bool) {
	if len(b) < len(o.Topic) {
		return b, false
	}
	b = b[copy(o.Topic[:], b):]
	number, n := binary.Uvarint(b)
	if n <= 0 || number > 1<<31-1 {
		return b, false
	}
	offset, m := binary.Uvarint(b[n:])
	if m <= 0 || offset > 1<<63-1 || !o.there() {
		return b, false
	}
	o.Number, o.Offset = int32(number), int64(offset)
	return b[n+m:], true
}
