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

// YAML writes the policy as a file that Parse reads back, always in the
// same way for the same policy. Comments of the file it came from are lost. A
// draft begins with a comment on how to go through it. The error is that of a
// strategy that can't be written, such as the zero Spec.
func (p *Policy) YAML() ([]byte, error) {
	return (&policyWriter{}).writePolicy(p)
}

func (w *policyWriter) writePolicy(p *Policy) ([]byte, error) {
	if w.writeNotesAbove(0, Place{}); w.notes == nil && len(undecidedProblems(p)) > 0 {
		w.writeInstructions()
	}
	w.writeLine(0, "version", strconv.Itoa(p.Version))
	w.writeText(0, "database", p.Database)
	w.writeText(0, "controller", p.Controller)
	w.writeText(0, "processor", p.Processor)
	if s := p.Subject; s.Table != "" {
		w.writeLine(0, "subject", "")
		w.writeNotesAbove(1, Place{Section: "subject"})
		w.writeText(1, "table", s.Table)
		switch len(s.Key) {
		case 0:
		case 1:
			w.writeText(1, "key", s.Key[0])
		default:
			w.writeLine(1, "key", flowList(s.Key))
		}
		if len(s.Identifiers) > 0 {
			w.writeLine(1, "identifiers", flowList(s.Identifiers))
		}
	}
	w.writeLine(0, "tables", "")
	for i := range p.Tables {
		w.writeTable(&p.Tables[i])
	}
	writeSection(w, "links", p.Links, func(l Link) string { return scalarText(l.String()) })
	writeSection(w, "owns", p.Owns, func(o Owns) string { return scalarText(o.String()) })
	writeSection(w, "retention", p.Retention, func(r Retention) string {
		if l := r.Lookup; l != nil {
			period := flowMapping("table", l.Table, "column", l.Column, "key", l.Key)
			return strings.TrimSuffix(flowMapping("table", r.Table, "by", r.By), "}") + ", older_than: " + period + ", " + strings.TrimPrefix(flowMapping("erase", string(r.Erase)), "{")
		}
		return flowMapping("table", r.Table, "by", r.By, "older_than", r.OlderThan.String(), "erase", string(r.Erase))
	})
	writeSection(w, "backups", p.Backups, func(b Backup) string { return flowMapping("name", b.Name, "kept", b.Kept.String()) })
	writeSection(w, "replicas", p.Replicas, func(r Replica) string { return flowMapping("name", r.Name) })
	writeSection(w, "recipients", p.Recipients, func(r Recipient) string { return flowMapping("name", r.Name, "category", r.Category) })
	if d := p.Due; d != nil {
		extension := ""
		if !d.Extension.IsZero() {
			extension = d.Extension.String()
		}
		w.writeLine(0, "due", flowMapping("within", d.Within.String(), "extension", extension))
	}
	return []byte(w.String()), w.err
}

// policyWriter writes lines of YAML.
type policyWriter struct {
	strings.Builder
	notes Notes
	err   error
}

func (w *policyWriter) writeInstructions() {
	w.WriteString("# A draft: nothing is decided yet. Replace each `undecided`:\n#\n")
	for _, c := range Categories() {
		fmt.Fprintf(w, "#   pii: %-12s %s\n", c.Name, c.For)
	}
	w.WriteString("#\n" +
		"# Beside pii, `overwrite:` says how a column's values are replaced. A table gets\n" +
		"# `erase: delete`, `overwrite` or `keep` for a subject's rows, and one that holds\n" +
		"# nothing personal is just `{pii: none}`.\n")
}

// writeLine writes a key and its value, which may be empty, at a depth.
func (w *policyWriter) writeLine(depth int, key, value string) {
	if value != "" {
		value = " " + value
	}
	fmt.Fprintf(w, "%s%s:%s\n", strings.Repeat("  ", depth), scalarText(key), value)
}

// writeText writes a key whose value is a text, unless that is empty.
func (w *policyWriter) writeText(depth int, key, value string) {
	if value != "" {
		w.writeLine(depth, key, scalarText(value))
	}
}

