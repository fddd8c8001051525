package postgres_test

import (
	"context"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/expungedb/expunge/dialect"
	"github.com/expungedb/expunge/dialect/dialecttest"
	"github.com/expungedb/expunge/dialect/postgres"
	"github.com/expungedb/expunge/internal/testdb"
)

// everywhere runs a test on an empty database of every tested version.
func everywhere(t *testing.T, test func(t *testing.T, env *dialecttest.Env)) {
	for _, server := range testdb.Postgreses(t) {
		t.Run(server.String(), func(t *testing.T) { test(t, open(t, server.Database(t))) })
	}
}

func transact(t *testing.T, db dialect.DB, o dialect.TxOptions, f func(tx dialect.Tx)) {
	t.Helper()
	tx, err := db.Begin(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = tx.Rollback(context.Background()) }()
	f(tx)
	if err := tx.Commit(t.Context()); err != nil {
		t.Fatal(err)
	}
}

func read(t *testing.T, tx dialect.Tx, s dialect.Select) []dialect.Row {
	t.Helper()
	var out []dialect.Row
	for r, err := range tx.Query(t.Context(), s) {
		if err != nil {
			t.Fatal(err)
		}
		out = append(out, r)
	}
	return out
}

// types are the types with special handling, each with two values in canonical form.
var types = []struct{ typ, a, b string }{
	{"mood", "sad", "so, \"happy\""}, {"mood[]", `{sad,NULL}`, `{}`}, {"email", "a@b", "c@d"}, {"ext.citext", "Ab", "aB"},
	{"text[]", `{a,"b c"}`, `{{1,2},{3,4}}`}, {"int[]", "{1,NULL}", "[0:1]={1,2}"}, {"pair", "(1,x)", `(,"a ""b"",c")`},
	{"json", `{"a": 1}`, `{"a":1}`}, {"jsonb", `{"a": 1}`, `[]`}, {"xml", "<a/>", "<b>ü</b>"},
	{"numeric", "1.50", "NaN"}, {"numeric(8,2)", "1.50", "-3.00"}, {"money", "1234.50", "-0.01"}, {"real", "0.1", "1e+20"},
	{"double precision", "0.1", "-Infinity"}, {"inet", "10.0.0.1", "::1/64"}, {"cidr", "10.0.0.0/8", "::/0"}, {"macaddr", "08:00:2b:01:02:03", "08:00:2b:01:02:04"},
	{"bit(3)", "101", "000"}, {"varbit", "1", ""}, {"interval", "1 year 2 days 03:04:05.5", "-00:00:01"}, {"timetz", "12:00:00+02", "23:59:59.5-11"},
	{"timestamptz", "2024-01-01 00:00:00.5+00", "infinity"}, {"date", "2024-02-29", "0044-03-15 BC"}, {"tsvector", "'a' 'b'", "'x':1A"},
	{"int4range", "[1,3)", "empty"}, {"uuid", "11111111-2222-4333-8444-555555555555", "00000000-0000-0000-0000-000000000000"},
	{`"char"`, "x", "y"}, {"name", "x", "A \"b\""}, {"char(5)", "ab", "x y"}, {"boolean", "true", "false"}, {"point", "(1,2)", "(0,0.5)"},
	{"box", "(1,1),(0,0)", "(2,2),(0,0)"}, {"pg_lsn", "0/16B3748", "FF/0"}, {"tags", "{x}", "{}"},
}

