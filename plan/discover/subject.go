package discover

import (
	"fmt"
	"math"
	"slices"
	"strings"

	"github.com/expungedb/expunge/dialect"
	"github.com/expungedb/expunge/plan/policy"
)

// leastSubject is the least score of a proposed subject table.
const leastSubject = 1.3

// findSubject chooses the table with the highest score, if that reaches leastSubject. The references
// to a table, its personal columns and its name add to the score.
func (d *database) findSubject() {
	arrivals := d.countArrivals()
	var best, second float64
	for _, t := range d.tables {
		score := t.subjectScore(arrivals[t])
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
	d.why = Proposal{About: AboutSubject, Table: d.subject.name, Text: d.subject.name, InPolicy: true,
		Confidence: math.Round(100*min(0.95, 0.5+(best-second)/3)) / 100, Reason: d.subject.whySubject(arrivals[d.subject])}
}

// takeSubject makes the table of that name the subject.
func (d *database) takeSubject(name string) error {
	found, why := policy.FindTable(d.schema, name)
	if found == nil {
		return fmt.Errorf("subject: %s", why)
	}
	d.subject = d.table(found.Name)
	d.subject.person = true
	d.why = Proposal{About: AboutSubject, Table: d.subject.name, Text: d.subject.name, InPolicy: true, Confidence: certain, Reason: "given"}
	return nil
}

func (t *table) whySubject(arrivals int) string {
	var why []string
	if arrivals > 0 {
		why = append(why, "referenced from "+counted(arrivals, "place"))
	}
	if t.has(emailAddress) {
		why = append(why, "has e-mail addresses")
	}
	if t.has(firstName, lastName, fullName, userName) {
		why = append(why, "has names")
	}
	if t.has(birthDate) {
		why = append(why, "has dates of birth")
	}
	if t.rank() > 0 {
		why = append(why, "its name suggests people")
	}
	return strings.Join(why, ", ")
}

// counted formats a number with its noun.
func counted(n int, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return fmt.Sprintf("%d %ss", n, noun)
}

func (t *table) subjectScore(arrivals int) float64 {
	if t.Key() == nil {
		return 0
	}
	holds := 0.0
	for _, h := range []struct {
		worth    float64
		meanings []*meaning
	}{
		{0.6, []*meaning{emailAddress}}, {0.4, []*meaning{firstName, lastName, fullName}}, {0.4, []*meaning{userName}}, {0.5, []*meaning{birthDate, nationalNumber}},
		{0.2, []*meaning{phone}}, {0.5, []*meaning{secret}},
	} {
		if t.has(h.meanings...) {
			holds += h.worth
		}
	}
	if !t.person && holds < 1 {
		return 0
	}
	return 0.5*math.Log2(1+float64(arrivals)) + holds + t.rank()
}

// countArrivals counts the references to each table from others: foreign keys, and columns with the
// name and kind of a reference.
func (d *database) countArrivals() map[*table]int {
	out := map[*table]int{}
	for _, from := range d.tables {
		for _, fk := range from.ForeignKeys {
			if to := d.table(fk.RefTable); to != nil && to != from {
				out[to]++
			}
		}
		for _, c := range from.columns {
			if to, _ := d.called(c); to != nil && to != from && !from.refersBy(c.Name) && to.key().Kind == c.Kind {
				out[to]++
			}
		}
	}
	return out
}

// identifiers returns the columns of the subject table, besides its key, for identifying a
// person in a request.
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

// alone reports whether a unique index contains only this column.
func (t *table) alone(column string) bool {
	return slices.ContainsFunc(t.UniqueIndexes(column), func(ix *dialect.Index) bool { return len(ix.Parts) == 1 })
}
