package postgres

import (
	"context"

	"github.com/expungedb/expunge/dialect"
)

// Identity returns the server's version, its system_identifier (shared by standbys and physical
// copies), and the database's name and OID. Identifier and OID are the database's mark.
func (db *DB) Identity(ctx context.Context) (dialect.Identity, error) {
	id := dialect.Identity{Engine: "postgres", Facts: map[string]string{}}
	named := false
	err := db.inReadTx(ctx, "identify the server", func(tx *tx) error {
		row, err := tx.oneRow(ctx, statement{sql: "SELECT current_setting('server_version'), d.datname, d.oid, current_setting('cluster_name') FROM pg_catalog.pg_database d WHERE d.datname = current_database()"})
		if err != nil {
			return err
		}
		id.Version, id.Facts["database"], id.Facts["database_oid"] = textOf(row[0]), textOf(row[1]), textOf(row[2])
		id.Names = []string{textOf(row[1])}
		if cluster := textOf(row[3]); cluster != "" {
			id.Names = append(id.Names, textOf(row[1])+"@"+cluster)
		}
		named = true
		// Hosted servers may hide the control file: then the identity has no system_identifier.
		// This is the last statement, since a failure ends the transaction.
		row, err = tx.oneRow(ctx, statement{sql: "SELECT system_identifier FROM pg_catalog.pg_control_system()"})
		if err == nil {
			id.Facts["system_identifier"] = textOf(row[0])
			id.Names = append(id.Names, id.Facts["database"]+"@"+textOf(row[0]))
			id.Marks = []string{textOf(row[0]) + "/" + id.Facts["database_oid"]}
		}
		return err
	})
	if c := dialect.ClassOf(err); err != nil && (!named || c != dialect.PermissionDenied && c != dialect.Fatal) {
		return dialect.Identity{}, err
	}
	return id, nil
}
