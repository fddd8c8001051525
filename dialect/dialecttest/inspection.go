package dialecttest

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/expungedb/expunge/dialect"
)

func (s *suite) testInspection(t *testing.T) {
	s.runSub(t, "kinds", (*suite).inspectKinds)
	s.runSub(t, "columns", (*suite).inspectColumns)
	s.runSub(t, "nullable and default", (*suite).inspectNullable)
	s.runSub(t, "generated column", (*suite).inspectGenerated)
	s.runSub(t, "identity column", (*suite).inspectIdentity)
	s.runSub(t, "folding collation", (*suite).inspectCollation)
	s.runSub(t, "composite unique key", (*suite).inspectUnique)
	s.runSub(t, "partial index", (*suite).inspectPartial)
	s.runSub(t, "expression index", (*suite).inspectExpression)
	s.runSub(t, "foreign keys", (*suite).inspectForeignKeys)
	s.runSub(t, "checks", (*suite).inspectChecks)
	s.runSub(t, "trigger that writes", (*suite).inspectTrigger)
	s.runSub(t, "views", (*suite).inspectViews)
	s.runSub(t, "order and estimates", (*suite).inspectOrder)
}

func (s *suite) inspectKinds(t *testing.T) {
	var cols []Column
	for _, c := range []Column{
		{Name: "boolean", Type: boolean}, {Name: "small", Type: smallint}, {Name: "normal", Type: intType}, {Name: "big", Type: integer},
		{Name: "money", Type: decimal}, {Name: "ratio", Type: float}, {Name: "short", Type: text(20)},
		{Name: "code", Type: Type{Kind: dialect.Text, Length: 3, Fixed: true}}, {Name: "long", Type: longText}, {Name: "data", Type: blob},
		{Name: "ident", Type: uuid}, {Name: "day", Type: date}, {Name: "clock", Type: Type{Kind: dialect.Time, Precision: 6}},
		{Name: "at", Type: timestamp}, {Name: "attz", Type: momentTZ}, {Name: "doc", Type: jsonType}, {Name: "markup", Type: Type{Kind: dialect.XML}},
		{Name: "addr", Type: Type{Kind: dialect.Inet}},
	} {
		if s.Type(c.Type) != "" {
			cols = append(cols, c)
		}
	}
	env := s.openEnv(t, Table{Name: "kinds", Columns: append([]Column{{Name: "id", Type: integer, NotNull: true}}, cols...), Primary: []string{"id"}})
	tab := tableOf(t, env, "kinds")
	for _, want := range cols {
		t.Run(want.Name, func(t *testing.T) {
			got := tab.Column(want.Name)
			if got == nil {
				t.Fatal("the column is missing")
			}
			if got.Kind != want.Type.Kind {
				t.Errorf("kind %q, want %q", got.Kind, want.Type.Kind)
			}
			if got.Type == "" {
				t.Error("the engine's type name is empty")
			}
			if want.Type.Kind == dialect.Text && got.Length != want.Type.Length && want.Type.Length > 0 {
				t.Errorf("length %d, want %d", got.Length, want.Type.Length)
			}
			if got.Fixed != want.Type.Fixed {
				t.Errorf("fixed %v, want %v", got.Fixed, want.Type.Fixed)
			}
			if k := want.Type.Kind; (k == dialect.Int || k == dialect.Decimal) && (got.Precision != want.Type.Precision || got.Scale != want.Type.Scale) {
				t.Errorf("precision and scale %d, %d, want %d, %d", got.Precision, got.Scale, want.Type.Precision, want.Type.Scale)
			}
			if !got.Nullable || got.Default != nil || got.Generated || got.Identity || !got.Assignable() {
				t.Error("a plain column must be nullable and assignable, without default, generation or identity")
			}
		})
	}
}

func (s *suite) inspectColumns(t *testing.T) {
	env := s.openEnv(t, Table{Name: "shape", Columns: []Column{
		{Name: "b", Type: integer, NotNull: true}, {Name: "a", Type: integer, NotNull: true}, {Name: "n", Type: text(10)},
		{Name: "d", Type: integer, Default: "7", NotNull: true},
	}, Primary: []string{"a", "b"}})
	tab := tableOf(t, env, "shape")
	var names []string
	for _, c := range tab.Columns {
		names = append(names, c.Name)
	}
	if d := cmp.Diff([]string{"b", "a", "n", "d"}, names); d != "" {
		t.Errorf("columns (-want +got):\n%s", d)
	}
	if d := cmp.Diff([]string{"a", "b"}, tab.PrimaryKey); d != "" {
		t.Errorf("the primary key's order (-want +got):\n%s", d)
	}
}
