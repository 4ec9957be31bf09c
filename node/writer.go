package node

import (
	"context"
	"sync"
	"sync/atomic"

	"github.com/tidegate/tidegate"
	"github.com/tidegate/tidegate/scoring"
	"github.com/tidegate/tidegate/wire"
)

// order is a transaction on its way through the writer.
type order struct {
	ctx          context.Context
	tx           *tidegate.Event
	content      uint64
	withFeatures bool
	stage        atomic.Int32

	// Set by the writer.
	answer   *Answer
	first    scoring.Taken // the record that has the id
	repeated bool          // the id was taken: nothing was decided
	sequence uint64
	err      error

	done chan error // one signal: durable, or failed
}

// Orders are used again once their signal has come: nobody else knows them then.
var freeOrders = sync.Pool{New: func() any { return &order{done: make(chan error, 1)} }}

func (o *order) ask(ctx context.Context, tx *tidegate.Event, withFeatures bool, answer *Answer) {
	answer.reset()
	o.ctx, o.tx, o.content, o.withFeatures, o.answer = ctx, tx, wire.ContentHash(tx), withFeatures, answer
	o.first, o.repeated, o.sequence, o.err = scoring.Taken{}, false, 0, nil
	o.stage.Store(waiting)
}

func (o *order) release() {
	o.ctx, o.tx, o.answer = nil, nil, nil
	freeOrders.Put(o)
}

// The stages of an order. Who gave up may only be told so before it began.
const (
	waiting int32 = iota
	begun
	givenUp
)

// Orders bounds the queues of the writer and of the acknowledger. The face
// lets fewer requests in, so that a place is only waited for when the disk has
// stopped: then those whose deadline has passed leave their orders behind.
const orders = 4096

// turn is how many orders the writer takes before it lets others have the
// lock: some 200 µs.
const turn = 16

// decideOrders is the one writer under load: it decides one order after the
// other without parking in between, where a mutex would hand the turn from
// goroutine to goroutine and wait for each to be scheduled (measured: half
// the throughput at 64 connections).
func (n *Node) decideOrders() {
	defer close(n.decided)
	taken := make([]*order, 0, turn)
	for {
		select {
		case o := <-n.orders:
			taken = append(taken[:0], o)
		case <-n.running.Done():
			return
		}
		n.lock()
		n.take(taken[0])
		for len(taken) < turn && len(n.orders) > 0 {
			o := <-n.orders // nobody else takes them
			n.take(o)
			taken = append(taken, o)
		}
		n.release()
		for _, o := range taken { // without the lock: the acknowledger waits for the disk
			n.decided <- o
		}
	}
}

// take decides an order unless it was given up or its id is taken.
func (n *Node) take(o *order) {
	if o.ctx.Err() != nil && o.stage.CompareAndSwap(waiting, givenUp) {
		o.err = errNoRoom
		return
	}
	if !o.stage.CompareAndSwap(waiting, begun) {
		return
	}
	if o.first, o.repeated, o.err = n.taken(o.tx); o.repeated || o.err != nil {
		return
	}
	o.sequence, o.err = n.decide(o.tx, o.content, o.answer, o.withFeatures)
}

// acknowledge tells those who gave the orders, in order, once their records
// are durable: one goroutine waits for the disk, not each of them.
func (n *Node) acknowledge() {
	for o := range n.decided {
		err := o.err
		if err == nil && o.sequence > n.journal.Durable() {
			err = n.journal.Wait(context.Background(), o.sequence)
		}
		o.done <- err
	}
}
