package sqlite

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"os"
	"path/filepath"

	"github.com/expungedb/expunge/dialect"
)

// Identity returns the library's version and source, and names the database by its file.
func (db *DB) Identity(ctx context.Context) (dialect.Identity, error) {
	var version, source, file string
	err := db.pool.QueryRowContext(ctx, "SELECT sqlite_version(), sqlite_source_id(), file FROM pragma_database_list WHERE name = 'main'").Scan(&version, &source, &file)
	if err != nil {
		return dialect.Identity{}, engineError(ctx, "read the server's identity", dialect.Name{}, err)
	}
	id := dialect.Identity{Engine: "sqlite", Version: version, Facts: map[string]string{"sqlite_source_id": source}, Names: []string{":memory:"}}
	if file != "" {
		id.Names = []string{filepath.Base(file), file}
		id.Marks = fileMarks(file)
	}
	return id, nil
}

// fileMarks are the marks of a database file. SQLite has no identity of its own. Two databases are
// the same where two of these three agree: the machine, the path and the file's number. So a
// database keeps a mark when it is moved, restored in place, or its container gets another name. A
// copy keeps none, as at most one of the three agrees. The marks are hashed, as a path may name a
// person.
func fileMarks(file string) (out []string) {
	if target, err := filepath.EvalSymlinks(file); err == nil {
		file = target
	}
	info, err := os.Stat(file)
	if err != nil {
		return nil
	}
	host, _ := os.Hostname()
	facts := []string{host, file, fileNumber(info)}
	for i, a := range facts {
		for _, b := range facts[i+1:] {
			if a == "" || b == "" {
				continue
			}
			sum := sha256.Sum256([]byte(a + "\x00" + b))
			out = append(out, hex.EncodeToString(sum[:16]))
		}
	}
	return out
}
