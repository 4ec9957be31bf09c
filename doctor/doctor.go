// Package doctor looks at what Tidegate stands on (its data directory, disk,
// clock, brokers, topics and rights) and says of each what is wrong and what
// to do. It changes nothing unless it is asked to, and then only topics, and
// transactions that brokers left open.
//
//	report := doctor.Examine(ctx, doctor.Options{Config: cfg, Clock: time.Now})
//	if !report.Sound { … }
package doctor

import (
	"context"
	"fmt"
	"time"

	"github.com/tidegate/tidegate/config"
)

// Status is what became of a check.
type Status string

const (
	OK    Status = "ok"
	Fixed Status = "fixed" // was wrong, and was mended now
	Warn  Status = "warn"  // works, and will hurt
	Fail  Status = "fail"  // does not work
	Skip  Status = "skip"  // can't be told, for the reason in Found
)

// Check is one thing that was looked at.
type Check struct {
	Name   string `json:"name"`
	Status Status `json:"status"`
	Found  string `json:"found"`
	Do     string `json:"do,omitempty"`
}

// Report is all of them. It is sound when none failed.
type Report struct {
	Sound  bool    `json:"sound"`
	Checks []Check `json:"checks"`
	Costs  []Cost  `json:"retention,omitempty"`
}

// Options of an examination.
type Options struct {
	Config config.Config
	Fix    bool // create topics that are missing, mend the settings of ours, end transactions that hang
	Clock  func() time.Time
}

// Examine looks at everything. It waits for brokers as long as ctx lasts.
func Examine(ctx context.Context, o Options) Report {
	e := &examination{Options: o}
	e.configuration()
	e.data()
	e.systemClock()
	e.kafka(ctx)
	e.schemas(ctx)
	e.report.Sound = true
	for _, c := range e.report.Checks {
		e.report.Sound = e.report.Sound && c.Status != Fail
	}
	return e.report
}

// examination is an Examine under way.
type examination struct {
	Options
	report  Report
	journal string // its UUID, when there is one
}

func (e *examination) note(name string, status Status, do, found string, args ...any) {
	e.report.Checks = append(e.report.Checks, Check{Name: name, Status: status, Found: fmt.Sprintf(found, args...), Do: do})
}
