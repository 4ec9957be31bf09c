package stream

// OperatorStats are what an operator has done since the pipeline started.
type OperatorStats struct {
	Name      string `json:"name"`
	Kind      string `json:"kind"`
	In        int64  `json:"in"`  // records taken
	Out       int64  `json:"out"` // records emitted, where that differs
	Late      int64  `json:"late,omitempty"`
	Failed    int64  `json:"failed,omitempty"` // dead letters
	Watermark Millis `json:"watermark"`
	Waiting   int64  `json:"waiting,omitempty"` // records that wait: for a sink, or in one
}

// Stats tells what the operators have done so far, in the order of the graph.
// Counts are brought up to date after each batch.
func (p *Pipeline) Stats() []OperatorStats {
	r := p.running.Load()
	if r == nil {
		return nil
	}
	all := make([]OperatorStats, 0, len(r.nodes))
	for _, n := range r.nodes {
		c := &r.counts[n.id]
		s := OperatorStats{
			Name: n.name, Kind: n.kind, In: c.in.Load(), Out: c.out.Load(), Late: c.late.Load(), Failed: c.failed.Load(),
			Watermark: n.line.watermark(),
		}
		if n.queue != nil {
			s.Waiting = n.queue.length()
		}
		all = append(all, s)
	}
	return all
}

// StateBytes is the memory that keyed state takes, as far as it is counted:
// of a pipeline that keeps it in a backend.
func (p *Pipeline) StateBytes() int64 {
	if r := p.running.Load(); r != nil {
		return r.store.Usage().Cached
	}
	return 0
}
