package sqlserver

import (
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/expungedb/expunge/dialect"
)

// museum is a catalogue with one of everything.
var museum = answers{
	"SELECT SCHEMA_NAME()": "dbo",
	"t.temporal_type": `
		1 | dbo   | person      | 2 | 0 | 0 | 0 | 100 | 0 | dbo | person_history
		2 | dbo   | person_history | 1 | 0 | 0 | 0 | 900 | 1 | |
		3 | sales | visit       | 0 | 0 | 0 | 0 | 50  | 1 | |
		4 | dbo   | entry       | 0 | 2 | 0 | 0 | 5   | 0 | dbo | entry_ledger
		5 | dbo   | entry_ledger | 0 | 1 | 0 | 0 | 5  | 0 | |
		6 | dbo   | mark        | 0 | 3 | 0 | 0 | 5   | 0 | |
		7 | dbo   | cache       | 0 | 0 | 1 | 0 | 0   | 1 | |
		8 | dbo   | afar        | 0 | 0 | 0 | 1 | -1  | 1 | |`,
	"c.generated_always_type": `
		1 | 1 | id        | bigint    | 8   | 19 | 0 |         | 0    | 0 | 1 | 0 | 0 | 0 | 0 | 0 |
		1 | 2 | email     | nvarchar  | 160 | 0  | 0 | Latin1_General_100_CI_AS | 1252 | 1 | 0 | 0 | 0 | 0 | 0 | 1 | (N'')
		1 | 3 | folded    | nvarchar  | 160 | 0  | 0 | Latin1_General_100_CI_AS | 1252 | 1 | 0 | 1 | 0 | 0 | 0 | 0 |
		1 | 4 | details   | xml       | -1  | 0  | 0 |         | 0    | 1 | 0 | 0 | 1 | 0 | 0 | 0 |
		1 | 5 | since     | datetime2 | 8   | 27 | 7 |         | 0    | 0 | 0 | 0 | 0 | 1 | 0 | 0 |
		1 | 6 | until     | datetime2 | 8   | 27 | 7 |         | 0    | 0 | 0 | 0 | 0 | 2 | 0 | 0 |
		1 | 7 | ssn       | varchar   | 11  | 0  | 0 | Latin1_General_BIN2 | 1252 | 1 | 0 | 0 | 0 | 0 | 2 | 0 |
		1 | 8 | version   | timestamp | 8   | 0  | 0 |         | 0    | 0 | 0 | 0 | 0 | 0 | 0 | 0 |
		1 | 9 | place     | hierarchyid | 892 | 0 | 0 |        | 0    | 1 | 0 | 0 | 0 | 0 | 0 | 0 |
		3 | 1 | person_id | bigint    | 8   | 19 | 0 |         | 0    | 0 | 0 | 0 | 0 | 0 | 0 | 0 |
		3 | 2 | held_at   | int       | 4   | 10 | 0 |         | 0    | 1 | 0 | 0 | 0 | 0 | 0 | 0 |
		3 | 3 | preferences | nvarchar | -1 | 0  | 0 | Latin1_General_100_CI_AS | 1252 | 1 | 0 | 0 | 0 | 0 | 0 | 0 |`,
	"sys.computed_columns": "1 | folded | (lower([email]))",
	"FROM sys.indexes i\n": `
		1 | 1 | pk     | 1 | 1 | 0 | clustered               |  | 0
		1 | 2 | mail   | 1 | 0 | 0 | nonclustered            | ([email]>N'') | 0
		1 | 3 | fold   | 0 | 0 | 0 | nonclustered            |  | 0
		3 | 2 | counts | 0 | 0 | 0 | nonclustered columnstore |  | 0
		3 | 3 | visitor | 0 | 0 | 0 | nonclustered           |  | 0`,
	"FROM sys.index_columns k\n": `
		1 | 1 | 1 | 0 | 1
		1 | 2 | 7 | 0 | 0
		1 | 2 | 2 | 1 | 1
		1 | 3 | 3 | 0 | 1
		3 | 2 | 1 | 0 | 0
		3 | 2 | 2 | 0 | 0
		3 | 3 | 2 | 0 | 0
		3 | 3 | 1 | 0 | 1`,
	"FROM sys.foreign_keys f": `
		20 | trusted   | 3 | 1 | 1 | 1 | 1 | 0 | 0 | 0
		21 | untrusted | 3 | 1 | 1 | 1 | 0 | 2 | 0 | 1
		22 | disabled  | 3 | 1 | 1 | 1 | 3 | 0 | 1 | 1`,
	"FROM sys.check_constraints": "3 | formed | (isjson([preferences])>(0))",
	"FROM sys.triggers tr": `
		1 | 30 | kept  | 0 | 1 | 3 | CREATE TRIGGER kept ON person INSTEAD OF DELETE AS UPDATE person SET details = NULL
		3 | 31 | watch | 1 | 0 | 2 | CREATE TRIGGER watch ON sales.visit AFTER UPDATE, DELETE AS INSERT INTO mark SELECT 1
		3 | 31 | watch | 1 | 0 | 3 | CREATE TRIGGER watch ON sales.visit AFTER UPDATE, DELETE AS INSERT INTO mark SELECT 1`,
	"FROM sys.views v":                "40 | dbo | everybody | 1 | CREATE VIEW everybody WITH SCHEMABINDING AS SELECT id FROM dbo.person",
	"sys.sql_expression_dependencies": "40 | 1",
	"FROM sys.security_policies p":    "1",
	"sys.change_tracking_tables":      "3 | change data capture\n1 | replication\n3 | replication",
}