func (w *policyWriter) writeTable(t *Table) {
	if t.PII != "" {
		w.writeLine(1, t.Name, flowMapping("pii", t.PII, "because", t.Because))
		return
	}
	w.writeLine(1, t.Name, "")
	w.writeNotesAbove(2, Place{Section: "tables", Table: t.Name})
	w.writeText(2, "erase", string(t.Erase))
	w.writeText(2, "everything", string(t.Everything))
	if len(t.Via) > 0 {
		var pairs []string
		for _, v := range t.Via {
			pairs = append(pairs, viaKey(v.Columns), string(v.Erase))
		}
		w.writeLine(2, "via", flowMapping(pairs...))
	}
	w.writeText(2, "unlinked", t.Unlinked)
	if t.Hold != nil {
		w.writeHold(t.Hold)
	}
	if len(t.Columns) > 0 {
		w.writeLine(2, "columns", "")
		for _, c := range t.Columns {
			w.writeColumn(t.Name, &c)
		}
	}
}

func (w *policyWriter) writeHold(h *Hold) {
	w.writeLine(2, "hold", "")
	w.writeText(3, "because", h.Because)
	w.writeText(3, "basis", h.Basis)
	if h.Until != nil {
		w.writeText(3, "until", h.Until.String())
	}
	if len(h.Keep) > 0 {
		w.writeLine(3, "keep", flowList(h.Keep))
	}
	w.writeText(3, "where", h.Where)
}

func (w *policyWriter) writeColumn(table string, c *Column) {
	value := flowMapping("pii", c.PII)
	if c.Overwrite != nil {
		strategy, err := StrategyText(*c.Overwrite)
		if err != nil && w.err == nil {
			w.err = fmt.Errorf("overwrite of column %s: %w", word.Printable(c.Name), err)
		}
		value = strings.TrimSuffix(value, "}") + ", overwrite: " + strategy + "}"
	}
	w.writeLine(3, c.Name, value+w.noteBeside(Place{Section: "tables", Table: table, Column: c.Name}))
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

func writeSection[T any](w *policyWriter, key string, list []T, entry func(T) string) {
	if len(list) == 0 {
		return
	}
	w.writeLine(0, key, "")
	for i, e := range list {
		w.WriteString("  - " + entry(e) + w.noteBeside(Place{Section: key, Index: i}) + "\n")
	}
}

// flowMapping writes a mapping of texts in one line, pairs being keys and values; a
// pair whose value is empty is left out.
func flowMapping(pairs ...string) string {
	var parts []string
	for pair := range slices.Chunk(pairs, 2) {
		if pair[1] != "" {
			parts = append(parts, scalarText(pair[0])+": "+scalarText(pair[1]))
		}
	}
	return "{" + strings.Join(parts, ", ") + "}"
}

func flowList(texts []string) string {
	parts := make([]string, len(texts))
	for i, s := range texts {
		parts[i] = scalarText(s)
	}
	return "[" + strings.Join(parts, ", ") + "]"
}

// StrategyText writes a strategy in one line.
func StrategyText(s anonymise.Spec) (string, error) {
	doc, err := s.MarshalJSON()
	if err != nil {
		return "", err
	}
	var v any
	if err := json.Unmarshal(doc, &v); err != nil {
		return "", err
	}
	if v == "null" {
		return "null", nil
	}
	return flowValue(v), nil
}

// flowValue writes what encoding/json decoded.
func flowValue(v any) string {
	switch v := v.(type) {
	case nil:
		return "null"
	case bool:
		return strconv.FormatBool(v)
	case float64:
		return numberText(v)
	case []any:
		parts := make([]string, len(v))
		for i, e := range v {
			parts[i] = flowValue(e)
		}
		return "[" + strings.Join(parts, ", ") + "]"
	case map[string]any:
		var parts []string
		for _, k := range slices.Sorted(maps.Keys(v)) {
			parts = append(parts, scalarText(k)+": "+flowValue(v[k]))
		}
		return "{" + strings.Join(parts, ", ") + "}"
	}
	return scalarText(fmt.Sprint(v))
}

// numberText writes a number without an exponent, which not every reader of YAML
// takes for a number, and with a point where it is too large for an integer.
func numberText(f float64) string {
	text := strconv.FormatFloat(f, 'f', -1, 64)
	if !strings.Contains(text, ".") && len(text) > 15 {
		text += ".0"
	}
	return text
}
