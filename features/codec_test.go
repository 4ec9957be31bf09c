package features

import (
	"bytes"
	"fmt"
	"math"
	"math/rand/v2"
	"testing"

	"github.com/tidegate/tidegate"
	"github.com/tidegate/tidegate/stream/state"
)

// everything keeps every kind of column, summary and slider.
const everything = `
features:
  - {name: n, key: customer_id, aggregate: count, window: 1h}
  - {name: total, key: customer_id, aggregate: sum(amount), window: 30d}
  - {name: weights, key: customer_id, aggregate: stddev(weight), window: 1d}
  - {name: heavy, key: customer_id, aggregate: median(weight), window: 1d}
  - {name: middle, key: customer_id, aggregate: median(amount), window: 30d}
  - {name: merchants, key: customer_id, aggregate: count_distinct(merchant_id), window: 30d}
  - {name: declines, key: customer_id, aggregate: count, window: 1d, where: outcome == "decline"}
  - {name: share, key: customer_id, aggregate: avg(fraud), window: 1d, delay: 1h}
  - {name: honest, key: customer_id, aggregate: count, window: 1d, where: not fraud and amount > 5}
  - {name: channel_before, key: customer_id, aggregate: last(channel), window: 1d, exclude_current: true}
  - {name: first_merchant, key: customer_id, aggregate: first(merchant_id), window: 1d}
  - {name: pair, key: [customer_id, merchant_id], aggregate: count, window: 30d}
  - {name: pair_seen, key: [customer_id, merchant_id], aggregate: time_since_last, window: 30d}
  - {name: pair_max, key: [customer_id, merchant_id], aggregate: max(amount), window: 1d}
  - {name: present, key: customer_id, aggregate: avg(card_present), window: 1d}
  - {name: travel, key: customer_id, kind: travel, by: country}
`

// recorder is a key's history and what it was made of.
func fillHistory(t testing.TB, n int) (*State, *groupState) {
	defs, err := Parse("f.yaml", []byte(everything))
	if err != nil {
		t.Fatal(err)
	}
	eur, _ := tidegate.ParseCurrency("EUR")
	set, err := Compile(defs, Options{Base: eur, Attributes: map[string]tidegate.Kind{"weight": tidegate.KindNumber}})
	if err != nil {
		t.Fatal(err)
	}
	st, err := NewState(set, state.NewMemory())
	if err != nil {
		t.Fatal(err)
	}
	r := rand.New(rand.NewPCG(uint64(n), 5))
	facts := tidegate.NewFacts(len(set.variables))
	for i := range n {
		ev := &tidegate.Event{Type: tidegate.TypeTransaction, Time: tidegate.Millis(i*60_000 + r.IntN(100_000)), HasAmount: i%7 > 0}
		ev.Amount = tidegate.Money{Minor: r.Int64N(10_000), Currency: eur}
		ev.Text[tidegate.CustomerID] = "c"
		ev.Text[tidegate.TransactionID] = fmt.Sprint("t", i)
		ev.Text[tidegate.MerchantID] = fmt.Sprint("m", r.IntN(40))
		ev.Text[tidegate.Channel] = []string{"pos", "", "atm"}[r.IntN(3)]
		ev.CardPresent = tidegate.Tristate(r.IntN(3))
		if ev.HasLocation = i%5 > 0; ev.HasLocation {
			ev.Lat, ev.Lon = r.Float64()*180-90, math.Round(r.Float64()*360e6)/1e6-180
		}
		if i%3 == 0 {
			ev.Attributes = []tidegate.Attribute{{Name: "weight", Num: r.NormFloat64()}}
		}
		if err := st.Observe(ev, facts, 0); err != nil {
			t.Fatal(err)
		}
		if err := st.Apply(ev, Effect{Outcome: tidegate.Outcome(r.IntN(4)), HasOutcome: i%9 > 0}); err != nil {
			t.Fatal(err)
		}
		if i%11 == 0 {
			if err := st.ApplyLabel(ev, true); err != nil {
				t.Fatal(err)
			}
		}
	}
	return st, st.groups[0]
}

// chunks are all sealed parts of a history.
func (s *groupState) sealed(t testing.TB, h *head) (list []*chunk) {
	if h.older == nil {
		return nil
	}
	pages := []*index{&h.older.open}
	for i := range h.older.top.refs {
		p, err := s.loadPage(&h.older.top.refs[i])
		if err != nil {
			t.Fatal(err)
		}
		pages = append(pages, p)
		list = append(list, &chunk{page: p})
	}
	for _, p := range pages {
		for i := range p.refs {
			b, err := s.loadBlock(&p.refs[i])
			if err != nil {
				t.Fatal(err)
			}
			list = append(list, &chunk{block: b})
		}
	}
	return list
}

