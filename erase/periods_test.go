package erase_test

import (
	"errors"
	"path/filepath"
	"strings"
	"testing"

	"github.com/expungedb/expunge/erase"
	"github.com/expungedb/expunge/erase/receipt"
	"github.com/expungedb/expunge/internal/testdb"
	"github.com/expungedb/expunge/plan"
	"github.com/google/go-cmp/cmp"
)

// tenants is a database of tenants with retention periods of their own; the clock is at 2026-01-01.
// Visits are numbered by tenant; of each two, one is 40 days old, the other 400.
var tenants = []string{
	`CREATE TABLE tenant (tenant_id INTEGER NOT NULL, days INTEGER, period VARCHAR(20), PRIMARY KEY (tenant_id))`,
	`CREATE TABLE visit (visit_id INTEGER NOT NULL, tenant_id INTEGER, at DATE NOT NULL, PRIMARY KEY (visit_id), CONSTRAINT fk_visit FOREIGN KEY (tenant_id) REFERENCES tenant (tenant_id))`,
	`CREATE INDEX ix_visit ON visit (tenant_id)`,
	`INSERT INTO tenant VALUES (1, 30, '30d'), (2, 90, '3mo'), (3, NULL, NULL), (4, 90, '90 days'), (5, 500, '6y')`,
	`INSERT INTO visit VALUES (11, 1, '2025-11-22'), (12, 1, '2024-11-27'), (21, 2, '2025-11-22'), (22, 2, '2024-11-27'), (31, 3, '2025-11-22'), (32, 3, '2024-11-27'), (41, 4, '2025-11-22'), (42, 4, '2024-11-27'), (51, 5, '2025-11-22'), (52, 5, '2024-11-27'), (61, NULL, '2025-11-22'), (62, NULL, '2024-11-27')`,
}

func retention(column string) string {
	return `
version: 1
database: tenants
tables:
  tenant: {columns: {tenant_id: none, days: none, period: none}}
  visit: {erase: delete, columns: {visit_id: none, tenant_id: none, at: none}}
retention:
  - {table: visit, by: at, older_than: {table: tenant, column: ` + column + `, key: tenant_id}, erase: delete}
`
}

// Each tenant's rows are deleted by the tenant's own period; without one they are kept.
func TestRetentionPerTenant(t *testing.T) {
	for _, column := range []string{"days", "period"} {
		t.Run(column, func(t *testing.T) {
			onEach(t, func(t *testing.T, db *target) {
				db.exec(t, tenants...)
				p := db.plan(t, retention(column), plan.ScopeExpired)
				o := options(p, "r")
				o.MaxRows = 3
				counted, err := erase.Preview(t.Context(), db.DB, p, o)
				if err != nil {
					t.Fatal(err)
				}
				if n := counted.Counts[0].Rows; n != 4 {
					t.Errorf("the preview has %d rows, want 4", n)
				}
				if _, err := erase.Rehearse(t.Context(), db.DB, p, o); err != nil {
					t.Error(err)
				}
				if d := cmp.Diff(map[string]receipt.Rows{"delete visit": {Matched: 4, Affected: 4}}, done(db.run(t, p, o))); d != "" {
					t.Error(d)
				}
				if d := cmp.Diff([]int64{21, 31, 32, 41, 51, 52, 61, 62}, db.keys(t, "visit")); d != "" {
					t.Error("what stays:", d)
				}
				// A tenant's changed period needs no new plan.
				db.exec(t, "UPDATE tenant SET days = 31, period = '1mo' WHERE tenant_id IN (2, 5)", "DELETE FROM visit WHERE tenant_id = 1", "DELETE FROM tenant WHERE tenant_id = 1")
				db.run(t, p, options(p, "again"))
				if d := cmp.Diff([]int64{31, 32, 41, 61, 62}, db.keys(t, "visit")); d != "" {
					t.Error("what stays then:", d)
				}
			})
		})
	}
}

// Verify can't tell whether a period was shorter at the erasure.
func TestVerifyOfPeriodsThatAreLookedUp(t *testing.T) {
	onOneOfEach(t, func(t *testing.T, db *target) {
		db.exec(t, tenants...)
		p := db.plan(t, retention("days"), plan.ScopeExpired)
		report, err := erase.Run(t.Context(), db.DB, p, options(p, "r"))
		if err != nil {
			t.Fatal(err)
		}
		verify := func() erase.Outcome {
			t.Helper()
			got, _ := db.found(t, retention("days"), func() []byte { return report.Receipt }, nil)
			return got
		}
		if got := verify(); got != erase.OutcomeHolds {
			t.Errorf("%s, want it to hold", got)
		}
		db.exec(t, "UPDATE tenant SET days = 10 WHERE tenant_id = 2")
		if got := verify(); got != erase.OutcomeCannotTell {
			t.Errorf("%s of another period", got)
		}
		db.exec(t, "UPDATE tenant SET days = 0 WHERE tenant_id = 2")
		if got := verify(); got != erase.OutcomeCannotTell {
			t.Errorf("%s of a period that can't be read", got)
		}
	})
}

