package wire

// WellFormed reads any JSON value as an unknown member's value is read.
func WellFormed(b []byte) error {
	sc := scanner{b: b, s: string(b)}
	sc.space()
	_ = sc.skip() && sc.end()
	if sc.err != nil {
		return sc.err
	}
	return nil
}

var (
	ParseTime     = parseTime
	IsCardNumber  = isCardNumber
	HasCardNumber = hasCardNumber
	AppendText    = appendText
	AppendNumber  = appendNumber
	AppendFloat   = appendFloat
)

// ReadFloat reads what AppendFloat wrote.
func ReadFloat(b []byte) (float64, error) {
	r := reader{s: string(b)}
	v := r.float()
	return v, r.done()
}
