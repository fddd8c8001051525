package anonymise

import (
	"errors"
	"fmt"
	"math"
	"strconv"
	"strings"

	"github.com/expungedb/expunge/dialect"
)

// pseudonymDefinition: pseudonym replaces a value by one that depends on the secret and on the
// value only: HMAC-SHA256 (RFC 2104) of its canonical form. So equal values remain equal
// everywhere. Whole numbers use a keyed permutation instead (permute.go) and remain unique whatever
// their number. An empty text remains empty.
//
// Texts of joined columns need pseudonyms of one length. Where the catalogue or a link declares the
// join the planner ensures it, else give both columns the same `length`.
var pseudonymDefinition = definition{
	Description: Description{
		Name: "pseudonym", Doc: "a keyed replacement: equal values come out equal in every table, run and engine",
		Technique: "pseudonymization", Class: Unique, Keyed: true, Consistent: always,
		Kinds: []dialect.Kind{dialect.Text, dialect.Int, dialect.Decimal, dialect.UUID, dialect.Bytes},
		Params: []Param{
			{"as", "the shape in a text column: token (letters and digits, the default), email, digits, uuid; {pseudonym: email} for short"},
			{"length", "characters of a token (20 by default) or digits (15 by default)"},
			{"domain", "of e-mail addresses; example.com by default (RFC 2606: nobody's)"},
		},
	},
	make: makePseudonym,
	refuses: func(c *dialect.Column) []dialect.Oddity {
		if c.Kind != dialect.Decimal {
			return nil
		}
		return []dialect.Oddity{dialect.NaN, dialect.Infinite}
	},
}

type pseudonymStrategy struct {
	as     string
	length int
	host   string
	m      Modifiers
}

const (
	tokenLength  = 20 // 100 bits
	digitsLength = 15
)

func makePseudonym(v any, m Modifiers) (Strategy, error) {
	p := readParams("pseudonym", v, "as")
	s := pseudonymStrategy{m: m}
	s.as = p.choice("as", "", "token", "email", "digits", "uuid")
	s.host = p.textOr("domain", "")
	otherwise, most := tokenLength, 51
	if s.as == "digits" {
		otherwise, most = digitsLength, 16
	}
	s.length = p.int("length", otherwise, 4, most)
	_, lengthGiven := p.m["length"]
	switch {
	case s.host != "" && s.as != "email":
		p.failAt("domain", "only {as: email} has a domain")
	case s.host != "" && strings.Trim(strings.ToLower(s.host), lowerLetters+digits+".-") != "":
		p.failAt("domain", "letters, digits, hyphens and dots")
	case lengthGiven && s.as == "uuid":
		p.failAt("length", "a UUID has 36 characters")
	}
	if s.host == "" {
		s.host = "example.com"
	}
	return s, p.done()
}

func (pseudonymStrategy) Info() Info { return pseudonymDefinition.info() }

func (p pseudonymStrategy) Bind(t Target) (Replacer, error) {
	c := t.Column
	if p.as != "" && c.Kind != dialect.Text {
		return nil, fmt.Errorf("this shape is a text; column %s is %s: leave it out", c.Name, describeColumn(c))
	}
	canon := newCanon(t, p.m.Fold)
	switch c.Kind {
	case dialect.Int:
		if isYear(c) {
			return nil, fmt.Errorf("column %s is a year, of which there are too few for pseudonyms: use random or noise", c.Name)
		}
		return p.numberReplacer(t, Unique), nil
	case dialect.Decimal:
		class := Unique
		if c.Scale > 0 {
			class = Lossy // 1.25 has only two digits of a fraction to distinguish values
		} else if c.Precision <= 0 || c.Precision > 19 {
			digits := c.Precision
			if digits <= 0 {
				digits = 9
			}
			class = birthdayClass(math.Pow10(digits), t)
		}
		return p.numberReplacer(t, class), nil
	case dialect.UUID:
		return digestReplacer(newDomain(p.m.Group, "uuid"), birthdayClass(math.Pow(2, 122), t), canon, pseudonymUUID), nil
	case dialect.Bytes:
		return p.bytesReplacer(t, canon)
	}
	return p.textReplacer(t, canon)
}

// digestReplacer makes a value from the digest of the canonical form.
func digestReplacer(d domain, class Class, canon canon, of func(sum []byte) dialect.Value) Replacer {
	return clientReplacer{class, func(s *Source, old dialect.Value) (dialect.Value, error) {
		canonical := canon.value(old)
		if canonical == "" {
			return old, nil
		}
		sum, err := s.digest(d, canonical)
		if err != nil {
			return nil, err
		}
		return of(sum), nil
	}}
}

func pseudonymUUID(sum []byte) dialect.Value { return uuid(sum[:16]).version(8).String() }

