package mysql

import (
	"context"
	"database/sql"
	"strconv"
	"time"

	"github.com/expungedb/expunge/dialect"
	"github.com/expungedb/expunge/dialect/internal/sqlconn"
)

var _ dialect.Monitor = (*DB)(nil)

// Lag is the delay of this replica's applier behind the received changes. With several sources it
// is the largest; a configured delay counts. It returns an error on a server that isn't a replica:
// a source doesn't know its replicas' delay. It needs the privilege REPLICATION CLIENT (MariaDB:
// REPLICA MONITOR).
func (d *DB) Lag(ctx context.Context) (dialect.Lag, error) {
	const doing = "read the replication lag"
	s, err := d.openSession(ctx, doing)
	if err != nil {
		return dialect.Lag{}, err
	}
	channels, err := sqlconn.QueryNamed(ctx, s.conn, statusQuery(s.server))
	s.closeSession(err == nil)
	if err != nil {
		return dialect.Lag{}, engineError(ctx, err, doing, dialect.Name{})
	}
	if len(channels) == 0 {
		e := dialect.NewError(dialect.Fatal, "", doing, dialect.Name{}, nil)
		e.Detail = "this server is no replica, and a source doesn't know how far its replicas have come: ask the replicas"
		return dialect.Lag{}, e
	}
	return lagOf(channels), nil
}

// statusQuery selects the state of every replication source.
// https://dev.mysql.com/doc/refman/9.0/en/show-replica-status.html
// https://mariadb.com/kb/en/show-replica-status/
func statusQuery(s *server) string {
	switch {
	case s.mariadb:
		return "SHOW ALL SLAVES STATUS"
	case s.atLeast(8, 0, 22):
		return "SHOW REPLICA STATUS"
	}
	return "SHOW SLAVE STATUS"
}

// lagOf reads the sources' states. The columns have their old names on MariaDB and on MySQL before
// 8.0.22. By MySQL's manual, the delay is NULL where the applier or the receiver doesn't run, and
// where it isn't known yet.
func lagOf(channels []map[string]sql.NullString) dialect.Lag {
	var worst dialect.Lag
	for _, c := range channels {
		column := func(names ...string) sql.NullString {
			for _, n := range names {
				if v, ok := c[n]; ok {
					return v
				}
			}
			return sql.NullString{}
		}
		behind := column("Seconds_Behind_Source", "Seconds_Behind_Master")
		seconds, err := strconv.ParseInt(behind.String, 10, 64)
		switch {
		case column("Replica_SQL_Running", "Slave_SQL_Running").String != "Yes":
			return dialect.Lag{Unknown: "the replica's applier has stopped"}
		case column("Replica_IO_Running", "Slave_IO_Running").String != "Yes":
			return dialect.Lag{Unknown: "the replica isn't connected to its source"}
		case !behind.Valid || err != nil:
			return dialect.Lag{Unknown: "the replica doesn't say how far it is behind"}
		}
		worst.Behind = max(worst.Behind, time.Duration(seconds)*time.Second)
	}
	return worst
}

// Sessions is the server's count of running threads, without this session's.
// https://dev.mysql.com/doc/refman/9.0/en/server-status-variables.html#statvar_Threads_running
func (d *DB) Sessions(ctx context.Context) (int, error) {
	const doing = "count the sessions"
	s, err := d.openSession(ctx, doing)
	if err != nil {
		return 0, err
	}
	var name string
	var n int
	err = sqlconn.QueryOne(ctx, s.conn, "SHOW GLOBAL STATUS LIKE 'Threads_running'", &name, &n)
	s.closeSession(err == nil)
	return max(n-1, 0), engineError(ctx, err, doing, dialect.Name{})
}
