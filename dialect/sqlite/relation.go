package sqlite

import (
	"cmp"
	"context"
	"strings"
	"sync"

	"github.com/expungedb/expunge/dialect"
	"github.com/expungedb/expunge/dialect/internal/sqlconn"
)

// binary is the collation of a column that declares none.
const binary = "BINARY"

// cache keeps facts about tables' columns for statements: their kinds (for booleans and numbers),
// their collations, and their existence. SQLite takes an unknown column in double quotes for a
// text. The cache is valid for one value of PRAGMA schema_version.
type cache struct {
	mu      sync.Mutex
	version int64
	tables  map[string]*relation
	listed  map[string]listedTable // nil: not read yet
}

// listedTable is one table's row of the catalogue.
type listedTable struct {
	kind     string // "": there is no such table
	text     string // the statement that created it
	rowid    bool
	triggers bool
}

// relation is a table, as statements need it.
type relation struct {
	name     dialect.Name
	columns  map[string]*dialect.Column
	key      []string // primary key of a WITHOUT ROWID table
	address  string   // rowid, or another of its names; "" for WITHOUT ROWID
	triggers bool     // the table has triggers of its own
	resolves bool     // the table has constraints that resolve conflicts by themselves (ON CONFLICT REPLACE)
}

// isCurrent empties the cache unless its schema version is the given one.
func (c *cache) isCurrent(version int64) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.tables == nil || c.version != version {
		c.version, c.tables, c.listed = version, map[string]*relation{}, nil
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

func (c *cache) listedTables(version int64) map[string]listedTable {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.version != version {
		return nil
	}
	return c.listed
}

func (c *cache) putListed(version int64, listed map[string]listedTable) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.version == version {
		c.listed = listed
	}
}

// relationOf returns a table's columns, from the cache where it has them.
func (t *tx) relationOf(ctx context.Context, n dialect.Name) (*relation, error) {
	if r := t.db.cache.get(n.Table); r != nil {
		return r, nil
	}
	r, err := t.readRelation(ctx, n)
	if err != nil {
		return nil, engineError(ctx, "read the columns of", n, err)
	}
	if len(r.columns) == 0 {
		return nil, refusedError(dialect.Fatal, "read the columns of", n, "no such table")
	}
	t.db.cache.put(t.version, r)
	return r, nil
}

// readRelation reads one table's columns. The rest is in the catalogue: one scan reads it for all
// tables.
func (t *tx) readRelation(ctx context.Context, n dialect.Name) (*relation, error) {
	listed, err := t.listedTable(ctx, n.Table)
	if err != nil {
		return nil, err
	}
	r := &relation{name: n, columns: map[string]*dialect.Column{}, triggers: listed.triggers, resolves: resolvesConflicts(listed.text)}
	if listed.kind == "" {
		return r, nil
	}
	var names []string
	collates := parseTable(listed.text).collates
	err = sqlconn.EachRow(ctx, t.conn, "SELECT name, type, pk FROM pragma_table_xinfo(?, 'main') ORDER BY pk, cid", func(scan func(...any) error) error {
		var name, typ string
		var pk int
		if err := scan(&name, &typ, &pk); err != nil {
			return err
		}
		c := &dialect.Column{Name: name, Collation: cmp.Or(collates[strings.ToLower(name)], binary)}
		setType(c, typ)
		r.columns[name] = c
		names = append(names, name)
		if !listed.rowid && pk > 0 {
			r.key = append(r.key, name)
		}
		return nil
	}, n.Table)
	if listed.rowid {
		r.address = addressOf(names)
	}
	return r, err
}

// listedTable returns a table's row of the catalogue, empty where the table doesn't exist.
func (t *tx) listedTable(ctx context.Context, name string) (listedTable, error) {
	if all := t.db.cache.listedTables(t.version); all != nil {
		return all[name], nil
	}
	all, err := t.listTables(ctx)
	if err != nil {
		return listedTable{}, err
	}
	t.db.cache.putListed(t.version, all)
	return all[name], nil
}

// listTables scans the catalogue.
func (t *tx) listTables(ctx context.Context) (map[string]listedTable, error) {
	texts, triggers := map[string]string{}, map[string]bool{}
	out := map[string]listedTable{}
	err := sqlconn.EachRow(ctx, t.conn, `SELECT tbl_name, type, coalesce(sql, '') FROM "main".sqlite_master WHERE type IN ('table', 'trigger')`, func(scan func(...any) error) error {
		var name, kind, text string
		err := scan(&name, &kind, &text)
		if kind == "trigger" {
			triggers[strings.ToLower(name)] = true
		} else {
			texts[name] = text
		}
		return err
	})
	if err != nil {
		return nil, err
	}
	return out, sqlconn.EachRow(ctx, t.conn, "SELECT name, type, wr FROM pragma_table_list WHERE schema = 'main'", func(scan func(...any) error) error {
		var name, kind string
		var withoutRowid bool
		err := scan(&name, &kind, &withoutRowid)
		out[name] = listedTable{kind: kind, text: texts[name], rowid: !withoutRowid && kind != "view", triggers: triggers[strings.ToLower(name)]}
		return err
	})
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

// updateVerb is UPDATE, with an error for a conflict. A conflict clause of the table would skip the
// row in silence, or delete the other row. A table without such clauses gets a plain UPDATE: OR
// ABORT overrides the conflict clauses of triggers too.
func (r *relation) updateVerb() string {
	if r.resolves {
		return "UPDATE OR ABORT "
	}
	return "UPDATE "
}

// addressOf returns a name of the rowid that no column has taken.
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

// columnOf returns a column, or the row address, by name; nil where neither exists.
func (r *relation) columnOf(name string) *dialect.Column {
	if c := r.columns[name]; c != nil {
		return c
	}
	if r.address != "" && name == r.address {
		return &dialect.Column{Name: name, Kind: dialect.RowAddress, Type: "INTEGER"}
	}
	return nil
}
