package rest

import (
	"net/http"

	"github.com/tidegate/tidegate/stream"
)

// description is a pipeline as it is shown.
type description struct {
	Name       string                 `json:"name"`
	State      string                 `json:"state"`
	Operators  []stream.OperatorStats `json:"operators"`
	StateBytes int64                  `json:"state_bytes,omitempty"`
	Checkpoint checkpoints            `json:"checkpoints"`
}

type checkpoints struct {
	Completed   int64       `json:"completed"`
	Failed      int64       `json:"failed"`
	StartedFrom uint64      `json:"started_from,omitempty"`
	Damaged     []string    `json:"damaged,omitempty"`
	Last        *checkpoint `json:"last,omitempty"`
	LastFailed  *checkpoint `json:"last_failed,omitempty"`
}

type checkpoint struct {
	Number         uint64        `json:"number"`
	Began          stream.Millis `json:"began"`
	PauseMillis    float64       `json:"pause_ms"`
	DurationMillis float64       `json:"duration_ms"`
	Keys           int           `json:"keys"`
	Bytes          int64         `json:"bytes"`
	Error          string        `json:"error,omitempty"`
}

func describe(p *stream.Pipeline, w http.ResponseWriter, _ *http.Request) error {
	c := p.Checkpoints()
	d := description{
		Name: p.Name(), State: p.Status().String(), Operators: p.Stats(), StateBytes: p.StateBytes(),
		Checkpoint: checkpoints{
			Completed: c.Completed, Failed: c.Failed, StartedFrom: c.From, Last: report(c.Last), LastFailed: report(c.LastFailed),
		},
	}
	for _, err := range c.Damaged {
		d.Checkpoint.Damaged = append(d.Checkpoint.Damaged, err.Error())
	}
	if d.Operators == nil {
		d.Operators = []stream.OperatorStats{}
	}
	answer(w, d)
	return nil
}

// report is nil for a checkpoint that there was not.
func report(r stream.CheckpointReport) *checkpoint {
	if r.Number == 0 {
		return nil
	}
	c := &checkpoint{
		Number: r.Number, Began: r.Began, Keys: r.Keys, Bytes: r.Bytes,
		PauseMillis: float64(r.Pause.Microseconds()) / 1000, DurationMillis: float64(r.Duration.Microseconds()) / 1000,
	}
	if r.Err != nil {
		c.Error = r.Err.Error()
	}
	return c
}