func (p pseudonymStrategy) textReplacer(t Target, canon canon) (Replacer, error) {
	c := t.Column
	n := roomOf(c)
	tooShort := func(need int) error {
		return fmt.Errorf("column %s holds %d characters, and this needs %d: use another shape, or random", c.Name, n, need)
	}
	var space float64
	var of func(sum []byte) dialect.Value
	purpose := "text"
	switch p.as {
	case "uuid":
		if n < 36 {
			return nil, tooShort(36)
		}
		purpose, space, of = "uuid", math.Pow(2, 122), pseudonymUUID
	case "email":
		const least = 8
		token := min(p.length, n-1-len(p.host))
		if token < least {
			return nil, tooShort(least + 1 + len(p.host))
		}
		purpose, space = "email", math.Pow(32, float64(token))
		of = func(sum []byte) dialect.Value { return tokenOf(sum, token) + "@" + p.host }
	case "digits":
		n = min(p.length, n)
		purpose, space = "digits", math.Pow10(n)
		of = func(sum []byte) dialect.Value { return digitsOf(sum, n) }
	default:
		n = min(p.length, n)
		space = math.Pow(32, float64(n))
		of = func(sum []byte) dialect.Value { return tokenOf(sum, n) }
	}
	if err := hasRoom(space, t); err != nil {
		return nil, err
	}
	r := digestReplacer(newDomain(p.m.Group, purpose), birthdayClass(space, t), canon, of)
	if purpose == "uuid" {
		r = uuidText(r)
	}
	return r, nil
}

// uuidText reads a UUID in a text column as a uuid column returns it, so that the two agree.
func uuidText(r Replacer) Replacer {
	return clientReplacer{r.Class(), func(s *Source, old dialect.Value) (dialect.Value, error) {
		text, _ := dialect.TextOf(old)
		if u, ok := parseUUID(strings.TrimRight(text, " ")); ok {
			old = u.String()
		}
		return r.Replace(s, old)
	}}
}

func tokenOf(sum []byte, n int) string {
	b := make([]byte, n)
	for i := range b {
		bit := i * 5
		v := uint16(sum[bit/8]) << 8
		if bit/8+1 < len(sum) {
			v |= uint16(sum[bit/8+1])
		}
		b[i] = base32Letters[v>>(11-bit%8)&31]
	}
	return string(b)
}

// digitsOf takes two bytes for a digit: 65536 is so near to a multiple of ten that no digit is more
// than 0.02 % likelier than another.
func digitsOf(sum []byte, n int) string {
	b := make([]byte, n)
	for i := range b {
		b[i] = digits[(int(sum[2*i])<<8|int(sum[2*i+1]))%10]
	}
	return string(b)
}

func (p pseudonymStrategy) bytesReplacer(t Target, canon canon) (Replacer, error) {
	c := t.Column
	n := 16
	if c.Length > 0 && c.Length < n {
		n = c.Length
	}
	size := n
	if c.Fixed {
		size = max(c.Length, n)
	}
	space := math.Pow(256, float64(n))
	if err := hasRoom(space, t); err != nil {
		return nil, err
	}
	return digestReplacer(newDomain(p.m.Group, "bytes"), birthdayClass(space, t), canon, func(sum []byte) dialect.Value {
		b := make([]byte, size)
		copy(b, sum[:n])
		return b
	}), nil
}

func (p pseudonymStrategy) numberReplacer(t Target, class Class) Replacer {
	whole := newDomain(p.m.Group, "whole number")
	other := newDomain(p.m.Group, "number")
	isInt := t.Column.Kind == dialect.Int
	return clientReplacer{class, func(s *Source, old dialect.Value) (dialect.Value, error) {
		if n, ok := old.(int64); ok {
			return s.permuteInt(whole, n)
		}
		text, _ := dialect.TextOf(old)
		d, ok := parseDecimal(text)
		if text == "NaN" || strings.TrimPrefix(text, "-") == "Infinity" {
			return nil, errors.New("pseudonym: the value is no number: use random")
		}
		if !ok {
			// SQLite stores a text where the column says number.
			sum, err := s.digest(other, text)
			if err != nil {
				return nil, err
			}
			return tokenOf(sum, tokenLength), nil
		}
		magnitude, err := strconv.ParseUint(d.whole, 10, 64)
		if err != nil || strings.Trim(d.fraction, "0") != "" || d.negative && magnitude > 1<<63 {
			return s.scramble(other, d)
		}
		key, err := s.permutation(whole)
		if err != nil {
			return nil, err
		}
		d.whole = strconv.FormatUint(permuteNumber(key, &s.block, magnitude, d.negative), 10)
		if n, err := strconv.ParseInt(d.String(), 10, 64); err == nil && isInt {
			return n, nil
		}
		return d.String(), nil
	}}
}

func (s *Source) permuteInt(d domain, n int64) (dialect.Value, error) {
	key, err := s.permutation(d)
	if err != nil {
		return nil, err
	}
	if n < 0 {
		return int64(-permuteNumber(key, &s.block, -uint64(n), true)), nil
	}
	m := permuteNumber(key, &s.block, uint64(n), false)
	return int64(m), nil // no band crosses 2^63
}

// scramble replaces the digits of a number with a fraction, or too long for an integer, and keeps
// their count before and behind the point.
func (s *Source) scramble(d domain, n decimal) (dialect.Value, error) {
	canonical := n
	canonical.fraction = strings.TrimRight(n.fraction, "0")
	was, err := s.keyedBy(d, canonical.String())
	if err != nil {
		return nil, err
	}
	defer s.resume(was)
	// The zeros at the fraction's end remain, so that the drawn digits don't depend on the column's
	// scale.
	zeros := n.fraction[len(canonical.fraction):]
	n.whole, n.fraction = randomDigits(s, n.whole), randomLike(s, canonical.fraction)+zeros
	return n.String(), nil
}
