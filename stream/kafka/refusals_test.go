package kafka

import (
	"testing"

	"github.com/twmb/franz-go/pkg/kerr"
)

// TestRefusalsNote: of messages refused together any may be the one that is
// refused, so fewer are sent next; one refused alone is it.
func TestRefusalsNote(t *testing.T) {
	batch := make([]Message, 8)
	for i := range batch {
		batch[i].mark.record = uint64(10 + i)
	}
	r := refusals{limit: 100, reasons: map[mark]refusal{}, topics: map[string]bool{}}
	r.note(&refusedError{marks: []mark{{record: 12}, {record: 13}}, err: kerr.MessageTooLarge}, batch)
	if r.limit != 4 || len(r.reasons) != 0 {
		t.Errorf("two of eight: %+v", r)
	}
	r.note(&refusedError{marks: []mark{{record: 13}}, err: kerr.MessageTooLarge}, batch)
	if r.limit != 4 || r.reasons[mark{record: 13}].times != 1 || len(r.reasons) != 1 {
		t.Errorf("one of eight: %+v", r)
	}
}
