package dialecttest

import (
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/expungedb/expunge/dialect"
)

func (s *suite) inspectNullable(t *testing.T) {
	env := s.openEnv(t, Table{Name: "shape", Columns: []Column{
		{Name: "id", Type: integer, NotNull: true}, {Name: "need", Type: text(10), NotNull: true}, {Name: "may", Type: text(10)},
		{Name: "seven", Type: integer, Default: "7", NotNull: true}, {Name: "word", Type: text(10), Default: "'it''s'"},
	}, Primary: []string{"id"}})
	tab := tableOf(t, env, "shape")
	for name, nullable := range map[string]bool{"id": false, "need": false, "may": true, "seven": false, "word": true} {
		if got := tab.Column(name).Nullable; got != nullable {
			t.Errorf("column %s: nullable %v, want %v", name, got, nullable)
		}
	}
	for name, want := range map[string]string{"seven": "7", "word": "it''s"} {
		if d := tab.Column(name).Default; d == nil || !strings.Contains(strings.ReplaceAll(*d, `it\'s`, "it''s"), want) && !strings.Contains(*d, "it's") {
			t.Errorf("the default of column %s isn't its SQL text", name)
		}
	}
	if tab.Column("may").Default != nil {
		t.Error("a column without default has one")
	}
}

func (s *suite) inspectGenerated(t *testing.T) {
	env := s.openEnv(t, Table{Name: "shape", Columns: []Column{{Name: "id", Type: integer, NotNull: true}, {Name: "n", Type: integer},
		{Name: "double", Type: integer, Generated: s.Quote("n") + " * 2"}}, Primary: []string{"id"}})
	c := tableOf(t, env, "shape").Column("double")
	if c == nil || !c.Generated || c.Assignable() {
		t.Error("a generated column must be listed, as generated and not assignable")
	}
	inWriteTx(t, env.DB, func(tx dialect.Tx) {
		insertRow(t, tx, env.Name("shape"), []string{"id", "n"}, int64(1), int64(4))
		if got := readRows(t, tx, dialect.Select{Table: env.Name("shape"), Columns: []string{"double"}}); got[0][0] != int64(8) {
			t.Errorf("the generated value is %v, want 8", got[0][0])
		}
	})
}

func (s *suite) inspectIdentity(t *testing.T) {
	env := s.openEnv(t, Table{Name: "shape", Columns: []Column{{Name: "id", Type: integer, Identity: true}, {Name: "n", Type: integer}}})
	tab := tableOf(t, env, "shape")
	if c := tab.Column("id"); !c.Identity || c.Nullable {
		t.Error("an identity column must be listed as one, not nullable")
	}
	if d := cmp.Diff([]string{"id"}, tab.Key()); d != "" {
		t.Errorf("key (-want +got):\n%s", d)
	}
}

func (s *suite) inspectCollation(t *testing.T) {
	env := s.openEnv(t, Table{Name: "shape", Columns: []Column{{Name: "id", Type: integer, NotNull: true}, {Name: "folded", Type: Type{Kind: dialect.Text, Length: 20, FoldsCase: true}}}, Primary: []string{"id"}})
	tab := tableOf(t, env, "shape")
	if !tab.Column("folded").FoldsCase {
		t.Error("a collation that compares without case isn't recognised")
	}
	inWriteTx(t, env.DB, func(tx dialect.Tx) {
		insertRow(t, tx, env.Name("shape"), []string{"id", "folded"}, int64(1), "MixedCase")
		if n := countRows(t, tx, env.Name("shape"), dialect.In{Columns: []string{"folded"}, Keys: []dialect.Key{{"mixedCASE"}}}); n != 1 {
			t.Error("a search must compare by the column's collation")
		}
		b := dialect.BulkUpdate{Table: env.Name("shape"), Key: []string{"id"}, Set: []string{"folded"}, Rows: []dialect.Row{{int64(1), "mixedcase"}}}
		if n := countStored(t, tx, tab, b); n != 0 {
			t.Errorf("%d rows are the same without regard to case, want none", n)
		}
	})
}