// Zero days, or an unreadable text, is no reason to delete everything.
func TestAPeriodThatCantBeReadIsRefused(t *testing.T) {
	onOneOfEach(t, func(t *testing.T, db *target) {
		db.exec(t, tenants...)
		for value, column := range map[string]string{"0": "days", "-1": "days", "'soon'": "period", "''": "period", "'0d'": "period", "'90'": "period"} {
			db.exec(t, "UPDATE tenant SET "+column+" = "+value+" WHERE tenant_id = 1")
			before := db.dump(t)
			p := db.plan(t, retention(column), plan.ScopeExpired)
			_, err := erase.Run(t.Context(), db.DB, p, options(p, "r"+value))
			if !errors.Is(err, erase.ErrBadPeriod) || !strings.Contains(err.Error(), "1 row of ") || !strings.Contains(err.Error(), "column "+column) {
				t.Errorf("%s = %s: error %v", column, value, err)
			}
			if d := cmp.Diff(before, db.dump(t)); d != "" {
				t.Errorf("%s = %s: something was changed", column, value)
			}
			if db.journaled(t) {
				t.Errorf("%s = %s: the journal was made", column, value)
			}
			db.exec(t, "UPDATE tenant SET days = 30, period = '30d' WHERE tenant_id = 1")
		}
	})
}

// The plan covers the table with the periods.
func TestAPeriodsTableThatChangedIsDrift(t *testing.T) {
	onOneOfEach(t, func(t *testing.T, db *target) {
		db.exec(t, tenants...)
		p := db.plan(t, retention("days"), plan.ScopeExpired)
		db.exec(t, "ALTER TABLE tenant ADD COLUMN more INTEGER")
		if _, err := erase.Run(t.Context(), db.DB, p, options(p, "r")); !errors.Is(err, erase.ErrDrift) {
			t.Errorf("error %v", err)
		}
	})
}

// sessions is a policy of one table, without a retention rule.
const sessions = `
version: 1
database: club
subject: {table: session}
tables:
  session: {erase: delete, columns: {session_id: none, seen: none}}
`

// SQLite stores whatever an application writes into a date: seconds, milliseconds, texts of any form.
// An unreadable date neither expires nor ends a hold.
func TestSQLiteMomentsInFormsOfTheApplication(t *testing.T) {
	db := openTarget(t, "sqlite:"+filepath.Join(t.TempDir(), "test.db"))
	db.exec(t,
		`CREATE TABLE session (session_id INTEGER PRIMARY KEY, seen DATETIME)`,
		`INSERT INTO session VALUES (1, strftime('%s', '2025-12-31')), (2, strftime('%s', '2025-12-31') * 1000), (3, '31/12/2025'),
			(4, strftime('%s', '2020-01-01')), (5, strftime('%s', '2020-01-01') * 1000), (6, '2020-01-01T00:00:00Z')`,
	)
	p := db.plan(t, sessions+"retention: [{table: session, by: seen, older_than: 90d, erase: delete}]\n", plan.ScopeExpired)
	db.run(t, p, options(p, "expired"))
	if d := cmp.Diff([][]int64{{1}, {2}, {3}}, db.table(t, "SELECT session_id FROM session ORDER BY 1")); d != "" {
		t.Error(d)
	}
	p = db.plan(t, strings.Replace(sessions, "delete,", "delete, hold: {because: fraud, basis: law, until: seen + 1y},", 1), plan.ScopeSubjects)
	db.run(t, p, options(p, "held", "1", "2", "3"))
	if n := db.count(t, "SELECT count(*) FROM session"); n != 3 {
		t.Errorf("%d of 3 rows are held", n)
	}
}

// In MySQL a zero date stands for no date in a column without NULL.
func TestAZeroDateNeitherExpiresNorFreesOfAHold(t *testing.T) {
	for _, fresh := range []*testdb.Database{testdb.MariaDB(t), testdb.MySQL(t)} {
		t.Run(fresh.Server.String(), func(t *testing.T) {
			t.Parallel()
			db, lax := openTarget(t, fresh.URL), testdb.OpenMySQL(t, fresh, "sql_mode=''")
			for _, typ := range []string{"DATE", "DATETIME", "TIMESTAMP"} {
				for _, s := range []string{
					"CREATE TABLE session (session_id INTEGER PRIMARY KEY, seen " + typ + " NOT NULL DEFAULT '0000-00-00')",
					"INSERT INTO session VALUES (1, '0000-00-00'), (2, '2025-12-31'), (3, '2015-12-31')",
				} {
					if _, err := lax.Exec(s); err != nil {
						t.Fatal(err)
					}
				}
				p := db.plan(t, sessions+"retention: [{table: session, by: seen, older_than: 90d, erase: delete}]\n", plan.ScopeExpired)
				db.run(t, p, options(p, "expired "+typ))
				if d := cmp.Diff([][]int64{{1}, {2}}, db.table(t, "SELECT session_id FROM session ORDER BY 1")); d != "" {
					t.Errorf("%s: %s", typ, d)
				}
				p = db.plan(t, strings.Replace(sessions, "delete,", "delete, hold: {because: fraud, basis: law, until: seen + 1y},", 1), plan.ScopeSubjects)
				db.run(t, p, options(p, "held "+typ, "1", "2"))
				if n := db.count(t, "SELECT count(*) FROM session"); n != 2 {
					t.Errorf("%s: %d of 2 rows are held", typ, n)
				}
				db.exec(t, "DROP TABLE session")
			}
		})
	}
}
