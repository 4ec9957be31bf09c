package main

import (
	"testing"
	"time"
)

// A filter beside another leaves fewer letters, and one that can't be meant none:
// what they leave may be purged.
func TestLetterFilters(t *testing.T) {
	now := time.Now()
	for name, c := range map[string]struct {
		filter dlqFilter
		after  time.Time
	}{
		"the last day":                   {dlqFilter{Last: 24 * time.Hour}, now.Add(-24 * time.Hour)},
		"the last day, since an hour":    {dlqFilter{Last: 24 * time.Hour, Since: now.Add(-time.Hour)}, now.Add(-time.Hour)},
		"the last hour, since yesterday": {dlqFilter{Last: time.Hour, Since: now.Add(-24 * time.Hour)}, now.Add(-time.Hour)},
		"a while that is to come":        {dlqFilter{Last: -time.Hour}, now.Add(time.Hour)},
	} {
		if since := c.filter.filter(nil).Since; since.Before(c.after) {
			t.Errorf("%s: since %v, not %v", name, since, c.after)
		}
	}
	if since := (&dlqFilter{}).filter(nil).Since; !since.IsZero() {
		t.Error("without a filter: ", since)
	}
}
