package node

import (
	"context"
	"math"
	"sync"

	"github.com/tidegate/tidegate"
	"github.com/tidegate/tidegate/stream/journal"
)

// FromNow is the sequence to read alerts from to get only those to come.
const FromNow = math.MaxUint64

// AlertItem is a durable alert and where it stands.
type AlertItem struct {
	Sequence uint64 // of its journal record
	Index    int    // within the record
	Tenant   string
	Alert    tidegate.Alert
}

// AlertReader reads alerts in the order of the journal, waiting for new ones.
// It has one user at a time.
type AlertReader struct {
	reader  *journal.Reader
	record  Record
	pending []AlertItem
}

// Alerts starts reading at a sequence number, or at the end with [FromNow].
func (n *Node) Alerts(from uint64) *AlertReader {
	if from == FromNow {
		from = n.journal.Durable() + 1
	}
	return &AlertReader{reader: n.journal.ReadFrom(max(from, n.journal.First()))}
}

// Next waits for the next alert. It returns ctx's error when that is over.
func (a *AlertReader) Next(ctx context.Context) (AlertItem, error) {
	for len(a.pending) == 0 {
		sequence, body, err := a.reader.Next(ctx)
		if err != nil {
			return AlertItem{}, err
		}
		a.pending, err = appendAlerts(a.pending[:0], &a.record, sequence, body)
		if err != nil {
			return AlertItem{}, err
		}
	}
	item := a.pending[0]
	a.pending = a.pending[1:]
	return item, nil
}

func (a *AlertReader) Close() { a.reader.Close() }

// appendAlerts takes the alerts out of a record; most have none, and that is
// told by the record's first bytes.
func appendAlerts(items []AlertItem, r *Record, sequence uint64, body []byte) ([]AlertItem, error) {
	if len(body) < headerSize || !carriesAlerts(Kind(body[0]), body[1]) {
		return items, nil
	}
	*r = Record{}
	if err := r.Decode(sequence, body); err != nil {
		return nil, err
	}
	for i, alert := range r.Decision.Alerts {
		items = append(items, AlertItem{Sequence: sequence, Index: i, Tenant: r.Event.Tenant, Alert: alert})
	}
	return items, nil
}

// recent holds each tenant's newest alerts for lists.
type recent struct {
	mu      sync.Mutex
	tenants map[string]*ring
}

type ring struct {
	items []AlertItem // at most recentAlerts
	n     int         // ever put
}

const recentAlerts = 1000 // the longest list that may be asked for

func (r *recent) put(item AlertItem) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.tenants == nil {
		r.tenants = map[string]*ring{}
	}
	of := r.tenants[item.Tenant]
	if of == nil {
		of = &ring{}
		r.tenants[item.Tenant] = of
	}
	if len(of.items) < recentAlerts {
		of.items = append(of.items, item)
	} else {
		of.items[of.n%recentAlerts] = item
	}
	of.n++
}

// RecentAlerts lists a tenant's newest alerts, newest first.
func (n *Node) RecentAlerts(tenant string, limit int) []AlertItem {
	r := &n.recent
	r.mu.Lock()
	defer r.mu.Unlock()
	of := r.tenants[tenant]
	if of == nil {
		return nil
	}
	list := make([]AlertItem, min(limit, len(of.items)))
	for i := range list {
		list[i] = of.items[(of.n-1-i)%recentAlerts]
	}
	return list
}

// followAlerts keeps the list of recent alerts. It reads the journal like
// everybody else, so it never shows an alert that is not durable.
func (n *Node) followAlerts(from uint64) {
	reader := n.Alerts(from)
	defer reader.Close()
	for {
		item, err := reader.Next(n.running)
		if err != nil {
			if n.running.Err() == nil && n.journal.Err() == nil {
				n.report(err)
			}
			return
		}
		n.recent.put(item)
	}
}
