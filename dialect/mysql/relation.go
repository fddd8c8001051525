package mysql

import (
	"context"
	"sync"

	"github.com/expungedb/expunge/dialect"
)

// catalog caches tables for rendering statements: only the catalogue has the types for decoding a
// key's values.
type catalog struct {
	mu     sync.Mutex
	tables map[dialect.Name]*dialect.Table
}

func (c *catalog) tableOf(n dialect.Name) *dialect.Table {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.tables[n]
}

func (c *catalog) cacheTables(tables ...*dialect.Table) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.tables == nil {
		c.tables = map[dialect.Name]*dialect.Table{}
	}
	for _, t := range tables {
		c.tables[t.Name] = t
	}
}

func (c *catalog) dropTable(n dialect.Name) {
	c.mu.Lock()
	defer c.mu.Unlock()
	delete(c.tables, n)
}

// readTable returns a table's columns and indexes, from the cache where it has them.
func (s *session) readTable(ctx context.Context, n dialect.Name) (*dialect.Table, error) {
	if t := s.db.catalog.tableOf(n); t != nil {
		return t, nil
	}
	in := &inspection{ctx: ctx, q: s.conn, server: s.server, database: s.database, only: &n}
	if err := in.readTables(); err != nil {
		return nil, engineError(ctx, err, "inspect", n)
	}
	if len(in.tables) == 0 {
		class := dialect.Fatal
		if hidden, err := seesPart(ctx, s.conn); err != nil {
			return nil, engineError(ctx, err, "inspect", n)
		} else if hidden {
			class = dialect.PermissionDenied
		}
		e := dialect.NewError(class, "1146", "inspect", n, nil)
		e.Detail = "table not found, or hidden from the user"
		return nil, e
	}
	s.db.catalog.cacheTables(in.tables...)
	return in.tables[0], nil
}
