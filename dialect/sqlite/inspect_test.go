package sqlite_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/expungedb/expunge/dialect"
)

func inspected(t *testing.T, statements ...string) *dialect.Schema {
	t.Helper()
	_, db := memory(t, statements...)
	s, err := db.Inspect(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func TestAddressAndKey(t *testing.T) {
	for _, c := range []struct {
		name, ddl, address string
		key                []string
	}{
		{"rowid table", "CREATE TABLE t (a TEXT)", "rowid", nil},
		{"integer primary key", "CREATE TABLE t (id INTEGER PRIMARY KEY, a)", "rowid", []string{"id"}},
		{"without rowid", "CREATE TABLE t (a TEXT, b INT, PRIMARY KEY (b, a)) WITHOUT ROWID", "", []string{"b", "a"}},
		{"rowid taken by a column", "CREATE TABLE t (RowID TEXT, a TEXT)", "_rowid_", nil},
		{"two names taken", "CREATE TABLE t (rowid TEXT, _ROWID_ TEXT)", "oid", nil},
		{"all names taken", "CREATE TABLE t (rowid TEXT, _rowid_ TEXT, oid TEXT)", "", nil},
		{"strict", "CREATE TABLE t (id TEXT PRIMARY KEY) STRICT", "rowid", []string{"id"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			tab := inspected(t, c.ddl).Table(dialect.Name{Table: "t"})
			if tab.Address != c.address {
				t.Errorf("address %q, want %q", tab.Address, c.address)
			}
			if d := cmp.Diff(c.key, tab.Key()); d != "" {
				t.Errorf("key (-want +got):\n%s", d)
			}
		})
	}
}

// Pitfall 2: SQLite permits NULL in a primary key other than the rowid.
func TestPrimaryKeyThatHoldsNull(t *testing.T) {
	ddl := "CREATE TABLE t (id TEXT PRIMARY KEY, v)"
	if key := inspected(t, ddl, "INSERT INTO t VALUES ('a', 1)").Tables[0].Key(); !cmp.Equal(key, []string{"id"}) {
		t.Error("a primary key without NULLs is a key")
	}
	if key := inspected(t, ddl, "INSERT INTO t VALUES (NULL, 1)").Tables[0].Key(); key != nil {
		t.Error("a primary key that holds a NULL addresses no row")
	}
}

func TestDeclaredTypes(t *testing.T) {
	for typ, want := range map[string]dialect.Column{
		"INTEGER": {Kind: dialect.Int, Precision: 64}, "BIGINT": {Kind: dialect.Int, Precision: 64}, "smallint": {Kind: dialect.Int, Precision: 16}, "INT UNSIGNED": {Kind: dialect.Int, Precision: 32, Unsigned: true},
		"VARCHAR(40)": {Kind: dialect.Text, Length: 40}, "NVARCHAR(160)": {Kind: dialect.Text, Length: 160}, "CHAR ( 3 )": {Kind: dialect.Text, Length: 3, Fixed: true}, "TEXT": {Kind: dialect.Text}, "CLOB": {Kind: dialect.Text}, "string": {Kind: dialect.Text},
		"DECIMAL(10,2)": {Kind: dialect.Decimal, Precision: 10, Scale: 2}, "NUMERIC": {Kind: dialect.Decimal}, "DOUBLE PRECISION": {Kind: dialect.Float}, "REAL": {Kind: dialect.Float},
		"BOOLEAN": {Kind: dialect.Bool}, "DATETIME": {Kind: dialect.Timestamp, Precision: 6}, "TIMESTAMP WITH TIME ZONE": {Kind: dialect.TimestampTZ, Precision: 6}, "DATETIME(3)": {Kind: dialect.Timestamp, Precision: 3}, "DATE": {Kind: dialect.Date},
		"UUID": {Kind: dialect.UUID}, "JSON": {Kind: dialect.JSON}, "BLOB": {Kind: dialect.Bytes}, "": {Kind: dialect.Unknown}, "GEOMETRY": {Kind: dialect.Unknown}, "POINT": {Kind: dialect.Int, Precision: 64},
	} {
		t.Run(typ, func(t *testing.T) {
			got := inspected(t, "CREATE TABLE t (c "+typ+")").Tables[0].Columns[0]
			want.Name, want.Type, want.Nullable = "c", got.Type, true
			if d := cmp.Diff(&want, got); d != "" {
				t.Errorf("(-want +got):\n%s", d)
			}
		})
	}
}

func TestForeignKeysAsSQLiteAllowsThem(t *testing.T) {
	s := inspected(t, "PRAGMA foreign_keys = 1",
		`CREATE TABLE "Parent" (ID INTEGER PRIMARY KEY, Code TEXT UNIQUE)`,
		`CREATE TABLE pair (a INT, b INT, PRIMARY KEY (b, a))`,
		`CREATE TABLE child (
			p1 INT REFERENCES parent,                       -- the primary key is meant
			p2 TEXT CONSTRAINT "named, here" REFERENCES PARENT(code) ON DELETE SET NULL,
			x INT, y INT,
			CHECK (x <> ')'), CONSTRAINT positive CHECK (y > (0)),
			FOREIGN KEY (x, y) REFERENCES pair ON UPDATE CASCADE,
			FOREIGN KEY (x) REFERENCES gone (id) ON DELETE RESTRICT)`)
	child, parent := dialect.Name{Table: "child"}, dialect.Name{Table: "Parent"}
	want := []*dialect.ForeignKey{
		{Name: "child_p1_fkey", Table: child, Columns: []string{"p1"}, RefTable: parent, RefColumns: []string{"ID"}, OnDelete: dialect.NoAction, OnUpdate: dialect.NoAction, Enforced: true, Deferrable: true},
		{Name: "named, here", Table: child, Columns: []string{"p2"}, RefTable: parent, RefColumns: []string{"Code"}, OnDelete: dialect.SetNull, OnUpdate: dialect.NoAction, Enforced: true, Deferrable: true},
		{Name: "child_x_y_fkey", Table: child, Columns: []string{"x", "y"}, RefTable: dialect.Name{Table: "pair"}, RefColumns: []string{"b", "a"}, OnDelete: dialect.NoAction, OnUpdate: dialect.Cascade, Enforced: true, Deferrable: true},
		{Name: "child_x_fkey", Table: child, Columns: []string{"x"}, RefTable: dialect.Name{Table: "gone"}, RefColumns: []string{"id"}, OnDelete: dialect.Restrict, OnUpdate: dialect.NoAction, Enforced: true},
	}
	if d := cmp.Diff(want, s.Table(child).ForeignKeys); d != "" {
		t.Errorf("foreign keys (-want +got):\n%s", d)
	}
	checks := []*dialect.Check{{Name: "child_check_1", Condition: "x <> ')'"}, {Name: "positive", Condition: "y > (0)"}}
	if d := cmp.Diff(checks, s.Table(child).Checks); d != "" {
		t.Errorf("checks (-want +got):\n%s", d)
	}
}

// A virtual table represents its shadow tables, and can't be erased by row.
func TestVirtualTables(t *testing.T) {
	s := inspected(t, "CREATE VIRTUAL TABLE notes USING fts5(body)", "INSERT INTO notes VALUES ('x')", "CREATE TABLE expunge_run (id)")
	if len(s.Tables) != 1 || s.Tables[0].Name.Table != "notes" || s.Tables[0].Unerasable == "" {
		t.Errorf("%d tables, want the virtual one alone, with the reason why it isn't erasable", len(s.Tables))
	}
}

func TestPitfall35VirtualTablesSayWhatTheyKeepCopiesOf(t *testing.T) {
	for _, c := range []struct {
		name, virtual, module string
		more                  []string
		want                  []dialect.Name
	}{
		{"external content", "CREATE VIRTUAL TABLE v USING fts5(body, content='Post', content_rowid='id')", "fts5", nil, []dialect.Name{{Table: "post"}}},
		{"external content in double quotes", `CREATE VIRTUAL TABLE v USING fts5(body, tokenize = 'porter', content = "post")`, "fts5", nil, []dialect.Name{{Table: "post"}}},
		{"external content that is a view", "CREATE VIRTUAL TABLE v USING fts5(body, content='texts')", "fts5", []string{"CREATE VIEW inner_texts AS SELECT * FROM post", "CREATE VIEW texts AS SELECT * FROM inner_texts"}, []dialect.Name{{Table: "post"}}},
		{"its own content", "CREATE VIRTUAL TABLE v USING fts5(body)", "fts5", nil, nil},
		{"no content", "CREATE VIRTUAL TABLE v USING fts5(body, content='')", "fts5", nil, nil},
		{"no content, filled by a trigger", "CREATE VIRTUAL TABLE v USING fts5(body, content='')", "fts5",
			[]string{"CREATE TRIGGER post_ai AFTER INSERT ON post BEGIN INSERT INTO v (rowid, body) VALUES (new.id, new.body); END"}, []dialect.Name{{Table: "post"}}},
		{"a column called content", "CREATE VIRTUAL TABLE v USING fts5(content)", "fts5", nil, nil},
		{"places", "CREATE VIRTUAL TABLE IF NOT EXISTS v USING RTREE(id, x1, x2)", "rtree",
			[]string{"CREATE TRIGGER place_ad AFTER DELETE ON post BEGIN DELETE FROM v WHERE id = old.id; END"}, []dialect.Name{{Table: "post"}}},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := inspected(t, append([]string{"CREATE TABLE post (id INTEGER PRIMARY KEY, body TEXT)", c.virtual}, c.more...)...)
			v := s.Table(dialect.Name{Table: "v"})
			if v == nil || v.Module != c.module || !slices.Equal(v.CopiesOf, c.want) {
				t.Errorf("got %+v, want module %s and copies of %v", v, c.module, c.want)
			}
		})
	}
}

