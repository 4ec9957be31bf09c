package stream

import "sync"

// Checkpoints are a pipeline's checkpoints, as told by [Pipeline.Checkpoints].
type Checkpoints struct {
	Completed, Failed int64
	// Last is the newest one that was completed, LastFailed the newest that
	// was not; their Number is 0 where there is none.
	Last, LastFailed CheckpointReport
	// From is the number of the one that the pipeline started from; 0 for none.
	From uint64
	// Damaged tells of newer ones that were passed over at the start.
	Damaged []error
}

// Checkpoints tells of the running pipeline's checkpoints.
func (p *Pipeline) Checkpoints() Checkpoints {
	r := p.running.Load()
	if r == nil {
		return Checkpoints{}
	}
	return r.checkpoint.record.read()
}

// checkpointRecord counts checkpoints, and keeps the last reports.
type checkpointRecord struct {
	mu  sync.Mutex
	all Checkpoints
}

func (c *checkpointRecord) read() Checkpoints {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.all
}

func (c *checkpointRecord) note(r CheckpointReport) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if r.Err != nil {
		c.all.Failed++
		c.all.LastFailed = r
		return
	}
	c.all.Completed++
	c.all.Last = r
}

func (c *checkpointRecord) start(from uint64, damaged []error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.all.From, c.all.Damaged = from, damaged
}

// damageReporter is a [state.Backend] that finds damage when it is opened, and
// goes back to the checkpoint before.
type damageReporter interface {
	// Damaged says why newer checkpoints than the one in use were passed over.
	Damaged() []error
}

// reportStart tells which checkpoint the pipeline starts from, and of those
// that it should have.
func (r *run) reportStart() {
	var damaged []error
	if d, ok := r.p.options.State.(damageReporter); ok {
		damaged = d.Damaged()
	}
	for _, err := range damaged {
		r.p.options.Log.Error("a damaged checkpoint was passed over", "pipeline", r.p.name, "used", r.checkpoint.number, "error", err)
	}
	r.checkpoint.record.start(r.checkpoint.number, damaged)
}
