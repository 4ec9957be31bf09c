package node

import (
	"slices"
	"testing"

	"github.com/tidegate/tidegate"
)

// published are the transactions that a publisher would send, from the
// journal's beginning up to last.
func (r *rig) published(last string) (ids []string) {
	r.Helper()
	reader := r.Decisions(1)
	defer reader.Close()
	for !slices.Contains(ids, last) {
		record, err := reader.Next(background)
		if err != nil {
			r.Fatal(err)
		}
		ids = append(ids, record.Decision.TransactionID)
	}
	return ids
}

// What is imported counts, and is nobody's news, wherever it stands among
// decisions that a publisher has not come to yet.
func TestHistoryIsNotPublished(t *testing.T) {
	r := newRig(t, files())
	r.decide(r.tx("live-1", "anna", 100))
	for _, live := range []string{"", "live-2", "", "live-3"} {
		r.options.History = live == ""
		r.restart()
		if live != "" {
			r.decide(r.tx(live, "anna", 100))
			continue
		}
		for _, id := range []string{"past-1", "past-2"} {
			var d tidegate.Decision
			if err := r.Import(r.tx(id, "anna", 100), &d); err != nil {
				t.Fatal(err)
			}
		}
		if err := r.Flush(); err != nil {
			t.Fatal(err)
		}
	}
	if got, want := r.published("live-3"), []string{"live-1", "live-2", "live-3"}; !slices.Equal(got, want) {
		t.Errorf("published %q, want %q", got, want)
	}
	r.wantFeature("customer", "anna", "count_1h", 5)
	r.crash(rng(1))
	r.wantFeature("customer", "anna", "count_1h", 5)
	if got := r.redecideAll(); got.Differences != 0 {
		t.Errorf("decided again: %+v", got)
	}
}
