package postgres_test

import (
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/expungedb/expunge/dialect"
	"github.com/expungedb/expunge/dialect/dialecttest"
	"github.com/expungedb/expunge/dialect/postgres"
)

// visitor is a table in a schema outside of the search path.
var visitor = dialect.Name{Schema: `Of "mine"`, Table: "visitor"}

const visitorTable = `"Of ""mine""".visitor`

// everyIndex selects everything in the catalogue about the visitors' indexes.
const everyIndex = `
SELECT concat_ws(' | ', x.relname, pg_get_indexdef(i.indexrelid), pg_get_constraintdef(k.oid), k.condeferrable, k.condeferred, obj_description(i.indexrelid), obj_description(k.oid),
	i.indisclustered, i.indisvalid, i.indimmediate, x.reltablespace, x.reloptions::text,
	(SELECT string_agg(a.attname || ' ' || a.attstattarget, ',' ORDER BY a.attnum) FROM pg_attribute a WHERE a.attrelid = x.oid AND a.attstattarget >= 0))
FROM pg_index i JOIN pg_class x ON x.oid = i.indexrelid LEFT JOIN pg_constraint k ON k.conindid = x.oid AND k.conrelid = i.indrelid
WHERE i.indrelid = '` + visitorTable + `'::regclass ORDER BY x.relname`

func visitors(t *testing.T, env *dialecttest.Env) {
	t.Helper()
	env.Exec(t, `CREATE SCHEMA "Of ""mine"""`,
		`CREATE TABLE `+visitorTable+` (id bigint PRIMARY KEY, email text NOT NULL, name text, town varchar(30) COLLATE "C", born date, tags text[], doc jsonb, gone boolean, stay int4range)`,
		`INSERT INTO `+visitorTable+` SELECT n, 'p' || n, 'name ' || n, 'town', '2000-01-01', '{a,b}', '{"a": 1}', n % 2 = 0, int4range(n, n + 1) FROM generate_series(1, 200) n`)
}

