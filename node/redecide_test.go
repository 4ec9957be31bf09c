package node

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"sync"
	"testing"
	"time"

	"github.com/tidegate/tidegate"
	"github.com/tidegate/tidegate/config"
	"github.com/tidegate/tidegate/examples"
)

// issuer is the example configuration, its texts changed by replacing pairs.
func issuer(t testing.TB, changes ...string) map[string][]byte {
	t.Helper()
	contents, err := config.Deciding(examples.Issuer())
	if err != nil {
		t.Fatal(err)
	}
	for i := 0; i < len(changes); i += 3 {
		name, old, with := changes[i], []byte(changes[i+1]), []byte(changes[i+2])
		if !bytes.Contains(contents[name], old) {
			t.Fatalf("%s has no %s", name, old)
		}
		contents[name] = bytes.Replace(contents[name], old, with, 1)
	}
	return contents
}

// Rules, models, features and policy change while payments, events and labels
// come from all sides, with hardly any memory, checkpoints in between, and the
// power going twice. The journal is decided again: the same decisions and
// feature values, bit for bit.
func TestRedecide(t *testing.T) {
	r := newRig(t, issuer(t), func(o *Options) { o.CacheBytes, o.SegmentBytes = 64<<10, 256<<10 })
	changes := []map[string][]byte{
		issuer(t, "rules/velocity.yaml", "customer_tx_count_2m > 5", "customer_tx_count_2m > 3", "rules/velocity.yaml", "customer_tx_count_2m: 5}", "customer_tx_count_2m: 3}"),
		issuer(t, "models/fraud.yaml", "from: 0.7", "from: 0.3", "models/fraud.yaml", `version: "1"`, `version: "2"`),
		issuer(t, "features.yaml", "aggregate: sum(amount), window: 1h", "aggregate: sum(amount), window: 2h"),
		issuer(t, "policy.yaml", "enforce: all", "enforce: 50%", "rates.yaml", "USD: 0.92", "USD: 0.95"),
		issuer(t, "models/fraud.yaml", "features: [customer_tx_count_2m, customer_tx_count_1h", "features: [customer_tx_count_1h, customer_tx_count_2m"),
		issuer(t),
	}
	for round, change := range changes {
		load(t, r, round, func() {
			time.Sleep(20 * time.Millisecond)
			r.activate(change)
			time.Sleep(20 * time.Millisecond)
		})
		switch round {
		case 1, 4:
			r.crash(rng(uint64(round)))
		case 2:
			r.restart()
		}
	}
	r.activate(issuer(t, "policy.yaml", "deadline: 20ms", "deadline: 30ms"))
	got := r.redecideAll()
	if got.Differences != 0 || got.Activations != 8 || got.Decisions < 100 {
		t.Fatalf("decided again: %+v", got)
	}
	t.Logf("decided again: %+v", got)

	fresh := replayed(t, r)
	for i := range 40 {
		keys := map[string][]string{"customer": {fmt.Sprint("c", i)}, "device": {fmt.Sprint("d", i)}, "card": {fmt.Sprint("k", i)}, "merchant": {fmt.Sprint("m", i)}, "ip_address": {fmt.Sprint("192.0.2.", i)}}
		if want, got := fresh.knowledge(keys), r.knowledge(keys); want != got {
			t.Fatalf("features are\n%s\na fresh replay has\n%s", got, want)
		}
	}
}

// load sends from four sides while do is under way, with checkpoints.
func load(t *testing.T, r *rig, round int, do func()) {
	stop := make(chan struct{})
	var wait sync.WaitGroup
	for worker := range 4 {
		wait.Go(func() {
			chance := rng(uint64(10*round + worker))
			for i := 0; ; i++ {
				select {
				case <-stop:
					return
				default:
				}
				r.pass(time.Duration(chance.IntN(20)) * time.Second)
				if err := send(r, chance, fmt.Sprint(round, "-", worker, "-"), i); err != nil {
					t.Error(err)
					return
				}
			}
		})
	}
	wait.Go(func() {
		for {
			select {
			case <-stop:
				return
			case <-time.After(3 * time.Millisecond):
			}
			if err := r.checkpoint(background); err != nil {
				t.Error(err)
				return
			}
		}
	})
	do()
	close(stop)
	wait.Wait()
}

func send(r *rig, chance *rand.Rand, prefix string, i int) error {
	one := func(kind string) string { return fmt.Sprint(kind, chance.IntN(40)) }
	id := fmt.Sprint(prefix, i)
	var err error
	switch chance.IntN(10) {
	case 0:
		_, err = r.Event(background, r.event(id, "login_failed", one("c")))
	case 1:
		_, err = r.Event(background, r.event(id, tidegate.TypeOutcome, "", text(tidegate.TransactionID, fmt.Sprint(prefix, chance.IntN(i+1)))))
	case 2:
		_, err = r.Label(background, r.fraud(id, fmt.Sprint(prefix, chance.IntN(i+4))))
	default:
		currency := []string{"EUR", "USD", "JPY", "KWD", "XAU"}[chance.IntN(5)]
		tx := r.tx(id, one("c"), chance.Int64N(100_000),
			text(tidegate.CardID, one("k")), text(tidegate.DeviceFingerprint, one("d")), text(tidegate.MerchantID, one("m")),
			text(tidegate.IPAddress, fmt.Sprint("192.0.2.", chance.IntN(40))), text(tidegate.MerchantCountry, []string{"DE", "FR", "US"}[chance.IntN(3)]),
			text(tidegate.TerminalID, one("t")), text(tidegate.Channel, "ecom"),
			func(e *tidegate.Event) {
				e.Amount.Currency, _ = tidegate.ParseCurrency(currency)
				e.HasLocation, e.Lat, e.Lon = chance.IntN(2) == 0, 180*chance.Float64()-90, 360*chance.Float64()-180
				e.Time -= tidegate.Millis(chance.IntN(100_000))
			})
		if chance.IntN(8) == 0 {
			tx.Text[tidegate.Follows] = fmt.Sprint(prefix, chance.IntN(i+1))
		}
		_, err = r.Authorize(background, tx, false)
	}
	return err
}

// A journal that has lost its beginning can't be decided again, and one under
// damage is not.
func TestRedecideRefuses(t *testing.T) {
	r := newRig(t, files(), func(o *Options) { o.SegmentBytes, o.Retention = 4<<10, time.Hour })
	for i := range 40 {
		r.decide(r.tx(fmt.Sprint("t", i), "anna", 100))
	}
	r.pass(2 * time.Hour)
	r.decide(r.tx("t", "anna", 100))
	r.save()
	r.save() // the checkpoint before holds it too
	_, err := redecide(background, r.disk, r.options.Dir, nil)
	wantCode(t, err, tidegate.CodeNotFound)
	_, err = redecide(background, r.disk, r.options.Dir+"/elsewhere", nil)
	wantCode(t, err, tidegate.CodeNotFound)
}
