package api

import (
	"errors"
	"net/http"
	"strings"
	"testing"

	"github.com/tidegate/tidegate"
)

func TestRules(t *testing.T) {
	broken := tidegate.FileErrorf("rules/a.yaml", 3, 11, "unknown name")
	wrapped := &tidegate.Error{Code: tidegate.CodeConfig, File: "rates.yaml", Message: "cannot be read", Cause: errors.New("permission denied")}
	now := error(nil)
	r := newRig(t, func(o *Options) { o.ReloadErrors = func() error { return now } })
	type answered struct {
		Generation int
		Rules      []struct {
			ID, When, Outcome, Mode, File string
			Line                          int
		}
		Models []struct{ Name, Role string }
		Lists  []struct{ Name, Kind string }
		Errors []fileProblem
	}
	set := as[answered](t, r.get("/v1/rules").mustBe(t, http.StatusOK))
	if set.Generation != 1 || len(set.Rules) < 28 || len(set.Models) != 1 || len(set.Lists) != 3 || len(set.Errors) != 0 {
		t.Errorf("%+v", set)
	}
	for _, rule := range set.Rules {
		if rule.ID == "velocity-2m" && (rule.When != "customer_tx_count_2m > 5" || rule.Outcome != "decline" || rule.File != "rules/velocity.yaml" || rule.Line == 0) {
			t.Errorf("%+v", rule)
		}
	}
	now = errors.Join(broken, wrapped, errors.New("something else"))
	set = as[answered](t, r.get("/v1/rules").mustBe(t, http.StatusOK))
	want := []fileProblem{
		{File: "rules/a.yaml", Line: 3, Column: 11, Message: "unknown name"},
		{File: "rates.yaml", Message: "cannot be read: permission denied"},
		{Message: "something else"},
	}
	if len(set.Errors) != 3 || set.Errors[0] != want[0] || set.Errors[1] != want[1] || set.Errors[2] != want[2] {
		t.Errorf("%+v", set.Errors)
	}
}

func TestHealth(t *testing.T) {
	r := newRig(t)
	for _, path := range []string{"/healthz", "/readyz"} {
		r.get(path).mustBe(t, http.StatusOK)
	}
	// Load balancers ask so.
	response, err := http.Head(r.web.URL + "/healthz")
	if err != nil {
		t.Fatal(err)
	}
	if err := response.Body.Close(); err != nil || response.StatusCode != http.StatusOK {
		t.Errorf("HEAD: %s, %v", response.Status, err)
	}
	http.DefaultClient.CloseIdleConnections()
}

// What is decided shows in the metrics; a retry does not count again, and takes
// no part in how long decisions take.
func TestMetrics(t *testing.T) {
	r := newRig(t)
	r.burst("c")
	r.decide("c-0", "c", "10.00", "") // a retry
	for series, want := range map[string]float64{
		`tidegate_decisions_total{outcome="approve"}`: 5, `tidegate_decisions_total{outcome="decline"}`: 1,
		`tidegate_inputs_total{kind="retry"}`: 1, `tidegate_inputs_total{kind="conflict"}`: 0,
		`tidegate_alerts_total{state="sent"}`: 1, `tidegate_configuration_generation`: 1,
		`tidegate_decision_seconds_count`: 6, `tidegate_journal_records_total`: 7, `tidegate_checkpoints_total{result="failed"}`: 0,
	} {
		if got := r.metric(series); got != want {
			t.Errorf("%s is %v, want %v", series, got, want)
		}
	}
	body := string(r.get("/metrics").body)
	if !strings.Contains(body, `tidegate_problems_total{code="overloaded"} 0`) {
		t.Error("a code is not there before its first problem")
	}
	for _, secret := range []string{"c-0", `"c"`} {
		if strings.Contains(body, secret) {
			t.Errorf("an id is in the metrics: %s", secret)
		}
	}
}

// A foreign error shows nobody outside what it says.
func TestInternalErrorsAreNotShown(t *testing.T) {
	r := newRig(t)
	r.server.node = failing{r.server.node}
	a := r.post("/v1/authorize", good).mustBe(t, http.StatusInternalServerError)
	if a.Code != tidegate.CodeInternal || a.Detail != "" || strings.Contains(string(a.body), "/var/lib") {
		t.Errorf("%s", a.body)
	}
}

// A silenced rule is shown and does not act.
func TestSuppressedRule(t *testing.T) {
	r := newRig(t, map[string]string{"suppressions.yaml": "suppressions: [{rule: velocity-2m, field: tx.customer_id, value: calm, until: 2030-01-01}]\n"})
	r.burst("calm")
	if d := r.decide("calm-6", "calm", "10.00", ""); d.Outcome != "approve" || !d.fired("velocity-2m") {
		t.Errorf("%+v", d)
	}
	r.burst("hasty")
	if list := r.awaitAlerts(1); len(list) != 1 || list[0].CustomerID != "hasty" {
		t.Errorf("%+v", list)
	}
}
