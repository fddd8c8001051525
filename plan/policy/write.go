package policy

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/expungedb/expunge/anonymise"
	"github.com/expungedb/expunge/plan/internal/word"
)

// YAML writes the policy as a file for Parse to read, always in the same way for the same policy
// and in the short form: columns and tables without anything personal are lists. It loses comments
// of the original file; Format keeps them. A draft begins with a comment on how to complete it. The
// error is about a strategy without a written form, such as the zero Spec.
func (p *Policy) YAML() ([]byte, error) {
	w := &policyWriter{}
	root := w.policyNode(p)
	if len(undecidedProblems(p)) > 0 {
		root.within = instructions()
	}
	return w.finish(root)
}

// policyWriter makes the nodes of a policy's file.
type policyWriter struct {
	// keeps says which entries keep lines of their own, for their comments.
	keeps func(place string) bool
	err   error
}

// finish prints the whole file.
func (w *policyWriter) finish(root *yamlNode) ([]byte, error) {
	p := &yamlPrinter{}
	p.printLines(0, root.within)
	for _, n := range root.children {
		p.print(n, 0, false)
	}
	p.printLines(0, root.below)
	return []byte(p.String()), w.err
}

// keep reports whether the entry of a place has comments.
func (w *policyWriter) keep(keys ...string) bool { return w.keeps != nil && w.keeps(placeOf(keys...)) }

// instructions are the comment at the head of a draft.
func instructions() []string {
	out := []string{"# " + SchemaComment, "# A draft: nothing is decided yet. Replace each `undecided`:", "#"}
	for _, c := range Categories() {
		out = append(out, fmt.Sprintf("#   pii: %-12s %s", c.Name, c.For))
	}
	return append(out, "#",
		"# Beside pii, `overwrite:` says how a column's values are replaced. A table gets",
		"# `erase: delete`, `overwrite` or `keep` for a subject's rows, and one that holds",
		"# nothing personal is just `{pii: none}`.")
}

func (w *policyWriter) policyNode(p *Policy) *yamlNode {
	root := &yamlNode{}
	root.add(&yamlNode{key: "version", text: strconv.Itoa(p.Version)})
	root.addText("database", p.Database)
	root.addText("controller", p.Controller)
	root.addText("processor", p.Processor)
	if len(p.Subjects) > 0 {
		kinds := root.add(&yamlNode{key: "subjects"})
		for _, s := range p.Subjects {
			addSubject(kinds, s.Kind, s).inline = true
		}
	} else if p.Subject.Table != "" {
		addSubject(root, "subject", p.Subject)
	}
	w.addTables(root, p.Tables)
	addSection(root, "links", p.Links, func(l Link) *yamlNode { return &yamlNode{text: scalarText(l.String())} })
	addSection(root, "owns", p.Owns, func(o Owns) *yamlNode { return &yamlNode{text: scalarText(o.String())} })
	addSection(root, "retention", p.Retention, retentionNode)
	addSection(root, "backups", p.Backups, func(b Backup) *yamlNode { return mappingNode("name", b.Name, "kept", b.Kept.String()) })
	addSection(root, "replicas", p.Replicas, func(r Replica) *yamlNode { return mappingNode("name", r.Name) })
	addSection(root, "recipients", p.Recipients, func(r Recipient) *yamlNode { return mappingNode("name", r.Name, "category", r.Category) })
	if d := p.Due; d != nil {
		due := root.add(&yamlNode{key: "due", inline: true})
		due.addText("within", d.Within.String())
		if !d.Extension.IsZero() {
			due.addText("extension", d.Extension.String())
		}
	}
	return root
}

func addSubject(around *yamlNode, key string, s Subject) *yamlNode {
	n := around.add(&yamlNode{key: key})
	n.addText("table", s.Table)
	if len(s.Key) == 1 {
		n.addText("key", s.Key[0])
	} else {
		n.addTexts("key", s.Key)
	}
	n.addTexts("identifiers", s.Identifiers)
	return n
}

// addTables adds the tables. It lists those without anything personal and without other decisions.
func (w *policyWriter) addTables(root *yamlNode, tables []Table) {
	n := root.add(&yamlNode{key: "tables"})
	var bare []string
	for i := range tables {
		if t := &tables[i]; t.isBare() && !w.keep("tables", t.Name) {
			bare = append(bare, t.Name)
		} else {
			w.addTable(n, t)
		}
	}
	if len(n.children) == 0 { // a file has tables
		for _, name := range bare {
			w.addTable(n, &Table{Name: name, PII: PIINone})
		}
		return
	}
	root.addTexts(nothingPersonal, bare)
}

// isBare reports whether the policy only says that the table holds nothing personal.
func (t *Table) isBare() bool {
	return t.PII == PIINone && t.Because == "" && t.Everything == "" && t.Unlinked == "" && t.Hold == nil && !t.DecidesRows()
}

