package main

import (
	"os"
	"time"

	"github.com/schollz/progressbar/v3"
	"golang.org/x/term"
)

// progress is a bar on standard error with rate and time left. Where that is
// no terminal, it is silent.
type progress struct{ bar *progressbar.ProgressBar }

func newProgress(what string, total int64, silent bool) *progress {
	if silent || !term.IsTerminal(int(os.Stderr.Fd())) {
		return &progress{}
	}
	return &progress{progressbar.NewOptions64(total,
		progressbar.OptionSetDescription(what), progressbar.OptionSetWriter(os.Stderr), progressbar.OptionShowCount(),
		progressbar.OptionShowIts(), progressbar.OptionThrottle(200*time.Millisecond), progressbar.OptionClearOnFinish(),
		progressbar.OptionSetPredictTime(true), progressbar.OptionFullWidth(), progressbar.OptionSetRenderBlankState(true))}
}

func (p *progress) set(done int64) {
	if p.bar != nil && done%256 == 0 {
		// A bar that can't be drawn is no reason to stop.
		_ = p.bar.Set64(done)
	}
}

// force draws now.
func (p *progress) force(done int64) {
	if p.bar != nil {
		_ = p.bar.Set64(done)
	}
}

func (p *progress) done() {
	if p.bar != nil {
		_ = p.bar.Finish()
	}
}