// TestCodec: what is decoded encodes to the same bytes.
func TestCodec(t *testing.T) {
	for _, n := range []int{1, 5, 64, 65, 300, 6000} {
		_, s := fillHistory(t, n)
		h := s.head(s.entry)
		heads, chunks := headCodec{s.group, s.packer}, chunkCodec{s.group}
		encoded := heads.append(nil, h)
		var again packed
		if err := heads.Decode(encoded, &again); err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(heads.Append(nil, &again), encoded) {
			t.Errorf("%d events: the head changes in the codec", n)
		}
		list := s.sealed(t, h)
		if n == 6000 && len(list) < 80 {
			t.Errorf("only %d chunks", len(list))
		}
		for _, c := range list {
			encoded := chunks.Append(nil, c)
			var again chunk
			if err := chunks.Decode(encoded, &again); err != nil {
				t.Fatal(err)
			}
			if !bytes.Equal(chunks.Append(nil, &again), encoded) {
				t.Errorf("%d events: a chunk changes in the codec", n)
			}
		}
	}
}

// TestCorruptChunks: a history whose chunks are missing or not its own is
// refused, never answered from.
func TestCorruptChunks(t *testing.T) {
	st, s := fillHistory(t, 300)
	h := s.head(s.entry)
	ev := &tidegate.Event{Type: tidegate.TypeTransaction, Time: 300 * 60_000}
	ev.Text[tidegate.CustomerID] = "c"
	facts := tidegate.NewFacts(len(st.set.variables))
	refs := h.older.open.refs
	for i := range refs {
		refs[i].block = nil
	}
	if err := st.Observe(ev, facts, 0); err != nil {
		t.Fatal(err)
	}
	for i := range refs {
		refs[i].block = nil
		refs[i].first++
	}
	h.older.sliders = nil
	if err := st.Observe(ev, facts, 0); tidegate.CodeOf(err) != tidegate.CodeCorrupt {
		t.Errorf("chunks of other times: %v", err)
	}
	for i := range refs {
		refs[i].id += 1000
	}
	if err := st.Observe(ev, facts, 0); tidegate.CodeOf(err) != tidegate.CodeCorrupt {
		t.Errorf("missing chunks: %v", err)
	}
}

// put makes h the head of the entry.
func (s *groupState) put(h *head) {
	p := s.heads.Update(s.entry)
	s.packer.release(p)
	*p = packed{}
	s.packer.pack(p, h)
}

// FuzzDecode: any bytes are refused or make something that can be read.
func FuzzDecode(f *testing.F) {
	for _, n := range []int{1, 70, 300} {
		_, s := fillHistory(f, n)
		h := s.head(s.entry)
		f.Add(headCodec{s.group, s.packer}.append(nil, h))
		for _, c := range s.sealed(f, h) {
			f.Add(chunkCodec{s.group}.Append(nil, c))
		}
	}
	st, s := fillHistory(f, 1)
	ev := &tidegate.Event{Type: tidegate.TypeTransaction, Time: 300 * 60_000}
	ev.Text[tidegate.CustomerID], ev.Text[tidegate.MerchantID] = "c", "m1"
	facts := tidegate.NewFacts(len(st.set.variables))
	f.Fuzz(func(t *testing.T, data []byte) {
		var c chunk
		if err := (chunkCodec{s.group}).Decode(data, &c); err == nil && c.block != nil {
			// As the tail of a history all of its rows are looked at.
			s.put(&head{tail: *c.block})
			ev.Time = tidegate.Millis(c.block.last())
			if err := st.Observe(ev, facts, 0); err != nil {
				t.Fatal(err)
			}
		}
		var h head
		if err := (headCodec{s.group, s.packer}).decode(data, &h); err != nil {
			if tidegate.CodeOf(err) != tidegate.CodeCorrupt {
				t.Fatalf("untyped error %v", err)
			}
			return
		}
		s.put(&h)
		ev.Time = 300 * 60_000
		if err := st.Observe(ev, facts, 0); err != nil && tidegate.CodeOf(err) != tidegate.CodeCorrupt {
			t.Fatal(err)
		}
	})
}
