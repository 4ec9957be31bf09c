package main

import (
	"context"
	"encoding/json"
	"fmt"
	"math"
	"math/rand/v2"
	"net/url"
	"os"
	"path/filepath"
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/tidegate/tidegate"
	"github.com/tidegate/tidegate/config"
	"github.com/tidegate/tidegate/node"
)

// killRounds is how often TestKill kills: TIDEGATE_KILL_ROUNDS, or 5.
func killRounds(t *testing.T) int {
	text := os.Getenv("TIDEGATE_KILL_ROUNDS")
	if text == "" {
		return 5
	}
	n, err := strconv.Atoi(text)
	if err != nil {
		t.Fatalf("TIDEGATE_KILL_ROUNDS: %v", err)
	}
	return n
}

// roundsPerDirectory bounds what one directory grows to, so that every round
// takes as long as the last.
const roundsPerDirectory = 10

// TestKill writes from several sides with known ids while the server is killed
// at random instants and started again. Every answered decision is there, once,
// with the answer that was given; retries agree; who got no answer gets one.
// In the end the journal is decided again without a difference, and the
// features that the last process recovered equal those of a fresh replay.
func TestKill(t *testing.T) {
	t.Parallel()
	rounds, seed := killRounds(t), uint64(time.Now().UnixNano())
	t.Logf("%d rounds, seed %d", rounds, seed)
	settings := "checkpoint: {every: 1s}\nstate: {cache: 256KiB}\njournal: {segment: 1MiB, min_free: 1MiB}\n"
	conf := configDir(t, settings, "policy.yaml", "deadline: 20ms", "deadline: 5s")
	for done := 0; done < rounds; done += roundsPerDirectory {
		k := &killed{t: t, config: conf, data: filepath.Join(t.TempDir(), "data"), chance: rand.New(rand.NewPCG(seed, uint64(done)))}
		for range min(roundsPerDirectory, rounds-done) {
			k.round()
		}
		k.finish()
		if t.Failed() {
			t.Fatalf("seed %d", seed)
		}
		if err := os.RemoveAll(k.data); err != nil {
			t.Fatal(err)
		}
	}
}

// killed is what the clients of one data directory know.
type killed struct {
	t            *testing.T
	config, data string
	chance       *rand.Rand
	lives        int
	sent         []*attempt // all, in no order
	young        []*attempt // of the last life
}

// attempt is a transaction that was sent.
type attempt struct {
	id, body string
	answer   map[string]any // nil: the server died before
}

const (
	killCustomers = 12
	killWriters   = 4
)

// round is a life of the server: what the one before answered is there; then
// clients write until it is killed.
func (k *killed) round() {
	s := serve(k.t, k.config, k.data)
	k.verify(s, k.young)
	k.young = k.write(s, k.lifetime())
	k.sent = append(k.sent, k.young...)
	k.lives++
}

// lifetime is mostly short; one in three ends in the middle of a checkpoint.
func (k *killed) lifetime() time.Duration {
	if k.chance.IntN(3) == 0 {
		return 800*time.Millisecond + time.Duration(k.chance.IntN(300))*time.Millisecond
	}
	return time.Duration(k.chance.IntN(300_000)) * time.Microsecond
}

// write sends from all sides until the server is killed, after a while.
func (k *killed) write(s *server, while time.Duration) []*attempt {
	lists := make([][]*attempt, killWriters)
	var wait sync.WaitGroup
	for w := range killWriters {
		chance := rand.New(rand.NewPCG(k.chance.Uint64(), 0))
		wait.Go(func() { lists[w] = k.writer(s, w, chance) })
	}
	time.Sleep(while)
	s.kill()
	wait.Wait()
	var all []*attempt
	for _, list := range lists {
		all = append(all, list...)
	}
	return all
}

func (k *killed) writer(s *server, w int, chance *rand.Rand) (list []*attempt) {
	for i := 0; ; i++ {
		id := fmt.Sprintf("t-%d-%d-%d", k.lives, w, i)
		customer := fmt.Sprint("c-", chance.IntN(killCustomers))
		a := &attempt{id: id, body: payment(id, customer, 100+chance.IntN(90_000))}
		list = append(list, a)
		status, body := s.post("/v1/authorize", a.body)
		if status == 0 {
			return list
		}
		if status != 200 {
			k.t.Errorf("%s: %d %s", id, status, body)
			return list
		}
		if err := json.Unmarshal(body, &a.answer); err != nil {
			k.t.Error(err)
			return list
		}
		if i%8 == 0 {
			now := time.Now().UTC().Format(time.RFC3339Nano)
			s.post("/v1/labels", fmt.Sprintf(`{"label_id":"l-%s","transaction_id":%q,"fraud":true,"kind":"chargeback","reported_at":%q,"source":"issuer"}`, id, id, now))
			s.post("/v1/events", fmt.Sprintf(`{"event_id":"e-%s","event_type":"login_failed","timestamp":%q,"payload":{"customer_id":%q}}`, id, now, customer))
		}
	}
}

// verify asks again: what was answered is answered the same, as a retry; the
// rest is answered, and from then on is to be found, too.
func (k *killed) verify(s *server, list []*attempt) {
	var wait sync.WaitGroup
	for w := range killWriters {
		wait.Go(func() {
			for i := w; i < len(list); i += killWriters {
				k.again(s, list[i])
			}
		})
	}
	wait.Wait()
}

