package postgres

import (
	"context"
	"sync"
	"time"

	"github.com/expungedb/expunge/dialect"
)

var _ dialect.Monitor = (*DB)(nil)

// Lag tells how far the standbys of a primary are behind, or how far a standby
// is. A standby that isn't connected isn't seen from its primary: to have it
// counted, ask it itself. A user without the role pg_monitor can't see it.
func (db *DB) Lag(ctx context.Context) (dialect.Lag, error) {
	var lag dialect.Lag
	err := db.inReadTx(ctx, "look at replication", func(tx *tx) error {
		row, err := tx.oneRow(ctx, statement{sql: "SELECT pg_catalog.pg_is_in_recovery()::int"})
		if err != nil {
			return err
		}
		if numberOf(row[0]) == 1 {
			lag, err = tx.standbyLag(ctx)
		} else {
			lag, err = tx.primaryLag(ctx)
		}
		return err
	})
	return lag, err
}

// primaryQuery asks how far the log has been written, how many standbys are
// hidden from us, and how far the last of the others has come.
//
// The documentation of pg_stat_replication says of replay_lag that it is NULL
// on an idle system; and while replay stands still it isn't measured at all, since it is
// the standby's answer that ends a measurement. So it is only what to go by
// until history knows better. Those that don't replay (pg_receivewal, backups)
// have no replay_lsn.
// https://www.postgresql.org/docs/current/monitoring-stats.html#MONITORING-PG-STAT-REPLICATION-VIEW
const primaryQuery = `
SELECT pg_wal_lsn_diff(l.at, '0/0')::bigint,
	(SELECT count(*) FROM pg_stat_replication WHERE state IS NULL),
	coalesce(min(pg_wal_lsn_diff(r.replay_lsn, '0/0'))::bigint, -1),
	coalesce((extract(epoch FROM max(r.replay_lag) FILTER (WHERE r.replay_lsn < l.at)) * 1000000)::bigint, 0)
FROM (SELECT pg_current_wal_flush_lsn() AS at) l
LEFT JOIN pg_stat_replication r ON r.replay_lsn IS NOT NULL AND r.state <> 'backup'
GROUP BY l.at`

func (t *tx) primaryLag(ctx context.Context) (dialect.Lag, error) {
	row, err := t.oneRow(ctx, statement{sql: primaryQuery})
	if err != nil {
		return dialect.Lag{}, err
	}
	written, hidden, replayed, measured := numberOf(row[0]), numberOf(row[1]), numberOf(row[2]), numberOf(row[3])
	if hidden > 0 {
		return dialect.Lag{}, hiddenFrom("look at replication", "pg_stat_replication")
	}
	behind := t.db.log.lagAt(time.Now(), written, replayed)
	if replayed >= 0 && replayed < written {
		behind = max(behind, time.Duration(measured)*time.Microsecond)
	}
	return dialect.Lag{Behind: behind}, nil
}

func hiddenFrom(doing, view string) error {
	e := dialect.NewError(dialect.PermissionDenied, "", doing, dialect.Name{}, nil)
	e.Detail = view + " hides what other users' sessions do: grant pg_monitor to this one"
	return e
}

// standbyQuery asks a standby whether it is connected, whether it has replayed
// what it has received, and how old the last commit is that it has replayed: by the
// primary's clock, which should be ours. Where there is something left to
// replay that is how far it is behind, or more: the primary may have been idle before.
// https://www.postgresql.org/docs/current/functions-admin.html#FUNCTIONS-RECOVERY-CONTROL
const standbyQuery = `
SELECT (SELECT count(*) FROM pg_stat_wal_receiver),
	(pg_last_wal_replay_lsn() >= pg_last_wal_receive_lsn())::int,
	(extract(epoch FROM clock_timestamp() - pg_last_xact_replay_timestamp()) * 1000000)::bigint`

func (t *tx) standbyLag(ctx context.Context) (dialect.Lag, error) {
	row, err := t.oneRow(ctx, statement{sql: standbyQuery})
	switch {
	case err != nil:
		return dialect.Lag{}, err
	case numberOf(row[0]) == 0:
		return dialect.Lag{Unknown: "the standby receives nothing from its primary"}, nil
	case numberOf(row[1]) == 1:
		return dialect.Lag{}, nil
	case row[2] == nil:
		return dialect.Lag{Unknown: "the standby has replayed no transaction yet"}, nil
	}
	return dialect.Lag{Behind: max(time.Duration(numberOf(row[2]))*time.Microsecond, 0)}, nil
}

// sessionsQuery counts the sessions that run a statement, and those of which
// that can't be seen: of these not even the kind is told.
const sessionsQuery = `
SELECT count(*) FILTER (WHERE state = 'active'), count(*) FILTER (WHERE state IS NULL)
FROM pg_stat_activity
WHERE coalesce(backend_type, 'client backend') = 'client backend' AND usesysid IS NOT NULL AND datid IS NOT NULL AND pid <> pg_backend_pid()`

// Sessions counts the client sessions of all databases that run a statement. A
// user without the role pg_monitor can't see it.
func (db *DB) Sessions(ctx context.Context) (n int, err error) {
	const doing = "count the sessions"
	err = db.inReadTx(ctx, doing, func(tx *tx) error {
		row, err := tx.oneRow(ctx, statement{sql: sessionsQuery})
		if err != nil {
			return err
		}
		if numberOf(row[1]) > 0 {
			return hiddenFrom(doing, "pg_stat_activity")
		}
		n = int(numberOf(row[0]))
		return nil
	})
	return n, err
}

// history remembers when the log had come how far, as often as it was asked.
// So a primary can tell since when a standby hasn't what it has: no standby's
// clock and no idle time get into that.
type history struct {
	mu    sync.Mutex
	marks []mark // ascending; all but the first are after what was replayed last
}

// mark says that the log was there then, and not further.
type mark struct {
	at  time.Time
	lsn int64
}

// kept bounds the history: what is older than the oldest mark is that old at least.
const kept = 1000

// lagAt is how long ago the log was where it has been replayed to (-1: nobody
// does). It may be too long by the time between two calls, never too short,
// unless the standby was behind already when the history began.
func (h *history) lagAt(now time.Time, written, replayed int64) time.Duration {
	h.mu.Lock()
	defer h.mu.Unlock()
	defer func() {
		switch n := len(h.marks); {
		case n == 0 || h.marks[n-1].lsn < written:
			h.marks = append(h.marks, mark{now, written})
		case n > 1: // it is still there; a first mark is where the delay is counted from
			h.marks[n-1].at = now
		}
		if len(h.marks) > kept { // every other one will do
			thin := h.marks[:1]
			for i := 2; i < len(h.marks); i += 2 {
				thin = append(thin, h.marks[i])
			}
			h.marks = thin
		}
	}()
	if replayed < 0 || replayed >= written {
		h.marks = nil
		return 0
	}
	for len(h.marks) > 1 && h.marks[1].lsn <= replayed {
		h.marks = h.marks[1:]
	}
	if len(h.marks) == 0 {
		return 0
	}
	return now.Sub(h.marks[0].at)
}
