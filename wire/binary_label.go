package wire

import "github.com/tidegate/tidegate"

const labelVersion = 1

// AppendLabelBinary appends a label in the journal's form.
func AppendLabelBinary(dst []byte, l *tidegate.Label) []byte {
	dst, body := beginRecord(dst, labelVersion)
	fraud := byte(0)
	if l.Fraud {
		fraud = 1
	}
	dst = append(dst, fraud)
	for _, s := range [...]string{l.ID, l.Tenant, l.TransactionID, l.Kind, l.ReasonCode, l.Source} {
		dst = appendString(dst, s)
	}
	dst = appendInt(dst, int64(l.OccurredAt))
	dst = appendInt(dst, int64(l.ReportedAt))
	return endRecord(dst, body)
}

// DecodeLabelBinary reads the label that b begins with into l and returns what
// follows it. An error is a *[tidegate.Error] of [tidegate.CodeCorrupt].
func DecodeLabelBinary(b []byte, l *tidegate.Label) (rest []byte, err error) {
	*l = tidegate.Label{}
	r, rest, err := openRecord(b, labelVersion)
	if err != nil {
		return nil, err
	}
	l.Fraud = r.enum(2) == 1
	for _, to := range [...]*string{&l.ID, &l.Tenant, &l.TransactionID, &l.Kind, &l.ReasonCode, &l.Source} {
		*to = r.string()
	}
	l.OccurredAt = tidegate.Millis(r.int())
	l.ReportedAt = tidegate.Millis(r.int())
	return rest, r.done()
}
