package anonymise

import (
	"math"
	"strings"

	"github.com/expungedb/expunge/dialect"
)

// cardDefinition: card replaces the digits of a payment card's number and corrects its check digit
// (ISO/IEC 7812-1, annex B). It keeps the first digit (the network) and the separators. It replaces
// any other value as random does.
var cardDefinition = definition{
	Description: Description{
		Name: "card", Doc: "another card number of the same network and length, with a right check digit",
		Technique: "randomization", Class: LikelyUnique, Consistent: withModifier,
		Kinds: []dialect.Kind{dialect.Text},
	},
	make: func(v any, _ Modifiers) (Strategy, error) {
		return checkDigits{"card", 13, newCard}, readParams("card", v, "").done()
	},
	consistent: true,
	redraw:     true,
}

// ibanDefinition: iban replaces the account of an IBAN, keeps the country, and corrects the check
// digits (ISO 13616-1). It doesn't correct the check digits that some countries have inside of the
// account. It replaces any other value as random does.
var ibanDefinition = definition{
	Description: Description{
		Name: "iban", Doc: "another IBAN of the same country and length, with right check digits",
		Technique: "randomization", Class: LikelyUnique, Consistent: withModifier,
		Kinds: []dialect.Kind{dialect.Text},
	},
	make: func(v any, _ Modifiers) (Strategy, error) {
		return checkDigits{"iban", 11, newIBAN}, readParams("iban", v, "").done()
	},
	consistent: true,
	redraw:     true,
}

// checkDigits is a strategy for numbers with check digits.
type checkDigits struct {
	name string
	free int // the least number of digits drawn
	make func(s *Source, old string) (string, bool)
}

func (c checkDigits) Info() Info { return builtin[c.name].info() }

func (c checkDigits) Bind(t Target) (Replacer, error) {
	space := math.Pow10(min(c.free, roomOf(t.Column)))
	if err := hasRoom(space, t); err != nil {
		return nil, err
	}
	return clientReplacer{birthdayClass(space, t), func(s *Source, old dialect.Value) (dialect.Value, error) {
		text, _ := dialect.TextOf(old)
		if made, ok := c.make(s, text); ok {
			return made, nil
		}
		return randomLike(s, text), nil
	}}, nil
}

var withoutSeparators = strings.NewReplacer(" ", "", "-", "")

// onlyDigits returns the digits of a text; ok is false where the text has more than digits, spaces
// and hyphens.
func onlyDigits(text string) (string, bool) {
	plain := withoutSeparators.Replace(text)
	return plain, plain != "" && strings.Trim(plain, digits) == ""
}

func newCard(s *Source, old string) (string, bool) {
	plain, ok := onlyDigits(old)
	if !ok || len(plain) < 12 || len(plain) > 19 {
		return "", false
	}
	made := []byte(plain[:1] + randomLike(s, plain[1:]))
	last := len(made) - 1
	made[last] = '0'
	made[last] += byte((10 - luhnDigit(string(made))) % 10)
	return intoShape(old, string(made)), true
}

// luhnDigit is the check sum of ISO/IEC 7812-1, annex B; 0 for a valid number.
func luhnDigit(digits string) int {
	sum := 0
	for i := range len(digits) {
		d := int(digits[len(digits)-1-i] - '0')
		if i%2 == 1 {
			if d *= 2; d > 9 {
				d -= 9
			}
		}
		sum += d
	}
	return sum % 10
}

// intoShape writes new letters and digits over the old ones, between the old separators.
func intoShape(shape, made string) string {
	b := []byte(shape)
	next := 0
	for i, c := range b {
		if c != ' ' && c != '-' {
			b[i] = made[next]
			next++
		}
	}
	return string(b)
}

func newIBAN(s *Source, old string) (string, bool) {
	plain := withoutSeparators.Replace(old)
	if !isIBAN(plain) {
		return "", false
	}
	country, account := plain[:2], randomLike(s, plain[4:])
	check := 98 - mod97(account+country+"00")
	made := country + string([]byte{'0' + byte(check/10), '0' + byte(check%10)}) + account
	return intoShape(old, made), true
}

// isIBAN reports whether a text without separators is a valid IBAN of any
// country: letters, length and check digits (ISO 13616-1).
func isIBAN(plain string) bool {
	if len(plain) < 15 || len(plain) > 34 {
		return false
	}
	upper := strings.ToUpper(plain)
	if strings.Trim(upper[:2], upperLetters) != "" || strings.Trim(upper[2:4], digits) != "" || strings.Trim(upper[4:], upperLetters+digits) != "" {
		return false
	}
	return mod97(upper[4:]+upper[:4]) == 1
}

// mod97 is the remainder of ISO/IEC 7064, MOD 97-10; letters count from 10.
func mod97(text string) int {
	r := 0
	for i := range len(text) {
		switch c := text[i] | 0x20; {
		case text[i] >= '0' && text[i] <= '9':
			r = (r*10 + int(text[i]-'0')) % 97
		case c >= 'a' && c <= 'z':
			r = (r*100 + int(c-'a') + 10) % 97
		}
	}
	return r
}
