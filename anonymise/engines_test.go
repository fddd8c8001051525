//go:build unix

package anonymise

import (
	"context"
	"database/sql"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
	_ "modernc.org/sqlite"

	"github.com/expungedb/expunge/dialect"
	"github.com/expungedb/expunge/dialect/mysql"
	"github.com/expungedb/expunge/dialect/postgres"
	"github.com/expungedb/expunge/dialect/sqlite"
	"github.com/expungedb/expunge/dialect/sqlserver"
	"github.com/expungedb/expunge/internal/testdb"
)

// live is an empty database on one engine.
type live struct {
	dialect.DB
	engine string // of STRATEGIES.md
	exec   func(statement string) error
}

// onEveryEngine runs a test on every available server.
func onEveryEngine(t *testing.T, test func(t *testing.T, db *live)) {
	t.Helper()
	type opener struct {
		name string
		open func(t *testing.T) *live
	}
	all := []opener{{"sqlite", openSQLite}}
	for _, s := range testdb.Servers(t) {
		all = append(all, opener{s.String(), func(t *testing.T) *live { return openServer(t, s) }})
	}
	for _, o := range all {
		t.Run(o.name, func(t *testing.T) {
			t.Parallel()
			test(t, o.open(t))
		})
	}
}

func openSQLite(t *testing.T) *live {
	t.Helper()
	pool, err := sql.Open("sqlite", filepath.Join(t.TempDir(), "test.db")+"?_pragma=busy_timeout(60000)&_pragma=synchronous(off)")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { pool.Close() })
	return &live{sqlite.New(pool), "sqlite", execOn(pool)}
}

func openServer(t *testing.T, s *testdb.Server) *live {
	t.Helper()
	switch s.Engine {
	case "postgres":
		pool, err := pgxpool.New(t.Context(), s.Database(t).URL)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(pool.Close)
		return &live{postgres.New(pool), "postgres", func(statement string) error {
			_, err := pool.Exec(context.Background(), statement, pgx.QueryExecModeSimpleProtocol)
			return err
		}}
	case "sqlserver":
		pool := testdb.OpenSQLServer(t, s.Database(t))
		return &live{sqlserver.New(pool), "sqlserver", execOn(pool)}
	}
	pool := testdb.OpenMySQL(t, s.Database(t))
	return &live{mysql.New(pool), s.Engine, execOn(pool)}
}

func execOn(pool *sql.DB) func(string) error {
	return func(statement string) error {
		_, err := pool.Exec(statement)
		return err
	}
}

func (db *live) run(t *testing.T, statements ...string) {
	t.Helper()
	for _, s := range statements {
		if err := db.exec(s); err != nil {
			t.Fatalf("%s: %v", s, err)
		}
	}
}

// in calls do in a transaction and rolls it back.
func (db *live) in(t *testing.T, do func(tx dialect.Tx)) {
	t.Helper()
	tx, err := db.Begin(t.Context(), dialect.TxOptions{})
	if err != nil {
		t.Fatal(err)
	}
	defer tx.Rollback(context.Background()) //nolint:errcheck // nothing of it is to stay
	do(tx)
}