func TestIndexesComeBackExactlyAsTheyWere(t *testing.T) {
	everywhere(t, func(t *testing.T, env *dialecttest.Env) {
		visitors(t, env)
		for _, s := range []string{
			`CREATE INDEX ix_partial ON % (name) WHERE gone AND name <> 'it''s; -- "x"'`,
			`CREATE INDEX ix_expression ON % (lower(name), (email || '-'))`,
			`CREATE INDEX ix_order ON % (name DESC NULLS LAST, email)`,
			`CREATE INDEX ix_pattern ON % (name text_pattern_ops)`,
			`CREATE INDEX ix_collation ON % (name COLLATE "POSIX")`,
			`CREATE INDEX ix_gin ON % USING gin (tags, doc jsonb_path_ops) WITH (fastupdate = off)`,
			`CREATE INDEX ix_brin ON % USING brin (born) WITH (pages_per_range = 4)`,
			`CREATE INDEX ix_hash ON % USING hash (email)`,
			`CREATE INDEX ix_citext ON % ((name::ext.citext))`,
			`CREATE UNIQUE INDEX uq_include ON % (email) INCLUDE (name, town) WITH (fillfactor = 70)`,
			`ALTER TABLE % ADD CONSTRAINT uq_plain UNIQUE (email, born)`,
			`ALTER TABLE % ADD CONSTRAINT uq_deferred UNIQUE (email, name) INCLUDE (born) DEFERRABLE INITIALLY DEFERRED`,
			`ALTER TABLE % ADD CONSTRAINT "uq ""Deferrable" UNIQUE (email, town) WITH (fillfactor = 50) DEFERRABLE`,
			`COMMENT ON INDEX "Of ""mine""".ix_partial IS 'for O''Neill'`, `COMMENT ON CONSTRAINT uq_plain ON % IS 'a constraint'`,
			`COMMENT ON INDEX "Of ""mine""".uq_plain IS 'and its index'`,
			`ALTER INDEX "Of ""mine""".ix_expression ALTER COLUMN 1 SET STATISTICS 321`, `ALTER TABLE % CLUSTER ON ix_order`,
			`DO $$BEGIN IF current_setting('server_version_num')::int >= 150000 THEN EXECUTE 'ALTER TABLE % ADD CONSTRAINT uq_nulls UNIQUE NULLS NOT DISTINCT (email, gone)'; END IF; END$$`,
		} {
			env.Exec(t, strings.ReplaceAll(s, "%", visitorTable))
		}
		before := lines(t, env, everyIndex)
		schema, err := env.DB.Inspect(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		var names []string
		for _, ix := range schema.Table(visitor).Indexes {
			if ix.Stays != "" {
				t.Errorf("index %s would stay: %s", ix.Name, ix.Stays)
			}
			names = append(names, ix.Name)
		}
		indexes, err := env.DB.Definitions(t.Context(), visitor, names)
		if err != nil || len(indexes) != len(before)-1 {
			t.Fatalf("%d definitions of %d indexes, %v", len(indexes), len(before), err)
		}
		if err := env.DB.Suspend(t.Context(), visitor, indexes, time.Minute); err != nil {
			t.Fatal(err)
		}
		if left := lines(t, env, everyIndex); len(left) != 1 {
			t.Errorf("%d indexes are left, want the primary key's", len(left))
		}
		if err := env.DB.Restore(t.Context(), visitor, indexes, time.Minute); err != nil {
			t.Fatal(err)
		}
		if d := cmp.Diff(before, lines(t, env, everyIndex)); d != "" {
			t.Errorf("indexes (-before +after):\n%s", d)
		}
	})
}

func TestAnIndexThatWasBuiltAndNotYetFastenedIsFinished(t *testing.T) {
	everywhere(t, func(t *testing.T, env *dialecttest.Env) {
		visitors(t, env)
		env.Exec(t, "ALTER TABLE "+visitorTable+" ADD CONSTRAINT uq_email UNIQUE (email)", "COMMENT ON CONSTRAINT uq_email ON "+visitorTable+" IS 'one each'")
		before := lines(t, env, everyIndex)
		indexes, err := env.DB.Definitions(t.Context(), visitor, []string{"uq_email"})
		if err != nil {
			t.Fatal(err)
		}
		if err := env.DB.Suspend(t.Context(), visitor, indexes, time.Minute); err != nil {
			t.Fatal(err)
		}
		build, _, _ := strings.Cut(indexes[0].Definition, ";\n")
		env.Exec(t, build)
		if err := env.DB.Restore(t.Context(), visitor, indexes, time.Minute); err != nil {
			t.Fatal(err)
		}
		if d := cmp.Diff(before, lines(t, env, everyIndex)); d != "" {
			t.Errorf("indexes (-before +after):\n%s", d)
		}
	})
}

func TestIndexesThatCanNotBePutBackStay(t *testing.T) {
	everywhere(t, func(t *testing.T, env *dialecttest.Env) {
		visitors(t, env)
		for _, s := range []string{
			`CREATE UNIQUE INDEX uq_identity ON % (email)`, `ALTER TABLE % REPLICA IDENTITY USING INDEX uq_identity`,
			`ALTER TABLE % ADD CONSTRAINT no_overlap EXCLUDE USING gist (stay WITH &&)`,
			`ALTER TABLE % ADD CONSTRAINT uq_referred UNIQUE (email, id)`, `CREATE TABLE "Of ""mine""".letter (email text, id bigint, FOREIGN KEY (email, id) REFERENCES % (email, id))`,
			`CREATE FUNCTION public.shorten(text) RETURNS text IMMUTABLE LANGUAGE sql AS 'SELECT left($1, 2)'`, `CREATE INDEX ix_function ON % (public.shorten(name))`,
			`CREATE INDEX ix_invalid ON % (town)`, `UPDATE pg_index SET indisvalid = false WHERE indexrelid = '"Of ""mine""".ix_invalid'::regclass`,
			`CREATE INDEX ix_extension ON % (born)`, `ALTER INDEX "Of ""mine""".ix_extension DEPENDS ON EXTENSION citext`,
			`CREATE INDEX ix_free ON % (name)`,
			`CREATE TABLE "Of ""mine""".part (id int, name text) PARTITION BY RANGE (id)`, `CREATE INDEX ix_part ON "Of ""mine""".part (name)`,
		} {
			env.Exec(t, strings.ReplaceAll(s, "%", visitorTable))
		}
		schema, err := env.DB.Inspect(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		stays := map[string]string{}
		for _, n := range []dialect.Name{visitor, {Schema: visitor.Schema, Table: "part"}} {
			for _, ix := range schema.Table(n).Indexes {
				stays[ix.Name] = ix.Stays
			}
		}
		want := map[string]string{
			"visitor_pkey": "", "ix_free": "",
			"uq_identity": "it is the replica identity", "no_overlap": "it belongs to an exclusion constraint",
			"uq_referred": "a foreign key or something else depends on it", "ix_function": "it calls a function that is not the engine's own",
			"ix_invalid": "it is not valid", "ix_extension": "it belongs to an extension", "ix_part": "its table is partitioned",
		}
		if d := cmp.Diff(want, stays); d != "" {
			t.Errorf("why indexes stay (-want +got):\n%s", d)
		}
		indexes, err := env.DB.Definitions(t.Context(), visitor, slices.Collect(maps.Keys(stays)))
		if err != nil || len(indexes) != 1 || indexes[0].Name != "ix_free" {
			t.Errorf("%d indexes may be suspended, want one, %v", len(indexes), err)
		}
	})
}

func TestWhoCanDropAnIndexAndNotMakeItIsRefused(t *testing.T) {
	everywhere(t, func(t *testing.T, env *dialecttest.Env) {
		visitors(t, env)
		role := "owner_" + pools[env.DB].Config().ConnConfig.Database
		env.Exec(t, "CREATE INDEX ix_free ON "+visitorTable+" (name)", "CREATE ROLE "+role, `GRANT USAGE ON SCHEMA "Of ""mine""" TO `+role)
		env.Exec(t, "ALTER TABLE "+visitorTable+" OWNER TO "+role)
		defer env.Exec(t, "ALTER TABLE "+visitorTable+" OWNER TO CURRENT_USER", `REVOKE ALL ON SCHEMA "Of ""mine""" FROM `+role, "DROP ROLE "+role)
		db := as(t, env, role)
		_, err := db.Definitions(t.Context(), visitor, []string{"ix_free"})
		if got := dialect.ClassOf(err); got != dialect.PermissionDenied {
			t.Fatalf("an error of class %q: %v", got, err)
		}
		env.Exec(t, `GRANT CREATE ON SCHEMA "Of ""mine""" TO `+role)
		if _, err := db.Definitions(t.Context(), visitor, []string{"ix_free"}); err != nil {
			t.Error(err)
		}
	})
}

// as is the database for sessions of another role.
func as(t *testing.T, env *dialecttest.Env, role string) *postgres.DB {
	t.Helper()
	return postgres.New(connect(t, pools[env.DB].Config().ConnString(), func(c *pgxpool.Config) { c.ConnConfig.RuntimeParams["role"] = role }))
}

// lines returns the rows of a query for one text each.
func lines(t *testing.T, env *dialecttest.Env, query string) []string {
	t.Helper()
	rows, err := pools[env.DB].Query(t.Context(), query)
	if err != nil {
		t.Fatal(err)
	}
	out, err := pgx.CollectRows(rows, pgx.RowTo[string])
	if err != nil {
		t.Fatal(err)
	}
	return out
}
