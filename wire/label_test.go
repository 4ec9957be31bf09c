package wire_test

import (
	"errors"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/tidegate/tidegate"
	"github.com/tidegate/tidegate/wire"
)

func TestDecodeLabel(t *testing.T) {
	full := tidegate.Label{
		ID: "l1", Tenant: "acme", TransactionID: "t1", Fraud: true, Kind: "chargeback", ReasonCode: "10.4",
		OccurredAt: 1773497366535, ReportedAt: 1773500000000, Source: "visa",
	}
	reversed := tidegate.Label{ID: "l2", Tenant: "acme", TransactionID: "t1", Kind: "reversal"}
	enveloped := reversed
	enveloped.ReportedAt = 1773500000000
	for _, c := range []struct {
		body     string
		want     tidegate.Label
		warnings []string
	}{
		{`{"label_id":"l1","transaction_id":"t1","fraud":true,"kind":"chargeback","reason_code":"10.4","occurred_at":1773497366535,` +
			`"reported_at":"2026-03-14T14:53:20Z","source":"visa","unknown":{"a":[]}}`, full, []string{"left out, unknown: /unknown"}},
		{`{"label_id":"l2","transaction_id":"t1","kind":"reversal","fraud":null}`, reversed, nil},
		{`{"event_id":"e","event_type":"label","timestamp":1773500000000,"payload":{"label_id":"l2","transaction_id":"t1","kind":"reversal","fruad":true}}`, enveloped, []string{"left out, unknown: /payload/fruad"}},
	} {
		var l tidegate.Label
		warnings, err := wire.DecodeLabel([]byte(c.body), wire.Options{Tenant: "acme"}, &l)
		if err != nil {
			t.Errorf("%v: %s", err, c.body)
		}
		if diff := cmp.Diff(c.warnings, warnings); diff != "" {
			t.Error(diff)
		}
		if diff := cmp.Diff(c.want, l); diff != "" {
			t.Error(diff)
		}
	}
}

func TestBadLabels(t *testing.T) {
	for _, c := range []struct {
		what, body string
		code       tidegate.Code
		field      string
	}{
		{"broken", `{"label_id":"l"`, tidegate.CodeMalformed, ""},
		{"no object", `"l"`, tidegate.CodeInvalid, ""},
		{"no id", `{"transaction_id":"t","fraud":true,"kind":"analyst"}`, tidegate.CodeInvalid, "/label_id"},
		{"no transaction", `{"label_id":"l","fraud":true,"kind":"analyst"}`, tidegate.CodeInvalid, "/transaction_id"},
		{"no kind", `{"label_id":"l","transaction_id":"t","fraud":true}`, tidegate.CodeInvalid, "/kind"},
		{"an unknown kind", `{"label_id":"l","transaction_id":"t","fraud":true,"kind":"guess"}`, tidegate.CodeInvalid, "/kind"},
		{"no verdict", `{"label_id":"l","transaction_id":"t","kind":"analyst"}`, tidegate.CodeInvalid, "/fraud"},
		{"no verdict in the payload", `{"payload":{"label_id":"l","transaction_id":"t","kind":"analyst"}}`, tidegate.CodeInvalid, "/payload/fraud"},
		{"a verdict that is text", `{"label_id":"l","fraud":"yes"}`, tidegate.CodeInvalid, "/fraud"},
		{"a bad time", `{"reported_at":"yesterday"}`, tidegate.CodeInvalid, "/reported_at"},
		{"another event", `{"event_type":"login"}`, tidegate.CodeInvalid, "/event_type"},
		{"a duplicate", `{"label_id":"l","label_id":"l"}`, tidegate.CodeMalformed, "/label_id"},
		{"a card number", `{"label_id":"4111111111111111"}`, tidegate.CodePAN, "/label_id"},
		{"a card number somewhere", `{"note":"4111111111111111"}`, tidegate.CodePAN, "/note"},
		{"a cvv", `{"a":{"cvv":1}}`, tidegate.CodeSensitive, "/a/cvv"},
	} {
		t.Run(c.what, func(t *testing.T) {
			l := tidegate.Label{ID: "left over"}
			var e *tidegate.Error
			_, err := wire.DecodeLabel([]byte(c.body), wire.Options{}, &l)
			if !errors.As(err, &e) || e.Code != c.code || e.Field != c.field {
				t.Errorf("%v, want %s at %q", err, c.code, c.field)
			}
			if l != (tidegate.Label{}) {
				t.Errorf("half applied: %+v", l)
			}
		})
	}
}