func TestTriggersAndCollations(t *testing.T) {
	s := inspected(t, `CREATE TABLE t (id INTEGER PRIMARY KEY, mail TEXT COLLATE NOCASE, u TEXT UNIQUE COLLATE "binary")`, "CREATE TABLE log (v)", "CREATE TABLE log2 (v)",
		`CREATE TRIGGER "update" BEFORE DELETE ON t BEGIN INSERT OR IGNORE INTO Log VALUES (old.mail); UPDATE OR IGNORE log2 SET v = 1; DELETE FROM log; END`,
		`CREATE TRIGGER plain UPDATE OF mail ON t WHEN new.id > 1 BEGIN SELECT 1; END`,
		`CREATE TRIGGER added AFTER INSERT ON t BEGIN SELECT 1; END`,
		`CREATE INDEX folded ON t (u COLLATE NOCASE)`)
	tab := s.Table(dialect.Name{Table: "t"})
	want := []*dialect.Trigger{{Name: "added", Timing: "after", OnInsert: true}, {Name: "plain", Timing: "before", OnUpdate: true},
		{Name: "update", Timing: "before", OnDelete: true, Writes: []dialect.Name{{Table: "log"}, {Table: "log2"}}}}
	if d := cmp.Diff(want, tab.Triggers); d != "" {
		t.Errorf("triggers (-want +got):\n%s", d)
	}
	if !tab.Column("mail").FoldsCase || tab.Column("u").FoldsCase {
		t.Error("only the NOCASE column folds case")
	}
	for _, ix := range tab.Indexes {
		if ix.Name == "folded" && !ix.Parts[0].FoldsCase {
			t.Error("an index part with a collation of its own folds case")
		}
	}
}

func TestAVirtualTableWithoutItsModuleIsNamed(t *testing.T) {
	_, db := memory(t, "PRAGMA writable_schema = 1",
		`INSERT INTO sqlite_master VALUES ('table', 'words', 'words', 0, 'CREATE VIRTUAL TABLE words USING fts0(body)')`, "PRAGMA writable_schema = RESET")
	_, err := db.Inspect(t.Context())
	if err == nil || !strings.Contains(err.Error(), "words") || !strings.Contains(err.Error(), "doesn't have the module fts0") {
		t.Errorf("error %v", err)
	}
}
