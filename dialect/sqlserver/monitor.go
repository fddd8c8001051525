package sqlserver

import (
	"context"
	"time"

	"github.com/expungedb/expunge/dialect"
	"github.com/expungedb/expunge/dialect/internal/sqlconn"
)

var _ dialect.Monitor = (*DB)(nil)

// lagQuery reads the secondaries of the database's availability group: all of them on the primary,
// itself on a secondary.
// https://learn.microsoft.com/sql/relational-databases/system-dynamic-management-views/sys-dm-hadr-database-replica-states-transact-sql
const lagQuery = `
SELECT COUNT(*), SUM(CASE WHEN is_suspended = 1 OR synchronization_state = 0 THEN 1 ELSE 0 END),
	SUM(CASE WHEN secondary_lag_seconds IS NULL AND is_local = 0 THEN 1 ELSE 0 END), MAX(secondary_lag_seconds)
FROM sys.dm_hadr_database_replica_states
WHERE database_id = DB_ID() AND is_primary_replica = 0`

// Lag is the delay of the availability group's secondaries, as the primary reports it: 0 for a
// database in no group. On a secondary it is that one's own delay, where the server reports it
// there. It needs VIEW SERVER STATE (VIEW SERVER PERFORMANCE STATE since SQL Server 2022). On
// Babelfish it is always 0.
func (d *DB) Lag(ctx context.Context) (dialect.Lag, error) {
	row, err := d.singleRow(ctx, "read the replication lag", lagQuery)
	switch {
	case err != nil:
		return dialect.Lag{}, err
	case wholeNumber(row[0]) == 0:
		return dialect.Lag{}, nil
	case wholeNumber(row[1]) > 0:
		return dialect.Lag{Unknown: "a secondary replica isn't being synchronized"}, nil
	case wholeNumber(row[2]) > 0 || row[3] == "":
		return dialect.Lag{Unknown: "the server doesn't say how far a secondary replica is behind"}, nil
	}
	return dialect.Lag{Behind: time.Duration(wholeNumber(row[3])) * time.Second}, nil
}

// sessionsQuery counts the sessions that run a request; their status on Babelfish is active.
// https://learn.microsoft.com/sql/relational-databases/system-dynamic-management-views/sys-dm-exec-sessions-transact-sql
const sessionsQuery = "SELECT COUNT(*) FROM sys.dm_exec_sessions WHERE is_user_process = 1 AND status IN ('running', 'active') AND session_id <> @@SPID"

// Sessions counts the sessions of users that run a request. A user without VIEW SERVER STATE sees
// only its own sessions.
func (d *DB) Sessions(ctx context.Context) (int, error) {
	row, err := d.singleRow(ctx, "count the sessions", sessionsQuery)
	if err != nil {
		return 0, err
	}
	return wholeNumber(row[0]), nil
}

// singleRow runs a query for one row.
func (d *DB) singleRow(ctx context.Context, doing, query string) ([]string, error) {
	conn, _, err := d.openSession(ctx, doing, nil)
	if err != nil {
		return nil, err
	}
	rows, err := queryAll(ctx, conn, query)
	if err != nil {
		sqlconn.Discard(conn)
		return nil, engineError(ctx, err, doing, dialect.Name{})
	}
	return rows[0], conn.Close()
}
