package state

import (
	"bytes"
	"cmp"
	"slices"
)

// A row whose key nobody asks for again is found by a search that goes around
// the tables that can expire, a stretch at each checkpoint. For each row that
// the checkpoint before added, four are looked at: in the long run as many go
// as come, so about a quarter of all rows are expired ones that wait. An idle
// store gets through too.
const (
	sweepRows       = 10_000
	sweepRowsPerNew = 4
)

// swept is a table's number as the search sees it.
type swept struct {
	id      uint16
	expires bool
	cleared bool // all rows go
}

// findExpired looks for rows that had expired at the cut, or whose table was
// cleared before it, and returns their backend keys by table, sorted. It moves
// the cut's sweep on, and notes the numbers that have no rows any more.
func (c *Checkpoint) findExpired() (map[uint16][][]byte, error) {
	found := map[uint16][][]byte{}
	left := sweepRows + sweepRowsPerNew*c.created
	from := c.cut.sweep
	for _, info := range c.cut.inOrder() {
		if !info.expires && !info.cleared {
			continue
		}
		start, end := appendID(nil, info.id), appendID(nil, info.id+1)
		whole := true
		if bytes.Compare(from, end) >= 0 {
			continue
		}
		if bytes.Compare(from, start) > 0 {
			start, whole = from, false
		}
		var stopped []byte
		err := c.store.backend.Scan(start, end, func(key, row []byte) bool {
			if left == 0 {
				stopped = bytes.Clone(key)
				return false
			}
			left--
			if _, expiry, _, err := parseRow(row); info.cleared || err == nil && expired(expiry, c.cut.clock) {
				found[info.id] = append(found[info.id], bytes.Clone(key))
			}
			return true
		})
		if err != nil {
			return nil, err
		}
		if stopped != nil {
			c.cut.sweep = stopped
			return found, nil
		}
		if info.cleared && whole && len(found[info.id]) == 0 {
			c.empty = append(c.empty, info.id)
		}
	}
	c.cut.sweep = nil // around once: from the start next time
	return found, nil
}

func (c *cut) inOrder() []swept {
	var all []swept
	for _, info := range c.catalog {
		all = append(all, swept{id: info.id, expires: info.expires})
	}
	for _, id := range c.cleared {
		all = append(all, swept{id: id, cleared: true})
	}
	slices.SortFunc(all, func(a, b swept) int { return cmp.Compare(a.id, b.id) })
	return all
}