func findIndex(tab *dialect.Table, columns ...string) *dialect.Index {
	for _, ix := range tab.Indexes {
		if slices.Equal(ix.Columns(), columns) {
			return ix
		}
	}
	return nil
}

func (s *suite) inspectUnique(t *testing.T) {
	env := s.openEnv(t, Table{Name: "shape", Columns: []Column{{Name: "id", Type: integer, NotNull: true}, {Name: "a", Type: integer, NotNull: true}, {Name: "b", Type: text(10), NotNull: true}, {Name: "c", Type: integer}},
		Primary: []string{"id"}, Unique: [][]string{{"b", "a"}}, Indexes: []Index{{Name: "plain", Parts: []string{s.Quote("c"), s.Quote("a") + " DESC"}}}},
		Table{Name: "keyless", Columns: []Column{{Name: "n", Type: integer}, {Name: "u", Type: integer, NotNull: true}}, Indexes: []Index{{Name: "by_n", Unique: true, Parts: []string{s.Quote("n")}}, {Name: "by_u", Unique: true, Parts: []string{s.Quote("u")}}}})
	tab := tableOf(t, env, "shape")
	if ix := findIndex(tab, "b", "a"); ix == nil || !ix.Unique || ix.Primary {
		t.Error("the composite unique key is missing, or in another order")
	}
	if ix := findIndex(tab, "id"); ix == nil || !ix.Unique || !ix.Primary {
		t.Error("the primary key's index is missing")
	}
	ix := findIndex(tab, "c", "a")
	if ix == nil || ix.Unique || ix.Name != "plain" || !ix.Parts[1].Descending || ix.Parts[0].Descending {
		t.Error("the plain index isn't read as it was declared")
	}
	if got := len(tab.UniqueIndexes("a")); got != 1 {
		t.Errorf("%d unique indexes hold column a, want 1", got)
	}
	// Pitfall 2: a nullable unique key addresses no row.
	if d := cmp.Diff([]string{"u"}, tableOf(t, env, "keyless").Key()); d != "" {
		t.Errorf("the key of a table without primary key (-want +got):\n%s", d)
	}
}

func (s *suite) inspectPartial(t *testing.T) {
	env := s.openEnv(t, Table{Name: "shape", Columns: []Column{{Name: "id", Type: integer, NotNull: true}, {Name: "a", Type: integer, NotNull: true}, {Name: "b", Type: integer}},
		Indexes: []Index{{Name: "some", Unique: true, Parts: []string{s.Quote("a")}, Where: s.Quote("b") + " > 0"}}})
	tab := tableOf(t, env, "shape")
	ix := findIndex(tab, "a")
	if ix == nil || ix.Where == "" || !ix.Unique {
		t.Fatal("the partial index isn't read with its condition")
	}
	if !ix.Holds("b") {
		t.Error("a column of the condition must be mentioned")
	}
	if tab.Key() != nil {
		t.Error("a partial unique index must not become the table's key")
	}
}

func (s *suite) inspectExpression(t *testing.T) {
	env := s.openEnv(t, Table{Name: "shape", Columns: []Column{{Name: "id", Type: integer, NotNull: true}, {Name: "email", Type: text(50)}}, Primary: []string{"id"},
		Indexes: []Index{{Name: "folded", Unique: true, Parts: []string{"(lower(" + s.Quote("email") + "))"}}}})
	got := tableOf(t, env, "shape").UniqueIndexes("email")
	if len(got) != 1 || got[0].Name != "folded" || len(got[0].Parts) != 1 || got[0].Parts[0].Expression == "" || !got[0].Parts[0].FoldsCase {
		t.Error("the expression index isn't read with its expression, as one that folds case")
	}
}

