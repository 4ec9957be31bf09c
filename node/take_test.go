package node

import (
	"fmt"
	"math/rand/v2"
	"os"
	"testing"
	"testing/quick"

	"github.com/google/go-cmp/cmp"

	"github.com/tidegate/tidegate"
	"github.com/tidegate/tidegate/scoring"
)

var inbox = Partition{Topic: [16]byte{1, 2, 3}, Number: 4}

// message is what offset n of the partition holds: mostly payments, some of
// them repeated under the same id, events without ids, labels and rubbish.
func (r *rig) message(offset int64) Input {
	in := Input{Origin: Origin{inbox, offset}}
	customer := fmt.Sprint("c-", offset%3)
	switch offset % 8 {
	case 3:
		in.Event = r.event("", "login", customer)
	case 5:
		in.Label = r.fraud(fmt.Sprint("l-", offset), fmt.Sprint("t-", offset-5))
	case 6:
		in.Letter = &DeadLetter{Tenant: "default", Reason: "malformed", Topic: "transactions", Partition: inbox.Number, Offset: offset, Value: []byte("{")}
	case 7:
		in.Transaction = r.tx(fmt.Sprint("t-", offset-7), fmt.Sprint("c-", (offset-7)%3), 100+offset-7)
	default:
		in.Transaction = r.tx(fmt.Sprint("t-", offset), customer, 100+offset)
	}
	return in
}

// readOn takes inputs from the partition's position on, a few at a time.
func (r *rig) readOn(until int64, batch int) {
	r.Helper()
	next, known, _ := r.Reading("transactions", inbox)
	if !known {
		r.Fatal("the partition has no position")
	}
	for next < until {
		var inputs []Input
		for ; next < until && len(inputs) < batch; next++ {
			inputs = append(inputs, r.message(next))
		}
		if taken, err := r.Take(background, inputs); err != nil || taken != len(inputs) {
			r.Fatal(taken, err)
		}
	}
}

func (r *rig) begin(name string, p Partition, next int64) {
	r.Helper()
	if err := r.Begin(Reading{Name: name, Topic: fmt.Sprintf("%x", p.Topic), Partition: p.Number, Next: next}); err != nil {
		r.Fatal(err)
	}
}

// TestTakenOnce: a node that loses its power at random instants, and reads on
// from where it says it was, has in the end the records of one left in peace,
// byte for byte: also of events without an id, and of dead letters.
func TestTakenOnce(t *testing.T) {
	const all = 200
	calm := newRig(t, files())
	calm.begin("transactions", inbox, 0)
	calm.readOn(all, 7)
	want := calm.records()

	seed := rand.Uint64()
	chance := rand.New(rand.NewPCG(seed, 1))
	shaken := newRig(t, files())
	shaken.begin("transactions", inbox, 0)
	for until := int64(0); until < all; {
		until = min(all, until+chance.Int64N(30))
		shaken.readOn(until, 1+chance.IntN(20))
		switch chance.IntN(3) {
		case 0:
			shaken.save()
		case 1:
			shaken.restart()
		}
		shaken.crash(chance)
		until, _, _ = shaken.Reading("transactions", inbox)
	}
	if diff := cmp.Diff(want, shaken.records()); diff != "" {
		t.Errorf("seed %d: %.2000s", seed, diff)
	}
	if d := shaken.redecideAll(); d.Differences > 0 {
		t.Errorf("decided again: %+v", d)
	}
}

// TestReadings: a topic that is made again under its name is another, and so
// is a new partition of one that is known.
func TestReadings(t *testing.T) {
	r := newRig(t, files())
	if _, known, named := r.Reading("transactions", inbox); known || named {
		t.Error("nothing was read yet")
	}
	r.begin("transactions", inbox, 100)
	r.readOn(110, 3)
	check := func() {
		t.Helper()
		if next, known, _ := r.Reading("transactions", inbox); next != 110 || !known {
			t.Errorf("at %d, %v", next, known)
		}
		for _, other := range []Partition{{Topic: [16]byte{9}, Number: 4}, {Topic: inbox.Topic, Number: 5}} {
			if _, known, named := r.Reading("transactions", other); known || !named {
				t.Errorf("%v: %v %v", other, known, named)
			}
		}
	}
	check()
	r.crash(rand.New(rand.NewPCG(1, 2)))
	r.readOn(110, 3) // what was not durable
	check()
	r.save()
	r.restart()
	check()
	// What lies before the position was taken.
	before := len(r.records())
	if taken, err := r.Take(background, []Input{r.message(104), r.message(105)}); taken != 2 || err != nil || len(r.records()) != before {
		t.Error(taken, err, len(r.records())-before)
	}
}

