package main

import (
	"fmt"
	"net/http"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// TestPatternsSurviveKill kills the process between any two events of the
// example's account takeover, with checkpoints and without: the payment at its
// end must be declined, with the ids of all events.
func TestPatternsSurviveKill(t *testing.T) {
	conf, data := configDir(t, "checkpoint: {every: 1s}\njournal: {min_free: 1MiB}\n", "policy.yaml", "deadline: 20ms", "deadline: 5s"), filepath.Join(t.TempDir(), "data")
	s := serve(t, conf, data)
	now := func() string { return time.Now().UTC().Format("2006-01-02T15:04:05.000Z") }
	for i, e := range []string{"login_failed 10.0.0.1", "login_failed 10.0.0.1", "login_failed 10.0.0.1", "login 10.9.9.9", "card_added 10.9.9.9"} {
		kind, ip, _ := strings.Cut(e, " ")
		status, answer := s.post("/v1/events", fmt.Sprintf(`{"event_id":"e%d","event_type":%q,"timestamp":%q,"payload":{"customer_id":"anna","ip_address":%q}}`, i, kind, now(), ip))
		if status != http.StatusAccepted && status != http.StatusOK {
			t.Fatalf("%d %s", status, answer)
		}
		if i == 2 { // the others come back from the journal alone
			for written := false; !written; {
				_, metrics := s.get("/metrics")
				written = strings.Contains(string(metrics), `tidegate_checkpoints_total{result="written"}`) && !strings.Contains(string(metrics), `tidegate_checkpoints_total{result="written"} 0`)
			}
		}
		s.kill()
		s = serve(t, conf, data)
	}
	status, answer := s.post("/v1/authorize", payment("buy", "anna", 48_000))
	if status != http.StatusOK || fields(t, answer)["outcome"] != "decline" || !strings.Contains(string(answer), `["e0","e1","e2","e3","e4","buy"]`) {
		t.Errorf("%d %s", status, answer)
	}
	if _, metrics := s.get("/metrics"); !strings.Contains(string(metrics), `tidegate_patterns_total{pattern="account_takeover",what="completed"} 1`) {
		t.Errorf("not counted:\n%s", metrics)
	}
}
