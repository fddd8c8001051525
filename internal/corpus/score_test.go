//go:build unix

package corpus

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/goccy/go-yaml"

	"github.com/expungedb/expunge/dialect"
	"github.com/expungedb/expunge/plan"
	"github.com/expungedb/expunge/plan/discover"
	"github.com/expungedb/expunge/plan/policy"
)

// score compares a draft with the truth.
type score struct {
	columns   int
	subject   bool
	links     share // the truth's links: the proposed ones
	proposals share // proposed links: the real ones
	owners    share // tables shared by several people: those deleted with an owner only, or undecided
	personal  share // personal columns: those called personal
	claims    share // columns called personal: the personal ones
	silent    int   // personal columns called none by the draft
	undecided int   // columns left to a person
	open      int   // decisions about rows left to a person
	edits     int
	builds    bool
	lines     int
	mistakes  []string
}

// share is a number of cases, and the right ones among them.
type share struct{ part, whole int }

func (s share) value() float64 {
	if s.whole == 0 {
		return 1
	}
	return float64(s.part) / float64(s.whole)
}

func (s *share) count(right bool) {
	s.whole++
	if right {
		s.part++
	}
}

func (s *score) mistake(format string, args ...any) {
	s.mistakes = append(s.mistakes, fmt.Sprintf(format, args...))
}

// measure drafts a policy and compares it with the truth.
func measure(t *testing.T, db dialect.DB, w *truth) *score {
	t.Helper()
	ctx := t.Context()
	schema, err := db.Inspect(ctx)
	if err != nil {
		t.Fatal(err)
	}
	d, err := discover.Policy(ctx, db, discover.Options{Database: "corpus", Schema: schema})
	if err != nil {
		t.Fatal(err)
	}
	s := &score{columns: len(d.Findings)}
	s.subject = strings.EqualFold(d.Policy.Subject.Table, w.Subject)
	if !s.subject {
		s.mistake("subject: %s, expected %s", d.Policy.Subject.Table, w.Subject)
	}
	s.countColumns(d, w)
	s.countLinks(d, parseRelations(t, w.Links), parseRelations(t, w.Relations), newRows(t, schema, w))
	s.countOwners(t, d, w, schema)
	s.countEdits(ctx, t, d, db)
	return s
}

func (s *score) countColumns(d *discover.Draft, w *truth) {
	for _, f := range d.Findings {
		category, either := w.category(f.Table, f.Column)
		claimed := f.Category != policy.PIINone && f.Category != policy.PIIUndecided
		if f.Category == policy.PIIUndecided {
			s.undecided++
			s.mistake("undecided: %s.%s: %s", f.Table, f.Column, f.Reason)
		}
		if either {
			continue
		}
		if category != "" {
			s.personal.count(claimed)
			if f.Category == policy.PIINone {
				s.silent++
				s.mistake("silent: %s.%s is %s: %s", f.Table, f.Column, category, f.Reason)
			}
		}
		if claimed {
			s.claims.count(category != "")
			if category == "" {
				s.mistake("false alarm: %s.%s: %s: %s", f.Table, f.Column, f.Category, f.Reason)
			}
		}
	}
}

func (s *score) countLinks(d *discover.Draft, wanted, actual []relation, r *rows) {
	var proposed []relation
	for _, l := range d.Policy.Links {
		p := relation{table: l.Table, column: l.Columns[0], to: l.RefTable}
		proposed = append(proposed, p)
		is := slices.ContainsFunc(wanted, p.is)
		if !is && (slices.ContainsFunc(actual, p.is) || r.follows(p)) {
			continue
		}
		s.proposals.count(is)
		if !is {
			s.mistake("false link: %s", l)
		}
	}
	for _, l := range wanted {
		found := slices.ContainsFunc(proposed, l.is)
		s.links.count(found)
		if !found {
			s.mistake("missed link: %s(%s) -> %s", l.table, l.column, l.to)
		}
	}
}

// follows reports whether the generated rows satisfy the link.
func (r *rows) follows(l relation) bool {
	from := tableOf(r.schema, l.table)
	c := columnOf(from, l.column)
	return slices.ContainsFunc(r.relations[c], func(t target) bool { return t.table != nil && strings.EqualFold(t.table.Name.Table, l.to) })
}

