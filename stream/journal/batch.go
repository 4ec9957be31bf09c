package journal

// batch is what is written and synced together: a commit frame and records.
type batch struct {
	buf     []byte
	first   uint64 // sequence number of the first record
	last    uint64
	records int
	done    chan struct{} // closed when the batch is durable, or never will be
}

func newBatch() *batch {
	b := &batch{}
	b.reset()
	return b
}

// reset empties the batch, leaving room for the commit frame.
func (b *batch) reset() {
	*b = batch{buf: append(b.buf[:0], make([]byte, frameHeader)...), done: make(chan struct{})}
}

func (b *batch) add(seq uint64, sealed []byte) {
	b.buf = append(b.buf, sealed...)
	b.last = seq
	b.records++
}

// seal fills in the commit frame.
func (b *batch) seal(seed uint32) {
	sealFrame(b.buf[:frameHeader:frameHeader], seed, commitFrame, b.first)
}