func (w *policyWriter) addTable(tables *yamlNode, t *Table) {
	n := tables.add(&yamlNode{key: t.Name, inline: t.PII != ""})
	n.addText("pii", t.PII)
	n.addText("because", t.Because)
	n.addText("erase", string(t.Erase))
	n.addText("everything", string(t.Everything))
	if len(t.Via) > 0 {
		via := n.add(&yamlNode{key: "via", inline: true})
		for _, v := range t.Via {
			via.add(&yamlNode{key: viaKey(v.Columns), text: string(v.Erase)})
		}
	}
	n.addText("unlinked", t.Unlinked)
	addHold(n, t.Hold)
	var none []string
	var rest []*Column
	for i := range t.Columns {
		if c := &t.Columns[i]; c.PII == PIINone && c.Overwrite == nil && !w.keep("tables", t.Name, "columns", c.Name) {
			none = append(none, c.Name)
		} else {
			rest = append(rest, c)
		}
	}
	n.addTexts("none", none)
	if len(rest) > 0 {
		columns := n.add(&yamlNode{key: "columns"})
		for _, c := range rest {
			w.addColumn(columns, c)
		}
	}
}

func addHold(table *yamlNode, h *Hold) {
	if h == nil {
		return
	}
	n := table.add(&yamlNode{key: "hold"})
	n.addText("because", h.Because)
	n.addText("basis", h.Basis)
	if h.Until != nil {
		n.addText("until", h.Until.String())
	}
	n.addTexts("keep", h.Keep)
	n.addText("where", h.Where)
}

func (w *policyWriter) addColumn(columns *yamlNode, c *Column) {
	n := columns.add(&yamlNode{key: c.Name, inline: true})
	n.addText("pii", c.PII)
	if c.Overwrite == nil {
		return
	}
	if err := n.addStrategy("overwrite", *c.Overwrite); err != nil && w.err == nil {
		w.err = fmt.Errorf("overwrite of column %s: %w", word.Printable(c.Name), err)
	}
}

// viaKey writes a reference's columns as parseColumns reads them.
func viaKey(columns []string) string {
	if len(columns) == 1 {
		if read, err := parseColumns(columns[0]); err == nil && slices.Equal(read, columns) {
			return columns[0]
		}
	}
	return quoteColumns(columns)
}

// addSection adds a list with an entry in each line.
func addSection[T any](root *yamlNode, key string, list []T, entry func(T) *yamlNode) {
	if len(list) == 0 {
		return
	}
	n := root.add(&yamlNode{key: key, list: true})
	for _, e := range list {
		n.add(entry(e))
	}
}

func retentionNode(r Retention) *yamlNode {
	n := mappingNode("table", r.Table, "by", r.By)
	if l := r.Lookup; l != nil {
		period := n.add(&yamlNode{key: "older_than", inline: true})
		period.addText("table", l.Table)
		period.addText("column", l.Column)
		period.addText("key", l.Key)
	} else {
		n.addText("older_than", r.OlderThan.String())
	}
	n.addText("erase", string(r.Erase))
	return n
}

// mappingNode is a mapping of texts in one line, pairs being keys and values; it skips a pair with
// an empty value.
func mappingNode(pairs ...string) *yamlNode {
	n := &yamlNode{inline: true}
	for pair := range slices.Chunk(pairs, 2) {
		n.addText(pair[0], pair[1])
	}
	return n
}

// StrategyText writes a strategy in one line.
func StrategyText(s anonymise.Spec) (string, error) {
	n := &yamlNode{inline: true}
	if err := n.addStrategy("overwrite", s); err != nil {
		return "", err
	}
	return n.children[0].flow(), nil
}

// strategyValue is the strategy as encoding/json decodes it.
func strategyValue(s anonymise.Spec) (any, error) {
	doc, err := s.MarshalJSON()
	if err != nil {
		return nil, err
	}
	var v any
	if err := json.Unmarshal(doc, &v); err != nil {
		return nil, err
	}
	if v == "null" {
		return nil, nil
	}
	return v, nil
}

// addValue adds a value decoded by encoding/json.
func (n *yamlNode) addValue(key string, v any) {
	child := &yamlNode{key: key, inline: true}
	switch v := v.(type) {
	case nil:
		child.text = "null"
	case bool:
		child.text = strconv.FormatBool(v)
	case float64:
		child.text = numberText(v)
	case string:
		child.text = scalarText(v)
	case []any:
		child.list, child.text = true, "[]"
		n.add(child)
		for _, e := range v {
			child.addValue("", e)
		}
		return
	case map[string]any:
		child.text = "{}"
		n.add(child)
		for _, k := range slices.Sorted(maps.Keys(v)) {
			child.addValue(k, v[k])
		}
		return
	default:
		child.text = scalarText(fmt.Sprint(v))
	}
	n.add(child)
}

// numberText writes a number without an exponent, because not every reader of YAML accepts one as a
// number, and with a point if it is too large for an integer.
func numberText(f float64) string {
	text := strconv.FormatFloat(f, 'f', -1, 64)
	if !strings.Contains(text, ".") && len(text) > 15 {
		text += ".0"
	}
	return text
}
