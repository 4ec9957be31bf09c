package journal

import (
	"testing"
	"time"
)

func TestSyncsOver(t *testing.T) {
	var s Stats
	for _, took := range []time.Duration{time.Millisecond, 5 * time.Millisecond, 6 * time.Millisecond, 70 * time.Millisecond, 3 * time.Second} {
		s.observe(&batch{}, took)
	}
	for bound, want := range map[time.Duration]struct {
		n    uint64
		took time.Duration
	}{
		500 * time.Microsecond: {5, 3082 * time.Millisecond},
		5 * time.Millisecond:   {3, 3076 * time.Millisecond},
		time.Second:            {1, 3 * time.Second},
	} {
		if n, took := s.SyncsOver(bound); n != want.n || took != want.took {
			t.Errorf("over %v: %d syncs of %v in all, want %d of %v", bound, n, took, want.n, want.took)
		}
	}
	if s.SyncTime != 3082*time.Millisecond {
		t.Errorf("all syncs took %v", s.SyncTime)
	}
}