func (s *suite) inspectForeignKeys(t *testing.T) {
	env := s.openEnv(t,
		Table{Name: "target", Columns: []Column{{Name: "id", Type: integer, NotNull: true}, {Name: "a", Type: integer, NotNull: true}, {Name: "b", Type: integer, NotNull: true}, {Name: "code", Type: text(10), NotNull: true}},
			Primary: []string{"a", "b"}, Unique: [][]string{{"code"}, {"b", "id"}}},
		Table{Name: "source", Columns: []Column{{Name: "id", Type: integer, NotNull: true}, {Name: "x", Type: integer}, {Name: "y", Type: integer}, {Name: "code", Type: text(10)}, {Name: "boss", Type: integer}, {Name: "deputy", Type: integer}},
			Primary: []string{"id"}, Foreign: []Foreign{
				// Pitfall 8: its columns are in another order than the key.
				{Name: "fk_order", Columns: []string{"y", "x"}, Table: "target", RefColumns: []string{"a", "b"}, Actions: "ON DELETE CASCADE"},
				{Name: "fk_code", Columns: []string{"code"}, Table: "target", RefColumns: []string{"code"}, Actions: "ON DELETE SET NULL"},
				{Name: "fk_boss", Columns: []string{"boss"}, Table: "source", RefColumns: []string{"id"}},
				{Name: "fk_deputy", Columns: []string{"deputy"}, Table: "source", RefColumns: []string{"id"}},
			}})
	schema := inspectDB(t, env.DB)
	source, target := env.Name("source"), env.Name("target")
	got := map[string]dialect.ForeignKey{}
	for _, fk := range schema.Table(source).ForeignKeys {
		k := *fk
		k.Deferrable = false
		if k.OnDelete == dialect.Restrict {
			k.OnDelete = dialect.NoAction
		}
		if k.OnUpdate == dialect.Restrict {
			k.OnUpdate = dialect.NoAction
		}
		got[k.Name] = k
	}
	want := map[string]dialect.ForeignKey{
		"fk_order":  {Name: "fk_order", Table: source, Columns: []string{"y", "x"}, RefTable: target, RefColumns: []string{"a", "b"}, OnDelete: dialect.Cascade, OnUpdate: dialect.NoAction, Enforced: true},
		"fk_code":   {Name: "fk_code", Table: source, Columns: []string{"code"}, RefTable: target, RefColumns: []string{"code"}, OnDelete: dialect.SetNull, OnUpdate: dialect.NoAction, Enforced: true},
		"fk_boss":   {Name: "fk_boss", Table: source, Columns: []string{"boss"}, RefTable: source, RefColumns: []string{"id"}, OnDelete: dialect.NoAction, OnUpdate: dialect.NoAction, Enforced: true},
		"fk_deputy": {Name: "fk_deputy", Table: source, Columns: []string{"deputy"}, RefTable: source, RefColumns: []string{"id"}, OnDelete: dialect.NoAction, OnUpdate: dialect.NoAction, Enforced: true},
	}
	if d := cmp.Diff(want, got); d != "" {
		t.Errorf("foreign keys (-want +got):\n%s", d)
	}
	if n := len(schema.References(target)); n != 2 {
		t.Errorf("%d references arrive at the target, want 2", n)
	}
	if n := len(schema.References(source)); n != 2 {
		t.Errorf("%d self-references, want 2", n)
	}
}

func (s *suite) inspectChecks(t *testing.T) {
	env := s.openEnv(t, Table{Name: "shape", Columns: []Column{{Name: "id", Type: integer, NotNull: true}, {Name: "n", Type: integer}}, Primary: []string{"id"}, Checks: []string{s.Quote("n") + " > 17", s.Quote("n") + " < (2000)"}})
	got := tableOf(t, env, "shape").Checks
	if len(got) != 2 {
		t.Fatalf("%d checks, want 2", len(got))
	}
	for _, want := range []string{"17", "2000"} {
		if !slices.ContainsFunc(got, func(c *dialect.Check) bool { return c.Name != "" && strings.Contains(c.Condition, want) }) {
			t.Errorf("no check has a name and the condition with %s", want)
		}
	}
}

