package wire

import (
	"github.com/tidegate/tidegate"
)

// DecodeEvent reads one event from JSON into ev: the envelope, or the bare
// payload of a transaction with a timestamp. An event without event_type is a
// transaction, and a transaction without event_id has its transaction_id for
// one. Members that are null or empty text are absent; members that are not
// known are left out and named in ev.Warnings.
//
// ev's slices are reused. Its texts are parts of one copy of b, so b may be
// overwritten, and a text that is kept for long should be cloned. After an
// error, which is a *[tidegate.Error], ev is empty.
func DecodeEvent(b []byte, opts Options, ev *tidegate.Event) error {
	*ev = tidegate.Event{Attributes: ev.Attributes[:0], Warnings: ev.Warnings[:0]}
	if len(b) > opts.maxBody() {
		return tidegate.Errorf(tidegate.CodeTooLarge, "the body is larger than %d bytes", opts.maxBody())
	}
	d := eventDecoder{scanner: scanner{b: b, s: string(b), opts: opts}, ev: ev}
	d.left.warnings = ev.Warnings
	d.space()
	if d.object() {
		for name, ok := d.member(); ok && d.topLevel(name); name, ok = d.member() {
		}
		_ = d.end() && d.amountOf() && d.complete()
	}
	if d.err != nil {
		*ev = tidegate.Event{}
		return d.err
	}
	ev.Tenant = opts.tenant()
	ev.Warnings = d.left.all()
	return nil
}

// eventDecoder is one DecodeEvent under way.
type eventDecoder struct {
	scanner
	ev   *tidegate.Event
	left leftOut

	seen       memberSet // members of the top level
	enveloped  bool      // there is a payload
	hasTime    bool
	amount     string // as sent: its currency may come later
	minorUnits bool
	currency   tidegate.CurrencyCode
}

// topLevel reads one member of the envelope or of a bare payload.
func (d *eventDecoder) topLevel(name string) bool {
	m := memberByName(name)
	if m == unknownMember {
		return d.leaveOut(name, &d.left)
	}
	if !d.seen.add(m) {
		return d.duplicate()
	}
	ev := d.ev
	switch m {
	case memberEventID:
		return d.id(&ev.ID)
	case memberEventType:
		return d.id(&ev.Type)
	case memberTimestamp:
		ev.Time, d.hasTime = d.timestamp()
		return d.err == nil
	case memberSource:
		return d.id(&ev.Source)
	case memberPartitionKey:
		return d.id(&ev.PartitionKey)
	case memberMetadata:
		return d.metadata()
	case memberPayload:
		return d.envelope()
	}
	if d.enveloped { // beside a payload, its members mean nothing
		d.left.add(&d.scanner)
		return d.skip()
	}
	return d.payloadMember(m)
}

// envelope reads the payload. What stood before it and looked like a bare
// payload was none.
func (d *eventDecoder) envelope() bool {
	d.enveloped = true
	d.dropBarePayload()
	if !d.object() {
		return false
	}
	var seen memberSet
	for name, ok := d.member(); ok; name, ok = d.member() {
		m := memberByName(name)
		if !m.ofPayload() {
			if !d.leaveOut(name, &d.left) {
				return false
			}
			continue
		}
		if !seen.add(m) {
			return d.duplicate()
		}
		if !d.payloadMember(m) {
			return false
		}
	}
	return d.err == nil
}

func (d *eventDecoder) dropBarePayload() {
	bare := false
	for m := range numMembers {
		if m.ofPayload() && d.seen.has(m) {
			bare = true
			d.left.warn("left out, unknown: /" + m.String())
		}
	}
	if !bare {
		return
	}
	ev := d.ev
	*ev = tidegate.Event{
		ID: ev.ID, Type: ev.Type, Time: ev.Time, Source: ev.Source, PartitionKey: ev.PartitionKey,
		SchemaVersion: ev.SchemaVersion, CorrelationID: ev.CorrelationID, TraceID: ev.TraceID,
		Attributes: ev.Attributes[:0],
	}
	d.amount, d.currency = "", 0
}

func (d *eventDecoder) metadata() bool {
	if d.null() {
		return true
	}
	if !d.object() {
		return false
	}
	for name, ok := d.member(); ok; name, ok = d.member() {
		ok := false
		switch name {
		case "schema_version":
			ok = d.once(name) && d.version(&d.ev.SchemaVersion)
		case "correlation_id":
			ok = d.once(name) && d.id(&d.ev.CorrelationID)
		case "trace_id":
			ok = d.once(name) && d.id(&d.ev.TraceID)
		default:
			ok = d.leaveOut(name, &d.left)
		}
		if !ok {
			return false
		}
	}
	return d.err == nil
}

// version reads a version, which senders write as text or as a number.
func (d *eventDecoder) version(to *string) bool {
	if c := d.peek(); c == '-' || c-'0' <= 9 {
		text, ok := d.number()
		if !ok {
			return false
		}
		if len(text) > MaxID {
			return d.tooLong(MaxID)
		}
		*to, ok = d.withoutPAN(text)
		return ok
	}
	return d.id(to)
}

// at is the pointer of a member of the payload.
func (d *eventDecoder) at(m member) string {
	if d.enveloped {
		return "/payload/" + m.String()
	}
	return "/" + m.String()
}
