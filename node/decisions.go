package node

import (
	"context"

	"github.com/tidegate/tidegate/stream/journal"
)

// DecisionReader reads what is for others, in the order of the journal, waiting
// for more: decisions, what else carries alerts (events and ends of windows that
// complete a pattern), and dead letters. What was imported as history is left
// out. It has one user at a time.
type DecisionReader struct {
	node   *Node
	reader *journal.Reader
	record Record
}

// Decisions starts reading at a sequence number.
func (n *Node) Decisions(from uint64) *DecisionReader {
	return &DecisionReader{node: n, reader: n.journal.ReadFrom(max(from, n.journal.First()))}
}

// Next waits for the next one; the record is valid until the call after.
// It returns ctx's error when that is over.
func (d *DecisionReader) Next(ctx context.Context) (*Record, error) {
	for {
		sequence, body, err := d.reader.Next(ctx)
		if err != nil {
			return nil, err
		}
		if _, err := d.record.header(sequence, body); err != nil {
			return nil, err
		}
		letter := d.record.Kind == KindDeadLetter
		if d.record.Flags&flagHistory != 0 || d.record.Kind != KindDecision && !letter && !carriesAlerts(d.record.Kind, d.record.Flags) {
			continue
		}
		d.record.reset()
		if err := d.record.Decode(sequence, body); err != nil {
			return nil, err
		}
		if letter {
			return &d.record, nil
		}
		described, err := d.node.generations.of(d.record.Decision.Generation)
		d.record.Decision.Versions = described.versions
		return &d.record, err
	}
}

func (d *DecisionReader) Close() error { return d.reader.Close() }

// JournalUUID names the journal, for those who keep a position in it.
func (n *Node) JournalUUID() string { return n.journal.UUID().String() }
