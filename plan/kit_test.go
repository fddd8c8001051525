package plan

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/expungedb/expunge/dialect"
	"github.com/expungedb/expunge/dialect/sqlite"
	"github.com/expungedb/expunge/plan/policy"
)

// The tests of Build write a schema in a few lines, a table a line:
//
//	customer: id, email text?, referred_by? -> customer
//	line (order_id, no): order_id -> order, no, full text=
//
// A table's key stands in parentheses, else it is id; () is no key. Columns are
// integers but for texts and dates, ? is nullable and = generated. The arrow is
// a foreign key of that column to the table's first key column, or to the
// column behind a dot; ~> is one that isn't enforced. What is more special is
// set by a function.
func schemaOf(text string, change ...func(s *dialect.Schema)) *dialect.Schema {
	s := &dialect.Schema{Engine: "test"}
	for line := range strings.Lines(text) {
		head, columns, ok := strings.Cut(strings.TrimSpace(line), ":")
		if !ok {
			continue
		}
		head, key, keyed := strings.Cut(head, " (")
		t := &dialect.Table{Name: nameOf(head), RowEstimate: -1, PrimaryKey: []string{"id"}}
		if keyed {
			t.PrimaryKey = fields(strings.TrimSuffix(key, ")"))
		}
		if len(t.PrimaryKey) > 0 {
			t.Indexes = append(t.Indexes, index("pk", true, t.PrimaryKey...))
		}
		for _, c := range fields(columns) {
			addColumn(t, c)
		}
		s.Tables = append(s.Tables, t)
	}
	slices.SortFunc(s.Tables, func(a, b *dialect.Table) int { return a.Name.Compare(b.Name) })
	for _, t := range s.Tables {
		for _, fk := range t.ForeignKeys {
			if fk.RefColumns[0] == "" {
				fk.RefColumns = []string{s.Table(fk.RefTable).PrimaryKey[0]}
			}
		}
	}
	for _, f := range change {
		f(s)
	}
	return s
}

func nameOf(text string) dialect.Name {
	if schema, table, ok := strings.Cut(text, "."); ok {
		return dialect.Name{Schema: schema, Table: table}
	}
	return dialect.Name{Table: text}
}

func fields(list string) []string {
	var out []string
	for _, f := range strings.Split(list, ",") {
		if f = strings.TrimSpace(f); f != "" {
			out = append(out, f)
		}
	}
	return out
}

func addColumn(t *dialect.Table, text string) {
	text, to, refers := strings.Cut(text, " -> ")
	enforced := refers
	if !refers {
		text, to, refers = strings.Cut(text, " ~> ")
	}
	c := &dialect.Column{Kind: dialect.Int, Type: "integer"}
	text, c.Generated = strings.CutSuffix(text, "=")
	text, c.Nullable = strings.CutSuffix(text, "?")
	name, kind, _ := strings.Cut(text, " ")
	c.Name = name
	switch kind {
	case "text":
		c.Kind, c.Type = dialect.Text, "text"
	case "date":
		c.Kind, c.Type = dialect.Date, "date"
	}
	t.Columns = append(t.Columns, c)
	if refers {
		table, column, _ := strings.Cut(to, ".")
		t.ForeignKeys = append(t.ForeignKeys, &dialect.ForeignKey{
			Name: t.Name.Table + "_" + name, Table: t.Name, Columns: []string{name},
			RefTable: dialect.Name{Schema: t.Name.Schema, Table: table}, RefColumns: []string{column},
			OnDelete: dialect.NoAction, OnUpdate: dialect.NoAction, Enforced: enforced,
		})
		t.Indexes = append(t.Indexes, index(name, false, name))
	}
}

func index(name string, unique bool, columns ...string) *dialect.Index {
	ix := &dialect.Index{Name: name, Unique: unique}
	for _, c := range columns {
		ix.Parts = append(ix.Parts, dialect.IndexPart{Column: c})
	}
	return ix
}

// with changes one table.
func with(table string, change func(t *dialect.Table)) func(s *dialect.Schema) {
	return func(s *dialect.Schema) { change(s.Table(nameOf(table))) }
}

// unique adds a unique index.
func unique(table string, columns ...string) func(s *dialect.Schema) {
	return with(table, func(t *dialect.Table) {
		t.Indexes = append(t.Indexes, index("uq_"+columns[0], true, columns...))
	})
}

// foreign adds a foreign key of several columns, or one that is special.
func foreign(table, columns, refTable, refColumns string, change ...func(fk *dialect.ForeignKey)) func(s *dialect.Schema) {
	return with(table, func(t *dialect.Table) {
		fk := &dialect.ForeignKey{
			Name: t.Name.Table + "_" + strings.Join(fields(columns), "_"), Table: t.Name, Columns: fields(columns),
			RefTable: nameOf(refTable), RefColumns: fields(refColumns),
			OnDelete: dialect.NoAction, OnUpdate: dialect.NoAction, Enforced: true,
		}
		for _, f := range change {
			f(fk)
		}
		t.ForeignKeys = append(t.ForeignKeys, fk)
		t.Indexes = append(t.Indexes, index(fk.Name, false, fk.Columns...))
	})
}