// table finds a table by its name without a schema.
func (db *live) table(t *testing.T, name string) *dialect.Table {
	t.Helper()
	schema, err := db.Inspect(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for _, table := range schema.Tables {
		if table.Name.Table == name {
			return table
		}
	}
	t.Fatalf("there is no table %s", name)
	return nil
}

// setUp has statements to execute before the table of every kind is created.
var setUp = map[string][]string{
	"postgres": {
		"CREATE EXTENSION citext", "CREATE TYPE mood AS ENUM ('sad', 'ok', 'happy')",
		"CREATE DOMAIN address AS varchar(60) CHECK (VALUE <> 'no address')", "CREATE DOMAIN amount AS numeric(9,2)", "CREATE DOMAIN counter AS integer",
	},
}

// declared is a column of the table of every kind.
type declared struct{ name, as string }

// columnsOf has, by engine, columns of every kind of the engine, with every length, scale, charset
// and bound that affects a replacement. A name with the prefix nn is of a NOT NULL column, uq of a
// unique one.
var columnsOf = map[string][]declared{
	"sqlite": {
		{"t", "VARCHAR(40) DEFAULT 'fallback'"}, {"t_free", "TEXT"}, {"t_char", "CHAR(12)"}, {"t_ci", "VARCHAR(40) COLLATE NOCASE"}, {"t_two", "VARCHAR(2)"},
		{"nn_t", "VARCHAR(40) NOT NULL"}, {"uq_t", "VARCHAR(60) UNIQUE"},
		{"i1", "TINYINT"}, {"i2", "SMALLINT"}, {"i4", "INT DEFAULT 7"}, {"i8", "INTEGER"}, {"nn_i", "INTEGER NOT NULL"}, {"uq_i", "BIGINT UNIQUE"},
		{"d", "DECIMAL(6,2)"}, {"d_none", "NUMERIC"}, {"f", "REAL"}, {"b", "BOOLEAN"},
		{"day", "DATE"}, {"clock", "TIME"}, {"at", "DATETIME"}, {"at_z", "TIMESTAMPTZ"},
		{"u", "UUID"}, {"raw", "BLOB"}, {"raw_16", "BINARY(16)"}, {"doc", "JSON"}, {"x", "XML"}, {"ip", "INET"}, {"span", "INTERVAL"}, {"other", "GEOMETRY"},
	},
	"postgres": {
		{"t", "varchar(40) DEFAULT 'fallback'"}, {"t_free", "text"}, {"t_char", "char(12)"}, {"t_ci", "citext"}, {"t_name", "name"}, {"t_two", "varchar(2)"}, {"t_dom", "address"},
		{"nn_t", "varchar(40) NOT NULL"}, {"uq_t", "varchar(60) UNIQUE"}, {"uq_char", "char(30) UNIQUE"}, {"uq_ci", "citext UNIQUE"},
		{"i2", "smallint"}, {"i4", "integer DEFAULT 7"}, {"i8", "bigint"}, {"i_dom", "counter"}, {"nn_i", "integer NOT NULL"}, {"uq_i", "bigint UNIQUE"},
		{"d", "numeric(6,2)"}, {"d_part", "numeric(3,3)"}, {"d_none", "numeric"}, {"d_large", "numeric(30,10)"}, {"d_money", "money"}, {"d_dom", "amount"},
		{"f4", "real"}, {"f8", "double precision"}, {"b", "boolean"},
		{"day", "date"}, {"clock", "time"}, {"clock_z", "timetz"}, {"at", "timestamp"}, {"at_s", "timestamp(0)"}, {"at_z", "timestamptz"},
		{"u", "uuid"}, {"uq_u", "uuid UNIQUE"}, {"raw", "bytea"}, {"bits_1", "bit(1)"}, {"bits", "bit(12)"}, {"bits_v", "varbit(20)"},
		{"doc", "json"}, {"doc_b", "jsonb"}, {"x", "xml"}, {"ip", "inet"}, {"net", "cidr"}, {"mac", "macaddr"}, {"e", "mood"},
		{"list", "text[]"}, {"list_i", "integer[]"}, {"list_d", "date[]"}, {"span", "interval"}, {"other", "tsvector"},
	},
	"mysql": {
		{"t", "varchar(40) DEFAULT 'fallback'"}, {"t_free", "longtext"}, {"t_bytes", "tinytext"}, {"t_char", "char(12)"}, {"t_latin", "varchar(40) CHARACTER SET latin1"},
		{"t_utf8", "varchar(40) CHARACTER SET utf8mb3"}, {"t_bin", "varchar(40) COLLATE utf8mb4_bin"}, {"t_two", "varchar(2)"},
		{"nn_t", "varchar(40) NOT NULL"}, {"uq_t", "varchar(60) UNIQUE"}, {"uq_char", "char(30) UNIQUE"},
		{"i1", "tinyint"}, {"i1_u", "tinyint unsigned"}, {"i2", "smallint"}, {"i2_u", "smallint unsigned"}, {"i3", "mediumint"}, {"i3_u", "mediumint unsigned"},
		{"i4", "int DEFAULT 7"}, {"i4_u", "int unsigned"}, {"i8", "bigint"}, {"i8_u", "bigint unsigned"}, {"year_of", "year"}, {"nn_i", "int NOT NULL"}, {"uq_i", "bigint UNIQUE"},
		{"d", "decimal(6,2)"}, {"d_u", "decimal(6,2) unsigned"}, {"d_part", "decimal(3,3)"}, {"d_large", "decimal(30,10)"},
		{"f4", "float"}, {"f8", "double"}, {"b", "tinyint(1)"},
		{"day", "date"}, {"clock", "time"}, {"clock_3", "time(3)"}, {"at", "datetime"}, {"at_6", "datetime(6)"}, {"at_z", "timestamp NULL"},
		{"u_16", "binary(16) COMMENT 'uuid'"}, {"u_36", "char(36) COMMENT 'uuid'"}, {"uq_u", "binary(16) UNIQUE COMMENT 'uuid'"},
		{"raw", "varbinary(40)"}, {"raw_l", "longblob"}, {"raw_16", "binary(16)"}, {"bits_1", "bit(1)"}, {"bits", "bit(12)"}, {"bits_l", "bit(64)"},
		{"doc", "json"}, {"e", "enum('sad','ok','happy')"}, {"s", "set('a','b','c')"}, {"other", "geometry"},
	},
	"sqlserver": {
		{"t", "nvarchar(40) DEFAULT 'fallback'"}, {"t_free", "nvarchar(max)"}, {"t_bytes", "varchar(40)"}, {"t_char", "nchar(12)"}, {"t_char_b", "char(12)"}, {"t_two", "nvarchar(2)"},
		{"nn_t", "nvarchar(40) NOT NULL"}, {"i1", "tinyint"}, {"i2", "smallint"}, {"i4", "int DEFAULT 7"}, {"i8", "bigint"}, {"nn_i", "int NOT NULL"},
		{"d", "decimal(6,2)"}, {"d_part", "decimal(3,3)"}, {"d_large", "decimal(30,10)"}, {"d_money", "money"}, {"d_small", "smallmoney"},
		{"f4", "real"}, {"f8", "float"}, {"b", "bit"},
		{"day", "date"}, {"clock", "time(3)"}, {"at", "datetime"}, {"at_m", "smalldatetime"}, {"at_7", "datetime2"}, {"at_z", "datetimeoffset"},
		{"u", "uniqueidentifier"}, {"raw", "varbinary(40)"}, {"raw_16", "binary(16)"}, {"x", "xml"}, {"other", "sql_variant"},
	},
}

func init() {
	mariadb := slices.Clone(columnsOf["mysql"])
	columnsOf["mariadb"] = append(mariadb, declared{"u", "uuid"}, declared{"ip4", "inet4"}, declared{"ip6", "inet6"})
}

// everyKind creates the table of every kind, and returns it with the rows' values by column. The
// last row has NULL in each nullable column.
func (db *live) everyKind(t *testing.T) (*dialect.Table, []string, []dialect.Row) {
	t.Helper()
	definitions := []string{"id integer NOT NULL PRIMARY KEY"}
	for _, c := range columnsOf[db.engine] {
		null := ""
		if !strings.Contains(c.as, "NULL") {
			null = " NULL"
		}
		definitions = append(definitions, c.name+" "+c.as+null)
	}
	db.run(t, setUp[db.engine]...)
	db.run(t, "CREATE TABLE everykind ("+strings.Join(definitions, ", ")+")")
	table := db.table(t, "everykind")
	var names []string
	for _, c := range table.Columns {
		names = append(names, c.Name)
	}
	tx, err := db.Begin(t.Context(), dialect.TxOptions{})
	if err != nil {
		t.Fatal(err)
	}
	for i := range rowsOfEachKind + 1 {
		row := dialect.Row{}
		for _, c := range table.Columns {
			v := oldValue(db.engine, c, i)
			if i == rowsOfEachKind && c.Nullable {
				v = nil
			}
			row = append(row, v)
		}
		if err := tx.Insert(t.Context(), dialect.Insert{Table: table.Name, Columns: names, Rows: []dialect.Row{row}}); err != nil {
			t.Fatalf("row %d: %v", i, err)
		}
	}
	if err := tx.Commit(t.Context()); err != nil {
		t.Fatal(err)
	}
	return table, names, db.read(t, nil, table, names)
}

// read reads the columns of all rows, by the key; without a transaction it begins its own.
func (db *live) read(t *testing.T, tx dialect.Tx, table *dialect.Table, columns []string) []dialect.Row {
	t.Helper()
	if tx == nil {
		var out []dialect.Row
		db.in(t, func(tx dialect.Tx) { out = db.read(t, tx, table, columns) })
		return out
	}
	var out []dialect.Row
	for row, err := range tx.Query(t.Context(), dialect.Select{Table: table.Name, Columns: columns, Order: []string{"id"}}) {
		if err != nil {
			t.Fatal(err)
		}
		out = append(out, slices.Clone(row))
	}
	return out
}

// rowsOfEachKind is the number of rows with values.
const rowsOfEachKind = 24

// oldValue is the value of row i, in canonical form: the first two are the column's bounds where it
// has such.
func oldValue(engine string, c *dialect.Column, i int) dialect.Value {
	switch c.Name {
	case "id":
		return int64(i)
	case "net":
		return fmt.Sprintf("192.0.2.%d/32", i)
	case "mac":
		return fmt.Sprintf("08:00:2b:01:02:%02x", i)
	case "ip6":
		return fmt.Sprintf("2001:db8::%x", i+1)
	}
	at := func(bounds ...string) (string, bool) {
		if i < len(bounds) {
			return bounds[i], true
		}
		return "", false
	}
	switch c.Kind {
	case dialect.Text:
		return oldText(c, i)
	case dialect.Int:
		return oldInt(c, i)
	case dialect.Decimal:
		return oldDecimal(c, i)
	case dialect.Float:
		if v, ok := at("-1e+30", "1e+30"); ok {
			return v
		}
		return fmt.Sprintf("%d.5", 1000+37*i)
	case dialect.Bool:
		return []string{"true", "false"}[i%2]
	case dialect.Date:
		if v, ok := at(map[string][]string{
			"postgres": {"0001-01-01", "9999-12-31", "infinity", "-infinity"}, "sqlserver": {"0001-01-01", "9999-12-31"}, "sqlite": {"0001-01-01", "9999-12-31"},
			"mysql": {"1000-01-01", "9999-12-31"}, "mariadb": {"1000-01-01", "9999-12-31"},
		}[engine]...); ok {
			return v
		}
		return fmt.Sprintf("19%02d-06-%02d", 50+i, 1+i)
	case dialect.Time:
		zone := ""
		if c.Name == "clock_z" {
			zone = "+02"
		}
		if v, ok := at("00:00:00", "23:59:59"); ok {
			return v + zone
		}
		return fmt.Sprintf("%02d:30:%02d", i%24, i) + zone
	case dialect.Timestamp, dialect.TimestampTZ:
		return oldMoment(engine, c, i)
	case dialect.UUID:
		return fmt.Sprintf("0b8f1c5e-5ad5-4d4c-9b0e-3f9a1e0d7c%02x", i)
	case dialect.Bytes:
		b := fmt.Appendf(nil, "sixteen bytes %02d and more", i)
		if c.Fixed {
			b = b[:c.Length]
		}
		return b
	case dialect.Bits:
		b := fmt.Sprintf("%064b", uint64(i)*2654435761)
		return b[64-max(c.Length, 1):]
	case dialect.JSON:
		return fmt.Sprintf(`{"name":"Ann Smith %02d","on":null,"tags":["red",%d]}`, i, i)
	case dialect.XML:
		return fmt.Sprintf(`<p name="Ann %02d">Smith &amp; Co</p>`, i)
	case dialect.Inet:
		return fmt.Sprintf("192.0.2.%d", i)
	case dialect.Enum, dialect.Set:
		return c.Labels[i%len(c.Labels)]
	case dialect.Array:
		return map[string]string{
			"list": fmt.Sprintf(`{ann%02d,"smith, jr",NULL}`, i), "list_i": fmt.Sprintf("{%d,NULL,42}", 1000+i), "list_d": fmt.Sprintf("{2001-02-%02d,NULL}", 1+i),
		}[c.Name]
	case dialect.Interval:
		return fmt.Sprintf("%d days", 1+i)
	}
	return nil // the kind has no rule
}

// oldText has letters beyond ASCII in every third row where the column takes them, and fills the
// column in the first row.
func oldText(c *dialect.Column, i int) string {
	if c.Length > 0 && c.Length < 10 {
		return fmt.Sprintf("%c%d", 'a'+i/10, i%10)
	}
	text := fmt.Sprintf("User%02d u%02d@x.example", i, i)
	if i%3 == 1 && isEncodable(c, "Ünal") {
		text = "Ünal" + text[4:]
	}
	if i == 0 && c.Length > 0 {
		text = (text + strings.Repeat("x", c.Length))[:c.Length]
	}
	return cutToFit(c, text)
}

func oldInt(c *dialect.Column, i int) dialect.Value {
	switch {
	case i == 0 && !strings.Contains(c.Name, "dom"):
		return minInt(c)
	case i == 1 && c.Unsigned && c.Precision == 64:
		return "18446744073709551615"
	case i == 1:
		return maxInt(c)
	case intBits(c) == 8:
		return int64(50 + 3*i)
	case isYear(c):
		return int64(1920 + 3*i)
	}
	return int64(1000 + 37*i*i)
}

func oldDecimal(c *dialect.Column, i int) dialect.Value {
	whole, scale := c.Precision-c.Scale, c.Scale
	nines := func() string {
		return max(strings.Repeat("9", max(whole, 0)), "0") + "." + strings.Repeat("9", scale)
	}
	switch {
	case c.Precision == 0:
		return fmt.Sprintf("%d.25", 1000+37*i)
	case c.Name == "d_money" || c.Name == "d_small" || c.Kind == dialect.Decimal && c.Precision > 19:
		return fmt.Sprintf("%d.25%0*d", 1000+37*i, scale-2, 0)[:7+scale-2]
	case i == 0 && !c.Unsigned:
		return "-" + nines()
	case i == 1:
		return nines()
	case whole == 0:
		return fmt.Sprintf("0.%0*d", scale, 100+7*i)
	}
	return fmt.Sprintf("%d.%0*d", 1000+37*i, scale, 25)
}

func oldMoment(engine string, c *dialect.Column, i int) dialect.Value {
	bounds := []string{"0001-01-01 00:00:00", "9999-12-31 23:59:59"}
	switch {
	case engine == "mysql" || engine == "mariadb":
		bounds[0] = "1000-01-01 00:00:00"
		if c.Kind == dialect.TimestampTZ {
			bounds = []string{"1970-01-01 00:00:01", "2038-01-19 03:14:07"}
		}
	case c.Type == "datetime":
		bounds = []string{"1753-01-01 00:00:00", "9999-12-31 23:59:59"}
	case c.Type == "smalldatetime":
		bounds = []string{"1900-01-01 00:00:00", "2079-06-06 23:59:00"}
	}
	if engine == "postgres" {
		bounds = append(bounds, "infinity", "-infinity")
	}
	v := fmt.Sprintf("19%02d-06-%02d 10:%02d:00", 71+i%28, 1+i, i)
	if c.Precision > 0 && c.Type != "smalldatetime" {
		v += ".5"
	}
	if i < len(bounds) {
		v = bounds[i]
	}
	if c.Kind == dialect.TimestampTZ && !strings.HasSuffix(v, "infinity") {
		v += "+00"
	}
	return v
}
