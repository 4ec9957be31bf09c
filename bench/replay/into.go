package replay

import (
	"github.com/tidegate/tidegate"
	"github.com/tidegate/tidegate/node"
)

// Into decides through a node and so fills its data directory: features,
// ids, labels, journal. What is there already is not taken again.
type Into struct{ Node *node.Node }

func (i Into) Transaction(row *Row, d *tidegate.Decision) error {
	return i.Node.Import(&row.Event, d)
}

func (i Into) Event(row *Row) error { return i.Node.ImportEvent(&row.Event) }

func (i Into) Label(l *tidegate.Label, _ *tidegate.Event) error { return i.Node.ImportLabel(l) }

func (i Into) FeatureRow() ([]float64, []string) { return i.Node.FeatureRow() }
