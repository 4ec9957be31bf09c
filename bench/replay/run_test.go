package replay

import (
	"testing"
	"time"

	"github.com/tidegate/tidegate"
)

// idle decides nothing.
type idle struct{}

func (idle) Transaction(*Row, *tidegate.Decision) error      { return nil }
func (idle) Event(*Row) error                                { return nil }
func (idle) Label(*tidegate.Label, *tidegate.Event) error    { return nil }
func (idle) FeatureRow() (numbers []float64, texts []string) { return nil, nil }

// Rows that are older than one before them are counted: what is decided of
// them, and of those between, is not what was known then.
func TestOutOfOrder(t *testing.T) {
	file := t.TempDir() + "/f"
	writeFile(t, file, "id,when,who\n1,2026-01-02T10:00:05Z,c\n2,2026-01-02T10:00:05Z,c\n3,2026-01-02T10:00:04Z,c\n4,2026-01-02T10:00:03Z,d\n5,2026-01-02T10:00:09Z,c\n")
	r, err := Open(file, loaded(t, "format: csv\ntime: {column: when}\nfields: {transaction_id: id, customer_id: who}\n"))
	if err != nil {
		t.Fatal(err)
	}
	totals, err := Run(t.Context(), r, idle{}, Options{Now: time.Now})
	if err != nil || totals.Transactions != 5 || totals.OutOfOrder != 2 {
		t.Errorf("%+v, %v", totals, err)
	}
	if err := r.Close(); err != nil {
		t.Error(err)
	}
}
