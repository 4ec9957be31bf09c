package schema

import (
	"encoding/json"
	"math/big"
	"strings"
)

// maxDecimal bounds the bytes of a decimal, which are as many times log 256 to
// base 10 digits.
const maxDecimal = 64

// decimal writes unscaled / 10^scale exactly; "" for what is too long to be one.
func decimal(unscaled []byte, scale int) string {
	if len(unscaled) > maxDecimal || scale < 0 || scale > 4*maxDecimal {
		return ""
	}
	n := new(big.Int).SetBytes(unscaled)
	if len(unscaled) > 0 && unscaled[0]&0x80 != 0 {
		n.Sub(n, new(big.Int).Lsh(big.NewInt(1), uint(8*len(unscaled))))
	}
	digits, sign := n.String(), ""
	if n.Sign() < 0 {
		digits, sign = digits[1:], "-"
	}
	if scale == 0 {
		return sign + digits
	}
	if len(digits) <= scale {
		digits = strings.Repeat("0", scale+1-len(digits)) + digits
	}
	return sign + digits[:len(digits)-scale] + "." + digits[len(digits)-scale:]
}

// variableDecimal is Debezium's name of a decimal that brings its scale, as a
// column of type numeric without one.
const variableDecimal = "io.debezium.data.VariableScaleDecimal"

// variable is the JSON of such a decimal, {"scale": 2, "value": "AfQ="}, as exact
// text; what is none stays as it is.
func variable(value []byte) []byte {
	var d struct {
		Scale *int   `json:"scale"`
		Value []byte `json:"value"`
	}
	if json.Unmarshal(value, &d) != nil || d.Scale == nil || d.Value == nil {
		return value
	}
	if text := decimal(d.Value, *d.Scale); text != "" {
		return appendText(nil, text)
	}
	return value
}