func inspected(t *testing.T) *dialect.Schema {
	t.Helper()
	return readCatalogue(t, museum)
}

func readCatalogue(t *testing.T, of answers) *dialect.Schema {
	t.Helper()
	srv := &server{version: "16.0.4135.4", major: 16}
	c := newCatalogue(of.pool(t), srv)
	if err := c.readAll(t.Context()); err != nil {
		t.Fatal(err)
	}
	return c.schema
}

func TestKindsOfTablesAreTold(t *testing.T) {
	type kind struct {
		History    string
		Unerasable bool
		Address    string
		Security   bool
	}
	got := map[string]kind{}
	for _, table := range inspected(t).Tables {
		k := kind{Unerasable: table.Unerasable != "", Address: table.Address, Security: table.RowSecurity}
		if table.History != nil {
			k.History = table.History.String()
		}
		got[table.Name.String()] = k
	}
	want := map[string]kind{
		"dbo.person":  {History: "dbo.person_history", Security: true},
		"sales.visit": {Address: address},
		"dbo.entry":   {History: "dbo.entry_ledger", Unerasable: true},
		"dbo.mark":    {Unerasable: true},
		"dbo.cache":   {}, // memory-optimised: a row has no address
		"dbo.afar":    {Unerasable: true},
	}
	if d := cmp.Diff(want, got); d != "" {
		t.Errorf("(-want +got):\n%s", d)
	}
}

func TestColumnsThatAreNotAssignedToAreTold(t *testing.T) {
	person := inspected(t).Table(dialect.Name{Schema: "dbo", Table: "person"})
	var assignable []string
	for _, c := range person.Columns {
		if c.Assignable() {
			assignable = append(assignable, c.Name)
		}
	}
	if d := cmp.Diff([]string{"email", "place"}, assignable); d != "" {
		t.Errorf("neither identity, computed, column set, period, encrypted nor rowversion columns (-want +got):\n%s", d)
	}
	if why := person.Column("ssn").Unsupported; !strings.Contains(why, "Always Encrypted") {
		t.Errorf("an encrypted column is refused with %q", why)
	}
	if c := person.Column("email"); c.Length != 80 || !c.FoldsCase || c.FoldsAccents || c.Default == nil {
		t.Errorf("%+v", c)
	}
}

func TestIndexesHaveTheirKeysColumns(t *testing.T) {
	s := inspected(t)
	got := map[string][]string{}
	for _, table := range s.Tables {
		for _, ix := range table.Indexes {
			got[ix.Name] = ix.Columns()
		}
	}
	want := map[string][]string{
		"pk": {"id"}, "mail": {"email"}, "fold": {"folded"},
		"counts":  {"person_id", "held_at"}, // a columnstore index
		"visitor": {"person_id"},            // without the column that partitions the table
	}
	if d := cmp.Diff(want, got); d != "" {
		t.Errorf("(-want +got):\n%s", d)
	}
	person := s.Table(dialect.Name{Schema: "dbo", Table: "person"})
	for _, ix := range person.Indexes {
		switch ix.Name {
		case "mail":
			if ix.Where != "([email]>N'')" || !slices.Equal(ix.Mentions, []string{"email"}) || !ix.Parts[0].Descending || !ix.NullsEqual {
				t.Errorf("a filtered index: %+v", ix)
			}
		case "fold":
			if !ix.Holds("email") {
				t.Error("an index on a computed column holds what that is computed from")
			}
		}
	}
}

func TestForeignKeysAcrossSchemas(t *testing.T) {
	visit := inspected(t).Table(dialect.Name{Schema: "sales", Table: "visit"})
	enforced := map[string]bool{}
	for _, fk := range visit.ForeignKeys {
		enforced[fk.Name] = fk.Enforced
		if fk.RefTable != (dialect.Name{Schema: "dbo", Table: "person"}) {
			t.Errorf("%s refers to %s", fk.Name, fk.RefTable)
		}
	}
	if d := cmp.Diff(map[string]bool{"trusted": true, "untrusted": false, "disabled": false}, enforced); d != "" {
		t.Errorf("enforced (-want +got):\n%s", d)
	}
	if visit.Column("preferences").Kind != dialect.JSON {
		t.Error("a column that a check keeps to JSON isn't of that kind")
	}
}

