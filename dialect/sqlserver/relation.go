package sqlserver

import (
	"context"
	"strconv"
	"strings"

	"github.com/expungedb/expunge/dialect"
	"github.com/expungedb/expunge/dialect/internal/sqlconn"
)

// address is the pseudo-column with a row's file, page and slot.
const address = "%%physloc%%"

// relation is a table, as statements need it.
type relation struct {
	name                             dialect.Name
	memory                           bool // memory-optimised: it has no row locks
	insteadOfUpdate, insteadOfDelete bool // a trigger replaces the statement
	columns                          map[string]*column
	folded                           bool // Babelfish: columns has the names in lower case
}

// column is a column, as statements need it.
type column struct {
	name string
	sqlType
	// leads says that an index starts with the column, so that it finds a row by it.
	leads bool
	// as is the type for a cast, where the column compares by another column's rules.
	as string
}

// by is the column as it compares with a value of the referenced column: that one's collation
// decides equality. Both compare in Unicode, since a character missing from a code page would
// become another one.
func (c *column) by(referred *column) *column {
	if c.kindOf() != dialect.Text || referred.kindOf() != dialect.Text || c.collation == referred.collation {
		return c
	}
	other := *c
	other.sqlType = sqlType{name: "nvarchar", maxLength: -1, collation: referred.collation}
	other.as, other.leads = "nvarchar(max)", false
	return &other
}

var addressColumn = &column{name: address, sqlType: sqlType{name: "binary", maxLength: 8}}

// columnOf returns a column of the relation.
func (r *relation) columnOf(name string) (*column, error) {
	if c := r.columns[name]; c != nil {
		return c, nil
	}
	if c := r.columns[strings.ToLower(name)]; c != nil && r.folded {
		return c, nil
	}
	if name == address {
		return addressColumn, nil
	}
	e := dialect.NewError(dialect.Fatal, "207", "look up a column of", r.name, nil)
	e.Object, e.Detail = name, "the table has no such column: inspect it again"
	return nil, e
}

// lockHints renders a table's hints. A memory-optimised table has versions and no locks: the
// isolation makes a commit fail where another transaction has changed rows to be locked.
// https://learn.microsoft.com/sql/t-sql/queries/hints-transact-sql-table
func (r *relation) lockHints(lock dialect.Lock) string {
	switch {
	case r.memory && lock == dialect.NoLock:
		return " WITH (SNAPSHOT)"
	case r.memory:
		return " WITH (REPEATABLEREAD)"
	case lock == dialect.Share:
		return " WITH (REPEATABLEREAD, ROWLOCK)" // shared locks until the transaction's end
	case lock == dialect.Exclusive:
		return " WITH (UPDLOCK, ROWLOCK)"
	}
	return ""
}

// changeHints renders the hints of a table changed by a statement.
func (r *relation) changeHints() string {
	if r.memory {
		return " WITH (SNAPSHOT)"
	}
	return " WITH (ROWLOCK)"
}

const relationQuery = `
SELECT CAST(c.name AS nvarchar(128)), CASE WHEN ty.is_assembly_type = 1 THEN ty.name ELSE COALESCE(bt.name, ty.name) END,
	c.max_length, c.precision, c.scale, COALESCE(c.collation_name, ''), COALESCE(CAST(COLLATIONPROPERTY(c.collation_name, 'CodePage') AS int), 0),
	CASE WHEN EXISTS (SELECT 1 FROM sys.index_columns ic JOIN sys.indexes i ON i.object_id = ic.object_id AND i.index_id = ic.index_id
		WHERE ic.object_id = c.object_id AND ic.column_id = c.column_id AND ic.key_ordinal = 1 AND i.is_disabled = 0 AND i.has_filter = 0 AND i.type IN (1, 2)) THEN 1 ELSE 0 END,
	CAST(o.is_memory_optimized AS int),
	COALESCE((SELECT SUM(CASE e.type WHEN 2 THEN 1 WHEN 3 THEN 2 ELSE 0 END) FROM sys.triggers tr JOIN sys.trigger_events e ON e.object_id = tr.object_id
		WHERE tr.parent_id = o.object_id AND tr.is_instead_of_trigger = 1 AND tr.is_disabled = 0), 0)
FROM sys.tables o
JOIN sys.schemas s ON s.schema_id = o.schema_id
JOIN sys.columns c ON c.object_id = o.object_id
JOIN sys.types ty ON ty.user_type_id = c.user_type_id
LEFT JOIN sys.types bt ON bt.user_type_id = c.system_type_id
WHERE s.name = @p1 AND o.name = @p2`

// readRelation reads a table from the catalogue.
func readRelation(ctx context.Context, q sqlconn.Queryer, n dialect.Name) (*relation, error) {
	r := &relation{name: n, columns: map[string]*column{}}
	rows, err := queryAll(ctx, q, relationQuery, n.Schema, n.Table)
	if err != nil {
		return nil, err
	}
	for _, row := range rows {
		c := &column{name: row[0], sqlType: sqlType{name: row[1], maxLength: wholeNumber(row[2]), precision: wholeNumber(row[3]), scale: wholeNumber(row[4]), collation: row[5], codePage: wholeNumber(row[6])},
			leads: row[7] == "1"}
		instead := wholeNumber(row[9]) // at most one such trigger exists for each event
		r.memory, r.insteadOfUpdate, r.insteadOfDelete = row[8] == "1", instead&1 != 0, instead&2 != 0
		r.columns[c.name] = c
	}
	if len(r.columns) == 0 {
		e := dialect.NewError(dialect.Fatal, "208", "look up", n, nil)
		e.Detail = "table not found, or hidden from the user"
		return nil, e
	}
	return r, nil
}

// wholeNumber parses a number of the catalogue.
func wholeNumber(s string) int {
	n, _ := strconv.Atoi(s)
	return n
}
