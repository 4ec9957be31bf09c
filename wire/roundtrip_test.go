package wire_test

import (
	"encoding/json"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"github.com/tidegate/tidegate"
	"github.com/tidegate/tidegate/wire"
)

func TestEventKeepsEverything(t *testing.T) {
	var ev, back tidegate.Event
	if err := wire.DecodeEvent([]byte(aTransaction), wire.Options{}, &ev); err != nil {
		t.Fatal(err)
	}
	rest, err := wire.DecodeEventBinary(append(wire.AppendEventBinary(nil, &ev), "next"...), &back)
	if err != nil || string(rest) != "next" {
		t.Fatalf("rest %q, %v", rest, err)
	}
	if diff := cmp.Diff(ev, back, cmpopts.EquateEmpty()); diff != "" {
		t.Error(diff)
	}
}

func TestDecisionKeepsEverything(t *testing.T) {
	d := aDecision()
	var back tidegate.Decision
	rest, err := wire.DecodeDecisionBinary(append(wire.AppendDecisionBinary(nil, d), "next"...), &back)
	if err != nil || string(rest) != "next" {
		t.Fatalf("rest %q, %v", rest, err)
	}
	d.Versions, d.DecidedInUS = tidegate.Versions{}, 0
	if diff := cmp.Diff(*d, back, cmpopts.EquateEmpty(), cmpopts.EquateNaNs()); diff != "" {
		t.Error(diff)
	}
}

func TestDecisionIsJSON(t *testing.T) {
	d := aDecision()
	if b := wire.AppendDecision(nil, d, wire.Features{}); !json.Valid(b) {
		t.Errorf("%s", b)
	}
	if b := wire.AppendAlert(nil, &d.Alerts[0]); !json.Valid(b) {
		t.Errorf("%s", b)
	}
}