func (s *suite) inspectTrigger(t *testing.T) {
	env := s.openEnv(t, parent, Table{Name: "audit", Columns: []Column{{Name: "old_name", Type: text(40)}}})
	env.Exec(t, s.Trigger("watch", "parent", "audit", "name")...)
	tab := tableOf(t, env, "parent")
	if len(tab.Triggers) != 1 {
		t.Fatalf("%d triggers, want 1", len(tab.Triggers))
	}
	tr := tab.Triggers[0]
	if tr.Name != "watch" || tr.Timing != "after" || !tr.OnDelete || tr.OnUpdate || tr.Disabled {
		t.Error("the trigger isn't read as it was declared")
	}
	if !slices.Contains(tr.Writes, env.Name("audit")) {
		t.Error("the table that the trigger writes to isn't found (pitfall 17)")
	}
	s.fillTable(t, env, "parent", []string{"id", "name"}, 3, func(i int) []any { return []any{i, "x"} })
	inWriteTx(t, env.DB, func(tx dialect.Tx) {
		if n := deleteRows(t, tx, dialect.Delete{Table: env.Name("parent"), Where: []dialect.Cond{dialect.In{Columns: []string{"id"}, Keys: intKeys(0, 1)}}}); n != 2 {
			t.Errorf("deleted %d rows, want 2: rows that a trigger writes don't count", n)
		}
		if n := countRows(t, tx, env.Name("audit")); n != 2 {
			t.Errorf("the trigger wrote %d rows, want 2", n)
		}
	})
}

func (s *suite) inspectViews(t *testing.T) {
	env := s.openEnv(t, parent, childTable(""))
	env.Exec(t, "CREATE VIEW "+s.Quote("family")+" AS SELECT c.id, p.name FROM "+s.Quote("child")+" c JOIN "+s.Quote("parent")+" p ON p.id = c.parent_id",
		"CREATE VIEW "+s.Quote("above")+" AS SELECT id FROM "+s.Quote("family"))
	schema := inspectDB(t, env.DB)
	want := []*dialect.View{{Name: env.Name("above"), Reads: []dialect.Name{env.Name("family")}}, {Name: env.Name("family"), Reads: []dialect.Name{env.Name("child"), env.Name("parent")}}}
	if d := cmp.Diff(want, schema.Views); d != "" {
		t.Errorf("views (-want +got):\n%s", d)
	}
	if schema.Table(env.Name("family")) != nil {
		t.Error("a view is no table")
	}
}

func (s *suite) inspectOrder(t *testing.T) {
	env := s.openEnv(t, Table{Name: "b", Columns: []Column{{Name: "x", Type: integer}}}, Table{Name: "a", Columns: []Column{{Name: "x", Type: integer}}}, Table{Name: "c", Columns: []Column{{Name: "x", Type: integer}}})
	schema := inspectDB(t, env.DB)
	var names []string
	for _, tab := range schema.Tables {
		names = append(names, tab.Name.Table)
		if tab.Name.Schema != env.Schema {
			t.Errorf("a table's schema is %q, want %q", tab.Name.Schema, env.Schema)
		}
		if tab.RowEstimate < -1 {
			t.Errorf("row estimate %d", tab.RowEstimate)
		}
	}
	if d := cmp.Diff([]string{"a", "b", "c"}, names); d != "" {
		t.Errorf("tables by name (-want +got):\n%s", d)
	}
	if schema.Version == "" || schema.Engine == "" {
		t.Error("the engine or its version is missing")
	}
	if d := cmp.Diff(schema, inspectDB(t, env.DB)); d != "" {
		t.Errorf("two inspections differ:\n%s", d)
	}
}

