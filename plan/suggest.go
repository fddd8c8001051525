package plan

import (
	"context"
	"fmt"

	"github.com/expungedb/expunge/dialect"
	"github.com/expungedb/expunge/plan/policy"
)

// tellingValues is how many different values must be tried before they alone suggest a link.
const tellingValues = 5

// linkSample counts the different sampled values of a possible link.
type linkSample struct {
	tried   int
	matched int // values found in the table the link would refer to
}

func (s linkSample) text() string {
	if s.tried == 0 {
		return ""
	}
	return fmt.Sprintf(" (%d of %d sampled values are there)", s.matched, s.tried)
}

// suggests reports whether the values alone suggest the link.
func (s linkSample) suggests() bool { return s.tried >= tellingValues && 2*s.matched >= s.tried }

// linkSampler samples the possible links of a schema, each once. What can't be read counts as untried.
func linkSampler(ctx context.Context, rows *sampling, s *dialect.Schema) func(Reference) linkSample {
	known := map[string]linkSample{}
	return func(ref Reference) linkSample {
		id := fmt.Sprintf("%q %q %q %q", ref.Table, ref.Columns, ref.RefTable, ref.RefColumns)
		sample, ok := known[id]
		if ok {
			return sample
		}
		err := rows.read(ctx, func(tx dialect.Reader) (err error) {
			sample, err = sampleLink(ctx, tx, s.Table(ref.Table), &ref)
			return err
		})
		if err != nil {
			sample = linkSample{}
		}
		known[id] = sample
		return sample
	}
}

// sampleLink tries values from each end of the table's key.
func sampleLink(ctx context.Context, tx dialect.Reader, t *dialect.Table, ref *Reference) (out linkSample, err error) {
	sel := dialect.Select{
		Table: ref.Table, Columns: ref.Columns, Where: notNull(ref.Columns), Order: t.Key(), Limit: sampledRows,
		Flags: []dialect.Cond{dialect.Orphan{Columns: ref.Columns, RefTable: ref.RefTable, RefColumns: ref.RefColumns}},
	}
	seen := map[string]bool{}
	for _, sel.Descending = range []bool{false, true}[:min(2, 1+len(sel.Order))] {
		for row, err := range tx.Query(ctx, sel) {
			if err != nil {
				return out, err
			}
			last := len(row) - 1
			if value := dialect.EncodeKey(row[:last]); !seen[value] {
				seen[value] = true
				out.tried++
				if row[last] != int64(1) {
					out.matched++
				}
			}
		}
	}
	return out, nil
}

// suggestion is a line of `links` or `owns` to reach a table, with the evidence of sampled values.
type suggestion struct{ line, evidence string }

// suggestByName suggests a link where a column is called after what it may refer to.
func (b *builder) suggestByName(rule *policy.Table, t *dialect.Table, targets []*dialect.Table) (suggestion, bool) {
	for _, to := range targets {
		for _, c := range t.Columns {
			if column := b.namedAfter(c, to); column != "" {
				return b.suggestedLink(rule, t, c.Name, to, column), true
			}
		}
	}
	return suggestion{}, false
}

// suggestByValues suggests the link with most of its sampled values in the table it would refer to.
// Numbers prove nothing: small ones are keys of every table.
func (b *builder) suggestByValues(rule *policy.Table, t *dialect.Table, targets []*dialect.Table) (suggestion, bool) {
	if b.sampleLink == nil {
		return suggestion{}, false
	}
	best, matched := suggestion{}, 0
	for _, to := range targets {
		for _, column := range b.namingColumns(to) {
			for _, c := range t.Columns {
				if !tellsRowsApart(c) || !canJoin(c.Kind, to.Column(column).Kind) {
					continue
				}
				ref := Reference{Table: t.Name, Columns: []string{c.Name}, RefTable: to.Name, RefColumns: []string{column}, Link: true}
				if s := b.sampleLink(ref); s.suggests() && s.matched > matched {
					best, matched = b.suggestedLink(rule, t, c.Name, to, column), s.matched
				}
			}
		}
	}
	return best, matched > 0
}

// namingColumns are the columns by which a look-up finds rows of a table: its key, and a subject's
// identifiers.
func (b *builder) namingColumns(t *dialect.Table) (out []string) {
	if key := t.Key(); len(key) == 1 {
		out = append(out, key[0])
	}
	if t == b.subject {
		out = append(out, b.policy.Subject.Identifiers...)
	}
	var indexed []string
	for _, name := range out {
		c := t.Column(name)
		if c != nil && tellsRowsApart(c) && isIndexed(t, &Reference{Columns: []string{name}}) {
			indexed = append(indexed, name)
		}
	}
	return indexed
}

func tellsRowsApart(c *dialect.Column) bool {
	return (c.Kind == dialect.Text || c.Kind == dialect.UUID) && c.Unsupported == ""
}

func (b *builder) suggestedLink(rule *policy.Table, t *dialect.Table, column string, to *dialect.Table, refColumn string) suggestion {
	out := suggestion{line: "links: " + policy.Link{Table: rule.Name, Columns: []string{column}, RefTable: b.ruleOf(to.Name).Name, RefColumns: []string{refColumn}}.String()}
	if b.sampleLink != nil {
		out.evidence = b.sampleLink(Reference{Table: t.Name, Columns: []string{column}, RefTable: to.Name, RefColumns: []string{refColumn}, Link: true}).text()
	}
	return out
}
