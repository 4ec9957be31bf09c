package wire

import "github.com/tidegate/tidegate"

// DecodeLabel reads one label from JSON: bare, or as the payload of an
// envelope whose event_type is "label". Without reported_at (and without an
// envelope's timestamp) ReportedAt is 0, and the caller takes the time of
// arrival. Unknown members are left out and named in the warnings. After an
// error, which is a *[tidegate.Error], l is empty.
func DecodeLabel(b []byte, opts Options, l *tidegate.Label) (warnings []string, err error) {
	*l = tidegate.Label{}
	if len(b) > opts.maxBody() {
		return nil, tidegate.Errorf(tidegate.CodeTooLarge, "the body is larger than %d bytes", opts.maxBody())
	}
	d := labelDecoder{scanner: scanner{b: b, s: string(b), opts: opts}, l: l}
	d.space()
	if d.object() {
		for name, ok := d.member(); ok && d.topLevel(name); name, ok = d.member() {
		}
		_ = d.end() && d.complete()
	}
	if d.err != nil {
		*l = tidegate.Label{}
		return nil, d.err
	}
	l.Tenant = opts.tenant()
	return d.left.all(), nil
}

// labelDecoder is one DecodeLabel under way.
type labelDecoder struct {
	scanner
	l      *tidegate.Label
	left   leftOut
	prefix string // of pointers to the label's members
	fraud  tidegate.Tristate
	sent   tidegate.Millis // the envelope's timestamp
}

func (d *labelDecoder) topLevel(name string) bool {
	switch name {
	case "payload":
		if !d.once(name) || !d.object() {
			return false
		}
		d.prefix = "/payload"
		*d.l, d.fraud = tidegate.Label{}, tidegate.Absent
		for name, ok := d.member(); ok && d.labelMember(name); name, ok = d.member() {
		}
		return d.err == nil
	case "timestamp":
		if !d.once(name) {
			return false
		}
		d.sent, _ = d.timestamp()
		return d.err == nil
	case "event_type":
		var kind string
		if !d.once(name) || !d.id(&kind) {
			return false
		}
		if kind != "" && kind != tidegate.TypeLabel {
			return d.fail(tidegate.CodeInvalid, `must be "label"`)
		}
		return true
	case "event_id", "partition_key", "metadata": // of the envelope, and of no use here
		return d.once(name) && d.skip()
	case "source":
		if d.prefix != "" {
			return d.once(name) && d.skip()
		}
	}
	if d.prefix != "" {
		return d.leaveOut(name, &d.left)
	}
	return d.labelMember(name)
}

func (d *labelDecoder) labelMember(name string) bool {
	l := d.l
	switch name {
	case "label_id":
		return d.once(name) && d.id(&l.ID)
	case "transaction_id":
		return d.once(name) && d.id(&l.TransactionID)
	case "kind":
		return d.once(name) && d.id(&l.Kind) && d.kind()
	case "reason_code":
		return d.once(name) && d.id(&l.ReasonCode)
	case "source":
		return d.once(name) && d.id(&l.Source)
	case "fraud":
		if d.once(name) {
			d.fraud = d.boolean()
		}
	case "occurred_at":
		if d.once(name) {
			l.OccurredAt, _ = d.timestamp()
		}
	case "reported_at":
		if d.once(name) {
			l.ReportedAt, _ = d.timestamp()
		}
	default:
		return d.leaveOut(name, &d.left)
	}
	return d.err == nil
}

func (d *labelDecoder) kind() bool {
	switch d.l.Kind {
	case "", "chargeback", "network_report", "customer", "analyst", "reversal":
		return true
	}
	return d.fail(tidegate.CodeInvalid, "must be chargeback, network_report, customer, analyst or reversal")
}

func (d *labelDecoder) complete() bool {
	l := d.l
	for _, m := range [...]struct{ name, text string }{
		{"label_id", l.ID}, {"transaction_id", l.TransactionID}, {"kind", l.Kind},
	} {
		if m.text == "" {
			return d.failAt(tidegate.CodeInvalid, d.prefix+"/"+m.name, "is missing")
		}
	}
	if d.fraud == tidegate.Absent && l.Kind != "reversal" {
		return d.failAt(tidegate.CodeInvalid, d.prefix+"/fraud", "is missing")
	}
	l.Fraud = d.fraud == tidegate.True
	if l.ReportedAt == 0 {
		l.ReportedAt = d.sent
	}
	return true
}
