package discover

import (
	"math"
	"regexp"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/expungedb/expunge/dialect"
)

// seenValues are the distinct values of one column during the sample of its table.
type seenValues map[string]struct{}

// profile describes a column's values in figures. It holds values only in keys, for
// possible references, and the keys of documents.
type profile struct {
	n        int // sampled values, neither NULL nor empty
	distinct int
	hits     map[*meaning]int // values with the form of a meaning
	alone    map[*meaning]int
	phrases  int    // values of four words or more, not counting numbers
	uuids    int    // values in the form of a UUID
	mentions int    // values containing a first name or an e-mail address
	from, to string // the first and the last year of dates
	docs     documents
	keys     []dialect.Value // short values, possible keys of another table
	binary   int             // byte values without text
	small    int             // numbers below smallNumber, by amount
	epochs   int             // numbers of seconds from 1970 to a day of this century
	clocked  int             // moments with a time of day
}

// smallNumber is an upper limit for counts and settings. Numbers of people and telephones
// are larger.
const smallNumber = 1_000_000

// readsAsText reports whether a byte value is a text: many applications store texts as bytes.
func (p *profile) readsAsText(v string) bool {
	if utf8.ValidString(v) && !strings.ContainsFunc(v, func(r rune) bool { return unicode.IsControl(r) && !unicode.IsSpace(r) }) {
		return true
	}
	p.binary++
	return false
}

// addNumber counts small numbers and numbers of seconds since 1970.
func (p *profile) addNumber(v string) {
	n, err := strconv.ParseFloat(v, 64)
	switch {
	case err != nil:
	case math.Abs(n) < smallNumber:
		p.small++
	case n >= 946_684_800 && n < 4_102_444_800:
		p.epochs++
	}
}

var clockShape = regexp.MustCompile(`[ T](\d{2}:\d{2}:\d{2})`)

// addMoment records the year and the time of day.
func (p *profile) addMoment(v string) {
	m := dateShape.FindStringSubmatch(v)
	if m == nil {
		return
	}
	if p.from == "" || m[1] < p.from {
		p.from = m[1]
	}
	p.to = max(p.to, m[1])
	if m := clockShape.FindStringSubmatch(v); m != nil && m[1] != "00:00:00" {
		p.clocked++
	}
}

func (p *profile) add(c *column, v string, seen *seenValues) {
	p.n++
	if *seen == nil {
		*seen = seenValues{}
	}
	if isDocument(c.kind, v) {
		p.docs.add(v)
	}
	if len(v) > longest {
		v = v[:longest]
	}
	(*seen)[v] = struct{}{}
	if p.hits == nil {
		p.hits, p.alone = map[*meaning]int{}, map[*meaning]int{}
	}
	hit := map[*meaning]bool{}
	for i := range detectors {
		if d := &detectors[i]; d.suits(c) && !hit[d.meaning] && d.like(v) {
			hit[d.meaning] = true
			p.hits[d.meaning]++
		}
	}
	for i := range detectors { // forms that decide alone
		if d := &detectors[i]; d.least > 0 && d.suits(c) && hit[d.meaning] && d.like(v) {
			p.alone[d.meaning]++
			break
		}
	}
	if uuidShape.MatchString(v) {
		p.uuids++
	}
	if isPhrase(v) {
		p.phrases++
	}
	if c.kind == dialect.Text && (mentionsName(v) || strings.Contains(v, "@") && strings.ContainsFunc(v, func(r rune) bool { return r == ' ' }) && mentionsEmail(v)) {
		p.mentions++
	}
	switch c.kind {
	case dialect.Int, dialect.Decimal, dialect.Float:
		p.addNumber(v)
	case dialect.Date, dialect.Timestamp, dialect.TimestampTZ:
		p.addMoment(v)
	case dialect.Text:
		p.addMoment(v)
	}
}

// suits reports whether the detector applies to the column's kind. A date or a boolean
// is no telephone number, whatever its characters.
func (d *detector) suits(c *column) bool {
	switch c.kind {
	case dialect.Text, dialect.JSON, dialect.XML:
		return true
	case dialect.Int, dialect.Decimal:
		return d.quantity
	case dialect.Date, dialect.Timestamp, dialect.TimestampTZ:
		return d.meaning == birthDate
	case dialect.Inet:
		return d.meaning == ipAddress || d.meaning == macAddress
	}
	return false
}

var uuidShape = regexp.MustCompile(`^(?i:[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12})$`)

// isPhrase reports whether a value has four words or more, not counting numbers.
func isPhrase(v string) bool {
	n := 0
	for w := range strings.FieldsSeq(v) {
		if strings.ContainsFunc(w, unicode.IsLetter) {
			n++
		}
	}
	return n >= 4
}

// mentionsEmail reports whether one of the words is an e-mail address.
func mentionsEmail(v string) bool {
	for w := range strings.FieldsSeq(v) {
		if isEmail(strings.Trim(w, ".,;:()<>!?")) {
			return true
		}
	}
	return false
}

// share returns the share of values with the form of a meaning.
func (p *profile) share(m *meaning) float64 {
	if p.n == 0 {
		return 0
	}
	return float64(p.hits[m]) / float64(p.n)
}

// looksLikeNothing reports whether at most a tenth of the values has any one form, dates of birth aside.
func (p *profile) looksLikeNothing() bool {
	for m, n := range p.hits {
		if m != birthDate && n*10 > p.n {
			return false
		}
	}
	return true
}

// fewWords reports whether the column has few distinct values, often repeated: a status, not
// a text written by people.
func (p *profile) fewWords() bool {
	return p.n >= 12 && p.distinct <= 20 && p.distinct*4 <= p.n
}
