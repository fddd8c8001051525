package dialecttest

import (
	"fmt"
	"strconv"
	"strings"
	"testing"

	"github.com/expungedb/expunge/dialect"
)

// Type is a portable column type.
type Type struct {
	Kind dialect.Kind
	// Length is the most characters of a Text or bytes of a Bytes; 0 is the engine's maximum.
	Length int
	Fixed  bool // CHAR(n)
	// Precision is the bits of an Int (16, 32, 64), the digits of a Decimal, or the fractional
	// seconds' digits of a time.
	Precision int
	Scale     int
	// FoldsCase asks for a collation (or type) that compares without case.
	FoldsCase bool
}

// Column is a column of a test's table.
type Column struct {
	Name      string
	Type      Type
	NotNull   bool
	Default   string // SQL
	Generated string // SQL of the expression of a generated column
	Identity  bool   // numbered by the engine, and the primary key
}

// Index is a secondary index. Parts are SQL: quoted columns or expressions in parentheses.
type Index struct {
	Name   string
	Unique bool
	Parts  []string
	Where  string
}

// Foreign is a foreign key.
type Foreign struct {
	Name       string
	Columns    []string
	Table      string
	RefColumns []string
	Actions    string // "ON DELETE CASCADE", …
}

// Table describes a table portably.
type Table struct {
	Name    string
	Columns []Column
	Primary []string
	Unique  [][]string
	Foreign []Foreign
	Checks  []string // SQL
	Indexes []Index
}

// The types of most of the suite's tables.
var (
	integer   = Type{Kind: dialect.Int, Precision: 64}
	smallint  = Type{Kind: dialect.Int, Precision: 16}
	intType   = Type{Kind: dialect.Int, Precision: 32}
	boolean   = Type{Kind: dialect.Bool}
	decimal   = Type{Kind: dialect.Decimal, Precision: 12, Scale: 2}
	float     = Type{Kind: dialect.Float}
	longText  = Type{Kind: dialect.Text}
	jsonType  = Type{Kind: dialect.JSON}
	uuid      = Type{Kind: dialect.UUID}
	date      = Type{Kind: dialect.Date}
	timestamp = Type{Kind: dialect.Timestamp, Precision: 6}
	momentTZ  = Type{Kind: dialect.TimestampTZ, Precision: 6}
	blob      = Type{Kind: dialect.Bytes}
)

func text(n int) Type { return Type{Kind: dialect.Text, Length: n} }

// DDL returns the statements that create the table.
func (s *suite) DDL(t Table) []string {
	var parts []string
	for _, c := range t.Columns {
		parts = append(parts, s.columnDDL(c))
	}
	if len(t.Primary) > 0 {
		parts = append(parts, "PRIMARY KEY ("+s.quotedList(t.Primary)+")")
	}
	for _, u := range t.Unique {
		parts = append(parts, "UNIQUE ("+s.quotedList(u)+")")
	}
	for _, c := range t.Checks {
		parts = append(parts, "CHECK ("+c+")")
	}
	for _, f := range t.Foreign {
		parts = append(parts, strings.TrimSpace(fmt.Sprintf("CONSTRAINT %s FOREIGN KEY (%s) REFERENCES %s (%s) %s",
			s.Quote(f.Name), s.quotedList(f.Columns), s.Quote(f.Table), s.quotedList(f.RefColumns), f.Actions)))
	}
	out := []string{fmt.Sprintf("CREATE TABLE %s (\n\t%s\n)", s.Quote(t.Name), strings.Join(parts, ",\n\t"))}
	for _, ix := range t.Indexes {
		unique, where := "", ""
		if ix.Unique {
			unique = "UNIQUE "
		}
		if ix.Where != "" {
			where = " WHERE " + ix.Where
		}
		out = append(out, fmt.Sprintf("CREATE %sINDEX %s ON %s (%s)%s", unique, s.Quote(ix.Name), s.Quote(t.Name), strings.Join(ix.Parts, ", "), where))
	}
	return out
}

func (s *suite) columnDDL(c Column) string {
	def := s.Quote(c.Name) + " "
	switch {
	case c.Identity:
		return def + s.Identity + " PRIMARY KEY"
	case c.Generated != "":
		return def + s.Generated(s.Type(c.Type), c.Generated)
	}
	def += s.Type(c.Type)
	if c.Default != "" {
		def += " DEFAULT " + c.Default
	}
	if c.NotNull {
		def += " NOT NULL"
	}
	return def
}

func (s *suite) quotedList(names []string) string {
	quoted := make([]string, len(names))
	for i, n := range names {
		quoted[i] = s.Quote(n)
	}
	return strings.Join(quoted, ", ")
}

// makeTables creates tables.
func (s *suite) makeTables(t testing.TB, env *Env, tables ...Table) {
	t.Helper()
	for _, tab := range tables {
		env.Exec(t, s.DDL(tab)...)
	}
}

// openEnv opens a database with tables in it.
func (s *suite) openEnv(t testing.TB, tables ...Table) *Env {
	t.Helper()
	env := s.Open(t)
	s.makeTables(t, env, tables...)
	return env
}

// fillTable inserts rows of plain values (NULL, integers, and text without backslashes) in chunks,
// faster than Tx.Insert does.
func (s *suite) fillTable(t testing.TB, env *Env, table string, columns []string, n int, row func(i int) []any) {
	t.Helper()
	const chunk = 500 // SQL Server takes at most 1,000 row values in one INSERT
	for start := 0; start < n; start += chunk {
		var b strings.Builder
		fmt.Fprintf(&b, "INSERT INTO %s (%s) VALUES ", s.Quote(table), s.quotedList(columns))
		for i := start; i < min(start+chunk, n); i++ {
			if i > start {
				b.WriteByte(',')
			}
			b.WriteByte('(')
			for j, v := range row(i) {
				if j > 0 {
					b.WriteByte(',')
				}
				b.WriteString(literal(v))
			}
			b.WriteByte(')')
		}
		env.Exec(t, b.String())
	}
}

func literal(v any) string {
	switch v := v.(type) {
	case nil:
		return "NULL"
	case int:
		return strconv.Itoa(v)
	case string:
		return "'" + strings.ReplaceAll(v, "'", "''") + "'"
	}
	panic(fmt.Sprintf("dialecttest: no literal for a %T", v))
}
