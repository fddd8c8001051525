package discover

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/expungedb/expunge/dialect"
)

// marks are the words that say that a column refers to a row.
var marks = []string{"id", "fk", "uuid", "guid", "ref", "oid", "key"}

// roles are what people are to a row: a column called so refers to the subject
// if its values do.
var roles = wordSet(`author owner creator sender recipient receiver assignee reporter approver reviewer editor uploader buyer seller payer follower inviter invitee
	autor absender empfaenger besitzer auteur proprietaire expediteur destinataire remitente destinatario propietario mittente autore afzender eigenaar remetente nadawca odbiorca`)

// refers reports whether the column is called as one that refers to a row, or
// says to which table's rows another one does.
func (c *column) refers() bool {
	if c.table.refersBy(c.Name) {
		return false
	}
	w := splitName(c.Name)
	last := w[max(len(w)-1, 0):]
	return c.keyLike() || len(last) == 1 && (last[0] == "type" || last[0] == "typ" || last[0] == "tipo" || last[0] == "by" || roles[last[0]]) ||
		slices.ContainsFunc(w, func(x string) bool { return containsWord(marks, x) }) ||
		len(last) == 1 && strings.HasSuffix(last[0], "id")
}

// keyLike reports whether the column's name ends as those of keys do.
func (c *column) keyLike() bool {
	w := splitName(c.Name)
	if len(w) == 0 {
		return false
	}
	_, head := splitCompound(w[len(w)-1])
	return containsWord([]string{"nr", "no", "nummer", "number", "num", "code", "id"}, head)
}

// targetName is a column's name without the words that say that it refers.
func targetName(name string) []string {
	w := splitName(name)
	if len(w) > 0 {
		if first, head := splitCompound(w[len(w)-1]); first != "" && containsWord(marks, head) {
			w = append(w[:len(w)-1:len(w)-1], first, head)
		}
	}
	for len(w) > 0 && containsWord(marks, w[len(w)-1]) {
		w = w[:len(w)-1]
	}
	for len(w) > 0 && containsWord(marks, w[0]) {
		w = w[1:]
	}
	if len(w) == len(splitName(name)) && (len(w) == 0 || !strings.HasSuffix(w[len(w)-1], "id")) {
		return nil
	}
	return w
}

// called returns the table that a column is called after: customer_id, id_kunde,
// billing_customer_id. Nil where there is none, or the column is the table's own key.
func (d *database) called(c *column) *table {
	if t := d.keyCalled(c); t != nil {
		return t
	}
	w := targetName(c.Name)
	for i := range w {
		wanted := singularForms(strings.Join(w[i:], ""))
		for _, t := range d.tables {
			own := t == c.table && containsWord(t.PrimaryKey, c.Name)
			if t.key() != nil && !own && slices.ContainsFunc(t.names(), func(n string) bool { return containsWord(wanted, n) }) {
				return t
			}
		}
	}
	return nil
}

// keyCalled returns the one other table whose key has the column's very name,
// unless that is one that any key can have.
func (d *database) keyCalled(c *column) *table {
	if len(splitName(c.Name)) < 2 && len(c.Name) < 6 {
		return nil
	}
	var found *table
	for _, t := range d.tables {
		if key := t.key(); t != c.table && key != nil && strings.EqualFold(key.Name, c.Name) && !t.refersBy(key.Name) {
			if found != nil {
				return nil
			}
			found = t
		}
	}
	return found
}

// names are the forms in which other tables' columns call the table.
func (t *table) names() []string {
	w := splitName(t.Name.Table)
	out := singularForms(strings.Join(w, ""))
	for len(w) > 1 && containsWord(namePrefixes, w[0]) {
		w = w[1:]
		out = append(out, singularForms(strings.Join(w, ""))...)
	}
	return out
}

// findLinks proposes a link for each column that is called after a table and
// whose sampled values are all keys of it. Where no value was sampled the
// name alone has to do.
func (d *database) findLinks(ctx context.Context, db dialect.DB, o Options) error {
	var candidates []link
	for _, t := range d.tables {
		for _, c := range t.columns {
			if l, ok := d.candidate(c); ok {
				candidates = append(candidates, l)
			}
		}
	}
	if len(candidates) == 0 {
		return nil
	}
	if o.NamesOnly {
		for _, l := range candidates {
			d.byNameAlone(l, "no value was looked at")
		}
		return nil
	}
	tx, err := db.Begin(ctx, dialect.TxOptions{ReadOnly: true})
	if err != nil {
		return err
	}
	for _, l := range candidates {
		if err := d.confirm(ctx, tx, l); err != nil {
			_ = tx.Rollback(ctx) // the first error says more
			return err
		}
	}
	return tx.Rollback(ctx)
}

// candidate is a link by the column's name alone.
func (d *database) candidate(c *column) (link, bool) {
	t := c.table
	if t.refersBy(c.Name) || len(t.PrimaryKey) == 1 && t.PrimaryKey[0] == c.Name || d.polymorphic(c) || c.verdict.personal() && d.keyCalled(c) == nil {
		return link{}, false
	}
	confidence, to := byName, d.called(c)
	if to == nil && d.subject != nil {
		w := splitName(c.Name)
		for len(w) > 0 && containsWord(marks, w[len(w)-1]) {
			w = w[:len(w)-1]
		}
		if len(w) > 0 && (roles[w[len(w)-1]] || len(w) > 1 && w[len(w)-1] == "by") {
			confidence, to = likely, d.subject
		}
	}
	if to == nil || to.key() == nil || to.key().Kind != c.Kind || to.unread != "" {
		return link{}, false
	}
	reason := "it is called after the table"
	if confidence < byName {
		reason = "it is called after what someone is to the row"
	}
	return link{reference{t, to, []string{c.Name}, []string{to.key().Name}}, "", confidence, reason}, true
}

// confirm proposes the link unless a sampled value is no key.
func (d *database) confirm(ctx context.Context, tx dialect.Reader, l link) error {
	c := l.from.column(l.columns[0])
	var keys []dialect.Key
	seen := map[string]bool{}
	for _, v := range c.values.keys {
		if id := dialect.EncodeKey(dialect.Key{v}); !seen[id] {
			seen[id] = true
			keys = append(keys, dialect.Key{v})
		}
	}
	if len(keys) == 0 {
		d.byNameAlone(l, "there was no value to look at")
		return nil
	}
	n, err := tx.Count(ctx, l.to.Name, []dialect.Cond{dialect.In{Columns: l.refColumns, Keys: keys}})
	if err != nil {
		return err
	}
	if n != int64(len(keys)) {
		return nil
	}
	l.confidence = min(l.confidence+0.1, agreeing)
	l.reason += fmt.Sprintf("; all %d different sampled values are keys there", n)
	d.propose(l)
	return nil
}

// byNameAlone proposes a link that no value speaks for. What someone is to the
// row may be said of others than the subjects (staff), so that a person has to look.
func (d *database) byNameAlone(l link, why string) {
	if l.confidence >= byName {
		l.confidence, l.reason = guessed, l.reason+"; "+why
		d.propose(l)
		return
	}
	v := &l.from.column(l.columns[0]).verdict
	v.category, v.open, v.reasons = "", true, nil
	v.because("may refer to %s (then add it to links), or to nobody; %s", l.to.name, why)
}

func (d *database) propose(l link) {
	d.links = append(d.links, l)
	if target := l.to.column(l.refColumns[0]); !target.verdict.personal() {
		l.from.column(l.columns[0]).verdict.none(l.confidence, "refers to %s, see links", l.to.name)
	}
}

func containsWord(list []string, s string) bool { return slices.Contains(list, s) }
