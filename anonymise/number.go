package anonymise

import (
	"math/big"
	"strings"

	"github.com/expungedb/expunge/dialect"
)

// decimal holds a decimal number as digits, so that nothing is rounded.
type decimal struct {
	negative bool
	whole    string // without leading zeros, at least one digit
	fraction string
}

// parseDecimal reads digits with an optional sign and point, no exponent.
func parseDecimal(s string) (decimal, bool) {
	var d decimal
	s, d.negative = strings.CutPrefix(s, "-")
	whole, fraction, pointed := strings.Cut(s, ".")
	if whole == "" || pointed && fraction == "" || strings.Trim(whole+fraction, "0123456789") != "" {
		return decimal{}, false
	}
	d.whole, d.fraction = strings.TrimLeft(whole, "0"), fraction
	if d.whole == "" {
		d.whole = "0"
	}
	return d, true
}

func (d decimal) String() string {
	s := d.whole
	if d.fraction != "" {
		s += "." + d.fraction
	}
	if d.negative && strings.Trim(s, "0.") != "" {
		s = "-" + s
	}
	return s
}

// fits reports whether the column holds the number without rounding.
func (d decimal) fits(c *dialect.Column) bool {
	if c.Precision <= 0 {
		return true
	}
	whole := strings.TrimLeft(d.whole, "0")
	return len(whole) <= c.Precision-c.Scale && len(strings.TrimRight(d.fraction, "0")) <= c.Scale
}

// decimalOf writes n / 10^scale.
func decimalOf(n *big.Int, scale int) decimal {
	digits := new(big.Int).Abs(n).String()
	if len(digits) <= scale {
		digits = strings.Repeat("0", scale-len(digits)+1) + digits
	}
	cut := len(digits) - scale
	return decimal{negative: n.Sign() < 0, whole: digits[:cut], fraction: digits[cut:]}
}
