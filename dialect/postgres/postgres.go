// Package postgres is the PostgreSQL dialect of expunge, for versions 13 to 18, over the caller's
// [pgxpool.Pool].
//
//	pool, err := pgxpool.New(ctx, url)
//	db := postgres.New(pool)
//
// # Transactions
//
// A transaction begins in one round trip, with settings that make the text form of every value
// canonical. They are SET LOCAL, and end with it: neither a pool nor PgBouncer in transaction mode
// passes them on. Four of them are important:
//
//   - search_path has pg_catalog first, then the connection's own path, then
//     temporary objects. It applies to conditions of a policy, and to the triggers of the
//     tables. Generated SQL names the schema of everything it uses. Compare works with
//     the operators of the type's default B-tree operator class, which only a
//     superuser can make.
//   - row_security is off, so that a statement fails where a policy would hide rows,
//     instead of silently working on fewer rows.
//   - plan_cache_mode is force_generic_plan: a connection plans a statement once,
//     for few keys, whatever the first batches. With an index on the key, that is a
//     nested loop over it for any number of keys.
//   - jit is off: the server would compile a statement again for every batch. This
//     can take longer than the batch.
//
// Statement timeouts keep the user's setting. Statements are prepared, unless the pool's
// DefaultQueryExecMode says that the connections can't do so. They bypass pgx's tracers, which
// would see, and may log, their parameters.
//
// # Values
//
// Values are text in both directions, so that any type works, those of extensions included. Many
// keys or rows are one array parameter a column, of the column's own type. json, xml and other
// types without equality compare as text.
//
// # Tables
//
// A partitioned table is one table. A parent of classical inheritance and its children are separate
// tables (statements say ONLY). Rows of foreign tables are never changed. The journal is in schema
// expunge.
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
	prepares bool // statements are prepared by name

	mu   sync.Mutex
	path string // the statement that pins the search path, "" before it is known
	// relations are the tables inspected, or named by a statement. Types seldom change. Inspect
	// replaces the relations, except the journal's, which it doesn't read. A statement's failure
	// explained by an altered table clears them.
	relations map[dialect.Name]*relation

	log history // of the log's positions, for Lag
}

var _ dialect.DB = (*DB)(nil)

// New makes a DB of the caller's pool; the caller closes the pool. It doesn't connect. A claim
// takes one of the pool's connections until its release, so MaxConns has to be at least 2.
func New(pool *pgxpool.Pool) *DB {
	mode := pool.Config().ConnConfig.DefaultQueryExecMode
	return &DB{
		pool:      pool,
		prepares:  mode == pgx.QueryExecModeCacheStatement,
		relations: map[dialect.Name]*relation{},
	}
}

// Engine implements dialect.DB.
func (db *DB) Engine() dialect.Engine {
	return dialect.Engine{Name: "postgres", MaxRows: 5000, MaxDeleteRows: 50000, Deferrable: true, UpdatesAllIndexes: true, ChecksFKAtStatementEnd: true, RowVersionColumn: "xmin"}
}

// inReadTx runs f in a read-only transaction, with only pg_catalog on the search path.
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

// relationOf returns the relation of a table, from the cache where it has it.
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

// cacheRelations replaces the cached relations with the inspected ones.
func (db *DB) cacheRelations(inspected map[dialect.Name]*relation) {
	db.mu.Lock()
	defer db.mu.Unlock()
	maps.DeleteFunc(db.relations, func(n dialect.Name, _ *relation) bool { return n.Schema != journalSchema })
	maps.Copy(db.relations, inspected)
}

// clearRelations empties the cache of relations.
func (db *DB) clearRelations() {
	db.mu.Lock()
	clear(db.relations)
	db.mu.Unlock()
}

func textOf(b []byte) string { return string(b) }

func numberOf(b []byte) int64 {
	n, _ := strconv.ParseInt(string(b), 10, 64) // a count or flag computed by the query
	return n
}
