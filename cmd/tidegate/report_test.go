package main

import (
	"bytes"
	"errors"
	"log/slog"
	"strings"
	"testing"
	"time"
)

func TestReporter(t *testing.T) {
	var log bytes.Buffer
	now := time.Unix(0, 0)
	r := &reporter{clock: func() time.Time { return now }, log: slog.New(slog.NewTextHandler(&log, nil))}
	for range 130 { // seconds
		r.report(errors.New("full"))
		now = now.Add(time.Second)
	}
	r.report(errors.New("damaged"))
	r.report(errors.New("full"))
	if full, damaged := strings.Count(log.String(), "error=full"), strings.Count(log.String(), "error=damaged"); full != 4 || damaged != 1 {
		t.Errorf("told %d and %d times:\n%s", full, damaged, &log)
	}
}
