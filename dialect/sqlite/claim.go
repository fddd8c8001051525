package sqlite

import (
	"context"
	"crypto/sha256"
	"database/sql"
	"encoding/hex"
	"errors"
	"os"
	"sync"

	"github.com/expungedb/expunge/dialect"
)

// claims are those on in-memory databases: no other process sees these databases.
var claims = struct {
	sync.Mutex
	held map[claim]bool
}{held: map[claim]bool{}}

type claim struct {
	pool *sql.DB
	name string
}

// Claim acquires a claim by locking a file beside the database file, <database>-expunge-<hash of
// the name>. The operating system releases the lock when the process dies, for whatever reason. A
// lock of the database would keep a connection of the pool for as long as the claim, and a pool may
// have only one. A killed process leaves an empty file: it is harmless, and the next claim uses it.
//
// On a file system without working locks (some network file systems) a claim protects no more than
// SQLite's own locks do.
func (db *DB) Claim(ctx context.Context, name string) (func() error, error) {
	var file string
	err := db.pool.QueryRowContext(ctx, "SELECT file FROM pragma_database_list WHERE name = 'main'").Scan(&file)
	if err != nil {
		return nil, engineError(ctx, "claim", dialect.Name{}, err)
	}
	if file == "" {
		return db.claimInMemory(name)
	}
	sum := sha256.Sum256([]byte(name))
	path := file + "-expunge-" + hex.EncodeToString(sum[:8])
	for {
		f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o600)
		if err != nil {
			return nil, errUnclaimable()
		}
		if err := lockFile(f); err != nil {
			_ = f.Close()
			if errors.Is(err, errHeld) {
				return nil, dialect.ErrClaimed
			}
			return nil, errUnclaimable()
		}
		// Another claim's release may have removed the file between the two steps. The lock then
		// means nothing to a process that opens the path later.
		if sameFile(f, path) {
			return sync.OnceValue(func() error { return releaseFile(f, path) }), nil
		}
		_ = f.Close()
	}
}

func sameFile(f *os.File, path string) bool {
	mine, err := f.Stat()
	if err != nil {
		return false
	}
	theirs, err := os.Stat(path)
	return err == nil && os.SameFile(mine, theirs)
}

func errUnclaimable() error {
	return refusedError(dialect.Fatal, "claim", dialect.Name{}, "creating or locking the lock file beside the database failed: give the user write access to the directory")
}

func (db *DB) claimInMemory(name string) (func() error, error) {
	c := claim{db.pool, name}
	claims.Lock()
	defer claims.Unlock()
	if claims.held[c] {
		return nil, dialect.ErrClaimed
	}
	claims.held[c] = true
	return func() error {
		claims.Lock()
		defer claims.Unlock()
		delete(claims.held, c)
		return nil
	}, nil
}
