package node

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"
	"time"

	"github.com/cockroachdb/pebble/v2/vfs"

	"github.com/tidegate/tidegate"
	"github.com/tidegate/tidegate/scoring"
	"github.com/tidegate/tidegate/stream/blob"
	"github.com/tidegate/tidegate/stream/journal"
	"github.com/tidegate/tidegate/stream/pebble"
	"github.com/tidegate/tidegate/stream/state"
)

// Node owns a data directory: journal, state and the contents of what
// decided. All its methods may be called from any goroutine.
type Node struct {
	options   Options
	clock     func() time.Time
	journal   *journal.Journal
	store     *state.Store
	histories *state.Group // of the store, the tables of the features
	backend   *pebble.Backend
	blobs     *blob.Store
	owner     *state.DirectoryLock

	mu         sync.Mutex // the one writer: guards everything down to the blank line
	known      *scoring.Known
	scorer     *scoring.Scorer
	generation uint32
	newest     tidegate.Millis // the clock, as of the last record
	late       []uint64        // decisions that were not answered in time; the record of that waits for room
	readings   readings        // how far Kafka's partitions were read
	poison     *Poison         // what made the process before this one panic
	origin     Origin          // of the input that is being taken; none for those of callers
	untold     Answer          // to the last input that was taken, which nobody waits for

	current       atomic.Pointer[active]
	activating    sync.Mutex
	checkpointing sync.Mutex
	before        uint64 // the last record of the checkpoint before the next; guarded by checkpointing
	recent        recent
	generations   generations
	counters      Counters
	failed        failure

	orders  chan *order // to the writer
	decided chan *order // from the writer to who tells

	running context.Context // over when the node closes
	stop    context.CancelFunc
	wait    sync.WaitGroup
}

// Options of a node. Dir and Files are needed.
type Options struct {
	Dir             string
	FS              vfs.FS            // of journal, state and contents; nil is the operating system's
	Files           map[string][]byte // the configuration to decide with, by path
	Clock           func() time.Time  // of arrival
	EventClock      bool              // take the newest event time for the time of arrival
	CacheBytes      int64             // of keyed state in memory
	SegmentBytes    int64
	MinFreeBytes    int64
	CheckpointEvery time.Duration
	Retention       time.Duration // of the journal, by arrival
	IDs             time.Duration // how long ids are remembered, by arrival
	History         bool          // what comes is the past, imported: publishers pass it over
	Restored        bool          // from a backup: what follows is another incarnation of the journal
	ReadersAt       func() uint64 // the record up to which publishers have come; nil without any
	Progress        func(stage string, done, total uint64)
	Report          func(err error) // background errors that do not stop the node
}

// Close writes a last checkpoint and closes the data directory. The caller
// has seen to it that no call is under way.
func (n *Node) Close() error {
	n.stop()
	n.wait.Wait()
	err := n.lastCheckpoint()
	return errors.Join(err, n.closeParts())
}

// closeParts closes what was opened, in the order that it is needed.
func (n *Node) closeParts() error {
	var errs []error
	if n.journal != nil {
		errs = append(errs, n.journal.Close())
	}
	if n.backend != nil {
		errs = append(errs, n.backend.Close())
	}
	return errors.Join(append(errs, n.owner.Close())...)
}

// Failed is closed when the node can't go on: state and journal no longer
// agree or the journal can't be written. The process must exit and recover.
func (n *Node) Failed() <-chan struct{} { return n.failed.done }

// Err is why the node failed; nil while it has not.
func (n *Node) Err() error { return n.failed.get() }

// fail notes an error after which state and journal may disagree.
func (n *Node) fail(err error) error {
	n.failed.set(err)
	if tidegate.CodeOf(err) == tidegate.CodeUnavailable {
		return err
	}
	return &tidegate.Error{Code: tidegate.CodeUnavailable, Message: "the node stops for a restart", Cause: err}
}

// reserve promises that the next record finds room. Nothing more is decided
// once state and journal may disagree.
func (n *Node) reserve() error {
	if err := n.failed.get(); err != nil {
		return &tidegate.Error{Code: tidegate.CodeUnavailable, Message: "the node has stopped for a restart", Cause: err}
	}
	return n.journal.Reserve()
}

// failure holds the first error.
type failure struct {
	once sync.Once
	done chan struct{}
	err  atomic.Pointer[error]
}

func (f *failure) set(err error) {
	f.once.Do(func() {
		f.err.Store(&err)
		close(f.done)
	})
}

func (f *failure) get() error {
	if err := f.err.Load(); err != nil {
		return *err
	}
	return nil
}
