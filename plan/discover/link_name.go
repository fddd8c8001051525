package discover

import (
	"slices"
	"strings"
)

// marks are words in the names of references.
var marks = []string{"id", "fk", "uuid", "guid", "ref", "oid", "key"}

// roles are names for people in relation to a row. A column with such a name refers to the
// subject if its values do.
var roles = wordSet(`actor author owner creator sender recipient receiver assignee reporter requester requestor approver granter moderator reviewer editor uploader buyer seller payer follower friend inviter invitee referrer uid
	autor absender empfaenger besitzer auteur proprietaire expediteur destinataire remitente destinatario propietario mittente autore afzender eigenaar remetente nadawca odbiorca`)

// stripMarks returns a name's words without marks at either end. marked says whether it had any.
func stripMarks(words []string) (stem []string, marked bool) {
	stem = words
	for len(stem) > 0 && containsWord(marks, stem[len(stem)-1]) {
		stem = stem[:len(stem)-1]
	}
	for len(stem) > 0 && containsWord(marks, stem[0]) {
		stem = stem[1:]
	}
	return stem, len(stem) < len(words)
}

// linkWords returns the words of the column's name. It also separates a mark from a compound of
// the lexicon (transactionid).
func (c *column) linkWords() []string {
	if len(c.words) == 0 {
		return nil
	}
	last := len(c.words) - 1
	if first, head := splitCompound(c.words[last]); first != "" && containsWord(marks, head) {
		return append(slices.Clone(c.words[:last]), first, head)
	}
	return c.words
}

// called returns the table named in a column: customer_id, id_kunde, billing_customer_id,
// wl_user. It returns nil for other names, and for the table's own key. marked says that the
// name has a mark of a reference.
func (d *database) called(c *column) (to *table, marked bool) {
	if t := d.keyCalled(c); t != nil {
		return t, true
	}
	stem, marked := stripMarks(c.linkWords())
	for i := range stem {
		forms := singularForms(strings.Join(stem[i:], ""))
		for _, name := range forms {
			if !marked && d.isPlural(forms) { // policy_hosts is no reference to a host
				continue
			}
			if t := d.byName[name]; t != nil && t.key() != nil && (t != c.table || !containsWord(t.PrimaryKey, c.Name)) {
				return t, marked
			}
		}
	}
	return nil, marked
}

// isPlural reports whether a word is a plural and its singular names a table.
func (d *database) isPlural(forms []string) bool {
	return strings.HasSuffix(forms[0], "s") && slices.ContainsFunc(forms[1:], func(f string) bool { return d.byName[f] != nil })
}

// keyCalled returns the only other table with a key of the column's name, or nil. It ignores
// short names of one word, because any key can have them.
func (d *database) keyCalled(c *column) *table {
	if len(c.words) < 2 && len(c.Name) < 6 {
		return nil
	}
	return d.byKey[strings.ToLower(c.Name)].other(c.table)
}

// keyOwners are the tables with a key of the same name.
type keyOwners []*table

// other returns the only one of them besides t, or nil. It also returns nil for related
// tables, such as cache and cache_shared: their keys have the same name.
func (o keyOwners) other(t *table) *table {
	rest := slices.DeleteFunc(slices.Clone(o), func(x *table) bool { return x == t || strings.HasSuffix(strings.ToLower(x.Name.Table), "_ids") })
	if len(rest) != 1 {
		return nil
	}
	here, there := strings.Join(t.nameWords(), ""), strings.Join(rest[0].nameWords(), "")
	if strings.HasPrefix(here, there) || strings.HasPrefix(there, here) {
		return nil
	}
	return rest[0]
}

// names returns the table's names in columns of other tables.
func (t *table) names() []string {
	w := splitName(t.Name.Table)
	out := singularForms(strings.Join(w, ""))
	for len(w) > 1 && (containsWord(namePrefixes, w[0]) || w[0] == t.common) {
		w = w[1:]
		out = append(out, singularForms(strings.Join(w, ""))...)
	}
	return out
}

// indexNames maps names in columns to tables. A table's full name takes precedence over
// another's shortened one: user means user_auth only without a table user.
func (d *database) indexNames() {
	d.byName, d.byKey, d.tableWords = map[string]*table{}, map[string]keyOwners{}, map[string]bool{}
	note := func(name string, t *table) {
		if name != "" && d.byName[name] == nil {
			d.byName[name] = t
		}
	}
	for _, t := range d.tables {
		note(strings.Join(splitName(t.Name.Table), ""), t)
		for _, w := range t.nameWords() {
			for _, s := range singularForms(w) {
				d.tableWords[s] = true
			}
		}
	}
	for _, t := range d.tables {
		for _, name := range t.names() {
			note(name, t)
		}
		if key := t.key(); key != nil && !t.refersBy(key.Name) {
			name := strings.ToLower(key.Name)
			d.byKey[name] = append(d.byKey[name], t)
		}
	}
	for _, t := range d.tables {
		for _, name := range singularForms(strings.Join(t.nameWords(), "")) {
			note(name, t)
		}
	}
}

// findCommonPrefix sets the first word common to nearly all tables' names.
func (d *database) findCommonPrefix() {
	count := map[string]int{}
	for _, t := range d.tables {
		if w := splitName(t.Name.Table); len(w) > 1 {
			count[w[0]]++
		}
	}
	for word, n := range count {
		if n >= 4 && n*5 >= len(d.tables)*4 {
			for _, t := range d.tables {
				t.common = word
			}
		}
	}
}

// subjectWords returns the words for the subject in names of columns.
func (d *database) subjectWords() []string {
	if d.subject == nil {
		return nil
	}
	w := d.subject.nameWords()
	out := singularForms(w[len(w)-1])
	if slices.Contains(out, "user") {
		out = append(out, "uid")
	}
	return out
}
