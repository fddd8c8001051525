package dialect_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/expungedb/expunge/dialect"
)

func shop() *dialect.Schema {
	customer, order := dialect.Name{Schema: "public", Table: "customer"}, dialect.Name{Schema: "public", Table: "order"}
	seven := "7"
	return &dialect.Schema{Engine: "postgres", Tables: []*dialect.Table{
		{Name: customer, PrimaryKey: []string{"id"}, RowEstimate: 10, Columns: []*dialect.Column{{Name: "id", Kind: dialect.Int}, {Name: "email", Kind: dialect.Text, Length: 50, Nullable: true}},
			Indexes:     []*dialect.Index{{Name: "email_key", Unique: true, Parts: []dialect.IndexPart{{Expression: "lower(email)"}}, Mentions: []string{"email"}}},
			ForeignKeys: []*dialect.ForeignKey{{Name: "referred", Table: customer, Columns: []string{"referred_by"}, RefTable: customer, RefColumns: []string{"id"}, OnDelete: dialect.NoAction, Enforced: true}}},
		{Name: order, Columns: []*dialect.Column{{Name: "n", Kind: dialect.Int, Default: &seven}},
			ForeignKeys: []*dialect.ForeignKey{{Name: "fk", Table: order, Columns: []string{"customer_id"}, RefTable: customer, RefColumns: []string{"id"}, OnDelete: dialect.Cascade, Enforced: true}}},
	}}
}

func TestTableKey(t *testing.T) {
	columns := []*dialect.Column{{Name: "a"}, {Name: "b"}, {Name: "n", Nullable: true}}
	unique := func(change func(*dialect.Index), columns ...string) *dialect.Index {
		ix := &dialect.Index{Unique: true}
		for _, c := range columns {
			ix.Parts = append(ix.Parts, dialect.IndexPart{Column: c})
		}
		if change != nil {
			change(ix)
		}
		return ix
	}
	for _, c := range []struct {
		name    string
		primary []string
		indexes []*dialect.Index
		want    []string
	}{
		{"the primary key", []string{"b"}, []*dialect.Index{unique(nil, "a")}, []string{"b"}},
		{"a unique index", nil, []*dialect.Index{unique(nil, "b", "a")}, []string{"b", "a"}},
		{"a nullable one: no key", nil, []*dialect.Index{unique(nil, "a", "n")}, nil},
		{"a partial one: no key", nil, []*dialect.Index{unique(func(ix *dialect.Index) { ix.Where = "a > 0" }, "a")}, nil},
		{"a deferrable one: no key", nil, []*dialect.Index{unique(func(ix *dialect.Index) { ix.Deferrable = true }, "a")}, nil},
		{"a prefix: no key", nil, []*dialect.Index{unique(func(ix *dialect.Index) { ix.Parts[0].Prefix = 10 }, "a")}, nil},
		{"an expression: no key", nil, []*dialect.Index{unique(func(ix *dialect.Index) { ix.Parts = []dialect.IndexPart{{Expression: "lower(a)"}} })}, nil},
		{"a plain index: no key", nil, []*dialect.Index{unique(func(ix *dialect.Index) { ix.Unique = false }, "a")}, nil},
		{"the next that will do", nil, []*dialect.Index{unique(nil, "n"), unique(nil, "b")}, []string{"b"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			tab := &dialect.Table{Columns: columns, PrimaryKey: c.primary, Indexes: c.indexes}
			if d := cmp.Diff(c.want, tab.Key()); d != "" {
				t.Errorf("(-want +got):\n%s", d)
			}
		})
	}
}

func TestLookups(t *testing.T) {
	s := shop()
	customer := s.Tables[0].Name
	if s.Table(customer) != s.Tables[0] || s.Table(dialect.Name{Table: "customer"}) != nil {
		t.Error("a table is found by its full name, and only by it")
	}
	if got := s.References(customer); len(got) != 2 || got[0].Name != "referred" || got[1].Name != "fk" {
		t.Errorf("%d references arrive at the customer, want its own and the order's", len(got))
	}
	if got := s.Tables[0].UniqueIndexes("email"); len(got) != 1 {
		t.Error("a unique index over an expression holds the columns that it mentions")
	}
}

func TestAssignable(t *testing.T) {
	for name, c := range map[string]*dialect.Column{"generated": {Generated: true}, "read only": {ReadOnly: true}, "unsupported": {Unsupported: "encrypted"}, "row address": {Kind: dialect.RowAddress}} {
		if c.Assignable() {
			t.Errorf("a column that is %s can't be assigned to", name)
		}
	}
	if !(&dialect.Column{Identity: true}).Assignable() {
		t.Error("an identity column that isn't read-only can be assigned to")
	}
}

func TestFingerprint(t *testing.T) {
	covers := []dialect.Name{shop().Tables[0].Name}
	want := shop().Fingerprint(covers)
	for name, change := range map[string]func(s *dialect.Schema){
		"an estimate":            func(s *dialect.Schema) { s.Tables[0].RowEstimate = 99 },
		"partitions":             func(s *dialect.Schema) { s.Tables[0].Partitions = []dialect.Name{{Table: "p1"}} },
		"another table's column": func(s *dialect.Schema) { s.Tables[1].Columns[0].Nullable = true },
		"the engine's version":   func(s *dialect.Schema) { s.Version = "18.1" },
		"a view":                 func(s *dialect.Schema) { s.Views = []*dialect.View{{}} },
	} {
		t.Run("unmoved by "+name, func(t *testing.T) {
			s := shop()
			change(s)
			if s.Fingerprint(covers) != want {
				t.Error("the fingerprint has changed")
			}
		})
	}
	for name, change := range map[string]func(s *dialect.Schema){
		"a column's length":        func(s *dialect.Schema) { s.Tables[0].Columns[1].Length = 51 },
		"an index":                 func(s *dialect.Schema) { s.Tables[0].Indexes = nil },
		"a trigger":                func(s *dialect.Schema) { s.Tables[0].Triggers = []*dialect.Trigger{{Name: "t"}} },
		"row security":             func(s *dialect.Schema) { s.Tables[0].RowSecurity = true },
		"a reference that arrives": func(s *dialect.Schema) { s.Tables[1].ForeignKeys[0].OnDelete = dialect.Restrict },
		"a reference dropped":      func(s *dialect.Schema) { s.Tables[1].ForeignKeys = nil },
		"a view of a view that keeps its rows": func(s *dialect.Schema) {
			s.Views = []*dialect.View{
				{Name: dialect.Name{Table: "people"}, Reads: []dialect.Name{s.Tables[0].Name}},
				{Name: dialect.Name{Table: "copies"}, Materialized: true, Reads: []dialect.Name{{Table: "people"}}},
			}
		},
		"a publication":     func(s *dialect.Schema) { s.Publications = []dialect.Publication{{Name: "all"}} },
		"the table dropped": func(s *dialect.Schema) { s.Tables = s.Tables[1:] },
	} {
		t.Run("moved by "+name, func(t *testing.T) {
			s := shop()
			change(s)
			if s.Fingerprint(covers) == want {
				t.Error("the fingerprint is the same")
			}
		})
	}
}

func TestNames(t *testing.T) {
	a, b := dialect.Name{Table: "z"}, dialect.Name{Schema: "public", Table: "a"}
	if a.String() != "z" || b.String() != "public.a" {
		t.Error("a name for people is schema.table, or the bare table")
	}
	if a.Compare(b) >= 0 || b.Compare(a) <= 0 || a.Compare(dialect.Name{Schema: a.Schema, Table: a.Table}) != 0 {
		t.Error("names are ordered by schema, then by table")
	}
}
