package discover

import (
	"context"
	"fmt"
	"slices"

	"github.com/expungedb/expunge/dialect"
)

// candidate is a possible link of a column, before the comparison of values.
type candidate struct {
	link
	// least is the least share of values to find in the other table.
	least float64
	// needsValues says that the name alone is not enough.
	needsValues bool
	// open says that a person has to decide even then.
	open bool
}

// mostMissing is the highest share of missing values. Without a foreign key, references to
// deleted rows remain.
const mostMissing = 0.1

// findLinks proposes a link for each column with a reference to another table, by its name or
// its sampled values.
func (d *database) findLinks(ctx context.Context, db dialect.DB, o Options) error {
	var columns []*column
	for _, t := range d.tables {
		for _, c := range t.columns {
			if len(d.candidates(c)) > 0 {
				columns = append(columns, c)
			}
		}
	}
	if o.NamesOnly {
		for _, c := range columns {
			d.linkByName(c)
		}
		return nil
	}
	if len(columns) == 0 {
		return nil
	}
	tx, err := db.Begin(ctx, dialect.TxOptions{ReadOnly: true})
	if err != nil {
		return err
	}
	for _, c := range columns {
		if err := d.linkColumn(ctx, tx, c); err != nil {
			_ = tx.Rollback(ctx) // the first error says more
			return err
		}
	}
	d.dropIdleLinks()
	return tx.Rollback(ctx)
}

// dropIdleLinks drops links with weak names and no connection to people. A policy doesn't
// need them.
func (d *database) dropIdleLinks() {
	reached := d.reachedTables()
	d.links = slices.DeleteFunc(d.links, func(l link) bool {
		idle := l.byNameAlone && !reached[l.to]
		if idle {
			c := l.from.column(l.columns[0])
			c.verdict = verdict{}
			c.judge()
		}
		return idle
	})
}

// reachedTables returns the tables of people, and the tables with a path of references to them. It
// ignores references to creators and processors (isAudit).
func (d *database) reachedTables() map[*table]bool {
	out := map[*table]bool{}
	for _, t := range d.tables {
		out[t] = t.person || t == d.subject
	}
	refs := d.references()
	for changed := true; changed; {
		changed = false
		for _, r := range refs {
			if out[r.to] && !out[r.from] && !d.isAudit(r) {
				out[r.from], changed = true, true
			}
		}
	}
	return out
}

// linkByName proposes the column's first candidate with a sufficient name.
func (d *database) linkByName(c *column) {
	for _, l := range d.candidates(c) {
		if !l.needsValues {
			d.proposeByName(l.link, "no value was looked at")
			return
		}
	}
}

// linkColumn proposes the column's first candidate confirmed by its values.
func (d *database) linkColumn(ctx context.Context, tx dialect.Reader, c *column) error {
	keys := c.keySample()
	if c.values.n > 0 && !c.mayRefer() {
		return nil // the sample doesn't hold its values
	}
	for _, l := range d.candidates(c) {
		if len(keys) == 0 && !l.needsValues {
			d.proposeByName(l.link, "there was no value to look at")
			return nil
		}
		if len(keys) == 0 {
			continue
		}
		n, err := tx.Count(ctx, l.to.Name, []dialect.Cond{dialect.In{Columns: l.refColumns, Keys: keys}})
		if err != nil {
			return err
		}
		if share := float64(n) / float64(len(keys)); share < l.least || n == 0 {
			continue
		}
		evidence := fmt.Sprintf("%d of %d different sampled values are %s", n, len(keys), l.what())
		if l.open {
			c.verdict.leaveOpen("%s: add a link if that is no accident", evidence)
			return nil
		}
		l.confidence = min(l.confidence+0.1, agreeing)
		l.reason += "; " + evidence
		l.byNameAlone = l.needsValues && l.to != d.subject
		d.propose(l.link)
		return nil
	}
	return nil
}

// what describes the values at the link's end.
func (l *link) what() string {
	if key := l.to.key(); key != nil && key.Name == l.refColumns[0] {
		return "keys of " + l.to.name
	}
	return l.refColumns[0] + " of " + l.to.name
}

// keySample returns the column's distinct values. Zero and the empty text mean no reference.
func (c *column) keySample() []dialect.Key {
	var keys []dialect.Key
	seen := map[string]bool{}
	for _, v := range c.values.keys {
		if v == int64(0) || v == "" {
			continue
		}
		if id := dialect.EncodeKey(dialect.Key{v}); !seen[id] {
			seen[id] = true
			keys = append(keys, dialect.Key{v})
		}
	}
	return keys
}

