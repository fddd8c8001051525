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

// seenValues are the different values of one column, while its table is read.
type seenValues map[string]struct{}

// profile is what a column's values have in common. It holds none of them, but
// for those of columns that could refer to another table.
type profile struct {
	n        int // values that were looked at: neither NULL nor empty
	distinct int
	hits     map[*meaning]int // values that look like it
	alone    map[*meaning]int
	phrases  int    // values of four words or more, not counting numbers
	uuids    int    // values in the form of a UUID
	mentions int    // values with a first name, or an e-mail address, somewhere in them
	from, to string // the first and the last year of dates
	docs     documents
	keys     []dialect.Value // short values, which could be keys of another table
	binary   int             // values of bytes that are no text
	small    int             // numbers below smallNumber, by amount
	epochs   int             // numbers that count seconds from 1970 to a day of this century
	clocked  int             // moments with a time of day
}

// smallNumber is what counts and settings stay below, and numbers of people and
// telephones don't.
const smallNumber = 1_000_000

// readsAsText reports whether a value of bytes is a text, which many applications store so.
func (p *profile) readsAsText(v string) bool {
	if utf8.ValidString(v) && !strings.ContainsFunc(v, func(r rune) bool { return unicode.IsControl(r) && !unicode.IsSpace(r) }) {
		return true
	}
	p.binary++
	return false
}

// addNumber notes what a number could count.
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

// addMoment notes the year and the time of day.
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
	for i := range detectors { // shapes that say it alone
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

// suits reports whether values of the column's kind can have the shape: a
// date or a boolean is no telephone number, whatever its characters.
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

// share is the part of the values that look like a meaning.
func (p *profile) share(m *meaning) float64 {
	if p.n == 0 {
		return 0
	}
	return float64(p.hits[m]) / float64(p.n)
}

// looksLikeNothing reports that hardly a value has a shape that is checked for.
func (p *profile) looksLikeNothing() bool {
	for m, n := range p.hits {
		if m != birthDate && n*10 > p.n {
			return false
		}
	}
	return true
}

// fewWords reports that there are only a few different values, each many times:
// a status, not a text that people write.
func (p *profile) fewWords() bool {
	return p.n >= 12 && p.distinct <= 20 && p.distinct*4 <= p.n
}
