package main

import (
	"log/slog"
	"sync"
	"time"
)

// reporter logs what goes wrong in the background. What goes on going wrong, as
// a disk without room, is tried again every second: it is told once a minute.
type reporter struct {
	clock func() time.Time
	log   *slog.Logger

	mu   sync.Mutex
	told string
	at   time.Time
}

const tellAgain = time.Minute

func (r *reporter) report(err error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	text, now := err.Error(), r.clock()
	if text == r.told && now.Sub(r.at) < tellAgain {
		return
	}
	r.told, r.at = text, now
	r.log.Error("in the background", "error", err)
}
