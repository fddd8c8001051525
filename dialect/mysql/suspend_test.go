package mysql_test

import (
	"database/sql"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/expungedb/expunge/dialect"
	"github.com/expungedb/expunge/dialect/mysql"
	"github.com/expungedb/expunge/internal/testdb"
)

func TestIndexesComeBackExactlyAsTheyWere(t *testing.T) {
	for _, server := range servers(t) {
		t.Run(server.String(), func(t *testing.T) {
			url := server.Database(t)
			own := testdb.OpenMySQL(t, url)
			statements := []string{
				"CREATE TABLE visitor (id bigint PRIMARY KEY, email varchar(60) NOT NULL, name varchar(60), town varchar(30) COLLATE utf8mb4_bin, notes text, place point NOT NULL SRID 0, n int COMMENT 'no KEY `ix_none` (x), here')",
				"CREATE INDEX ix_prefix ON visitor (name(10), notes(20))",
				"CREATE INDEX ix_descending ON visitor (name DESC, id)",
				"CREATE INDEX ix_comment ON visitor (town) COMMENT 'for O''Neill, \\\\ (and) \"others\"\\n`x`'",
				"CREATE INDEX `ix ``q``, (x)` ON visitor (name) KEY_BLOCK_SIZE = 4",
				"CREATE UNIQUE INDEX uq_email ON visitor (email)",
				"ALTER TABLE visitor ADD CONSTRAINT uq_both UNIQUE (email, name)",
				"CREATE INDEX ix_btree USING BTREE ON visitor (n)",
				"CREATE FULLTEXT INDEX ft_notes ON visitor (notes)",
				"CREATE SPATIAL INDEX sp_place ON visitor (place)",
				"INSERT INTO visitor (id, email, name, notes, place) VALUES (1, 'a', 'b', 'c', ST_GeomFromText('POINT(1 1)')), (2, 'd', 'e', 'f', ST_GeomFromText('POINT(1 1)'))",
			}
			want := map[string]string{"PRIMARY": "", "ft_notes": "it is a fulltext index", "sp_place": "it is a spatial index",
				"ix_prefix": "", "ix_descending": "", "ix_comment": "", "ix `q`, (x)": "", "uq_email": "", "uq_both": "", "ix_btree": ""}
			switch server.Engine {
			case "mariadb":
				statements[0] = strings.ReplaceAll(statements[0], " SRID 0", "")
				statements = append(statements, "CREATE INDEX ix_ignored ON visitor (n, id) IGNORED", "CREATE UNIQUE INDEX uq_long ON visitor (notes)")
				want["ix_ignored"], want["uq_long"] = "", "it is a hash index"
			default:
				statements = append(statements, "CREATE INDEX ix_expression ON visitor ((lower(name)), ((concat(email, ',)\\'`'))) DESC)", "CREATE INDEX ix_invisible ON visitor (n, id) INVISIBLE")
				want["ix_expression"], want["ix_invisible"] = "", ""
			}
			for _, s := range statements {
				if _, err := own.Exec(s); err != nil {
					t.Fatalf("%s: %v", s, err)
				}
			}
			before := created(t, own)
			// The caller's sessions print names in another form, and no options.
			db := mysql.New(testdb.OpenMySQL(t, url, "sql_mode=%27ANSI_QUOTES%27", "sql_quote_show_create=0"))
			schema, err := db.Inspect(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			visitor := dialect.Name{Table: "visitor"}
			stays := map[string]string{}
			for _, ix := range schema.Table(visitor).Indexes {
				stays[ix.Name] = ix.Stays
			}
			if d := cmp.Diff(want, stays); d != "" {
				t.Errorf("why indexes stay (-want +got):\n%s", d)
			}
			indexes, err := db.Definitions(t.Context(), visitor, slices.Collect(maps.Keys(stays)))
			if may := len(slices.DeleteFunc(slices.Collect(maps.Values(stays)), func(why string) bool { return why != "" })); err != nil || len(indexes) != may-1 {
				t.Fatalf("%d definitions, want %d, %v", len(indexes), may-1, err)
			}
			if err := db.Suspend(t.Context(), visitor, indexes, time.Minute); err != nil {
				t.Fatal(err)
			}
			if gone := len(before) - len(created(t, own)); gone != len(indexes) {
				t.Errorf("%d indexes went, want %d", gone, len(indexes))
			}
			if err := db.Restore(t.Context(), visitor, indexes, time.Minute); err != nil {
				t.Fatal(err)
			}
			if d := cmp.Diff(before, created(t, own)); d != "" {
				t.Errorf("the table (-before +after):\n%s", d)
			}
		})
	}
}

// created returns the lines of SHOW CREATE TABLE, ordered: a restored index is printed after
// others.
func created(t *testing.T, own *sql.DB) []string {
	t.Helper()
	var name, text string
	if err := own.QueryRow("SHOW CREATE TABLE visitor").Scan(&name, &text); err != nil {
		t.Fatal(err)
	}
	var out []string
	for l := range strings.Lines(text) {
		out = append(out, strings.TrimRight(l, ",\n"))
	}
	slices.Sort(out)
	return out
}