// countOwners checks each table of the truth shared by several people: the draft may
// delete its rows with their owners only.
func (s *score) countOwners(t *testing.T, d *discover.Draft, w *truth, schema *dialect.Schema) {
	t.Helper()
	for table, owners := range w.Owners {
		found := tableOf(schema, table)
		if found == nil {
			t.Errorf("the truth says whose rows %s has, and the schema hasn't that table", table)
			continue
		}
		wrong := slices.DeleteFunc(deletedWith(t, d, found, w.Subject), func(column string) bool {
			return slices.ContainsFunc(owners, func(o string) bool { return strings.EqualFold(o, column) })
		})
		s.owners.count(len(wrong) == 0)
		if len(wrong) > 0 {
			s.mistake("owner: rows of %s would be deleted with %s", table, strings.Join(wrong, ", "))
		}
	}
}

// deletedWith returns the references by which the draft deletes a table's rows.
func deletedWith(t *testing.T, d *discover.Draft, table *dialect.Table, subject string) []string {
	t.Helper()
	var out []string
	for _, p := range d.Proposals {
		if !p.InPolicy || !strings.EqualFold(p.Table, table.Name.Table) {
			continue
		}
		switch p.About {
		case discover.AboutErase:
			if p.Text == "erase: delete" && !strings.EqualFold(p.Table, subject) {
				out = append(out, refersTo(d, table, subject)...)
			}
		case discover.AboutVia:
			out = append(out, deletedVia(t, p.Text)...)
		}
	}
	return out
}

// refersTo returns the columns of a table's references to the subject.
func refersTo(d *discover.Draft, table *dialect.Table, subject string) []string {
	var out []string
	for _, fk := range table.ForeignKeys {
		if strings.EqualFold(fk.RefTable.Table, subject) {
			out = append(out, fk.Columns[0])
		}
	}
	for _, l := range d.Policy.Links {
		if strings.EqualFold(l.Table, table.Name.Table) && strings.EqualFold(l.RefTable, subject) {
			out = append(out, l.Columns[0])
		}
	}
	return out
}

// deletedVia returns the columns with `delete` in `via: {a: delete, b: keep}`.
func deletedVia(t *testing.T, text string) []string {
	t.Helper()
	var read struct{ Via map[string]string }
	if err := yaml.Unmarshal([]byte(text), &read); err != nil {
		t.Fatalf("%s: %v", text, err)
	}
	var out []string
	for column, erase := range read.Via {
		if erase == "delete" {
			out = append(out, column)
		}
	}
	return out
}

// proposedLine matches a decision left to a person.
var proposedLine = regexp.MustCompile(`(?m)^(    )# ((?:erase|via|unlinked): )`)

// countEdits accepts every proposal of the draft, calls every undecided column none,
// and builds three plans. It counts these edits and the remaining problems.
func (s *score) countEdits(ctx context.Context, t *testing.T, d *discover.Draft, db dialect.DB) {
	t.Helper()
	y, err := d.YAML()
	if err != nil {
		t.Fatal(err)
	}
	s.lines = bytes.Count(y, []byte("\n"))
	s.open = len(proposedLine.FindAll(y, -1))
	s.edits = s.open + s.undecided
	y = proposedLine.ReplaceAll(y, []byte("$1$2"))
	y = bytes.ReplaceAll(y, []byte("{pii: undecided}"), []byte("{pii: none}"))
	p, err := policy.Parse(bytes.NewReader(y))
	if err != nil {
		s.countProblems(err)
		return
	}
	schema, err := db.Inspect(ctx)
	if err != nil {
		t.Fatal(err)
	}
	scopes := []plan.Scope{plan.ScopeSubjects, plan.ScopeEverything}
	if expire(p, schema) {
		scopes = append(scopes, plan.ScopeExpired)
	}
	for _, scope := range scopes {
		if _, err := plan.Build(ctx, db, p, scope); err != nil {
			s.countProblems(err)
			return
		}
	}
	s.builds = true
}

// expire adds a retention period for the first table with deleted rows, a key and a date. A draft
// has no periods; only the database's owner knows them. It reports whether such a table exists.
func expire(p *policy.Policy, schema *dialect.Schema) bool {
	for _, rule := range p.Tables {
		t := tableOf(schema, rule.Name)
		if t == nil || rule.Erase != policy.EraseDelete || len(t.Key()) == 0 {
			continue
		}
		for _, c := range t.Columns {
			if c.Kind == dialect.Date || c.Kind == dialect.Timestamp || c.Kind == dialect.TimestampTZ {
				p.Retention = append(p.Retention, policy.Retention{Table: rule.Name, By: c.Name, OlderThan: policy.Period{Days: 90}, Erase: policy.EraseDelete})
				return true
			}
		}
	}
	return false
}

func (s *score) countProblems(err error) {
	var refused *policy.Error
	if !errors.As(err, &refused) {
		s.edits++
		s.mistake("build: %v", err)
		return
	}
	s.edits += len(refused.Problems)
	for _, p := range refused.Problems {
		s.mistake("build: %v", p)
	}
}