// candidates returns the possible links of a column, the likeliest first.
func (d *database) candidates(c *column) []candidate {
	if c.table.refersBy(c.Name) || c.Identity || c.Unsupported != "" || d.polymorphic(c) {
		return nil
	}
	var out []candidate
	add := func(to *table, ref *column, confidence, least float64, needsValues bool, reason string) {
		if to != nil && ref != nil && ref != c && ref.Kind == c.Kind && to.unread == "" {
			out = append(out, candidate{link: link{reference: reference{from: c.table, to: to, columns: []string{c.Name}, refColumns: []string{ref.Name}}, confidence: confidence, reason: reason}, least: least, needsValues: needsValues})
		}
	}
	ownKey := len(c.table.PrimaryKey) == 1 && c.table.PrimaryKey[0] == c.Name
	keyCalled := d.keyCalled(c)
	if !c.verdict.personal() || keyCalled != nil {
		to, marked := d.called(c)
		if to != nil && (to != c.table || !ownKey) {
			add(to, to.key(), byName, 1-mostMissing, !marked || ownKey, "it is called after the table")
		}
		if !ownKey {
			d.addRole(c, to != nil && marked, add)
			if stem, _ := stripMarks(c.linkWords()); len(stem) > 0 && stem[len(stem)-1] == "parent" {
				add(c.table, c.table.key(), likely, 1-mostMissing, true, "it names the row above")
			}
		}
	}
	if !ownKey {
		d.addIdentifiers(c, add)
		out = append(out, d.byValuesAlone(c, len(out) > 0)...)
	}
	return out
}

// addRole adds the subject for a column named after people or a person's role, such as author.
func (d *database) addRole(c *column, calledAfterTable bool, add func(*table, *column, float64, float64, bool, string)) {
	if d.subject == nil || calledAfterTable {
		return
	}
	stem, marked := stripMarks(c.linkWords())
	if len(stem) == 0 {
		return
	}
	switch last := stem[len(stem)-1]; {
	case slices.Contains(d.subjectWords(), last) && !marked && d.isPlural(singularForms(last)): // policy_users
	case slices.Contains(d.subjectWords(), last):
		add(d.subject, d.subject.key(), byName, 1-mostMissing, !marked, "it is called after the people")
	case roles[last], len(stem) > 1 && last == "by":
		add(d.subject, d.subject.key(), likely, 1-mostMissing, false, "it is called after what someone is to the row")
	}
}

// leastIdentified is the least share of a column's e-mail addresses or user names to find in
// the subject table. The others may be of strangers.
const leastIdentified = 0.5

// addIdentifiers adds links by identifiers of the subject other than its key. It skips tables with
// another reference to the subject.
func (d *database) addIdentifiers(c *column, add func(*table, *column, float64, float64, bool, string)) {
	if d.subject == nil || c.table == d.subject || c.verdict.meaning == nil || d.refersToSubject(c.table) {
		return
	}
	for _, ref := range d.subject.columns {
		if m := ref.verdict.meaning; m == c.verdict.meaning && slices.Contains(identifying, m) {
			add(d.subject, ref, likely, leastIdentified, true, "it holds "+m.name+", as the people's table does")
		}
	}
}

// refersToSubject reports whether the table has a foreign key or a link to the subject.
func (d *database) refersToSubject(t *table) bool {
	return slices.ContainsFunc(d.references(), func(r reference) bool { return r.from == t && r.to == d.subject })
}

// fewKeys is the least number of distinct values for a link by values alone.
const fewKeys = 12

// byValuesAlone returns a link to the subject for a column with an unknown name. Small numbers
// are keys of nearly every table: with them a person has to decide.
func (d *database) byValuesAlone(c *column, named bool) []candidate {
	if d.subject == nil || named || c.table == d.subject || c.verdict.personal() || c.values.distinct < fewKeys {
		return nil
	}
	key := d.subject.key()
	stem, marked := stripMarks(c.linkWords())
	if key == nil || key.Kind != c.Kind || len(stem) == 0 {
		return nil
	}
	l := link{reference: reference{from: c.table, to: d.subject, columns: []string{c.Name}, refColumns: []string{key.Name}}, confidence: likely, reason: "its name says nothing"}
	if c.Kind == dialect.UUID || c.Kind == dialect.Text && key.values.small == 0 {
		return []candidate{{link: l, least: 1 - mostMissing, needsValues: true}}
	}
	if marked && !d.tableWords[stem[len(stem)-1]] { // group_id refers to a table such as user_group
		return []candidate{{link: l, least: 1, needsValues: true, open: true}}
	}
	return nil
}

// proposeByName proposes a link without values to confirm it. A weaker name, such as a role, may
// refer to others than subjects (staff): then a person decides.
func (d *database) proposeByName(l link, why string) {
	if l.confidence >= byName {
		l.confidence, l.reason = guessed, l.reason+"; "+why
		d.propose(l)
		return
	}
	l.from.column(l.columns[0]).verdict.leaveOpen("may refer to %s (then add it to links), or to nobody; %s", l.to.name, why)
}

func (d *database) propose(l link) {
	d.links = append(d.links, l)
	c := l.from.column(l.columns[0])
	if target := l.to.column(l.refColumns[0]); !target.verdict.personal() {
		c.verdict.none(l.confidence, "refers to %s, see links", l.to.name)
	}
}

func containsWord(list []string, s string) bool { return slices.Contains(list, s) }