func TestTriggersViewsAndCopies(t *testing.T) {
	s := inspected(t)
	mark := dialect.Name{Schema: "dbo", Table: "mark"}
	person, visit := dialect.Name{Schema: "dbo", Table: "person"}, dialect.Name{Schema: "sales", Table: "visit"}
	if d := cmp.Diff([]*dialect.Trigger{{Name: "kept", Timing: "instead of", OnDelete: true, Writes: []dialect.Name{person}}}, s.Table(person).Triggers); d != "" {
		t.Errorf("(-want +got):\n%s", d)
	}
	if d := cmp.Diff([]*dialect.Trigger{{Name: "watch", Timing: "after", OnUpdate: true, OnDelete: true, Disabled: true, Writes: []dialect.Name{mark}}}, s.Table(visit).Triggers); d != "" {
		t.Errorf("(-want +got):\n%s", d)
	}
	if d := cmp.Diff([]*dialect.View{{Name: dialect.Name{Schema: "dbo", Table: "everybody"}, Materialized: true, Reads: []dialect.Name{person}}}, s.Views); d != "" {
		t.Errorf("(-want +got):\n%s", d)
	}
	want := []dialect.Publication{{Name: "change data capture", Tables: []dialect.Name{visit}}, {Name: "replication", Tables: []dialect.Name{person, visit}}}
	if d := cmp.Diff(want, s.Publications); d != "" {
		t.Errorf("(-want +got):\n%s", d)
	}
}

// The catalogue shows a user only objects on which he has some permission.
func TestACatalogueThatTheUserSeesInPart(t *testing.T) {
	for _, c := range []struct {
		permissions         string // VIEW DEFINITION and SELECT on the database
		partial, references bool
	}{{"1 | 1", false, false}, {"1 | 0", false, false}, {"0 | 1", false, true}, {"0 | 0", true, true}} {
		catalogue := maps.Clone(museum)
		catalogue["'VIEW DEFINITION'"] = c.permissions
		s := readCatalogue(t, catalogue)
		if s.Partial != c.partial {
			t.Errorf("%s: partial %t", c.permissions, s.Partial)
		}
		for _, table := range s.Tables {
			if table.ReferencesUnseen != c.references {
				t.Errorf("%s: foreign keys that refer to %s are unseen: %t", c.permissions, table.Name, table.ReferencesUnseen)
			}
		}
	}
}

func TestChecksBeforeARun(t *testing.T) {
	const fine = "1|1|1|1"
	for _, c := range []struct {
		name    string
		answers answers
		says    []string // one for each problem
	}{
		{"nothing", answers{"'OBJECT', 'SELECT'": fine}, nil},
		{"a read-only database", answers{"'Updateability'": "READ_ONLY | 1 | 1 | 1", "'OBJECT', 'SELECT'": fine}, []string{"the database is read-only"}},
		{"a catalogue in part", answers{"'Updateability'": "READ_WRITE | 0 | 1 | 1", "'OBJECT', 'SELECT'": fine}, []string{"GRANT VIEW DEFINITION"}},
		{"no journal", answers{"'Updateability'": "READ_WRITE | 1 | 0 | 0", "'OBJECT', 'SELECT'": fine}, []string{"the journal doesn't exist"}},
		{"no such table", answers{}, []string{"table not found"}},
		{"permissions", answers{"'OBJECT', 'SELECT'": "0|0|0|1", "'OBJECT', 'UPDATE', @p2": "0"}, []string{"missing permissions: SELECT, DELETE, UPDATE ([email])"}},
		{"masks", answers{"'OBJECT', 'SELECT'": fine, "sys.masked_columns": "email"}, []string{"masked values of [email]: GRANT UNMASK"}},
		{"a policy that shows all", answers{"'OBJECT', 'SELECT'": fine, "r.predicate_type = 0": "tenants | 1", "SELECT CASE WHEN (SELECT COUNT_BIG(*)": "0"}, nil},
		{"a policy that hides rows", answers{"'OBJECT', 'SELECT'": fine, "r.predicate_type = 0": "tenants | 1", "SELECT CASE WHEN (SELECT COUNT_BIG(*)": "1"}, []string{"the security policy [tenants] hides rows"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			pool, srv := c.answers.pool(t), &server{major: 16}
			problems, err := checkServer(t.Context(), pool, srv)
			if err != nil {
				t.Fatal(err)
			}
			of := &checking{q: pool, srv: srv, a: dialect.Access{Table: dialect.Name{Schema: "dbo", Table: "person"}, Update: []string{"email"}, Delete: true}}
			if err := of.checkTable(t.Context()); err != nil {
				t.Fatal(err)
			}
			problems = append(problems, of.found...)
			if len(problems) != len(c.says) {
				t.Fatalf("%d problems, want %d: %v", len(problems), len(c.says), problems)
			}
			for i, p := range problems {
				if !strings.Contains(p.Reason, c.says[i]) {
					t.Errorf("%q doesn't say %q", p.Reason, c.says[i])
				}
			}
		})
	}
}
