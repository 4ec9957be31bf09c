package stream

// Status is how far a pipeline's run has come.
type Status uint8

// A pipeline is run once.
const (
	NotStarted Status = iota
	Running
	Ended  // its sources have, or it was stopped
	Failed // Run has returned an error
)

func (s Status) String() string {
	return [...]string{"not started", "running", "ended", "failed"}[s]
}

// Status is how far the pipeline's run has come.
func (p *Pipeline) Status() Status { return Status(p.status.Load()) }

func (p *Pipeline) ended(err error) {
	s := Ended
	if err != nil {
		s = Failed
	}
	p.status.Store(uint32(s))
}