// policyOf parses a policy with only the text after the subject. Tables it doesn't name are `pii:
// none`, and columns its tables don't name hold nothing personal: the tests of coverage write all
// of it.
func policyOf(t testing.TB, s *dialect.Schema, subject, text string) *policy.Policy {
	t.Helper()
	head := "version: 1\ndatabase: test\n"
	if subject != "" {
		head += "subject: {table: " + subject + "}\n"
	}
	p, err := policy.Parse(strings.NewReader(head + strings.ReplaceAll(text, "\t", "  ")))
	if err != nil {
		t.Fatal(err)
	}
	for _, table := range s.Tables {
		i := slices.IndexFunc(p.Tables, func(r policy.Table) bool { return r.Name == table.Name.Table || r.Name == table.Name.String() })
		if i < 0 {
			p.Tables = append(p.Tables, policy.Table{Name: table.Name.String(), PII: policy.PIINone, Pos: policy.Pos{Line: 1000, Column: 1}})
			continue
		}
		for _, c := range table.Columns {
			if rule := &p.Tables[i]; rule.PII == "" && rule.Column(c.Name) == nil {
				rule.Columns = append(rule.Columns, policy.Column{Name: c.Name, PII: policy.PIINone, Pos: policy.Pos{Line: 1000, Column: 1}})
			}
		}
	}
	return p
}

// able is an engine that can do everything.
var able = dialect.Engine{Name: "test", Deferrable: true, ChecksFKAtStatementEnd: true}

type capabilities dialect.Engine

// rekeyingCapabilities are those of an engine able to change keys together with the references to
// them.
type rekeyingCapabilities struct{ capabilities }

func (rekeyingCapabilities) Rekey(context.Context, dialect.Tx, []dialect.BulkUpdate) ([]int64, error) {
	return nil, errors.New("no database")
}

func (c capabilities) Engine() dialect.Engine                   { return dialect.Engine(c) }
func (capabilities) Renders(dialect.Expr, *dialect.Column) bool { return true }
func (capabilities) CheckCondition(sql string) error            { return sqlite.New(nil).CheckCondition(sql) }

func mustBuild(t testing.TB, s *dialect.Schema, p *policy.Policy, scope Scope) *Plan {
	t.Helper()
	out, err := FromSchema(s, capabilities(able), p, scope)
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// problemsOf are what Build, or Check, has against a policy, without places.
func problemsOf(t testing.TB, err error) []string {
	t.Helper()
	var refused *policy.Error
	if err != nil && !errors.As(err, &refused) {
		t.Fatalf("error %v, want a *PolicyError", err)
	}
	var out []string
	if refused != nil {
		for _, p := range refused.Problems {
			p.Pos = policy.Pos{}
			out = append(out, p.String())
		}
	}
	return out
}

// refused checks that each problem is there, and no other.
func refused(t *testing.T, err error, want ...string) {
	t.Helper()
	got := problemsOf(t, err)
	for _, w := range want {
		if !slices.ContainsFunc(got, func(g string) bool { return strings.Contains(g, w) }) {
			t.Errorf("no problem says %q", w)
		}
	}
	if len(got) != len(want) || t.Failed() {
		t.Errorf("%d problems, want %d:\n  %s", len(got), len(want), strings.Join(got, "\n  "))
	}
}

// stepsOf are a plan's steps in one line each: `delete invoice`,
// `detach customer(referred_by)`, `overwrite invoice held: address`.
func stepsOf(p *Plan) []string {
	var out []string
	for i := range p.Roots {
		for _, s := range p.Roots[i].Steps {
			line := string(s.Op) + " " + s.textObject(p.Default)
			if s.Rows != Reached {
				line += " " + string(s.Rows)
			}
			for j, a := range s.Set {
				line += []string{": ", ", "}[min(j, 1)] + a.Column
			}
			out = append(out, line)
		}
	}
	return out
}

// planned is the table of a plan's first root.
func planned(t testing.TB, p *Plan, table string) *Table {
	t.Helper()
	out := p.Roots[0].tableOf(nameOf(table))
	if out == nil {
		t.Fatalf("table %s is not in the plan", table)
	}
	return out
}

// lines are the lines of a text that say something.
func lines(text string) []string {
	var out []string
	for line := range strings.Lines(text) {
		if line = strings.TrimSpace(line); line != "" {
			out = append(out, line)
		}
	}
	return out
}

// replaceOnce replaces a part of a text that must be there once.
func replaceOnce(t testing.TB, text, from, to string) string {
	t.Helper()
	if from != "" && strings.Count(text, from) != 1 {
		t.Fatalf("%q is %d times in the text", from, strings.Count(text, from))
	}
	if from == "" {
		return text
	}
	return strings.Replace(text, from, to, 1)
}

func anyContains(list []string, part string) bool {
	return slices.ContainsFunc(list, func(s string) bool { return strings.Contains(s, part) })
}

// hazard reports whether the plan has that hazard for the table.
func hazard(p *Plan, name HazardName, table string) bool {
	return slices.ContainsFunc(p.Hazards, func(h Hazard) bool { return h.Name == name && h.Table == nameOf(table) })
}