func (k *killed) again(s *server, a *attempt) {
	status, body := s.post("/v1/authorize", a.body)
	if status != 200 {
		k.t.Errorf("%s again: %d %s", a.id, status, body)
		return
	}
	var answer map[string]any
	if err := json.Unmarshal(body, &answer); err != nil {
		k.t.Error(err)
		return
	}
	if a.answer == nil {
		a.answer = answer
		return
	}
	if diff := differs(a.answer, answer); diff != "" || answer["retry"] != true {
		k.t.Errorf("%s got another answer, retry is %v:\n%s", a.id, answer["retry"], diff)
	}
}

// differs compares what must be the same in an answer and its repetition.
func differs(first, again map[string]any) string {
	without := func(m map[string]any) map[string]any {
		c := map[string]any{}
		for name, v := range m {
			if name != "retry" && name != "decided_in_us" {
				c[name] = v
			}
		}
		return c
	}
	return cmp.Diff(without(first), without(again))
}

// finish looks at the directory as a whole, with one more server.
func (k *killed) finish() {
	s := serve(k.t, k.config, k.data)
	k.verify(s, k.young)
	k.verify(s, k.sample(200))
	at := time.Now().UTC()
	known := map[string]map[string]any{}
	for i := range killCustomers {
		for _, entity := range []string{fmt.Sprint("customer/c-", i), fmt.Sprint("device_fingerprint/d-", i), fmt.Sprint("merchant/m-", i)} {
			status, body := s.get("/v1/features/" + entity + "?at=" + url.QueryEscape(at.Format(time.RFC3339Nano)))
			if status != 200 {
				k.t.Fatalf("%s: %d %s", entity, status, body)
			}
			known[entity] = fields(k.t, body)["features"].(map[string]any)
		}
	}
	s.kill()

	result, err := node.Redecide(context.Background(), k.data, nil)
	if err != nil {
		k.t.Fatal(err)
	}
	if result.Differences != 0 || result.Decisions != uint64(len(k.sent)) {
		k.t.Errorf("%d transactions were sent; decided again: %+v", len(k.sent), result)
	}
	k.replay(tidegate.MillisOf(at), known)
}

// sample is some of all that was sent.
func (k *killed) sample(n int) (some []*attempt) {
	for range min(n, len(k.sent)) {
		some = append(some, k.sent[k.chance.IntN(len(k.sent))])
	}
	return some
}

// replay makes the state anew, from the journal alone, and compares.
func (k *killed) replay(at tidegate.Millis, known map[string]map[string]any) {
	if err := os.RemoveAll(filepath.Join(k.data, "state")); err != nil {
		k.t.Fatal(err)
	}
	cfg, err := config.Load(filepath.Join(k.config, "tidegate.yaml"))
	if err != nil {
		k.t.Fatal(err)
	}
	cfg.Data = k.data
	files, err := config.Deciding(cfg.Files)
	if err != nil {
		k.t.Fatal(err)
	}
	o := nodeOptions(&cfg, files, newLogger(true))
	o.CheckpointEvery = time.Hour
	n, recovery, activation, err := node.Open(o)
	if err != nil || activation != nil {
		k.t.Fatal(err, activation)
	}
	defer n.Close()
	if recovery.Checkpoint != 0 || recovery.Applied == 0 {
		k.t.Errorf("replayed with %+v", recovery)
	}
	for path, features := range known {
		entity, key := filepath.Split(path)
		v, err := n.Features(tidegate.DefaultTenant, filepath.Clean(entity), key, at)
		if err != nil {
			k.t.Fatal(path, err)
		}
		for i, variable := range v.Variables {
			var want any
			switch x := v.Num[i]; {
			case math.IsNaN(x) || math.IsInf(x, 0):
			case variable.Kind == tidegate.KindText:
				want = v.Text[i]
			case variable.Kind == tidegate.KindBool:
				want = x != 0
			default:
				want = x
			}
			if got := features[variable.Name]; got != want {
				k.t.Errorf("%s of %s is %v after the kills, and %v in a fresh replay", variable.Name, path, got, want)
			}
		}
	}
	k.alertsOnce(n)
}

// alertsOnce reads all alerts: each decision's are there, and none twice.
func (k *killed) alertsOnce(n *node.Node) {
	last := n.Status().Durable
	seen := map[string]bool{}
	reader := n.Decisions(1)
	defer reader.Close()
	decided := map[string]bool{}
	for range len(k.sent) {
		record, err := reader.Next(context.Background())
		if err != nil || record.Sequence > last {
			k.t.Fatal(record, err)
		}
		if id := record.Decision.TransactionID; decided[id] {
			k.t.Errorf("%s is decided twice", id)
		} else {
			decided[id] = true
		}
		for _, a := range record.Decision.Alerts {
			if seen[a.ID] {
				k.t.Errorf("alert %s is there twice", a.ID)
			}
			seen[a.ID] = true
		}
	}
	for _, a := range k.sent {
		if !decided[a.id] {
			k.t.Errorf("the decision on %s is lost", a.id)
		}
	}
	k.t.Logf("%d lives, %d decisions, %d alerts", k.lives, len(decided), len(seen))
}
