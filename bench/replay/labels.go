package replay

import (
	"bufio"
	"cmp"
	"container/heap"
	"fmt"
	"io"
	"os"
	"slices"

	"github.com/tidegate/tidegate"
	"github.com/tidegate/tidegate/wire"
)

// Labels are those of a file, by the transaction they speak of.
type Labels struct {
	byTransaction map[string][]tidegate.Label
}

// maxLabel bounds a line of labels, in bytes.
const maxLabel = 64 << 10

// OpenLabels reads JSON lines as /v1/labels takes them, plain, gzip or zstd.
// bad is told of each line that can't be read, and may end the reading by
// returning an error. A label without reported_at is an error: there is no
// time of arrival to take. panKey replaces card numbers as [Mapping.PANKey]
// does, so that labels find the transactions they speak of.
func OpenLabels(name string, panKey []byte, bad func(error) error) (*Labels, error) {
	f, err := os.Open(name)
	if err != nil {
		return nil, &tidegate.Error{Code: tidegate.CodeNotFound, Message: "the labels can't be opened", Cause: err}
	}
	defer f.Close()
	r := &Reader{file: f}
	body, err := r.decompress(bufio.NewReaderSize(f, 1<<18))
	for _, close := range r.closers {
		defer close()
	}
	if err == nil {
		body, err = unmarked(body)
	}
	if err != nil {
		return nil, &tidegate.Error{Code: tidegate.CodeMalformed, Message: "the labels can't be read", Cause: err}
	}
	return readLabels(body, panKey, bad)
}

func readLabels(body io.Reader, panKey []byte, bad func(error) error) (*Labels, error) {
	l := &Labels{byTransaction: map[string][]tidegate.Label{}}
	lines := bufio.NewScanner(body)
	lines.Buffer(nil, maxLabel)
	for n := 1; lines.Scan(); n++ {
		if len(lines.Bytes()) == 0 {
			continue
		}
		var label tidegate.Label
		_, err := wire.DecodeLabel(lines.Bytes(), wire.Options{PANKey: panKey}, &label)
		if err == nil && label.ReportedAt == 0 {
			err = tidegate.FieldErrorf(tidegate.CodeInvalid, "/reported_at", "it is missing")
		}
		if err != nil {
			if err := bad(fmt.Errorf("label of line %d: %w", n, err)); err != nil {
				return nil, err
			}
			continue
		}
		id := label.TransactionID
		l.byTransaction[id] = append(l.byTransaction[id], label)
	}
	if err := lines.Err(); err != nil {
		return nil, &tidegate.Error{Code: tidegate.CodeMalformed, Message: "the labels can't be read", Cause: err}
	}
	return l, nil
}

// take gives out a transaction's labels, once.
func (l *Labels) take(id string) []tidegate.Label {
	said := l.byTransaction[id]
	delete(l.byTransaction, id)
	return said
}

// Left is how many transactions have labels that nobody took.
func (l *Labels) Left() int {
	if l == nil {
		return 0
	}
	return len(l.byTransaction)
}

// verdict is the last word: the newest of each source, and any that says
// fraud is enough.
func verdict(said []tidegate.Label) bool {
	newest := map[string]*tidegate.Label{}
	for i := range said {
		if l := newest[said[i].Source]; l == nil || said[i].ReportedAt >= l.ReportedAt {
			newest[said[i].Source] = &said[i]
		}
	}
	for _, l := range newest {
		if l.Fraud && l.Kind != "reversal" {
			return true
		}
	}
	return false
}

// columnLabel is what a row's own column says of it.
func columnLabel(tx *tidegate.Event) tidegate.Label {
	id := tx.Text[tidegate.TransactionID]
	return tidegate.Label{
		ID: "replay-" + id, Tenant: tx.Tenant, TransactionID: id, Fraud: true, Kind: "network_report",
		OccurredAt: tx.Time, ReportedAt: tx.Time, Source: "replay",
	}
}

// upcoming are labels that are not known yet, by when they will be; those of
// one instant in the order they were given.
type upcoming struct {
	list  upcomingList
	given int
}

type upcomingLabel struct {
	known tidegate.Millis
	place int
	label tidegate.Label
	tx    tidegate.Event
}

func (u *upcoming) push(known tidegate.Millis, l tidegate.Label, tx *tidegate.Event) {
	u.given++
	heap.Push(&u.list, &upcomingLabel{known, u.given, l, *tx})
}

// pop takes the next that is known before an instant, or at it.
func (u *upcoming) pop(at tidegate.Millis) (*upcomingLabel, bool) {
	if len(u.list) == 0 || u.list[0].known > at {
		return nil, false
	}
	return heap.Pop(&u.list).(*upcomingLabel), true
}

type upcomingList []*upcomingLabel

func (l upcomingList) Len() int      { return len(l) }
func (l upcomingList) Swap(i, j int) { l[i], l[j] = l[j], l[i] }
func (l upcomingList) Less(i, j int) bool {
	return cmp.Or(cmp.Compare(l[i].known, l[j].known), cmp.Compare(l[i].place, l[j].place)) < 0
}
func (l *upcomingList) Push(x any) { *l = append(*l, x.(*upcomingLabel)) }
func (l *upcomingList) Pop() any {
	last := len(*l) - 1
	x := (*l)[last]
	*l = slices.Delete(*l, last, last+1)
	return x
}