// TestTakeConflict: an id that is taken by other content is refused, and takes
// its place as a dead letter.
func TestTakeConflict(t *testing.T) {
	r := newRig(t, files())
	r.begin("transactions", inbox, 0)
	r.decide(r.tx("t-1", "c-1", 100)) // over HTTP
	inputs := []Input{
		{Origin: Origin{inbox, 0}, Transaction: r.tx("t-1", "c-1", 100)},
		{Origin: Origin{inbox, 1}, Transaction: r.tx("t-1", "c-1", 200)},
		{Origin: Origin{inbox, 2}, Transaction: r.tx("t-2", "c-1", 300)},
	}
	taken, err := r.Take(background, inputs)
	wantCode(t, err, tidegate.CodeConflict)
	if taken != 1 {
		t.Fatalf("%d taken", taken)
	}
	inputs[1] = Input{Origin: inputs[1].Origin, Letter: &DeadLetter{Reason: "conflict"}}
	if taken, err := r.Take(background, inputs); taken != 3 || err != nil {
		t.Fatal(taken, err)
	}
	if got := r.kinds(); got[KindDecision] != 2 || got[KindDeadLetter] != 1 {
		t.Error(got)
	}
}

// TestPoison: an input that makes the process panic is a dead letter of the
// process after it.
func TestPoison(t *testing.T) {
	r := newRig(t, files())
	r.begin("transactions", inbox, 0)
	r.readOn(3, 3)
	in := Input{Origin: Origin{inbox, 3}, Transaction: r.tx("t-3", "c-1", 100)}
	scorer := r.scorer
	r.scorer = &scoring.Scorer{} // one that panics
	_, err := r.Take(background, []Input{in})
	r.scorer = scorer
	wantCode(t, err, tidegate.CodeUnavailable)
	<-r.Failed()
	if err := r.Node.Close(); err != nil && !os.IsNotExist(err) {
		t.Fatal(err)
	}
	r.open()
	_, err = r.Take(background, []Input{in})
	poison, ok := err.(*Poison)
	if !ok || poison.Stack == "" {
		t.Fatalf("%T %v", err, err)
	}
	in.Transaction, in.Letter = nil, &DeadLetter{Reason: "internal", Stack: poison.Stack}
	for range 2 {
		if taken, err := r.Take(background, []Input{in}); taken != 1 || err != nil {
			t.Fatal(taken, err)
		}
		r.restart()
	}
	if r.poison != nil || r.kinds()[KindDeadLetter] != 1 {
		t.Error("it is still there")
	}
}

// TestPanic: what panics in a request stops the node, and holds up nobody.
func TestPanic(t *testing.T) {
	r := newRig(t, files())
	ask := func() error { _, err := r.Event(background, r.event("e-1", "login", "c-1")); return err }
	scorer := r.scorer
	r.scorer = &scoring.Scorer{} // one that panics
	for range 2 {
		wantCode(t, ask(), tidegate.CodeUnavailable)
	}
	<-r.Failed()
	r.scorer = scorer
	_ = r.Node.Close()
	r.open()
	if err := ask(); err != nil {
		t.Error(err)
	}
}

// An expired label's dead letter holds the label as it was sent.
func TestExpiredLabel(t *testing.T) {
	r := newRig(t, files())
	l := r.fraud("l-1", "nobody")
	r.label(l)
	r.pass(8 * 24 * 3600e9)
	r.tell(r.event("e", "login", "c-1"))
	r.save()
	reader := r.Decisions(1)
	defer reader.Close()
	record, err := reader.Next(background)
	if err != nil {
		t.Fatal(err)
	}
	want := `{"label_id":"l-1","transaction_id":"nobody","fraud":true,"kind":"chargeback","reported_at":"2026-03-02T12:00:00.000Z","source":"issuer"}`
	if got := record.DeadLetter; got.Reason != "unknown_transaction" || string(got.Value) != want {
		t.Errorf("%+v %s", got, got.Value)
	}
}

func TestOriginRoundTrip(t *testing.T) {
	if err := quick.Check(func(topic [16]byte, number int32, offset int64, rest []byte) bool {
		topic[0] |= 1
		o := Origin{Partition{topic, number & 0x7fffffff}, offset & 0x7fffffffffffffff}
		var got Origin
		left, ok := decodeOrigin(append(appendOrigin(nil, o), rest...), &got)
		return ok && got == o && string(left) == string(rest)
	}, nil); err != nil {
		t.Error(err)
	}
}
