package sqlite

import (
	"cmp"
	"context"
	"database/sql"
	"strings"
	"sync"

	"github.com/expungedb/expunge/dialect"
)

// binary is the collation of a column that declares none.
const binary = "BINARY"

// cache keeps what statements need to know of the tables' columns: their
// kinds, for booleans and numbers, their collations, and that they exist at all, since SQLite
// takes an unknown column in double quotes for a text. It holds for one value
// of PRAGMA schema_version.
type cache struct {
	mu      sync.Mutex
	version int64
	tables  map[string]*relation
}

// relation is a table as a statement sees it.
type relation struct {
	name     dialect.Name
	columns  map[string]*dialect.Column
	key      []string // primary key of a WITHOUT ROWID table
	address  string   // rowid, or another of its names; "" for WITHOUT ROWID
	triggers bool     // has triggers of its own
	resolves bool     // has constraints that resolve conflicts by themselves (ON CONFLICT REPLACE)
}

// isCurrent empties the cache unless it is of that schema version.
func (c *cache) isCurrent(version int64) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.tables == nil || c.version != version {
		c.version, c.tables = version, map[string]*relation{}
	}
}

func (c *cache) get(name string) *relation {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.tables[name]
}

func (c *cache) put(version int64, r *relation) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.version == version {
		c.tables[r.name.Table] = r
	}
}

// relationOf gives a table's columns, from the cache where they are in it.
func (t *tx) relationOf(ctx context.Context, n dialect.Name) (*relation, error) {
	if r := t.db.cache.get(n.Table); r != nil {
		return r, nil
	}
	r, err := readRelation(ctx, t.conn, n)
	if err != nil {
		return nil, engineError(ctx, "read the columns of", n, err)
	}
	if len(r.columns) == 0 {
		return nil, refusedError(dialect.Fatal, "read the columns of", n, "there is no such table")
	}
	t.db.cache.put(t.version, r)
	return r, nil
}

func readRelation(ctx context.Context, conn *sql.Conn, n dialect.Name) (*relation, error) {
	rows, err := conn.QueryContext(ctx, `SELECT x.name, x.type, x.pk, l.wr, l.type,
		coalesce((SELECT sql FROM "main".sqlite_master WHERE type = 'table' AND name = l.name), ''),
		EXISTS (SELECT 1 FROM "main".sqlite_master WHERE type = 'trigger' AND tbl_name = l.name COLLATE NOCASE)
		FROM pragma_table_list AS l, pragma_table_xinfo(l.name, 'main') AS x
		WHERE l.schema = 'main' AND l.name = ? ORDER BY x.pk, x.cid`, n.Table)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	r := &relation{name: n, columns: map[string]*dialect.Column{}}
	var names []string
	var collates map[string]string
	rowid := true
	for rows.Next() {
		var name, typ, kind, text string
		var pk, wr int
		if err := rows.Scan(&name, &typ, &pk, &wr, &kind, &text, &r.triggers); err != nil {
			return nil, err
		}
		if collates == nil {
			collates, r.resolves = parseTable(text).collates, resolvesConflicts(text)
		}
		c := &dialect.Column{Name: name, Collation: cmp.Or(collates[strings.ToLower(name)], binary)}
		setType(c, typ)
		r.columns[name] = c
		names = append(names, name)
		if rowid = wr == 0 && kind != "view"; !rowid && pk > 0 {
			r.key = append(r.key, name)
		}
	}
	if rowid {
		r.address = addressOf(names)
	}
	return r, rows.Err()
}

// resolvesConflicts reports whether a table's text has ON CONFLICT clauses.
func resolvesConflicts(create string) bool {
	toks := lexSQL(create)
	for i := 1; i < len(toks); i++ {
		if toks[i-1].is("ON") && toks[i].is("CONFLICT") {
			return true
		}
	}
	return false
}

// updateVerb is UPDATE, with which a conflict is an error: a constraint of its own
// would have the row passed over in silence, or the other row deleted. Not where
// there is none: it overrides what triggers say of conflicts too.
func (r *relation) updateVerb() string {
	if r.resolves {
		return "UPDATE OR ABORT "
	}
	return "UPDATE "
}

// addressOf gives a name of the rowid that no column has taken.
func addressOf(columns []string) string {
	for _, name := range []string{"rowid", "_rowid_", "oid"} {
		taken := false
		for _, c := range columns {
			taken = taken || strings.EqualFold(c, name)
		}
		if !taken {
			return name
		}
	}
	return ""
}

// columnOf gives a column, or the row address, by name; nil where there is none.
func (r *relation) columnOf(name string) *dialect.Column {
	if c := r.columns[name]; c != nil {
		return c
	}
	if r.address != "" && name == r.address {
		return &dialect.Column{Name: name, Kind: dialect.RowAddress, Type: "INTEGER"}
	}
	return nil
}
