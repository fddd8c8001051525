package dialecttest

import (
	"fmt"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/expungedb/expunge/dialect"
)

// hostile are identifiers that break statements without quoting, or with another engine's.
var hostile = map[string]string{
	"keyword":       "select",
	"double quote":  `a"b`,
	"backtick":      "a`b",
	"brackets":      "a]b[c",
	"mixed case":    "MixedCase",
	"spaces":        "two words",
	"unicode":       "straße_名",
	"dot":           "a.b",
	"percent":       "100%s %d",
	"question mark": "what?",
	"dollar":        "$1",
	"colon":         "a:b @c",
	"like SQL":      `x"; DROP TABLE y; --`,
	"single quote":  "it's",
	"backslash":     `a\b`,
	"braces":        "{a}",
}

func (s *suite) testNames(t *testing.T) {
	for what, name := range hostile {
		s.runSub(t, what, func(s *suite, t *testing.T) { s.hostileName(t, name) })
	}
}

// hostileName uses the name for tables, columns, an index and a foreign key, in every statement.
func (s *suite) hostileName(t *testing.T, name string) {
	ref, id, val := name+" ref", name, name+" v"
	env := s.openEnv(t,
		Table{Name: name, Columns: []Column{{Name: id, Type: integer, NotNull: true}, {Name: val, Type: text(50)}}, Primary: []string{id},
			Indexes: []Index{{Name: name + " ix", Parts: []string{s.Quote(val)}}}},
		Table{Name: ref, Columns: []Column{{Name: id, Type: integer, NotNull: true}, {Name: val, Type: integer}}, Primary: []string{id},
			Foreign: []Foreign{{Name: name + " fk", Columns: []string{val}, Table: name, RefColumns: []string{id}}}})
	tab := tableOf(t, env, name)
	if d := cmp.Diff([]string{id}, tab.PrimaryKey); d != "" {
		t.Errorf("primary key (-want +got):\n%s", d)
	}
	var indexed bool
	for _, ix := range tab.Indexes {
		indexed = indexed || (ix.Name == name+" ix" && len(ix.Parts) == 1 && ix.Parts[0].Column == val)
	}
	if !indexed {
		t.Error("the index isn't found by its name")
	}
	fks := tableOf(t, env, ref).ForeignKeys
	if len(fks) != 1 || fks[0].Name != name+" fk" || fks[0].RefTable != env.Name(name) || !cmp.Equal(fks[0].Columns, []string{val}) || !cmp.Equal(fks[0].RefColumns, []string{id}) {
		t.Fatal("the foreign key isn't read as it was declared")
	}
	main, other := env.Name(name), env.Name(ref)
	key := dialect.In{Columns: []string{id}, Keys: intKeys(1, 2)}
	inWriteTx(t, env.DB, func(tx dialect.Tx) {
		for i := int64(1); i <= 3; i++ {
			insertRow(t, tx, main, []string{id, val}, i, fmt.Sprint("old ", i))
		}
		insertRow(t, tx, other, []string{id, val}, int64(1), int64(3))
		referenced := dialect.Referenced{Table: other, Columns: []string{val}, RefColumns: []string{id}, Except: &dialect.In{Columns: []string{id}, Keys: intKeys(9, 9)}}
		got := readRows(t, tx, dialect.Select{Table: main, Columns: []string{id, val}, Flags: []dialect.Cond{key, referenced}, Order: []string{id}, Lock: dialect.Exclusive,
			Where: []dialect.Cond{dialect.After{Columns: []string{id}, Key: dialect.Key{int64(0)}}, dialect.UpTo{Columns: []string{val, id}, Key: dialect.Key{"old 3", int64(3)}}, dialect.Not{Cond: dialect.IsNull{Column: val}}, dialect.Compare{Column: val, Op: "<>", Value: "x"}}})
		want := []dialect.Row{{int64(1), "old 1", int64(1), int64(0)}, {int64(2), "old 2", int64(1), int64(0)}, {int64(3), "old 3", int64(0), int64(1)}}
		if d := cmp.Diff(want, got); d != "" {
			t.Errorf("select (-want +got):\n%s", d)
		}
		b := dialect.BulkUpdate{Table: main, Key: []string{id}, Set: []string{val}, Rows: []dialect.Row{{int64(1), "new"}, {int64(2), nil}}}
		if n, err := tx.BulkUpdate(contextFor(t), b); err != nil || n != 2 {
			t.Errorf("bulk update: %d, %v", n, err)
		}
		if n := countStored(t, tx, tab, b); n != 2 {
			t.Errorf("%d of 2 rows have their values", n)
		}
		col := tab.Column(val)
		if u, err := tx.Update(contextFor(t), dialect.Update{Table: main, Compare: true, Where: []dialect.Cond{key}, Set: []dialect.Assign{{Column: col, Expr: dialect.Concat{dialect.Current{Column: col}, dialect.Literal{Value: "!", Column: col}}}}}); err != nil || u.Rows != 2 {
			t.Errorf("update: %d, %v", u.Rows, err)
		}
		if n := countRows(t, tx, other, dialect.Orphan{Columns: []string{val}, RefTable: main, RefColumns: []string{id}}); n != 0 {
			t.Errorf("%d orphans, want 0", n)
		}
		if n := deleteRows(t, tx, dialect.Delete{Table: main, Where: []dialect.Cond{key}, Limit: 1}) + deleteRows(t, tx, dialect.Delete{Table: main, Where: []dialect.Cond{key}}); n != 2 {
			t.Errorf("deleted %d rows, want 2", n)
		}
	})
	if problems, err := env.DB.Check(contextFor(t), []dialect.Access{{Table: main, Update: []string{val}, Delete: true}, {Table: other, Delete: true}}); err != nil || len(problems) != 0 {
		t.Errorf("check: %d problems, %v", len(problems), err)
	}
}