func TestValuesOfEveryTypeGoInAndComeBack(t *testing.T) {
	everywhere(t, func(t *testing.T, env *dialecttest.Env) {
		env.Exec(t, `CREATE TYPE mood AS ENUM ('sad', 'so, "happy"')`, "CREATE DOMAIN email AS varchar(40) CHECK (value LIKE '%@%')",
			"CREATE DOMAIN tags AS text[]", "CREATE TYPE pair AS (n int, s text)")
		for i, c := range types {
			t.Run(c.typ, func(t *testing.T) {
				v := env.Name(fmt.Sprintf("v%d", i))
				env.Exec(t, fmt.Sprintf("CREATE TABLE v%d (id int PRIMARY KEY, v %s)", i, c.typ))
				schema, err := env.DB.Inspect(t.Context())
				if err != nil {
					t.Fatal(err)
				}
				column := schema.Table(v).Column("v")
				column.Kind = dialect.Unknown // so that the type's name is used
				transact(t, env.DB, dialect.TxOptions{}, func(tx dialect.Tx) {
					for i, value := range []dialect.Value{c.a, c.a, nil} {
						if err := tx.Insert(t.Context(), dialect.Insert{Table: v, Columns: []string{"id", "v"}, Rows: []dialect.Row{{int64(i), value}}}); err != nil {
							t.Fatal(err)
						}
					}
					bulk := dialect.BulkUpdate{Table: v, Key: []string{"id"}, Set: []string{"v"}, Rows: []dialect.Row{{int64(1), c.b}, {int64(2), nil}}}
					if n, err := tx.BulkUpdate(t.Context(), bulk); n != 2 || err != nil {
						t.Errorf("bulk update: %d, %v", n, err)
					}
					got := read(t, tx, dialect.Select{Table: v, Columns: []string{"v"}, Order: []string{"id"}})
					if d := cmp.Diff([]dialect.Row{{c.a}, {c.b}, {nil}}, got); d != "" {
						t.Errorf("(-want +got):\n%s", d)
					}
					in := dialect.In{Columns: []string{"v", "id"}, Keys: []dialect.Key{{c.b, int64(1)}}}
					if n, err := tx.Count(t.Context(), v, []dialect.Cond{in}); n != 1 || err != nil {
						t.Errorf("by key: %d, %v", n, err)
					}
					if n, err := tx.Count(t.Context(), v, []dialect.Cond{dialect.Any{dialect.In{Columns: []string{"v"}, Keys: []dialect.Key{{c.a}}}}}); n == 0 || err != nil {
						t.Errorf("by key, within: %d, %v", n, err)
					}
					done, err := tx.Update(t.Context(), dialect.Update{Table: v, Compare: true, Set: []dialect.Assign{{Column: column, Expr: dialect.Current{Column: column}}}})
					if d := cmp.Diff(dialect.Updated{Rows: 3, Unchanged: []int64{2}}, done); d != "" || err != nil {
						t.Errorf("compared: %v (-want +got):\n%s", err, d)
					}
				})
			})
		}
	})
}

