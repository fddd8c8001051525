// Package postgres is the PostgreSQL dialect of expunge, for versions 13 to 18
// and over a [pgxpool.Pool] that stays the caller's.
//
//	pool, err := pgxpool.New(ctx, url)
//	db := postgres.New(pool)
//
// # Transactions
//
// A transaction begins in one round trip, with settings that make the text form of every
// value canonical (SET LOCAL: they end with it, so that neither a pool nor
// PgBouncer in transaction mode hands them on). Four of them are worth knowing:
//
//   - search_path has pg_catalog first, then what the connection's own path names, then
//     temporary objects. Conditions of a policy see it, and so do the triggers of the
//     tables. Generated SQL names the schema of everything that it uses. Compare works with
//     the operators of the type's default B-tree operator class, which only a
//     superuser can make.
//   - row_security is off, so that a statement whose rows a policy would hide
//     fails instead of quietly working on fewer rows.
//   - plan_cache_mode is force_generic_plan: a statement is planned once a
//     connection, for few keys, whatever the first batches looked like; with an
//     index on the key that is a nested loop over it for any number of keys.
//   - jit is off: a statement would be compiled anew for every batch, which can
//     take longer than the batch.
//
// Statement timeouts are left as the user set them. Statements are prepared, unless the pool's
// DefaultQueryExecMode says that the connections can't have that; they bypass
// pgx's tracers, which would see, and may log, their parameters.
//
// # Values
//
// Values travel as text in both directions, so that any type works, those of
// extensions included. Many keys or rows are one array parameter a column, of
// the column's own type. json, xml and other types without equality are compared as text.
//
// # Tables
//
// A partitioned table is one table; a parent of classical inheritance and its
// children are tables each by itself (statements say ONLY). Rows of foreign
// tables are not touched. The journal lives in schema expunge.
package postgres

import (
	"context"
	"maps"
	"strconv"
	"sync"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/expungedb/expunge/dialect"
)

// DB is a PostgreSQL database. It is safe for concurrent use.
type DB struct {
	pool     *pgxpool.Pool
	prepares bool // statements may be prepared by name

	mu   sync.Mutex
	path string // the statement that pins the search path, once that is known
	// relations are the tables that were inspected, or that statements have named
	// so far. Types seldom change: what is here is made anew when the catalogue is inspected
	// (but for the journal, which isn't), and forgotten when a statement fails in a way that
	// a changed table explains.
	relations map[dialect.Name]*relation

	log history // of how far it has come, for Lag
}

var _ dialect.DB = (*DB)(nil)

// New makes a DB over the pool. It connects to nothing yet. A claim takes one
// of the pool's connections for as long as it is held, so MaxConns has to be 2
// at least.
func New(pool *pgxpool.Pool) *DB {
	mode := pool.Config().ConnConfig.DefaultQueryExecMode
	return &DB{
		pool:      pool,
		prepares:  mode == pgx.QueryExecModeCacheStatement,
		relations: map[dialect.Name]*relation{},
	}
}

// Engine describes PostgreSQL.
func (db *DB) Engine() dialect.Engine {
	return dialect.Engine{Name: "postgres", MaxRows: 5000, MaxSwept: 50000, Deferrable: true, EveryIndex: true, StatementEnd: true, Version: "xmin"}
}

// inReadTx runs f in a read-only transaction, with nothing but pg_catalog on the
// search path.
func (db *DB) inReadTx(ctx context.Context, doing string, f func(*tx) error) error {
	t, err := db.beginCatalogue(ctx, dialect.TxOptions{ReadOnly: true})
	if err != nil {
		return err
	}
	t.doing = doing
	err = f(t)
	return errorOr(err, t.Rollback(ctx))
}

func errorOr(err, other error) error {
	if err != nil {
		return err
	}
	return other
}

// relationOf returns what statements need to know of a table.
func (db *DB) relationOf(ctx context.Context, t *tx, n dialect.Name) (*relation, error) {
	db.mu.Lock()
	r := db.relations[n]
	db.mu.Unlock()
	if r != nil {
		return r, nil
	}
	r, err := t.readRelation(ctx, n)
	if err != nil {
		return nil, err
	}
	db.mu.Lock()
	db.relations[n] = r
	db.mu.Unlock()
	return r, nil
}

// cacheRelations replaces what is known of tables by what was inspected.
func (db *DB) cacheRelations(inspected map[dialect.Name]*relation) {
	db.mu.Lock()
	defer db.mu.Unlock()
	maps.DeleteFunc(db.relations, func(n dialect.Name, _ *relation) bool { return n.Schema != journalSchema })
	maps.Copy(db.relations, inspected)
}

// clearRelations drops what is known of tables.
func (db *DB) clearRelations() {
	db.mu.Lock()
	clear(db.relations)
	db.mu.Unlock()
}

func textOf(b []byte) string { return string(b) }

func numberOf(b []byte) int64 {
	n, _ := strconv.ParseInt(string(b), 10, 64) // a count or flag that the query itself made
	return n
}
