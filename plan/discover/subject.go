package discover

import (
	"fmt"
	"math"
	"slices"
	"strings"

	"github.com/expungedb/expunge/dialect"
)

// leastSubject is the score below which no table is proposed for the subject.
const leastSubject = 1.6

// findSubject takes the table that sounds most like people, holds what people
// have, and is referred to most.
func (d *database) findSubject() {
	var best, second float64
	for _, t := range d.tables {
		score := d.subjectScore(t)
		if score > best {
			best, second, d.subject = score, best, t
		} else if score > second {
			second = score
		}
	}
	if d.subject == nil || best < leastSubject {
		d.subject = nil
		return
	}
	var why []string
	if d.subject.rank() > 0 {
		why = append(why, "it is called after people")
	}
	if d.subject.has(emailAddress) {
		why = append(why, "has e-mail addresses")
	}
	if d.subject.has(firstName, lastName, fullName) {
		why = append(why, "has names")
	}
	if n := d.arrivals(d.subject); n > 0 {
		why = append(why, fmt.Sprintf("is referred to from %d places", n))
	}
	d.why = Proposal{About: AboutSubject, Table: d.subject.name, Text: d.subject.name, InPolicy: true,
		Confidence: math.Round(100*min(0.95, 0.5+(best-second)/3)) / 100, Reason: strings.Join(why, ", ")}
}

func (d *database) subjectScore(t *table) float64 {
	if t.Key() == nil || !t.person {
		return 0
	}
	score := 2*t.rank() + 0.3*math.Log2(1+float64(d.arrivals(t)))
	if t.has(emailAddress) {
		score += 0.6
	}
	if t.has(firstName, lastName, fullName, userName) {
		score += 0.5
	}
	if t.has(phone, birthDate, nationalNumber) {
		score += 0.2
	}
	return score
}

// arrivals counts the references from other tables, and columns that are called
// as one would be.
func (d *database) arrivals(t *table) int {
	n := 0
	for _, other := range d.tables {
		if other == t {
			continue
		}
		for _, fk := range other.ForeignKeys {
			if fk.RefTable == t.Name {
				n++
			}
		}
		for _, c := range other.columns {
			if !other.refersBy(c.Name) && d.called(c) == t {
				n++
			}
		}
	}
	return n
}

// identifiers are columns of the subject table, besides its key, that a request
// may name someone by.
func (d *database) identifiers() []string {
	var out []string
	key := d.subject.Key()
	for _, c := range d.subject.columns {
		if c.Kind != dialect.Text || containsWord(key, c.Name) {
			continue
		}
		switch c.verdict.meaning {
		case userName, personNumber, nationalNumber:
			if !d.subject.alone(c.Name) {
				continue
			}
			fallthrough
		case emailAddress, phone:
			out = append(out, c.Name)
		}
	}
	return out
}

// alone reports whether a unique index holds the column and no other.
func (t *table) alone(column string) bool {
	return slices.ContainsFunc(t.UniqueIndexes(column), func(ix *dialect.Index) bool { return len(ix.Parts) == 1 })
}