// testFingerprint: the same DDL gives the same fingerprint, each kind of change another one.
func (s *suite) testFingerprint(t *testing.T) {
	base := func() []Table {
		return []Table{{Name: "fp_parent", Columns: []Column{{Name: "id", Type: integer, NotNull: true}, {Name: "name", Type: text(40)}, {Name: "n", Type: integer, Default: "1"}}, Primary: []string{"id"}, Checks: []string{s.Quote("n") + " > 0"},
			Indexes: []Index{{Name: "fp_ix", Parts: []string{s.Quote("name")}}}},
			{Name: "fp_child", Columns: []Column{{Name: "id", Type: integer, NotNull: true}, {Name: "parent_id", Type: integer}}, Primary: []string{"id"},
				Foreign: []Foreign{{Name: "fp_fk", Columns: []string{"parent_id"}, Table: "fp_parent", RefColumns: []string{"id"}}}}}
	}
	env := s.Open(t)
	covers := []dialect.Name{env.Name("fp_parent")}
	// All tables are created in one database: on some engines a database's name is a part of its
	// tables' names.
	take := func(t *testing.T, tables []Table) string {
		s.makeTables(t, env, tables...)
		defer env.Exec(t, "DROP TABLE "+s.Quote("fp_child"), "DROP TABLE "+s.Quote("fp_parent"))
		s.fillTable(t, env, "fp_parent", []string{"id"}, 3, func(i int) []any { return []any{i} })
		return inspectDB(t, env.DB).Fingerprint(covers)
	}
	want := take(t, base())
	s.runSub(t, "stable", func(s *suite, t *testing.T) {
		if take(t, base()) != want {
			t.Error("the same DDL has another fingerprint")
		}
		if env.Schema == s.Open(t).Schema {
			other := s.openEnv(t, base()...)
			if inspectDB(t, other.DB).Fingerprint(covers) != want {
				t.Error("the same DDL in another database has another fingerprint")
			}
		}
	})
	for name, change := range map[string]func(p, c *Table){
		"column added":       func(p, _ *Table) { p.Columns = append(p.Columns, Column{Name: "extra", Type: integer}) },
		"column renamed":     func(_, c *Table) { c.Columns[1].Name, c.Foreign[0].Columns = "mother_id", []string{"mother_id"} },
		"type changed":       func(p, _ *Table) { p.Columns[2].Type = smallint },
		"length changed":     func(p, _ *Table) { p.Columns[1].Type = text(41) },
		"not null added":     func(p, _ *Table) { p.Columns[2].NotNull = true },
		"default changed":    func(p, _ *Table) { p.Columns[2].Default = "2" },
		"index dropped":      func(p, _ *Table) { p.Indexes = nil },
		"index made unique":  func(p, _ *Table) { p.Indexes[0].Unique = true },
		"check changed":      func(p, _ *Table) { p.Checks[0] = s.Quote("n") + " > 0 AND " + s.Quote("n") + " < 99" },
		"reference dropped":  func(_, c *Table) { c.Foreign = nil },
		"reference cascades": func(_, c *Table) { c.Foreign[0].Actions = "ON DELETE CASCADE" },
		"primary key changed": func(p, _ *Table) {
			p.Primary, p.Unique = []string{"id", "name"}, [][]string{{"id"}}
			p.Columns[1].NotNull = true
			p.Columns[1].Default = "'x'"
		},
	} {
		s.runSub(t, name, func(_ *suite, t *testing.T) {
			tables := base()
			change(&tables[0], &tables[1])
			if take(t, tables) == want {
				t.Error("the change doesn't change the fingerprint")
			}
		})
	}
	s.runSub(t, "rows don't matter", func(s *suite, t *testing.T) {
		s.makeTables(t, env, base()...)
		defer env.Exec(t, "DROP TABLE "+s.Quote("fp_child"), "DROP TABLE "+s.Quote("fp_parent"))
		s.fillTable(t, env, "fp_parent", []string{"id", "name"}, 1000, func(i int) []any { return []any{i, "x"} })
		if inspectDB(t, env.DB).Fingerprint(covers) != want {
			t.Error("rows change the fingerprint")
		}
	})
}
