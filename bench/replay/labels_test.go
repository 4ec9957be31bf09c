package replay

import (
	"errors"
	"strings"
	"testing"

	"github.com/tidegate/tidegate"
)

// The newest word of each source counts, a reversal undoes, and one source
// that says fraud is enough.
func TestVerdict(t *testing.T) {
	label := func(source, kind string, at tidegate.Millis, fraud bool) tidegate.Label {
		return tidegate.Label{Source: source, Kind: kind, ReportedAt: at, Fraud: fraud}
	}
	for name, c := range map[string]struct {
		said []tidegate.Label
		want bool
	}{
		"genuine":              {[]tidegate.Label{label("a", "analyst", 1, false)}, false},
		"fraud":                {[]tidegate.Label{label("a", "chargeback", 1, true)}, true},
		"mended":               {[]tidegate.Label{label("a", "analyst", 2, false), label("a", "analyst", 1, true)}, false},
		"another source stays": {[]tidegate.Label{label("a", "analyst", 2, false), label("b", "chargeback", 1, true)}, true},
		"reversed":             {[]tidegate.Label{label("a", "chargeback", 1, true), label("a", "reversal", 2, true)}, false},
		"the later of equals":  {[]tidegate.Label{label("a", "analyst", 1, false), label("a", "analyst", 1, true)}, true},
	} {
		if got := verdict(c.said); got != c.want {
			t.Errorf("%s: %v", name, got)
		}
	}
}

func TestReadLabels(t *testing.T) {
	lines := `{"label_id":"l1","transaction_id":"t1","fraud":true,"kind":"chargeback","reported_at":"2026-01-02T00:00:00Z","source":"s"}

{"label_id":"l2","transaction_id":"t1","fraud":false,"kind":"reversal","reported_at":"2026-01-03T00:00:00Z","source":"s"}
{"label_id":"l3","transaction_id":"t2","fraud":true,"kind":"chargeback","source":"s"}
{"label_id":
{"label_id":"l4","transaction_id":"t3","fraud":true,"kind":"chargeback","reported_at":"2026-01-02T00:00:00Z","source":"s"}
`
	var bad []string
	l, err := readLabels(strings.NewReader(lines), nil, func(err error) error { bad = append(bad, err.Error()); return nil })
	if err != nil {
		t.Fatal(err)
	}
	if len(bad) != 2 || !strings.HasPrefix(bad[0], "label of line 4: ") || !strings.HasPrefix(bad[1], "label of line 5: ") {
		t.Errorf("bad lines: %q", bad)
	}
	if said := l.take("t1"); len(said) != 2 || l.take("t1") != nil || l.Left() != 1 {
		t.Errorf("%+v, %d left", said, l.Left())
	}
	stop := errors.New("enough")
	if _, err := readLabels(strings.NewReader("{\n{\n"), nil, func(error) error { return stop }); !errors.Is(err, stop) {
		t.Errorf("got %v", err)
	}
}

// Labels come by when they are known, those of one instant as they were given.
func TestUpcoming(t *testing.T) {
	var u upcoming
	for i, known := range []tidegate.Millis{5, 3, 5, 1, 3} {
		u.push(known, tidegate.Label{ReportedAt: tidegate.Millis(i)}, &tidegate.Event{})
	}
	var order []int
	for {
		l, ok := u.pop(4)
		if !ok {
			break
		}
		order = append(order, int(l.label.ReportedAt))
	}
	if len(order) != 3 || order[0] != 3 || order[1] != 1 || order[2] != 4 || len(u.list) != 2 {
		t.Errorf("order %v, %d left", order, len(u.list))
	}
}
