package doctor

import (
	"fmt"
	"strings"
	"time"

	"github.com/tidegate/tidegate/internal/yamlfile"
)

// Cost is what keeping something takes of the disk.
type Cost struct {
	What        string  `json:"what"`
	Kept        string  `json:"kept"`
	PerMillion  float64 `json:"bytes_per_million_records"`
	BytesPerDay float64 `json:"bytes_per_day,omitempty"` // 0 where the journal is too short to tell
	AtMost      float64 `json:"bytes_when_full,omitempty"`
}

const (
	// What a record of the example's configuration takes, where there is no
	// journal to measure; docs/operations.md.
	typicalRecord = 400
	idBytes       = 40
	// A rate is told of a journal that is at least so long.
	leastSpan = time.Hour
)

// costs are those of the journal and of the ids, measured on the journal that
// is there.
func (e *examination) costs(u usage) {
	record, perDay := float64(typicalRecord), 0.0
	if u.records >= 1000 { // fewer are mostly the configuration's own
		record = float64(u.bytes) / float64(u.records)
	}
	span := time.Duration(u.to-u.from) * time.Millisecond
	if span >= leastSpan {
		perDay = float64(u.records) * float64(24*time.Hour) / float64(span)
	}
	add := func(what string, bytes float64, kept yamlfile.Duration) {
		e.report.Costs = append(e.report.Costs, Cost{
			What: what, Kept: days(kept.Std()), PerMillion: bytes * 1e6, BytesPerDay: bytes * perDay, AtMost: bytes * perDay * kept.Std().Hours() / 24,
		})
	}
	add("journal (journal.retention)", record, e.Config.Journal.Retention)
	add("ids and label routing (journal.ids)", idBytes, e.Config.Journal.IDs)
}

func days(d time.Duration) string {
	if d >= 24*time.Hour {
		return fmt.Sprintf("%gd", d.Hours()/24)
	}
	return d.String()
}

// size is a number of bytes for people.
func size(bytes float64) string {
	for _, unit := range []string{"B", "kB", "MB", "GB"} {
		if bytes < 1000 {
			return strings.Replace(fmt.Sprintf("%.1f %s", bytes, unit), ".0 ", " ", 1)
		}
		bytes /= 1000
	}
	return fmt.Sprintf("%.1f TB", bytes)
}

func trimmed(b []byte) []byte { return []byte(strings.TrimSpace(string(b))) }
