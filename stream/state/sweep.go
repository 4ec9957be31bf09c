package state

import (
	"bytes"
	"cmp"
	"maps"
	"slices"
)

// A row whose key nobody asks for again is found by a search that goes around
// the tables that can expire, a stretch at each checkpoint. Four rows are
// looked at for each key that changed: then rows that have expired are at most
// a fifth or so of all, in the long run, and an idle store still gets through.
const (
	sweepRows       = 10_000
	sweepRowsPerKey = 4
)

// findExpired looks for rows that had expired at the cut and returns their
// backend keys by table, sorted. It moves the cut's sweep on.
func (c *Checkpoint) findExpired() (map[uint16][][]byte, error) {
	found := map[uint16][][]byte{}
	left := sweepRows + sweepRowsPerKey*c.keys
	var infos []tableInfo
	for _, info := range c.cut.inOrder() {
		if info.expires {
			infos = append(infos, info)
		}
	}
	from := c.cut.sweep
	for _, info := range infos {
		start, end := appendID(nil, info.id), appendID(nil, info.id+1)
		if bytes.Compare(from, end) >= 0 {
			continue
		}
		if bytes.Compare(from, start) > 0 {
			start = from
		}
		var stopped []byte
		err := c.store.backend.Scan(start, end, func(key, row []byte) bool {
			if left == 0 {
				stopped = bytes.Clone(key)
				return false
			}
			left--
			if _, expiry, _, err := parseRow(row); err == nil && expired(expiry, c.cut.clock) {
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
	}
	c.cut.sweep = nil // around once: from the start next time
	return found, nil
}

func (c *cut) inOrder() []tableInfo {
	return slices.SortedFunc(maps.Values(c.catalog), func(a, b tableInfo) int { return cmp.Compare(a.id, b.id) })
}
