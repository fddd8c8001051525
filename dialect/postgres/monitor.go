package postgres

import (
	"context"
	"sync"
	"time"

	"github.com/expungedb/expunge/dialect"
)

var _ dialect.Monitor = (*DB)(nil)

// Lag is the delay of a primary's standbys, or of a standby itself. A primary doesn't see a
// disconnected standby: to include it, call Lag on the standby. It needs the role pg_monitor.
func (db *DB) Lag(ctx context.Context) (dialect.Lag, error) {
	var lag dialect.Lag
	err := db.inReadTx(ctx, "read the replication lag", func(tx *tx) error {
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

// primaryQuery returns the written position of the log, the number of standbys hidden from this
// user, and the lowest replayed position of the others.
//
// By the documentation of pg_stat_replication, replay_lag is NULL on an idle system. While replay
// stands still, it isn't measured at all: the standby's answer ends a measurement. So it is used
// only until history has better data. Receivers that don't replay (pg_receivewal, backups) have no
// replay_lsn.
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
		return dialect.Lag{}, hiddenFrom("read the replication lag", "pg_stat_replication")
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

// standbyQuery returns whether a standby is connected, whether it has replayed everything received,
// and the age of the last replayed commit. The age is by the primary's clock, assumed to be ours.
// With something left to replay, the age is at least the delay: the primary may have been idle
// before. https://www.postgresql.org/docs/current/functions-admin.html#FUNCTIONS-RECOVERY-CONTROL
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

// sessionsQuery counts the sessions that run a statement, and those with a hidden state: even their
// kind is hidden.
const sessionsQuery = `
SELECT count(*) FILTER (WHERE state = 'active'), count(*) FILTER (WHERE state IS NULL)
FROM pg_stat_activity
WHERE coalesce(backend_type, 'client backend') = 'client backend' AND usesysid IS NOT NULL AND datid IS NOT NULL AND pid <> pg_backend_pid()`

// Sessions counts the client sessions of all databases that run a statement. It needs the role
// pg_monitor.
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

// history records the positions of the log with the time of each call. So a primary can tell how
// long a standby has lacked a position, independent of the standby's clock and of idle time.
type history struct {
	mu    sync.Mutex
	marks []mark // ascending; all but the first are after the replayed position
}

// mark says that the log had reached that position at that time, and no later one.
type mark struct {
	at  time.Time
	lsn int64
}

// kept limits the history: a position before the oldest mark is at least as old as the mark.
const kept = 1000

// lagAt is the time since the log was at the replayed position (-1: no standby replays). It may be
// too long by the time between two calls. It is never too short, unless the standby was already
// behind when the history began.
func (h *history) lagAt(now time.Time, written, replayed int64) time.Duration {
	h.mu.Lock()
	defer h.mu.Unlock()
	defer func() {
		switch n := len(h.marks); {
		case n == 0 || h.marks[n-1].lsn < written:
			h.marks = append(h.marks, mark{now, written})
		case n > 1: // the log is still there; the delay counts from a first mark, so that one doesn't change
			h.marks[n-1].at = now
		}
		if len(h.marks) > kept { // keep every other one
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
