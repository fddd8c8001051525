package discover

import (
	"regexp"
	"slices"
	"strings"

	"github.com/expungedb/expunge/dialect"
)

// polymorphic reports whether the column is the id of a linked pair such as
// entity_type and entity_id.
func (d *database) polymorphic(c *column) bool {
	return slices.ContainsFunc(d.links, func(l link) bool { return l.from == c.table && containsWord(l.columns, c.Name) && l.where != "" })
}

// conditionWriter writes the condition of a link; a dialect.DB is one.
type conditionWriter interface {
	EqualsCondition(column, text string) string
}

// typeWords are the last words of columns with another column's table name.
var typeWords = []string{"type", "typ", "tipo", "class", "table", "model"}

// findPolymorphic proposes a link for each table named in the values of a column such as
// entity_type.
func (d *database) findPolymorphic(engine conditionWriter) {
	for _, t := range d.tables {
		for _, typ := range t.columns {
			w := typ.linkWords()
			if len(w) < 2 || !containsWord(typeWords, w[len(w)-1]) || typ.Kind != dialect.Text && typ.Kind != dialect.Enum {
				continue
			}
			id := t.idBeside(w[:len(w)-1])
			if id == nil || t.refersBy(id.Name) {
				continue
			}
			d.pair(engine, typ, id)
		}
	}
}

// idBeside returns the column with the same words and a mark, or nil: entity_id for entity_type.
func (t *table) idBeside(words []string) *column {
	for _, c := range t.columns {
		w := c.linkWords()
		if len(w) == len(words)+1 && slices.Equal(w[:len(words)], words) && containsWord(marks, w[len(words)]) {
			return c
		}
	}
	return nil
}

func (d *database) pair(engine conditionWriter, typ, id *column) {
	values := slices.Clone(typ.Labels)
	for _, v := range typ.values.keys {
		if text, ok := v.(string); ok && !containsWord(values, text) {
			values = append(values, text)
		}
	}
	slices.Sort(values)
	found := 0
	for _, value := range values {
		to := d.tableCalled(value)
		if to == nil || to.key() == nil || !canJoin(id.Kind, to.key().Kind) {
			continue
		}
		found++
		d.links = append(d.links, link{
			reference: reference{from: id.table, to: to, columns: []string{id.Name}, refColumns: []string{to.key().Name}},
			where:     engine.EqualsCondition(typ.Name, value), confidence: byName,
			reason: typ.Name + " names the table that " + id.Name + " refers to",
		})
	}
	typ.verdict.none(byName, "says to which table's rows %s refers", id.Name)
	if found > 0 {
		id.verdict.none(byName, "refers to the table that %s names, see links", typ.Name)
	}
}

func canJoin(child, parent dialect.Kind) bool { return child == parent || child == dialect.Text }

// wordOfType matches a table's name in a column such as entity_type, with or without names
// of modules before it (App\Models\User).
var wordOfType = regexp.MustCompile(`^(?:[A-Za-z_][A-Za-z0-9_]*(?:\\|\.|::|/))*([A-Za-z_][A-Za-z0-9_]*)$`)

// tableCalled returns the table named by a word of entity_type, or nil. Any other word is
// a value, and never appears in a draft.
func (d *database) tableCalled(word string) *table {
	m := wordOfType.FindStringSubmatch(word)
	if m == nil {
		return nil
	}
	wanted := strings.Join(splitName(m[1]), "")
	for _, t := range d.tables {
		if slices.Contains(t.names(), wanted) || slices.ContainsFunc(singularForms(wanted), func(s string) bool { return slices.Contains(t.names(), s) }) {
			return t
		}
	}
	return nil
}
