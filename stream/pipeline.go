package stream

import (
	"context"
	"log/slog"
	"reflect"
	"sync/atomic"
	"time"

	"github.com/tidegate/tidegate/stream/state"
)

// Pipeline is a graph of operators over typed records, from sources to sinks.
// It is built by the functions of this package, and then run once.
type Pipeline struct {
	name    string
	options Options
	nodes   []*node
	kinds   map[string]int
	faults  []error
	codecs  map[reflect.Type]registered
	sources []feeder
	sinks   []drainer
	dead    Stream[DeadLetter]
	running atomic.Pointer[run]
	status  atomic.Uint32
}

// Options say how a pipeline runs. The zero value keeps state in memory and
// takes no checkpoints.
type Options struct {
	// Version names the program's version in dead letters.
	Version string
	// State keeps checkpoints, and the state that does not fit into memory.
	State state.Backend
	// Savepoint is a file, written by [Pipeline.Savepoint], to start from.
	// State must be empty then.
	Savepoint string
	// CacheBytes is how much memory keyed state over a backend may take; 256
	// MiB if zero. Of what changes, beyond that, some hundred bytes a key stay
	// in memory until the next checkpoint, the rest goes to a file of the
	// backend's if it is a [state.Spiller]. When what must stay takes three
	// quarters of the memory, a checkpoint is taken without waiting for its
	// time, and the sources wait for one under way when it takes all.
	CacheBytes int64
	// Checkpoint is the time from one checkpoint to the next, MinPause the
	// least time from the end of one to the next; no checkpoints but a last
	// one where Checkpoint is zero.
	Checkpoint, MinPause time.Duration
	// StopWithin is how long the sinks may take when Run's ctx is done; 10
	// seconds if zero.
	StopWithin time.Duration
	// Clock is processing time; [WallClock] if nil.
	Clock Clock
	// Log hears of what needs a look: dead letters that nobody reads, failed
	// checkpoints. slog.Default() if nil.
	Log *slog.Logger
	// OnCheckpoint is told of every checkpoint, completed or failed.
	OnCheckpoint func(CheckpointReport)
}

// New begins a pipeline.
func New(name string, o Options) *Pipeline {
	if o.Clock == nil {
		o.Clock = WallClock
	}
	if o.CacheBytes == 0 {
		o.CacheBytes = 256 << 20
	}
	if o.StopWithin == 0 {
		o.StopWithin = 10 * time.Second
	}
	if o.Log == nil {
		o.Log = slog.Default()
	}
	return &Pipeline{name: name, options: o, kinds: map[string]int{}, codecs: map[reflect.Type]registered{}}
}

// Name is the pipeline's name.
func (p *Pipeline) Name() string { return p.name }

// Run runs the pipeline until its sources end, ctx is done, or something
// fails that is not the fault of a record. It begins where the newest
// checkpoint of [Options.State] left off.
func (p *Pipeline) Run(ctx context.Context) (err error) {
	defer func() { p.ended(err) }()
	r, err := p.open(ctx, false) // graph checked, state and positions restored, sinks recovered
	if err != nil {
		return err
	}
	for _, s := range p.sinks {
		r.crew.start(func() { s.drain(r) }) // bounded buffer → sink
	}
	r.crew.start(r.checkpoints) // cut between two records, write in the background, commit sinks
	r.crew.start(r.watchClock)  // processing time: timers, idle partitions
	for _, s := range p.sources {
		for i := range s.partitions() {
			r.readers.start(func() { s.run(r, i) }) // record → graph → watermark
		}
	}
	r.readers.wait()
	return r.close() // last windows, last checkpoint
}

func (p *Pipeline) eachRecord() bool {
	for _, s := range p.sources {
		if s.eachRecord() {
			return true
		}
	}
	return false
}