func TestPartitionedTableIsOneTable(t *testing.T) {
	everywhere(t, func(t *testing.T, env *dialecttest.Env) {
		env.Exec(t, "CREATE TABLE customer (id int PRIMARY KEY)", "INSERT INTO customer VALUES (1), (2)",
			"CREATE TABLE visit (day date, id int, customer_id int REFERENCES customer, PRIMARY KEY (day, id)) PARTITION BY RANGE (day)",
			"CREATE TABLE visit_old PARTITION OF visit FOR VALUES FROM ('2000-01-01') TO ('2020-01-01') PARTITION BY LIST (id)",
			"CREATE TABLE visit_old_all PARTITION OF visit_old DEFAULT", "CREATE TABLE visit_new PARTITION OF visit FOR VALUES FROM ('2020-01-01') TO ('2030-01-01')",
			"INSERT INTO visit SELECT '2010-01-01', i, 1 FROM generate_series(1, 20) i", "INSERT INTO visit SELECT '2025-01-01', i, 2 FROM generate_series(1, 20) i", "ANALYZE")
		s, err := env.DB.Inspect(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		visit := s.Table(env.Name("visit"))
		if len(s.Tables) != 2 || visit == nil || visit.Address != "" || len(visit.ForeignKeys) != 1 || visit.RowEstimate < 20 {
			t.Fatalf("%d tables, visit: %+v", len(s.Tables), visit)
		}
		if d := cmp.Diff([]dialect.Name{env.Name("visit_new"), env.Name("visit_old_all")}, visit.Partitions); d != "" {
			t.Errorf("partitions (-want +got):\n%s", d)
		}
		transact(t, env.DB, dialect.TxOptions{}, func(tx dialect.Tx) {
			// The first rows of both partitions have the same ctid.
			first := dialect.Delete{Table: visit.Name, Where: []dialect.Cond{dialect.In{Columns: []string{"customer_id"}, Keys: []dialect.Key{{int64(2)}}}}, Limit: 7}
			if n, err := tx.Delete(t.Context(), first); n != 7 || err != nil {
				t.Errorf("delete of 7: %d, %v", n, err)
			}
			if n, err := tx.Count(t.Context(), visit.Name, nil); n != 33 || err != nil {
				t.Errorf("%d rows are left, %v, want 33", n, err)
			}
			got, err := tx.Update(t.Context(), dialect.Update{Table: visit.Name, Compare: true, Set: []dialect.Assign{{Column: visit.Column("customer_id"), Expr: dialect.Literal{Value: int64(1), Column: visit.Column("customer_id")}}}})
			if d := cmp.Diff(dialect.Updated{Rows: 33, Unchanged: []int64{20}}, got); d != "" || err != nil {
				t.Errorf("%v (-want +got):\n%s", err, d)
			}
		})
	})
}

func TestAForeignKeyOfOnePartitionIsNotEnforcedOnTheTable(t *testing.T) {
	everywhere(t, func(t *testing.T, env *dialecttest.Env) {
		env.Exec(t, "CREATE TABLE customer (id int PRIMARY KEY)", "CREATE TABLE visit (id int, customer_id int) PARTITION BY RANGE (id)",
			"CREATE TABLE visit_old PARTITION OF visit FOR VALUES FROM (0) TO (10)", "CREATE TABLE visit_new PARTITION OF visit FOR VALUES FROM (10) TO (20)",
			"ALTER TABLE visit_old ADD FOREIGN KEY (customer_id) REFERENCES customer")
		s, err := env.DB.Inspect(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		if fks := s.Table(env.Name("visit")).ForeignKeys; len(fks) != 1 || fks[0].Enforced {
			t.Errorf("foreign keys of the partitioned table: %+v", fks)
		}
	})
}

func TestInheritanceChildrenAreTablesOfTheirOwn(t *testing.T) {
	everywhere(t, func(t *testing.T, env *dialecttest.Env) {
		env.Exec(t, "CREATE TABLE base (id int PRIMARY KEY)", "CREATE TABLE derived () INHERITS (base)", "INSERT INTO base VALUES (1)", "INSERT INTO derived VALUES (2)")
		transact(t, env.DB, dialect.TxOptions{}, func(tx dialect.Tx) {
			if n, err := tx.Delete(t.Context(), dialect.Delete{Table: env.Name("base")}); n != 1 || err != nil {
				t.Errorf("deleted %d, %v, want the parent's row only", n, err)
			}
		})
	})
}

func TestInspectionOfWhatIsSpecialHere(t *testing.T) {
	everywhere(t, func(t *testing.T, env *dialecttest.Env) {
		env.Exec(t, "CREATE COLLATION nocase (provider = icu, locale = 'und-u-ks-level2', deterministic = false)",
			`CREATE SCHEMA "O'x"`, `CREATE TYPE "O'x"."Mood" AS ENUM ('b', 'a')`, `CREATE DOMAIN "O'x".code AS char(3) NOT NULL`,
			`CREATE TABLE t (id int GENERATED ALWAYS AS IDENTITY PRIMARY KEY, n int GENERATED BY DEFAULT AS IDENTITY, mood "O'x"."Mood", moods "O'x"."Mood"[], code "O'x".code,
				email ext.citext, name text COLLATE nocase, upper text GENERATED ALWAYS AS (upper(mood_text)) STORED, mood_text varchar(9), gone int, during tstzrange,
				EXCLUDE USING gist (during WITH &&), UNIQUE (n) DEFERRABLE)`,
			"ALTER TABLE t DROP gone", "CREATE UNIQUE INDEX part ON t (lower(mood_text), n DESC) WHERE name IS NOT NULL",
			"CREATE TABLE child (t_id int)", "ALTER TABLE child ADD CONSTRAINT late FOREIGN KEY (t_id) REFERENCES t ON DELETE SET NULL DEFERRABLE NOT VALID",
			"CREATE TABLE audit (x text)", "CREATE FUNCTION log() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN /* UPDATE child */ INSERT INTO Audit VALUES (OLD.name); RETURN OLD; END $$",
			"CREATE TRIGGER log BEFORE UPDATE OR DELETE ON t FOR EACH ROW EXECUTE FUNCTION log()", "CREATE RULE keep AS ON DELETE TO child DO INSTEAD UPDATE t SET n = 1",
			"CREATE VIEW v AS SELECT name FROM t", "CREATE MATERIALIZED VIEW mv AS SELECT * FROM v", "CREATE PUBLICATION outwards FOR TABLE child", "CREATE SCHEMA expunge", "CREATE TABLE expunge.run ()")
		s, err := env.DB.Inspect(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		tab := s.Table(env.Name("t"))
		column := func(name string, check func(c *dialect.Column) bool) {
			t.Helper()
			if c := tab.Column(name); c == nil || !check(c) {
				t.Errorf("column %s: %+v", name, c)
			}
		}
		column("id", func(c *dialect.Column) bool { return c.Identity && c.ReadOnly && c.Precision == 32 })
		column("n", func(c *dialect.Column) bool { return c.Identity && c.Assignable() })
		column("mood", func(c *dialect.Column) bool {
			return c.Kind == dialect.Enum && c.Type == `"O'x"."Mood"` && slices.Equal(c.Labels, []string{"b", "a"})
		})
		column("moods", func(c *dialect.Column) bool {
			return c.Kind == dialect.Array && c.Element.Kind == dialect.Enum && len(c.Element.Labels) == 2
		})
		column("code", func(c *dialect.Column) bool { return c.Kind == dialect.Text && c.Length == 3 && c.Fixed && !c.Nullable })
		column("email", func(c *dialect.Column) bool { return c.Kind == dialect.Text && c.FoldsCase })
		column("name", func(c *dialect.Column) bool { return c.FoldsCase && !c.FoldsAccents && c.Collation == "public.nocase" })
		column("upper", func(c *dialect.Column) bool { return c.Generated && c.Default == nil && !c.Assignable() })
		if tab.Column("gone") != nil || len(s.Tables) != 3 {
			t.Errorf("a dropped column or the journal is in the schema: %d tables", len(s.Tables))
		}
		at := slices.IndexFunc(tab.Indexes, func(ix *dialect.Index) bool { return ix.Name == "part" })
		want := &dialect.Index{Name: "part", Unique: true, Where: "(name IS NOT NULL)", Method: "btree", Mentions: []string{"mood_text", "name"},
			Parts: []dialect.IndexPart{{Expression: "lower((mood_text)::text)", FoldsCase: true}, {Column: "n", Descending: true}}}
		if d := cmp.Diff(want, tab.Indexes[at]); d != "" {
			t.Errorf("index (-want +got):\n%s", d)
		}
		fk := s.Table(env.Name("child")).ForeignKeys[0]
		if d := cmp.Diff(&dialect.ForeignKey{Name: "late", Table: env.Name("child"), Columns: []string{"t_id"}, RefTable: env.Name("t"), RefColumns: []string{"id"},
			OnDelete: dialect.SetNull, OnUpdate: dialect.NoAction, Deferrable: true}, fk); d != "" {
			t.Errorf("foreign key (-want +got):\n%s", d)
		}
		if d := cmp.Diff([]*dialect.Trigger{{Name: "log", Timing: "before", OnUpdate: true, OnDelete: true, Writes: []dialect.Name{env.Name("audit")}}}, tab.Triggers); d != "" {
			t.Errorf("trigger (-want +got):\n%s", d)
		}
		if d := cmp.Diff([]*dialect.Trigger{{Name: "keep", Timing: "instead of", OnDelete: true, Writes: []dialect.Name{env.Name("t")}}}, s.Table(env.Name("child")).Triggers); d != "" {
			t.Errorf("rule (-want +got):\n%s", d)
		}
		if d := cmp.Diff([]*dialect.View{{Name: env.Name("mv"), Materialized: true, Reads: []dialect.Name{env.Name("v")}}, {Name: env.Name("v"), Reads: []dialect.Name{env.Name("t")}}}, s.Views); d != "" {
			t.Errorf("views (-want +got):\n%s", d)
		}
		if d := cmp.Diff([]dialect.Publication{{Name: "outwards", Tables: []dialect.Name{env.Name("child")}}}, s.Publications); d != "" {
			t.Errorf("publications (-want +got):\n%s", d)
		}
	})
}

func TestVersion18VirtualColumnsAndKeysThatAreNotEnforced(t *testing.T) {
	everywhere(t, func(t *testing.T, env *dialecttest.Env) {
		s, err := env.DB.Inspect(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		var major int
		if _, err := fmt.Sscanf(s.Version, "%d", &major); err != nil || major < 18 {
			t.Logf("version %s has neither", s.Version)
			return
		}
		env.Exec(t, "CREATE TABLE p (id int PRIMARY KEY, twice int GENERATED ALWAYS AS (id * 2) VIRTUAL)",
			"CREATE TABLE c (p_id int REFERENCES p NOT ENFORCED)",
			"CREATE TABLE stay (room int4range, during daterange, PRIMARY KEY (room, during WITHOUT OVERLAPS))",
			"CREATE TABLE meal (room int4range, during daterange, FOREIGN KEY (room, PERIOD during) REFERENCES stay (room, PERIOD during))")
		if s, err = env.DB.Inspect(t.Context()); err != nil {
			t.Fatal(err)
		}
		if c := s.Table(env.Name("p")).Column("twice"); !c.Generated {
			t.Errorf("a virtual column: %+v", c)
		}
		if fk := s.Table(env.Name("c")).ForeignKeys[0]; fk.Enforced {
			t.Error("a key that is NOT ENFORCED is taken for an enforced one")
		}
		if fk := s.Table(env.Name("meal")).ForeignKeys[0]; !fk.Period || len(fk.Columns) != 2 {
			t.Errorf("a key with a PERIOD: %+v", fk)
		}
	})
}

func TestRandomExpressionsAreDrawnForEveryRow(t *testing.T) {
	everywhere(t, func(t *testing.T, env *dialecttest.Env) {
		env.Exec(t, "CREATE TABLE p (id int PRIMARY KEY, v text, b bytea)", "INSERT INTO p SELECT i, 'Ab1-é日', '\\x000102030405060708' FROM generate_series(1, 200) i")
		v, b := &dialect.Column{Name: "v", Kind: dialect.Text, Type: "text"}, &dialect.Column{Name: "b", Kind: dialect.Bytes, Type: "bytea"}
		constant := dialect.Literal{Value: "Aa0 ßA日aaaaaaaaaa", Column: v}
		transact(t, env.DB, dialect.TxOptions{}, func(tx dialect.Tx) {
			for name, set := range map[string]dialect.Assign{
				"text like a constant":  {Column: v, Expr: dialect.RandomLike{Of: constant}},
				"bytes like a constant": {Column: b, Expr: dialect.RandomBytes{Of: dialect.Literal{Value: []byte("0123456789"), Column: b}}},
				"bytes":                 {Column: b, Expr: dialect.RandomBytes{Of: dialect.Current{Column: b}}},
				"all integers":          {Column: v, Expr: dialect.RandomInt{Low: -1 << 63, High: 1<<63 - 1}},
				"moments":               {Column: v, Expr: dialect.RandomMoment{Low: "0001-01-01 00:00:00", High: "9999-12-31 00:00:00", Column: &dialect.Column{Kind: dialect.Timestamp, Type: "timestamp"}}},
			} {
				if _, err := tx.Update(t.Context(), dialect.Update{Table: env.Name("p"), Set: []dialect.Assign{set}}); err != nil {
					t.Fatalf("%s: %v", name, err)
				}
				seen := map[string]bool{}
				for _, r := range read(t, tx, dialect.Select{Table: env.Name("p"), Columns: []string{set.Column.Name}}) {
					seen[fmt.Sprint(r[0])] = true
				}
				if len(seen) != 200 {
					t.Errorf("%s: %d values in 200 rows", name, len(seen))
				}
			}
			if _, err := tx.Update(t.Context(), dialect.Update{Table: env.Name("p"), Set: []dialect.Assign{{Column: v, Expr: dialect.RandomLike{Of: constant}}}}); err != nil {
				t.Fatal(err)
			}
			shape := regexp.MustCompile(`^[A-Z][a-z][0-9] [a-z][A-Z][a-z]{11}$`)
			for _, r := range read(t, tx, dialect.Select{Table: env.Name("p"), Columns: []string{"v"}}) {
				if !shape.MatchString(r[0].(string)) {
					t.Fatalf("%q hasn't the shape of the constant", r[0])
				}
			}
		})
	})
}

func TestKeysUseTheIndexAtAnyNumber(t *testing.T) {
	everywhere(t, func(t *testing.T, env *dialecttest.Env) {
		env.Exec(t, "CREATE TABLE big (id int PRIMARY KEY, a int, b text, filler text)", "INSERT INTO big SELECT i, i / 3, 'k' || i, repeat('x', 50) FROM generate_series(1, 200000) i",
			"CREATE INDEX ON big (a, b)", "CREATE INDEX ON big (b)")
		for _, analysed := range []bool{false, true} {
			if analysed {
				env.Exec(t, "ANALYZE big")
			}
			for _, n := range []int{1, 500, 5000} {
				one, two, text := dialect.In{Columns: []string{"id"}}, dialect.In{Columns: []string{"a", "b"}}, dialect.In{Columns: []string{"b"}}
				for i := range n {
					one.Keys = append(one.Keys, dialect.Key{int64(i * 7)})
					two.Keys = append(two.Keys, dialect.Key{int64(i), fmt.Sprintf("k%d", i)})
					text.Keys = append(text.Keys, dialect.Key{fmt.Sprintf("k%d", i)})
				}
				for name, where := range map[string]dialect.Cond{"single": one, "composite": two, "either": dialect.Any{one, text}} {
					s := dialect.Select{Table: env.Name("big"), Columns: []string{"id"}, Order: []string{"id"}, Where: []dialect.Cond{where}, Lock: dialect.Exclusive}
					if plan := explain(t, pools[env.DB], env.DB.(*postgres.DB), s); strings.Contains(plan, "Seq Scan on big") || !strings.Contains(plan, "Index") {
						t.Errorf("%d keys, %s, analysed %v:\n%s", n, name, analysed, plan)
					}
				}
			}
		}
	})
}
