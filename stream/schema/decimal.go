package schema

import (
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
